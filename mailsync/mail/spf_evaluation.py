"""`check_host`: what a receiver makes of a sender (RFC 7208 §4), strictly and without any I/O.

The DNS is a `Resolver` that is passed in; `mailsync.mail.spf_survey` stands on this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_interface
from typing import Literal, NamedTuple

from mailsync.dns.answer import Resolver
from mailsync.mail import mx as mx_record
from mailsync.mail import spf_macros as macros
from mailsync.mail.spf import LOOKUPS_MAX
from mailsync.mail.spf_lookups import (
    HOSTS_MAX,
    VOIDS_MAX,
    At,
    Broken,
    Facts,
    Lookups,
    Sender,
    SenderDecides,
    Step,
    a_labels,
    texts,
)
from mailsync.mail.spf_syntax import (
    BadSpf,
    Mechanism,
    Record,
    host_argument,
    is_spf,
    network,
    parse,
)

__all__ = ["Evaluation", "Result", "Sender", "Step", "check_host"]

Result = Literal["none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"]
"""§2.6."""

_VERDICTS: dict[str, Result] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_EXPLAINED_MAX = 1000  # characters: as much as a reply of SMTP can use


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `check_host` gives. ``term``: the mechanism that matched; empty where none did.

    ``lookups``: terms that asked the DNS; ``voids``: look-ups that found nothing. ``reason`` says
    why an error is one. ``explanation`` is the domain's own text for a fail (§6.2), from strangers.
    """

    result: Result
    term: str
    lookups: int
    voids: int
    trail: tuple[Step, ...]
    reason: str = ""
    explanation: str = ""


def check_host(
    domain: str,
    sender: Sender,
    resolver: Resolver,
    *,
    lookups_max: int = LOOKUPS_MAX,
    voids_max: int = VOIDS_MAX,
) -> Evaluation:
    """Judge a sender as of §4; ``domain`` is whose record is asked for."""
    run = Run(Facts.of(sender), resolver, lookups_max, voids_max)
    try:
        found = run.check(a_labels(domain), 0)
    except Broken as broken:
        result: Result = "temperror" if broken.fault in {"failed", "unknown"} else "permerror"
        found = Verdict(result, reason=broken.text)
    lookups, voids, trail = run.lookups, len(run.voids), tuple(run.trail)
    explanation = run.explanation(found) if found.result == "fail" else ""
    return Evaluation(found.result, found.term, lookups, voids, trail, found.reason, explanation)


class Verdict(NamedTuple):
    """What came of one record; ``record`` and ``domain`` are those that decided."""

    result: Result
    term: str = ""
    reason: str = ""
    record: Record | None = None
    domain: str = ""


