"""What an evaluation of SPF asks the DNS for, within its limits (RFC 7208 §4.6.4, §7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal

from mailsync.dns.answer import VOID, Answer, Resolver
from mailsync.dns.names import BadName, absolute
from mailsync.dns.rrset import BadValue, txt_text
from mailsync.mail import ptr as ptr_record
from mailsync.mail import spf_macros as macros
from mailsync.mail.spf import LOOKUPS_MAX

VOIDS_MAX = 2
"""How many look-ups may find nothing (§4.6.4)."""
HOSTS_MAX = 10
"""How many hosts an ``mx`` may have, and how many names of an address are looked at (§4.6.4)."""

Fault = Literal[
    "syntax", "multiple", "none", "loop", "lookups", "voids", "mx-hosts", "failed", "unknown"
]
"""What can be wrong with a tree of records; the last two say that the DNS did not tell."""

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class At:
    """Where an evaluation is: whose record, which term of it, how many includes deep."""

    domain: str
    term: str = ""
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One term that was evaluated: where, and what came of it. ``lookups``: how many so far."""

    at: At
    outcome: str
    lookups: int


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: ``ip``, the envelope's ``sender`` (or a bare domain), the ``helo`` name.

    ``receiver`` and ``time`` (seconds since 1970) appear in explanations only (§7.2).
    """

    ip: Address
    sender: str
    helo: str = ""
    receiver: str = "unknown"
    time: int = 0


class Broken(Exception):  # noqa: N818  # reads as what it is where it is raised
    """Ends an evaluation; never leaves `check_host`."""

    def __init__(self, fault: Fault, at: At, text: str) -> None:
        super().__init__(text)
        self.fault: Fault = fault
        self.at = at
        self.text = text


class SenderDecides(Exception):  # noqa: N818  # as above
    """A name that only the sender makes known."""


@dataclass(frozen=True)
class Facts:
    """What macros stand for (§7.2); ``ip`` None: nobody, whom no term names."""

    ip: Address | None
    version: int
    known: dict[str, str]

    @classmethod
    def of(cls, sender: Sender) -> Facts:
        """Gather what is known of a sender; IPv4 mapped into IPv6 is IPv4 (§5)."""
        mapped = sender.ip.ipv4_mapped if isinstance(sender.ip, IPv6Address) else None
        ip = mapped or sender.ip
        local, at, domain = sender.sender.rpartition("@")
        local, domain = (local if at and local else "postmaster"), domain.removesuffix(".")
        known = {
            "s": f"{local}@{domain}",
            "l": local,
            "o": domain,
            "i": str(ip) if ip.version == 4 else ".".join(f"{int(ip):032x}"),
            "h": sender.helo.removesuffix("."),
            "c": str(ip),
            "r": sender.receiver,
            "t": str(sender.time),
            "v": _reverse_label(ip.version),
        }
        return cls(ip, ip.version, known)

    @classmethod
    def nobody(cls, domain: str, version: int) -> Facts:
        """Gather what is known of all senders of a domain that come by one kind of address."""
        return cls(None, version, {"o": domain, "v": _reverse_label(version)})

    @property
    def family(self) -> str:
        """The type of the addresses that are compared with the sender's (§5)."""
        return "A" if self.version == 4 else "AAAA"


@dataclass
class Lookups:
    """The questions of one evaluation; the counters go through all records of the tree."""

    facts: Facts
    resolver: Resolver
    lookups_max: int = LOOKUPS_MAX
    voids_max: int = VOIDS_MAX
    lookups: int = 0
    voids: list[str] = field(default_factory=list)
    trail: list[Step] = field(default_factory=list)

    def count(self, at: At) -> None:
        """Count a term that asks the DNS."""
        self.lookups += 1
        if self.lookups > self.lookups_max:
            text = f"more than {self.lookups_max} terms ask the DNS (§4.6.4)"
            raise Broken("lookups", at, text)

    def ask(self, name: str, rdtype: str, at: At, *, counted: bool = True) -> Answer:
        """Ask for a name; ``counted``: that nothing is found counts as a void look-up."""
        answer = self.resolver.ask(f"{name.lower()}.", rdtype)
        if answer.state in {"failed", "unknown"}:
            text = f"{name} {rdtype}: {answer.reason or 'the DNS did not tell'} (§5)"
            self.broken("failed" if answer.state == "failed" else "unknown", at, text)
        elif counted and not answer.values:
            self.voids.append(name)
            if len(self.voids) > self.voids_max:
                text = f"more than {self.voids_max} look-ups find nothing (§4.6.4)"
                raise Broken("voids", at, text)
        return answer

    def broken(self, fault: Fault, at: At, text: str) -> None:
        """End the evaluation."""
        raise Broken(fault, at, text)

    def note(self, at: At, outcome: str) -> None:
        """Write a step into the trail."""
        self.trail.append(Step(at, outcome, self.lookups))

    def addresses(self, answer: Answer) -> list[Address]:
        """Give the addresses of an answer that are of the sender's family."""
        found: list[Address] = []
        for value in answer.values:
            try:
                found.append(ip_address(value))
            except ValueError:
                continue
        return [address for address in found if address.version == self.facts.version]

    # ---- What the sender is called (§5.5, §7) ---------------------------------------------------

    def target(self, spec: str, at: At) -> str:
        """Expand a domain-spec. Raises `SenderDecides` where nobody is the sender."""
        return macros.target(spec, lambda letter: self.value(letter, at))

    def value(self, letter: str, at: At) -> str:
        """Give what a macro letter stands for (§7.2)."""
        if letter == "d":
            return at.domain
        if letter == "p":
            return self._sender_name(at)
        found = self.facts.known.get(letter)
        if found is None:
            raise SenderDecides
        return found

    def validated(self, at: At) -> list[str]:
        """Give the names of the sender's address that lead back to it; errors are no names (§5.5).

        More than `HOSTS_MAX` names are not looked at (§4.6.4).
        """
        ip = self.facts.ip
        if ip is None:
            raise SenderDecides
        reverse = ptr_record.reverse_name(str(ip)).removesuffix(".")
        listed = self._forgiving(reverse, "PTR", at).values[:HOSTS_MAX]
        names = dict.fromkeys(value.lower().removesuffix(".") for value in listed)
        return [
            name
            for name in names
            if macros.is_name(name)
            and ip in self.addresses(self._forgiving(name, self.facts.family, at))
        ]

    def _forgiving(self, name: str, rdtype: str, at: At) -> Answer:
        try:
            return self.ask(name, rdtype, at)
        except Broken as broken:
            if broken.fault == "voids":
                raise
            return VOID

    def _sender_name(self, at: At) -> str:
        """Give a validated name of the sender: the domain itself, one below it, any (§7.3).

        It is no term of its own, so asking for it is not counted as one (§4.6.4).
        """
        names = self.validated(at)
        below = [name for name in names if name.endswith(f".{at.domain.lower()}")]
        itself = [name for name in names if name == at.domain.lower()]
        return next(iter([*itself, *below, *names]), "unknown")


def a_labels(domain: str) -> str:
    """Bring a domain to A-labels and lower case, without a final dot (RFC 8616 §4)."""
    name = domain.removesuffix(".").lower()
    try:
        return name if name.isascii() else absolute(f"{name}.").removesuffix(".")
    except BadName:
        return name


def texts(answer: Answer) -> list[str]:
    """Give the texts of a TXT answer; what is no TXT value is left out."""
    found = []
    for value in answer.values:
        try:
            found.append(txt_text(value))
        except BadValue:
            continue
    return found


def _reverse_label(version: int) -> str:
    return "in-addr" if version == 4 else "ip6"
