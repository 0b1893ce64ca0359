"""Who may send: SPF (RFC 7208)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsync.desired.model import Wish
from mailsync.dns.names import is_at_or_below, shown
from mailsync.lint import spf_trees
from mailsync.lint.case import Case, texts_of
from mailsync.lint.model import Remark, Rule
from mailsync.mail import spf, spf_macros
from mailsync.mail.spf_split import ANSWER_OCTETS
from mailsync.mail.spf_syntax import MECHANISMS, Mechanism, Modifier, network

TOPIC = "SPF"

_RESEMBLES = re.compile(r"[\s\"'\u201c\u201d]*v\s*=\s*spf", re.IGNORECASE)


def _several(case: Case) -> Iterator[Remark]:
    for wish, texts in case.texts:
        count = sum(map(spf.is_spf, texts))
        if count > 1:
            yield Remark(
                wish.place,
                f"{shown(wish.name)} has {count} SPF records: receivers give up with permerror; "
                "put their terms into one",
            )


def _version(case: Case) -> Iterator[Remark]:
    for wish, text in _resembling(case):
        if not spf.is_spf(text) and ";" not in text:
            yield Remark(
                wish.place,
                f"{_quoted(text)} is no SPF record: it begins exactly 'v=spf1' and a space",
            )


def _syntax(case: Case) -> Iterator[Remark]:
    for wish, text in _resembling(case):
        if spf.is_spf(text) and ";" not in text:
            try:
                spf.parse(text)
            except spf.BadSpf as error:
                yield Remark(wish.place, f"{error}: receivers answer permerror for every sender")


def _semicolon(case: Case) -> Iterator[Remark]:
    for wish, text in _resembling(case):
        if ";" in text:
            yield Remark(
                wish.place,
                f"{_quoted(text)} has a semicolon: terms of SPF stand with spaces between, and "
                "nothing else",
            )


def _modifier(case: Case) -> Iterator[Remark]:
    for wish, record in case.spf_records:
        for modifier in record.modifiers:
            if modifier.name in MECHANISMS:
                yield Remark(
                    wish.place,
                    f"'{modifier}' is skipped by receivers: write "
                    f"'{modifier.name}:{modifier.value}'",
                )


def _all(case: Case) -> Iterator[Remark]:
    for wish, record in case.spf_records:
        name = shown(wish.name)
        everybody = _everybody(record)
        if everybody:
            yield Remark(
                wish.place,
                f"the SPF of {name} lets the whole world send ('{everybody}'): end it with "
                "'~all' or '-all'",
                "error",
            )
        if name.startswith("_"):
            continue  # a part that other records include: what it says at its end decides nothing
        redirects = any(modifier.name == "redirect" for modifier in record.modifiers)
        if redirects and record.all is not None:
            yield Remark(
                wish.place,
                f"the SPF of {name} has a redirect beside '{record.all}all', which receivers "
                "ignore: drop one of the two",
            )
        elif record.all == "?" or (record.all is None and not redirects):
            what = "'?all'" if record.all else "no 'all'"
            yield Remark(
                wish.place,
                f"the SPF of {name} ends with {what}: receivers learn nothing of all others; "
                "write '~all', or '-all' when all senders are known",
            )


def _ptr(case: Case) -> Iterator[Remark]:
    for wish, record in case.spf_records:
        for term in record.terms:
            if (isinstance(term, Mechanism) and term.name == "ptr") or "p" in _letters(term):
                yield Remark(
                    wish.place,
                    f"'{term}' makes receivers look for the sender's name, which many skip: name "
                    "addresses (ip4, ip6)",
                )


def _size(case: Case) -> Iterator[Remark]:
    told: set[str] = set()
    for wish, _ in case.spf_records:
        if wish.name in told:
            continue
        told.add(wish.name)
        values = _values_there(case, wish.name)
        octets = len(shown(wish.name)) + sum(map(len, texts_of(values)))
        if octets > ANSWER_OCTETS:
            yield Remark(
                wish.place,
                f"{shown(wish.name)} and all its TXT come to {octets} octets "
                f"(over {ANSWER_OCTETS}): receivers whose DNS takes no large answers find no SPF; "
                "remove tokens that are no longer asked for, or write 'split: true' under 'spf'",
            )


def _uses_mx_or_a(case: Case) -> Iterator[Remark]:
    for wish, record in case.spf_records:
        if wish.name != case.desired.domain and not case.exchanges(wish.name):
            continue  # at a host's own name 'a' is what is meant
        for term in record.mechanisms:
            if term.name not in {"mx", "a"} or not _of_its_name(term, wish.name):
                continue
            what = "MX" if term.name == "mx" else "addresses of the domain's name"
            yield Remark(
                wish.place,
                f"'{term}' in the SPF of {shown(wish.name)}: whoever changes the {what} changes "
                "who may send; name the addresses (ip4, ip6) or the service's include",
            )


def _helo(case: Case) -> Iterator[Remark]:
    for wish, records in case.mx_records:
        for record in records:
            host = record.exchange
            if not any((host, family) in case.files.wishes for family in ("A", "AAAA")):
                continue
            texts = case.asked_text(host) or ()
            if is_at_or_below(host, case.desired.zone) and not any(map(spf.is_spf, texts)):
                yield Remark(
                    wish.place,
                    f"no SPF record for the name of {shown(host)} itself: where it sends, too, "
                    "publish 'v=spf1 a -all' there (under 'records')",
                )


def _resembling(case: Case) -> Iterator[tuple[Wish, str]]:
    for wish, texts in case.texts:
        for text in texts:
            if _RESEMBLES.match(text):
                yield wish, text


def _everybody(record: spf.Record) -> str:
    """Give the term by which a record lets the whole world send; empty where none does."""
    if record.all == "+":
        return "+all"
    for term in record.mechanisms:
        named = network(term)
        if term.qualifier == "+" and named is not None and named.prefixlen == 0:
            return str(term)
    return ""


def _letters(term: Mechanism | Modifier) -> frozenset[str]:
    return spf_macros.letters(term.argument if isinstance(term, Mechanism) else term.value)


def _of_its_name(term: Mechanism, name: str) -> bool:
    argument = term.argument.partition("/")[0].lower()
    return argument in {"", f":{shown(name)}", f":{name}", ":%{d}"}


def _values_there(case: Case, name: str) -> tuple[str, ...]:
    """Give the TXT values of a name: those wished for, and foreign ones where somebody looked."""
    wishes = case.files.wishes.get((name, "TXT"), ())
    ours = dict.fromkeys(value for wish in wishes for value in wish.values)
    going = {value for wish in wishes for value in wish.named}
    live = case.resolver.ask(name, "TXT").values if case.resolver is not None else ()
    foreign = [v for v in live if v not in going and not any(map(spf.is_spf, texts_of((v,))))]
    return tuple(dict.fromkeys((*ours, *foreign)))


def _quoted(text: str) -> str:
    return ascii(text if len(text) <= 60 else f"{text[:57]}...")


RULES = (
    Rule(
        "spf-multiple",
        ("error",),
        "More than one SPF record at one name.",
        why="Receivers give up with permerror, as if nobody were allowed to send.",
        source="RFC 7208 §3.2, §4.5",
        fix="Put the terms of all of them into one record.",
        judge=_several,
    ),
    Rule(
        "spf-version",
        ("error",),
        "A text that looks like SPF, and that receivers do not take for it.",
        why="The record begins exactly `v=spf1`, then a space or the end. With a leading space or "
        "quotes in the text there is no SPF at all.",
        source="RFC 7208 §4.5",
        fix="Begin the text with `v=spf1` and a space.",
        judge=_version,
        refused=True,
    ),
    Rule(
        "spf-syntax",
        ("error",),
        "A term that is none.",
        why="Any error anywhere is a permerror for every sender, also behind `all`.",
        source="RFC 7208 §4.6, §12",
        fix="Write the term as the message says.",
        judge=_syntax,
        refused=True,
    ),
    Rule(
        "semicolon",
        ("error",),
        "A semicolon in an SPF record.",
        why="DKIM and DMARC have semicolons, SPF has none: the record is no SPF, or a permerror.",
        source="RFC 7208 §4.5, §12",
        fix="Put spaces between the terms, and nothing else.",
        judge=_semicolon,
        refused=True,
    ),
    Rule(
        "spf-modifier",
        ("error",),
        "A mechanism that is written with `=`, such as `ip4=192.0.2.1`.",
        why="Receivers take it for a modifier that they do not know, and skip it.",
        source="RFC 7208 §6",
        fix="Write a colon: `ip4:192.0.2.1`.",
        judge=_modifier,
        refused=True,
    ),
    Rule(
        "spf-lookups",
        ("error",),
        "More than 10 terms that ask the DNS, the included records' among them.",
        why="Receivers stop counting at 10 and answer permerror; so they do for an `mx` with more "
        "than 10 hosts.",
        source="RFC 7208 §4.6.4",
        fix="Take out services that no longer send; name addresses (ip4, ip6) instead of `a` and "
        "`mx`; let services send from subdomains of their own.",
        judge=spf_trees.too_many_lookups,
        asks=True,
        refused=True,
    ),
    Rule(
        "spf-void",
        ("error", "warning"),
        "More than 2 look-ups in the record's tree that find nothing (for IPv6 senders alone: a "
        "warning).",
        why="Receivers answer permerror after the second look-up that finds nothing.",
        source="RFC 7208 §4.6.4",
        fix="Take out the terms whose names are gone.",
        judge=spf_trees.too_many_voids,
        asks=True,
    ),
    Rule(
        "spf-include-none",
        ("error",),
        "An include or a redirect to a name without an SPF record.",
        why="It makes the whole record a permerror.",
        source="RFC 7208 §5.2, §6.1",
        fix="Take it out, or correct the name.",
        judge=spf_trees.include_none,
        asks=True,
    ),
    Rule(
        "spf-include-broken",
        ("error",),
        "An included record that is itself a permerror.",
        why="It makes the whole record a permerror.",
        source="RFC 7208 §5.2",
        fix="Have its owner mend it, or take it out until then.",
        judge=spf_trees.include_broken,
        asks=True,
    ),
    Rule(
        "spf-loop",
        ("error",),
        "A record that includes itself, or comes back to itself.",
        why="Receivers go round until the 10 look-ups are used up: permerror.",
        source="RFC 7208 §4.6.4, §5.2",
        fix="Take one of the includes out.",
        judge=spf_trees.loops,
        asks=True,
    ),
    Rule(
        "spf-all",
        ("warning", "error"),
        "A record that decides nothing: `+all`, `?all`, no `all`, or a `redirect` beside it.",
        why="`+all` lets the whole world send (an error); neutral tells receivers nothing; a "
        "`redirect` beside `all` is ignored.",
        source="RFC 7208 §4.7, §5.1, §6.1",
        fix="End with `~all`, with `-all` when all senders are known, or with a `redirect` alone.",
        judge=_all,
        refused=True,
    ),
    Rule(
        "spf-ptr",
        ("warning",),
        "A `ptr` term, or the macro `%{p}`.",
        why="It is slow and not reliable, and large receivers skip it.",
        source="RFC 7208 §5.5",
        fix="Name the addresses (ip4, ip6) or hosts (a).",
        judge=_ptr,
    ),
    Rule(
        "spf-size",
        ("warning",),
        "The name and all TXT of it come to over 450 octets: the answer does not fit into 512.",
        why="Receivers whose DNS has no TCP and no EDNS then find no SPF record at all.",
        source="RFC 7208 §3.4",
        fix="Remove tokens that nobody needs any more; write `split: true` under `spf`, and its "
        "addresses go into records of their own.",
        judge=_size,
        asks=True,
    ),
    Rule(
        "spf-uses-mx-or-a",
        ("warning",),
        "`mx` or `a` in SPF: who may send follows from other records.",
        why="A change of the MX, or of the web server's address, changes at once who may send. "
        "What is left in the old servers' queues then fails.",
        source="RFC 7208 §5.3, §5.4",
        fix="Name the senders' addresses (ip4, ip6) or their service's include.",
        judge=_uses_mx_or_a,
    ),
    Rule(
        "spf-helo",
        ("info",),
        "A mail server of your own has no SPF record at its own name.",
        why="Receivers check the name with which a server greets, and that alone for bounces.",
        source="RFC 7208 §2.3, §2.4, §10.1.2",
        fix="Publish `v=spf1 a -all` at the server's name (under `records`).",
        judge=_helo,
        asks=True,
    ),
)
