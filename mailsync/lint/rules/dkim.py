"""Who signs: DKIM keys (RFC 6376, RFC 8301, RFC 8463)."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.desired.model import Wish
from mailsync.dns.answer import VOID
from mailsync.dns.names import is_at_or_below, shown
from mailsync.lint.case import Case, texts_of
from mailsync.lint.model import Remark, Rule
from mailsync.mail import dkim, spf

TOPIC = "DKIM"

_LABEL = "._domainkey."
_RSA_BITS_GOOD = 2048


def _strength(case: Case) -> Iterator[Remark]:
    known = [(wish, record) for wish, record in _keys(case) if not dkim.is_tombstone(record)]
    for wish, record in known:
        bits = _bits(record)
        if bits is not None and bits < _RSA_BITS_GOOD:
            weak = bits < dkim.RSA_BITS_MIN
            yield Remark(
                wish.place,
                f"the key of {shown(wish.name)} has {bits} bits: "
                + ("verifiers reject it" if weak else "make one of 2048 under a new selector"),
                "error" if weak else None,
            )
        elif record.key_type == "ed25519" and not _has_twin(case, wish, known):
            yield Remark(
                wish.place,
                f"{shown(wish.name)} holds an Ed25519 key, which many verifiers do not know: sign "
                "with an RSA key, too, under a selector of its own",
            )


def _records(case: Case) -> Iterator[Remark]:
    for wish, texts in _selectors(case):
        name = shown(wish.name)
        if len(texts) > 1:
            yield Remark(wish.place, f"{name} has {len(texts)} key records: keep one")
        for text in texts:
            try:
                record = dkim.parse(text)
            except dkim.BadDkim as error:
                yield Remark(wish.place, f"{name}: {error}")
                continue
            bits = _bits(record)
            if bits is not None and bits < dkim.RSA_BITS_MIN:
                record = _without_key(record)  # its size is another rule's
            for objection in () if _is_bare_tombstone(record) else dkim.objections(record):
                yield Remark(wish.place, f"{name}: {objection}")


def _testing(case: Case) -> Iterator[Remark]:
    for wish, record in _keys(case):
        if "y" in [flag.strip() for flag in record.get("t").split(":")]:
            yield Remark(
                wish.place,
                f"the key of {shown(wish.name)} is in testing mode (t=y): what is signed with it "
                "counts as not signed; take t=y out when signatures verify",
            )


def _revoked(case: Case) -> Iterator[Remark]:
    by_domain: dict[str, list[tuple[Wish, dkim.Record]]] = {}
    for wish, record in _keys(case):
        by_domain.setdefault(_domain(wish.name), []).append((wish, record))
    for domain, keys in by_domain.items():
        signs = any(not dkim.is_tombstone(record) for _, record in keys)
        signs = signs or any(_domain(wish.name) == domain for wish in _aliases(case))
        if not signs and _sends(case, domain):
            for wish, _ in keys:
                yield Remark(
                    wish.place,
                    f"{shown(wish.name)} is revoked (p= is empty), and {shown(domain)} sends and "
                    "has no other key here: publish the one that its servers sign with",
                )


def _cname(case: Case) -> Iterator[Remark]:
    for wish in _aliases(case):
        name, target = shown(wish.name), wish.values[0]
        if case.files.answer((wish.name, "TXT")) not in {None, VOID}:
            yield Remark(wish.place, f"{name} is an alias and a key record: keep one of the two")
        answer = case.ask(target, "TXT")
        if answer.state == "void":
            yield Remark(
                wish.place,
                f"there is no key at {shown(target)}, to which {name} points: verifiers find none "
                "until the service publishes it; compare the target with what the service says",
            )


def _wildcard(case: Case) -> Iterator[Remark]:
    for wish in case.wishes:
        if not wish.name.startswith("*.") or wish.type not in {"TXT", "CNAME"}:
            continue
        if wish.kind == "null-key" or _only_revokes(wish):
            continue
        above = wish.name[2:]
        if f".{above}".startswith("._domainkey.") or any(
            is_at_or_below(other.name, above) for other in _all_selectors(case)
        ):
            yield Remark(
                wish.place,
                f"{shown(wish.name)} {wish.type} also answers for selectors that do not exist: "
                "verifiers take it for a key; narrow it",
            )


def _selectors(case: Case) -> Iterator[tuple[Wish, tuple[str, ...]]]:
    """Give the TXT wishes at selectors; a wildcard is none."""
    for wish, texts in case.texts:
        if _LABEL in wish.name and not wish.name.startswith("*."):
            yield wish, texts


def _aliases(case: Case) -> Iterator[Wish]:
    return (w for w in case.of_type("CNAME") if _LABEL in w.name and not w.name.startswith("*."))


def _all_selectors(case: Case) -> Iterator[Wish]:
    yield from _aliases(case)
    yield from (wish for wish, _ in _selectors(case))


def _keys(case: Case) -> Iterator[tuple[Wish, dkim.Record]]:
    for wish, texts in _selectors(case):
        for text in texts:
            try:
                yield wish, dkim.parse(text)
            except dkim.BadDkim:
                continue


def _domain(name: str) -> str:
    return name.partition(_LABEL)[2]


def _bits(record: dkim.Record) -> int | None:
    if record.key_type != "rsa" or dkim.is_tombstone(record):
        return None
    try:
        return dkim.rsa_bits(record.key)
    except dkim.BadDkim:
        return None


def _without_key(record: dkim.Record) -> dkim.Record:
    return dkim.Record(tuple((tag, "" if tag == "p" else value) for tag, value in record.tags))


def _is_bare_tombstone(record: dkim.Record) -> bool:
    """Tell whether a record only revokes: nobody misses a ``v=`` in it."""
    return [tag for tag, _ in record.tags] == ["p"] and dkim.is_tombstone(record)


def _has_twin(case: Case, wish: Wish, known: list[tuple[Wish, dkim.Record]]) -> bool:
    """Tell whether a domain has, or may have behind an alias, an RSA key as well."""
    domain = _domain(wish.name)
    aliased = any(_domain(other.name) == domain for other in _aliases(case))
    return aliased or any(
        record.key_type == "rsa" for other, record in known if _domain(other.name) == domain
    )


def _sends(case: Case, domain: str) -> bool:
    records = [record for wish, record in case.spf_records if wish.name == domain]
    if case.is_parked(domain):
        return False
    return any(map(spf.sends, records)) or (not records and bool(case.exchanges(domain)))


def _only_revokes(wish: Wish) -> bool:
    for text in texts_of(wish.values):
        try:
            if not dkim.is_tombstone(dkim.parse(text)):
                return False
        except dkim.BadDkim:
            return False
    return wish.type == "TXT"


RULES = (
    Rule(
        "dkim-key",
        ("warning", "error"),
        "A key that is too weak or that not everybody can use.",
        why="Verifiers reject signatures of RSA keys under 1024 bits (an error), and ask for 2048; "
        "many know no Ed25519, so such a key needs an RSA one beside it.",
        source="RFC 8301 §3.2, RFC 8463 §3",
        fix="Make an RSA key of 2048 bits under a new selector.",
        judge=_strength,
        refused=True,
    ),
    Rule(
        "dkim-record",
        ("error",),
        "A key record that no verifier can use: several at one selector, `v` not first or not "
        "`DKIM1`, bad base64, `k`, `h` or `s` that do not fit.",
        why="Signatures with it fail, for good.",
        source="RFC 6376 §3.6.1, §3.6.2.2",
        fix="Publish one record, `v=DKIM1; k=rsa; p=…`, copied as a whole.",
        judge=_records,
        refused=True,
    ),
    Rule(
        "dkim-testing",
        ("warning",),
        "A key in testing mode (`t=y`).",
        why="Verifiers treat mail signed with it as if it were not signed.",
        source="RFC 6376 §3.6.1",
        fix="Take `t=y` out when signatures verify.",
        judge=_testing,
    ),
    Rule(
        "dkim-revoked",
        ("error",),
        "Every key of a domain that sends is revoked (`p=` is empty).",
        why="An empty `p` says that the key is withdrawn: every signature with it fails.",
        source="RFC 6376 §3.6.1",
        fix="Publish the key that the senders sign with.",
        judge=_revoked,
    ),
    Rule(
        "dkim-selector-reuse",
        ("error",),
        "A new key under a selector that holds another one.",
        why="Mail that was signed with the old key and is still on its way fails.",
        source="RFC 6376 §3.1",
        fix="Publish the new key under a new selector; write the old one `absent` later.",
        needs="records",
    ),
    Rule(
        "dkim-cname",
        ("error",),
        "An alias for a key that leads nowhere, or a key beside an alias.",
        why="Verifiers find no key: a permanent failure.",
        source="RFC 6376 §6.1.2, RFC 2181 §10.1",
        fix="Copy the target anew from the service, and turn signing on there only when it exists.",
        judge=_cname,
        asks=True,
        refused=True,
    ),
    Rule(
        "dkim-wildcard",
        ("warning",),
        "A wildcard that answers for selectors that do not exist.",
        why="Verifiers then read a foreign text as a key instead of finding none.",
        source="RFC 6376 §6.1.2, §3.6.2.1",
        fix="Narrow the wildcard, or take it out.",
        judge=_wildcard,
    ),
)
