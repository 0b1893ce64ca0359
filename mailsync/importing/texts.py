"""What stands in TXT records: SPF, DKIM keys, DMARC, MTA-STS, TLS reports, verification tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from mailsync.desired.tree import Mapping, Node
from mailsync.dns.names import shown
from mailsync.dns.rrset import RRset, txt_text, txt_value
from mailsync.importing.model import Entry, Found, Left, entry
from mailsync.importing.names import relative
from mailsync.importing.nodes import TOKEN, duration, free, listed, mapping, text, word, words
from mailsync.mail import bimi as bimi_record
from mailsync.mail import dkim as dkim_record
from mailsync.mail import dmarc as dmarc_record
from mailsync.mail import mta_sts as mta_sts_record
from mailsync.mail import spf as spf_record
from mailsync.mail import tls_rpt as tls_rpt_record
from mailsync.mail import verification as token

_VERDICTS = {"+": "pass", "?": "neutral", "~": "softfail", "-": "fail"}


def spf(found: Found, domain: str) -> Iterator[Entry | Left]:
    """The SPF record, as a mapping where that says the same text."""
    for rrset, values in _ours(found, domain, spf_record.is_spf):
        if len(values) > 1:
            reason = f"{len(values)} SPF records: receivers go by none of them (RFC 7208 §4.5)"
            yield Left(domain, "spf", rrset.key, values, reason)
            continue
        said = txt_text(values[0])
        fields = _spf_fields(said)
        forms: list[Node] = [word(said)] if fields is None else [fields, word(said)]
        yield entry(domain, ("spf", None), forms, rrset, values=values)


def _spf_fields(said: str) -> Mapping | None:
    """Give a record's terms by name; None where a mapping has no place for one of them."""
    try:
        record = spf_record.parse(said)
    except spf_record.BadSpf:
        return None
    fields: dict[str, Node] = {}
    by_name: dict[str, list[str]] = {}
    for mechanism in record.mechanisms:
        if mechanism.name == "ptr" or mechanism.qualifier != "+":
            return None
        by_name.setdefault(mechanism.name, []).append(mechanism.argument.removeprefix(":"))
    for name, arguments in by_name.items():
        if name in {"mx", "a"} and arguments == [""]:
            fields[name] = word("true")
        else:
            fields[name] = words(arguments)
    for modifier in record.modifiers:
        fields[modifier.name] = word(modifier.value)
    if record.all is not None:
        fields["all"] = word(_VERDICTS[record.all])
    return mapping(fields)


_REVOKED = "v=DKIM1; p="


def dkim(found: Found, domain: str) -> Iterator[Entry | Left]:
    """The keys, selector by selector, and where name servers of a service keep them."""
    above = f"._domainkey.{domain}"
    for (name, rdtype), rrset in found.rrsets.items():
        if rdtype == "NS" and f".{name}".endswith(above):
            selector = name.removesuffix(f".{domain}").removesuffix("._domainkey")
            servers = words(relative(value, domain) for value in rrset.values)
            yield entry(domain, ("dkim", selector), [mapping({"ns": servers})], rrset)
            continue
        if not name.endswith(above) or name == f"*{above}" or rdtype not in {"TXT", "CNAME"}:
            continue
        selector = name.removesuffix(above)
        if not found.holds(name):
            reason = "below a delegation: it is its zone's that counts"
            yield Left(domain, "dkim", rrset.key, rrset.values, reason)
        elif rdtype == "CNAME":
            target = mapping({"cname": word(relative(rrset.values[0], domain))})
            yield entry(domain, ("dkim", selector), [target], rrset)
        elif len(rrset.values) > 1:
            reason = f"{len(rrset.values)} records under one selector (RFC 6376 §3.6.2.2)"
            yield Left(domain, "dkim", rrset.key, rrset.values, reason)
        else:
            said = txt_text(rrset.values[0])
            forms: list[Node] = [word("revoked"), text(said)] if said == _REVOKED else [text(said)]
            yield entry(domain, ("dkim", selector), forms, rrset, note=_strength(said))


def _strength(said: str) -> str:
    """Say what a key is: its kind and size, or that it is revoked where the file does not."""
    try:
        record = dkim_record.parse(said)
        if dkim_record.is_tombstone(record):
            return "" if said == _REVOKED else "revoked"
        if record.key_type == "rsa":
            return f"RSA, {dkim_record.rsa_bits(record.key)} bits"
    except dkim_record.BadDkim:
        return ""
    return "Ed25519" if record.key_type == "ed25519" else ""


def dmarc(found: Found, domain: str) -> Iterator[Entry | Left]:
    """The policy, as text."""
    yield from _single(found, domain, f"_dmarc.{domain}", "dmarc", dmarc_record.is_dmarc, _plainly)


def tls_rpt(found: Found, domain: str) -> Iterator[Entry | Left]:
    """Where reports on TLS go."""

    def forms(said: str) -> list[Node]:
        try:
            addresses = tls_rpt_record.parse(said).rua
        except tls_rpt_record.BadTlsRpt:
            return [word(said)]
        return [word(addresses[0]) if len(addresses) == 1 else words(addresses), word(said)]

    yield from _single(
        found, domain, f"_smtp._tls.{domain}", "tls_rpt", tls_rpt_record.is_tls_rpt, forms
    )