@dataclass
class Run(Lookups):
    """One evaluation."""

    def check(self, domain: str, depth: int, path: tuple[str, ...] = ()) -> Verdict:
        """Evaluate the record of a domain (§4.3 to §4.7); ``path``: the records that led here."""
        domain = domain.lower()
        if not (macros.is_name(domain) and "." in domain):
            return Verdict("none", reason=f"{domain[:80]!r} is no domain's name (§4.3)")
        record = self.record(At(domain, "", depth))
        if not isinstance(record, Record):
            return Verdict(record, reason=f"{domain} has no SPF record (§4.5)")
        path = (*path, domain)
        for mechanism in record.mechanisms:
            at = At(domain, str(mechanism), depth)
            matches = self.matches(mechanism, at, path)
            self.note(at, "match" if matches else "no match")
            if matches:
                return Verdict(_VERDICTS[mechanism.qualifier], at.term, "", record, domain)
        if record.all is not None:
            at = At(domain, str(Mechanism(record.all, "all")), depth)
            self.note(at, "match")
            return Verdict(_VERDICTS[record.all], at.term, "", record, domain)
        if record.redirect is not None:
            at = At(domain, f"redirect={record.redirect}", depth)
            return self.redirect(record.redirect, at, path)
        return Verdict("neutral", "", "no term matches (§4.7)", record, domain)

    def record(self, at: At) -> Record | Result:
        """Find the one SPF record of a domain (§4.4, §4.5), or say what there is instead."""
        answer = self.ask(at.domain, "TXT", at, counted=False)
        if answer.state in {"failed", "unknown"}:
            return "temperror"
        found = [text for text in texts(answer) if is_spf(text)]
        if not found:
            return "none"
        try:
            if len(found) == 1:
                return parse(found[0])
            self.broken("multiple", at, f"{at.domain} has {len(found)} SPF records (§4.5)")
        except BadSpf as error:
            self.broken("syntax", at, f"{at.domain}: {error}")
        return "permerror"

    def redirect(self, spec: str, at: At, path: tuple[str, ...]) -> Verdict:
        """Let another record decide (§6.1)."""
        self.count(at)
        try:
            target = self.target(spec, at)
        except SenderDecides:
            return Verdict("neutral", at.term, "the sender decides which record")
        self.note(at, "goes on there")
        if self.comes_back(target, path, at):
            return Verdict("neutral", at.term)
        found = self.check(target, at.depth, path)
        if found.result == "none":
            self.broken("none", at, f"{at.term}: {found.reason}")
        return found

    def matches(self, mechanism: Mechanism, at: At, path: tuple[str, ...]) -> bool:
        """Tell whether a mechanism matches the sender (§5)."""
        if mechanism.name in {"ip4", "ip6"}:
            named = network(mechanism)
            return self.facts.ip is not None and named is not None and self.facts.ip in named
        self.count(at)
        try:
            if mechanism.name == "include":
                return self.include(mechanism, at, path)
            if mechanism.name == "ptr":
                return self.ptr(mechanism, at)
            spec, prefixes = host_argument(mechanism)
            target = at.domain if spec is None else self.target(spec, at)
        except SenderDecides:
            return False
        if not macros.is_name(target):
            return False  # §4.8 leaves it open: a name that cannot be asked for names nobody
        if mechanism.name == "exists":
            # An A even where the sender comes by IPv6 (§5.7).
            return bool(self.ask(target, "A", at).values)
        hosts = (target,) if mechanism.name == "a" else self.exchanges(target, at)
        return any(self.has_address(host, prefixes, at) for host in hosts)

    def include(self, mechanism: Mechanism, at: At, path: tuple[str, ...]) -> bool:
        """Match where the other record passes; the table of §5.2."""
        target = self.target(mechanism.argument[1:], at)
        if self.comes_back(target, path, at):
            return False
        self.note(at, "goes on there")
        found = self.check(target, at.depth + 1, path)
        if found.result == "none":
            self.broken("none", at, f"{at.term}: {found.reason}")
        return found.result == "pass"

    def ptr(self, mechanism: Mechanism, at: At) -> bool:
        """Tell whether a validated name of the sender lies at or below the target (§5.5)."""
        target = self.target(mechanism.argument[1:], at) if mechanism.argument else at.domain
        return any(f".{name}".endswith(f".{target.lower()}") for name in self.validated(at))

    def exchanges(self, name: str, at: At) -> tuple[str, ...]:
        """Give the hosts of a name's MX, and never the implicit one (§5.4)."""
        hosts = [_exchange(value) for value in self.ask(name, "MX", at).values]
        if len(hosts) > HOSTS_MAX:
            text = f"{at.term}: {len(hosts)} MX hosts, more than {HOSTS_MAX} (§4.6.4)"
            self.broken("mx-hosts", at, text)
        return tuple(host for host in hosts if host)

    def has_address(self, host: str, prefixes: tuple[int, int], at: At) -> bool:
        """Tell whether the sender's address is one of a host's, up to a prefix length (§5.3)."""
        prefix = prefixes[0] if self.facts.version == 4 else prefixes[1]
        answer = self.ask(host, self.facts.family, at)
        ip = self.facts.ip
        return ip is not None and any(
            ip in ip_interface(f"{value}/{prefix}").network for value in self.addresses(answer)
        )

    def comes_back(self, _target: str, _path: tuple[str, ...], _at: At) -> bool:
        """Loops need no care: the limit on look-ups ends them."""
        return False

    def explanation(self, verdict: Verdict) -> str:
        """Fetch a domain's text for its fail (§6.2); empty where anything about it is wrong."""
        modifiers = verdict.record.modifiers if verdict.record else ()
        spec = next((m.value for m in modifiers if m.name == "exp"), None)
        if spec is None:
            return ""
        at = At(verdict.domain, f"exp={spec}")
        try:
            name = self.target(spec, at)
            answer = self.ask(name, "TXT", at, counted=False) if macros.is_name(name) else None
            found = [] if answer is None else texts(answer)
            if len(found) != 1:
                return ""
            # The grammar of an explain-string is a modifier's value, with spaces between (§7.1).
            parse(f"v=spf1 x={found[0].replace(' ', '')}")
            return macros.expand(found[0], lambda letter: self.value(letter, at))[:_EXPLAINED_MAX]
        except (Broken, BadSpf):
            return ""


def _exchange(value: str) -> str:
    """Give an MX's host without its final dot; nothing where it is none, or the null MX."""
    try:
        name = mx_record.parse(value).exchange.removesuffix(".")
    except mx_record.BadMx:
        return ""
    return name if macros.is_name(name) else ""
