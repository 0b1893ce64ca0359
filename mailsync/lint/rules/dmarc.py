"""What receivers do with mail that proves nothing: DMARC (RFC 9989)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsync.desired.model import Wish
from mailsync.dns.names import BadName, is_at_or_below, shown, whole
from mailsync.lint.case import Case
from mailsync.lint.model import Remark, Rule
from mailsync.mail import dkim, dmarc

TOPIC = "DMARC"

_LABEL = "_dmarc."
_RESEMBLES = re.compile(r"[\s\"']*v\s*=\s*dmarc", re.IGNORECASE)
_REPORTS_TO_MAX = 2
_ESCAPED = re.compile(r"%2c|%21", re.IGNORECASE)


def _several(case: Case) -> Iterator[Remark]:
    for wish, texts in _policies(case):
        count = sum(map(dmarc.is_dmarc, texts))
        if count > 1:
            yield Remark(
                wish.place,
                f"{shown(wish.name)} has {count} DMARC records: receivers apply none; keep one",
            )


def _version(case: Case) -> Iterator[Remark]:
    for wish, texts in _policies(case):
        for text in texts:
            if not dmarc.is_dmarc(text) and (_RESEMBLES.match(text) or "p=" in text):
                yield Remark(
                    wish.place,
                    f"{text[:60]!a} at {shown(wish.name)} is no DMARC record: it begins "
                    "'v=DMARC1;', in capitals",
                )


def _policy(case: Case) -> Iterator[Remark]:
    for wish, record in _records(case):
        for tag, value in record.tags:
            if tag in {"p", "sp", "np"} and value.lower() not in dmarc.POLICIES:
                yield Remark(
                    wish.place,
                    f"{tag}={value[:40]} at {shown(wish.name)} is read as none: write one of "
                    f"{', '.join(dmarc.POLICIES)}",
                )
        if not record.get("p"):
            yield Remark(
                wish.place,
                f"{shown(wish.name)} has no p=, which is read as none: write 'p=none', quarantine "
                "or reject",
                "warning",
            )


def _obsolete(case: Case) -> Iterator[Remark]:
    for wish, record in _records(case):
        for tag, value in record.tags:
            if tag in dmarc.OBSOLETE:
                yield Remark(
                    wish.place, f"{tag}= at {shown(wish.name)}: {dmarc.OBSOLETE[tag]}; take it out"
                )
            elif (tag, value.lower()) == ("t", "y") and record.policy("p") != "none":
                yield Remark(
                    wish.place,
                    f"t=y at {shown(wish.name)} makes p={record.policy('p')} one step milder: take "
                    "it out when the policy is meant",
                )


def _uris(case: Case) -> Iterator[Remark]:
    for wish, record in _records(case):
        for tag in ("rua", "ruf"):
            uris = _addresses(record, tag)
            if len(uris) > _REPORTS_TO_MAX:
                yield Remark(
                    wish.place,
                    f"{tag}= at {shown(wish.name)} names {len(uris)} addresses: receivers need "
                    f"not send to more than {_REPORTS_TO_MAX}",
                )
            for uri in uris:
                if _host(uri) is None:
                    yield Remark(
                        wish.place,
                        f"{tag}={uri[:60]} at {shown(wish.name)} is no address for reports: write "
                        "mailto:dmarc@example.com, with , as %2C and ! as %21",
                    )


def _external(case: Case) -> Iterator[Remark]:
    for wish, record in _records(case):
        domain = wish.name.removeprefix(_LABEL)
        for uri in (*_addresses(record, "rua"), *_addresses(record, "ruf")):
            host = _host(uri)
            if host is None or _same_organisation(case, domain, host):
                continue
            name = f"{domain}_report._dmarc.{host}"
            texts = case.asked_text(name)
            if texts is not None and not any(map(dmarc.is_dmarc, texts)):
                yield Remark(
                    wish.place,
                    f"{shown(host)} does not say that it takes reports about {shown(domain)}: "
                    f"nobody sends any there until {shown(name)} TXT is v=DMARC1",
                )


def _spf_only(case: Case) -> Iterator[Remark]:
    for wish, record in _records(case):
        domain = wish.name.removeprefix(_LABEL)
        if record.policy("p") == "none" or case.is_parked(domain) or case.desired.no_mail:
            continue
        if any(_is_key(case, key, domain) for key in case.wishes):
            continue
        known = case.speaks_of("dkim") and domain == case.desired.domain
        yield Remark(
            wish.place,
            f"{shown(domain)} asks to {record.policy('p')} what fails, and the file names no DKIM "
            "key: mail that is forwarded fails SPF and is lost; sign, and name the keys under "
            "'dkim'",
            None if known else "info",
        )


def _policies(case: Case) -> Iterator[tuple[Wish, tuple[str, ...]]]:
    for wish, texts in case.texts:
        if wish.name.startswith(_LABEL):
            yield wish, texts


def _records(case: Case) -> Iterator[tuple[Wish, dmarc.Record]]:
    for wish, texts in _policies(case):
        for text in texts:
            try:
                yield wish, dmarc.parse(text)
            except dmarc.BadDmarc:
                continue


def _addresses(record: dmarc.Record, tag: str) -> tuple[str, ...]:
    value = record.get(tag)
    return tuple(uri.strip() for uri in value.split(",")) if value else ()


def _host(uri: str) -> str | None:
    """Give the domain to which a report goes, absolute; None where nothing can be sent."""
    scheme, _, address = uri.partition(":")
    local, at, host = _ESCAPED.sub("x", address.partition("?")[0]).partition("@")
    if scheme.lower() != "mailto" or not (local and at and "." in host) or "!" in address:
        return None
    try:
        return whole(host)
    except BadName:
        return None


def _same_organisation(case: Case, domain: str, host: str) -> bool:
    """Tell whether reports stay at home, as far as it can be told without a list of suffixes."""
    zone = case.desired.zone
    return (
        is_at_or_below(host, domain) or is_at_or_below(domain, host) or is_at_or_below(host, zone)
    )


def _is_key(case: Case, wish: Wish, domain: str) -> bool:
    if wish.type not in {"TXT", "CNAME"} or not wish.name.endswith(f"._domainkey.{domain}"):
        return False
    if wish.type == "CNAME":
        return True
    texts = next((texts for other, texts in case.texts if other is wish), ())
    return any(not _revokes(text) for text in texts)


def _revokes(text: str) -> bool:
    try:
        return dkim.is_tombstone(dkim.parse(text))
    except dkim.BadDkim:
        return True


RULES = (
    Rule(
        "dmarc-multiple",
        ("error",),
        "More than one DMARC record at one name.",
        why="Receivers then apply none of them.",
        source="RFC 9989 §4.10",
        fix="Keep one.",
        judge=_several,
    ),
    Rule(
        "dmarc-version",
        ("error",),
        "`v` is not first, or not exactly `DMARC1`.",
        why="Receivers do not take the text for a policy; the value is case-sensitive.",
        source="RFC 9989 §4.7, §4.8",
        fix="Begin the record `v=DMARC1;`.",
        judge=_version,
        refused=True,
    ),
    Rule(
        "dmarc-policy",
        ("error", "warning"),
        "`p`, `sp` or `np` is none of none, quarantine, reject (an error), or `p` is missing (a "
        "warning).",
        why="What receivers do not know they read as `none`: nothing is enforced.",
        source="RFC 9989 §4.7, §4.10",
        fix="Write `p=none`, `p=quarantine` or `p=reject`.",
        judge=_policy,
        refused=True,
    ),
    Rule(
        "dmarc-obsolete",
        ("warning",),
        "A tag that is gone (`pct`, `rf`, `ri`), or `t=y`, which lowers the policy by one step.",
        why="Receivers skip the old tags; with `t=y` `reject` means `quarantine`, and that `none`.",
        source="RFC 9989 §4.7, appendix A.6",
        fix="Take the tags out; take `t=y` out when the policy is meant.",
        judge=_obsolete,
    ),
    Rule(
        "dmarc-uri",
        ("warning",),
        "A report address that is none: no `mailto:`, or a `,` or `!` that is not escaped; or more "
        "than two.",
        why="Reports go by mail, and receivers need not send to more than two addresses.",
        source="RFC 9989 §4.7, RFC 9990",
        fix="Write `mailto:` and one address; in it `,` is `%2C` and `!` is `%21`.",
        judge=_uris,
        refused=True,
    ),
    Rule(
        "dmarc-external-rua",
        ("error",),
        "Reports go to another organisation that does not say that it takes them.",
        why="Receivers look for `DOMAIN._report._dmarc.HOST` and send nothing where it is missing.",
        source="RFC 9990",
        fix="Have the receiver of reports publish `v=DMARC1` at that name.",
        judge=_external,
        needs="lookups",
    ),
    Rule(
        "dmarc-spf-only",
        ("warning", "info"),
        "An enforcing policy, and no DKIM key.",
        why="SPF breaks when mail is forwarded: what a mailing list or an alias hands on is lost.",
        source="RFC 9989 §8",
        fix="Sign with DKIM, and name the keys under `dkim`.",
        judge=_spf_only,
    ),
)