def bimi(found: Found, domain: str) -> Iterator[Entry | Left]:
    """The logos, by selector: as a mapping where that is the same text."""
    above = f"._bimi.{domain}"
    for name in [name for name, rdtype in found.rrsets if rdtype == "TXT" and name.endswith(above)]:
        for one in _single(found, domain, name, "bimi", bimi_record.is_bimi, _logo):
            label = name.removesuffix(above)
            yield replace(one, label=label) if isinstance(one, Entry) else one


def _logo(said: str) -> list[Node]:
    if said == bimi_record.DECLINED:
        return [word("declined"), word(said)]
    try:
        tags = dict(bimi_record.parse(said).tags[1:])
    except bimi_record.BadBimi:
        return [word(said)]
    fields = {_LOGO[tag]: word(value) for tag, value in tags.items() if tag in _LOGO and value}
    return [mapping(fields), word(said)] if fields else [word(said)]


_LOGO = {"l": "logo", "a": "authority", "avp": "avatar"}


def mta_sts(found: Found, domain: str) -> Iterator[Entry | Left]:
    """The MTA-STS policy: DNS holds its id alone, so it has to have been fetched."""
    name = f"_mta-sts.{domain}"
    yield from _not_ours(found, domain, name, "mta_sts", mta_sts_record.is_mta_sts)
    for rrset, values in _ours(found, name, mta_sts_record.is_mta_sts):
        policy = found.policy.policy if domain == found.zone else None
        if len(values) > 1:
            reason = f"{len(values)} records: senders go by none of them (RFC 8461 §3.1)"
            yield Left(domain, "mta_sts", rrset.key, values, reason)
            continue
        if policy is None:
            detail = found.policy.detail if domain == found.zone else "it was not fetched"
            reason = f"its policy is served over HTTPS, and could not be had: {detail}"
            yield Left(domain, "mta_sts", rrset.key, values, reason)
            continue
        said: dict[str, Node] = {
            "mode": word(policy.mode),
            "max_age": word(duration(policy.max_age)),
        }
        kept: dict[str, Node] = {}
        if values != (txt_value(mta_sts_record.record(policy)),):
            kept["txt"] = free(txt_text(values[0]))  # an id that somebody else gave it stays
        forms = [mapping({**said, **kept}), mapping({**said, "mx": words(policy.mx), **kept})]
        yield entry(domain, ("mta_sts", None), forms, rrset, values=values)


def verification(found: Found, domain: str) -> Iterator[Entry | Left]:
    """The tokens at the domain; with all records asked for, every other text there as well."""
    rrset = found.get(domain, "TXT")
    if rrset is None:
        return
    texts = {value: txt_text(value) for value in rrset.values}
    tokens = {
        value: said
        for value, said in texts.items()
        if _is_token(said) and (found.everything or TOKEN.match(said))
    }
    if tokens:
        kept = tuple(sorted(tokens, key=lambda value: tokens[value]))
        form = listed(free(tokens[value]) for value in kept)
        yield entry(domain, ("verification", None), [form], rrset, values=kept)


def _single(
    found: Found,
    domain: str,
    name: str,
    key: str,
    is_ours: Callable[[str], bool],
    forms: Callable[[str], list[Node]],
) -> Iterator[Entry | Left]:
    """Give the one record of its kind at a name of its own."""
    for rrset, values in _ours(found, name, is_ours):
        if len(values) > 1:
            reason = f"{len(values)} records: none of them counts"
            yield Left(domain, key, rrset.key, values, reason)
        else:
            yield entry(domain, (key, None), forms(txt_text(values[0])), rrset, values=values)
    yield from _not_ours(found, domain, name, key, is_ours)


def _not_ours(
    found: Found, domain: str, name: str, key: str, is_ours: Callable[[str], bool]
) -> Iterator[Left]:
    """Give what stands in a record's place and is none: other texts, or an alias."""
    rrset = found.get(name, "TXT")
    if rrset is not None and not any(is_ours(txt_text(value)) for value in rrset.values):
        reason = "no such record: nobody reads it as one"
        yield Left(domain, key, rrset.key, rrset.values, reason)
    alias = found.get(name, "CNAME")
    if alias is not None:
        reason = f"an alias of {shown(alias.values[0])}, which keeps the record"
        yield Left(domain, key, alias.key, alias.values, reason)


def _ours(
    found: Found, name: str, is_ours: Callable[[str], bool]
) -> Iterator[tuple[RRset, tuple[str, ...]]]:
    """Give the TXT RRset at a name, and those of its values that are of a kind."""
    rrset = found.get(name, "TXT")
    every = () if rrset is None else rrset.values
    values = tuple(value for value in every if is_ours(txt_text(value)))
    if rrset is not None and values:
        yield rrset, values


def _plainly(said: str) -> list[Node]:
    return [word(said)]


def _is_token(said: str) -> bool:
    try:
        token.parse(said)
    except token.BadToken:
        return False
    return True
