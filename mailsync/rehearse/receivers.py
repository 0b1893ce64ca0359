"""A server that takes mail which the domain sends, and judges it: SPF, DKIM, DMARC."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, RRset, txt_text
from mailsync.mail import dkim, dmarc, spf
from mailsync.mail.spf_hosts import FAMILIES, beside
from mailsync.mail.spf_tree import with_terms
from mailsync.plan.kinds.mx import hosts
from mailsync.rehearse.resolver import NoAnswer, Resolver
from mailsync.rehearse.services import Stream


@dataclass
class Receiver:
    """One receiving server with its resolver. It refuses what the domain's records speak against.

    That is strict: a failed SPF check, or a signature that cannot be verified, is enough.
    """

    domain: str
    resolver: Resolver

    def judges(self, stream: Stream, at: int) -> str:
        """Say why a message of a stream is refused; empty where it is taken."""
        try:
            return self._judge(stream, at)
        except NoAnswer:
            return ""  # comes again

    def _judge(self, stream: Stream, at: int) -> str:
        if not stream.proper:
            return "DMARC asks to refuse it" if self._enforced(at) else ""
        if stream.spf:
            held = _spf(self.resolver.answer((self.domain, "TXT"), at))
            whole = None if held is None else self._with_included(held, at)
            if whole is None or not _lets(whole, stream.spf):
                return f"SPF is {held or 'missing'}, and does not let it send"
        if stream.selector is not None:
            found = self.resolver.answer(stream.selector, at)
            if found is None or not _same(found.values, stream.key):
                return f"the key at {stream.selector[0]} is not the one that signed it"
        return ""

    def _with_included(self, held: str, at: int) -> str | None:
        """Add what a record includes in the zone; None where that ends in a permanent error."""
        below: dict[str, str] = {}
        pending = [held]
        while pending:
            for name in _included(pending.pop()):
                if name in below or not self.resolver.upstream.knows((name, "TXT")):
                    continue  # not of this zone, or not known to be
                text = _spf(self.resolver.answer((name, "TXT"), at))
                if text is None:
                    return None
                below[name] = text
                pending.append(text)
        whole = _whole(held, tuple(below.items())) if below else held
        return self._with_mx(whole, at) if whole is not None and " mx" in whole else whole

    def _with_mx(self, text: str, at: int) -> str:
        """Write beside ``mx`` the hosts that it stands for now, and their addresses in the zone."""
        held = self.resolver.answer((self.domain, "MX"), at)
        named: set[tuple[str, str]] = set()
        for host in hosts(held.values) if held is not None else ():
            named.add(("a", shown(host)))
            for family, mechanism in FAMILIES:
                if self.resolver.upstream.knows((host, family)):
                    found = self.resolver.answer((host, family), at)
                    named |= {(mechanism, one) for one in (found.values if found else ())}
        return beside(text, frozenset(named))

    def _enforced(self, at: int) -> bool:
        rrset = self.resolver.answer((f"_dmarc.{self.domain}", "TXT"), at)
        for value in rrset.values if rrset is not None else ():
            try:
                return any(dmarc.strictness(dmarc.parse(txt_text(value)))[:3])
            except dmarc.BadDmarc:
                continue
        return False


def lets(stream: Stream, key: Key, rrset: RRset | None) -> bool:
    """Tell whether a version of an RRset lets a stream pass what it is about: SPF, or its key."""
    if key == stream.selector:
        return rrset is not None and _same(rrset.values, stream.key)
    held = _spf(rrset)
    return not stream.spf or (held is not None and _lets(held, stream.spf))


@lru_cache(maxsize=4096)
def _included(text: str) -> tuple[str, ...]:
    """Give the absolute names of the records that a record includes."""
    try:
        found = spf.parse(text).mechanisms
    except spf.BadSpf:
        return ()
    return tuple(_name(m.argument.removeprefix(":")) for m in found if m.name == "include")


def _name(written: str) -> str:
    return f"{written.lower().rstrip('.')}."


@lru_cache(maxsize=4096)
def _whole(held: str, below: tuple[tuple[str, str], ...]) -> str | None:
    """Put the terms of these records beside the includes that name them; None for an error."""
    texts = dict(below)

    def known(written: str) -> spf.Record | None:
        text = texts.get(_name(written))
        return None if text is None else spf.parse(text)

    try:
        return spf.format(with_terms(spf.parse(held), known))
    except spf.BadSpf:
        return None


def _spf(rrset: RRset | None) -> str | None:
    texts = [txt_text(value) for value in rrset.values] if rrset is not None else []
    held = [text for text in texts if spf.is_spf(text)]
    return held[0] if len(held) == 1 else None


def _lets(held: str, asked: str) -> bool:
    try:
        return spf.covers(held, asked)
    except spf.BadSpf:
        return False


def _same(held: tuple[str, ...], signed: tuple[str, ...]) -> bool:
    if set(held) == set(signed):
        return True
    try:
        one, other = (dkim.parse(txt_text(values[0])) for values in (held, signed))
    except (dkim.BadDkim, ValueError):
        return False
    return dkim.same_key(one, other)
