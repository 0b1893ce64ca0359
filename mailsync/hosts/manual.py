"""A DNS host without an API: what its name servers serve is what is live, and a person writes.

There is no listing. What is read are the RRsets that a domain's plan may look at, each from every
authoritative server; the observer does that, and is handed in, as is the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mailsync.desired.model import Desired
from mailsync.dns.names import is_at_or_below, shown
from mailsync.dns.rrset import Key, RRset
from mailsync.errors import HostError, MailsyncError
from mailsync.hosts.known import Adapter
from mailsync.mail.srv import SERVICES
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Capability
from mailsync.plan.model import Change, Gate
from mailsync.plan.panel import Panel, Text, Trap

CLASS = "mailsync_providers.manual.ManualProvider"

Answers = Callable[[str, Sequence[Key]], Mapping[Key, tuple[RRset | None, ...]]]
"""Asks every authoritative server of a zone: each different version that one of them serves."""

_ADDRESSES = ("A", "AAAA", "CNAME")
_USUAL = (
    ("", ("NS", "MX", "TXT", "A", "AAAA")),
    ("_dmarc.", ("TXT", "CNAME")),
    ("_mta-sts.", ("TXT", "CNAME")),
    ("_smtp._tls.", ("TXT", "CNAME")),
    ("autodiscover.", _ADDRESSES),
    ("mta-sts.", _ADDRESSES),
)
"""What is asked for whatever a file says: guards and findings look at these."""


@dataclass(frozen=True, slots=True)
class ManualHost:
    """A `Host` that is read from its name servers and never written to.

    ``wanted``: the zone's domains, whose records are asked for. ``ledger`` gives what is known of a
    zone's past: where servers differ, the version that was published last is the host's own.
    ``nameservers``: patterns of the host's server names; none: not known, or not to be checked.
    """

    name: str
    capability: Capability
    panel: Panel
    answers: Answers = field(repr=False)
    wanted: Callable[[], Iterable[Desired]] = field(repr=False)
    ledger: Callable[[str], Ledger] = field(repr=False)
    nameservers: tuple[str, ...] = ()

    def read(self, zone: str) -> Mapping[Key, RRset]:
        """Ask for all that may matter; raises `HostError` where no server answers.

        Nobody is asked where the host takes nothing of what is wished for: the name of a DDNS
        service's customer is no zone, say, and the look for its servers would be what fails.
        """
        self._refuse_what_cannot_be()
        ledger = self.ledger(zone)
        found = self._asked(zone, _keys(zone, self.wanted(), ledger), ledger)
        named = {
            (host, rdtype)
            for (_, kind), rrset in found.items()
            if kind == "MX"
            for host in hosts(rrset.values)
            if is_at_or_below(host, zone)
            for rdtype in _ADDRESSES
        }
        if named:
            found |= self._asked(zone, named, ledger)
        return dict(sorted(found.items()))

    def _refuse_what_cannot_be(self) -> None:
        told = dict(self.capability.cannot)
        possible = told.keys() | (self.capability.types or ())
        for wish in (wish for desired in self.wanted() for wish in desired.wishes):
            if "*" in told and wish.values and wish.type not in possible:
                raise HostError(
                    f"{shown(wish.name)} {wish.type}: {self.panel.name.en} {told['*']}",
                    where=str(wish.place),
                )

    def _asked(self, zone: str, keys: Iterable[Key], ledger: Ledger) -> dict[Key, RRset]:
        answers = self.answers(zone, sorted(keys))
        newest = {key: _newest(key, versions, ledger) for key, versions in answers.items()}
        return {key: rrset for key, rrset in newest.items() if rrset is not None}

    def write(self, zone: str, changes: Sequence[Change]) -> None:
        """Refuse: whoever calls this took a person for an API."""
        msg = f"{self.name}: {len(changes)} changes of {shown(zone)} are a person's to make"
        raise HostError(f"{msg}; nothing was written")

    def recognised(self, zone: str, gate: Gate, listing: Mapping[Key, RRset]) -> Gate:
        """Judge the delegation as well by the names that this host's servers have.

        What an unused form shows as saved is served by nobody: then every step would be in vain.
        """
        apex = listing.get((zone, "NS"))
        if gate.state == "fail" or apex is None or not self.nameservers:
            return gate
        strange = [
            value
            for value in apex.values
            if not any(re.fullmatch(pattern, value) for pattern in self.nameservers)
        ]
        if not strange:
            return gate
        detail = (
            f"{shown(zone)} is served by {', '.join(strange)}, which is not {self.panel.name.en}: "
            "what is typed there would not be served; correct the target in mailsync.yaml"
        )
        return Gate("authority", "fail", detail)


def _keys(zone: str, wanted: Iterable[Desired], ledger: Ledger) -> set[Key]:
    """Give the RRsets to ask for: wished for, remembered, or looked at by the planner's guards."""
    keys = {(zone, "NS"), *ledger.histories}
    for desired in wanted:
        domain = desired.domain
        keys |= {(f"{label}{domain}", rdtype) for label, types in _USUAL for rdtype in types}
        if "srv" in desired.pruned:
            keys |= {(f"_{service}._tcp.{domain}", "SRV") for service in SERVICES}
        for wish in desired.wishes:
            keys |= {(wish.name, wish.type), (wish.name, "CNAME")}
            if wish.type in {"A", "AAAA", "CNAME"}:
                keys |= {(wish.name, rdtype) for rdtype in ("A", "AAAA", "MX", "TXT")}
            if wish.type == "MX":
                keys |= {
                    (host, rdtype) for host in hosts(wish.values) for rdtype in (*_ADDRESSES, "NS")
                }
    # What an MTA-STS policy's history is kept under is no record; other zones have hosts too.
    return {key for key in keys if is_at_or_below(key[0], zone) and key[1].isalnum()}


def _newest(key: Key, versions: tuple[RRset | None, ...], ledger: Ledger) -> RRset | None:
    """Choose among what the servers say: what nobody expected, else what was published last."""
    if len(versions) == 1:
        return versions[0]
    history = ledger.history(key)
    opened = {v.rrset: v.published_at for v in history.versions if not v.unseen}
    strange = [version for version in versions if version not in opened]
    if strange:
        return max(strange, key=lambda one: (one is not None, str(one)))
    return max(versions, key=lambda one: (opened[one], str(one)))


def panel(description: Mapping[str, Any], host: str, language: Any) -> Panel:
    """Make a `Panel` of what `mailsync_providers.manual` says of a host."""
    unknown = description.get("unknown")
    delete = description.get("delete")
    return Panel(
        id=host,
        name=Text(**description["name"]),
        menu=tuple(description["menu"]),
        fields=description["fields"],
        apex=description.get("apex", "unknown"),
        final_dot=description.get("final_dot", "unknown"),
        row=description.get("row", ""),
        save=tuple(description.get("save", ())),
        delete=None if delete is None else Text(**delete),
        traps=tuple(
            Trap(trap["when"], Text(trap["ja"], trap["en"]))
            for trap in description.get("traps", ())
        ),
        unknown=None if unknown is None else Text(**unknown),
        ttl_settable=description["ttl"] == "settable",
        language=language,
    )


def known(description: Mapping[str, Any]) -> Adapter:
    """Say what such a host can do, as of any adapter."""
    fixed = description["ttl"] != "settable"
    return Adapter(
        settable=not fixed,
        ttl_scope="none" if fixed else "record",
        txt_max=description.get("txt_max"),
        null_mx=description.get("null_mx"),
        ptr=description.get("ptr"),
        write="by-hand",
        name=description["name"]["en"],
        class_path=CLASS,
    )


def described(settings: Mapping[str, object], *, where: str) -> dict[str, Any]:
    """Give what is known of the host that a provider's entry names. Raises `MailsyncError`."""
    from octodns.provider import ProviderException

    from mailsync_providers.manual import ManualProvider

    arguments: dict[str, Any] = {key: value for key, value in settings.items() if key != "class"}
    try:
        return dict(ManualProvider(where, **arguments).description)
    except ProviderException as error:
        raise MailsyncError(str(error), where=where) from None
    except TypeError as error:
        raise MailsyncError(f"host: name the control panel ({error})", where=where) from None


def load(
    name: str,
    settings: Mapping[str, object],
    override: Mapping[str, object] | None,
    answers: Answers,
    wanted: Callable[[], Iterable[Desired]],
    ledger: Callable[[str], Ledger],
    *,
    delegated: bool,
) -> ManualHost:
    """Open the host of a provider's entry. ``delegated``: its servers are the delegation's.

    Raises `MailsyncError`.
    """
    from mailsync.hosts.capabilities import capability

    description = described(settings, where=f"providers.{name}")
    made = panel(description, str(settings["host"]), settings.get("language", "both"))
    types = description.get("types")
    can = capability(known(description), override, where=f"capabilities.{name}", types=types)
    cannot = tuple((rdtype, text["en"]) for rdtype, text in description.get("cannot", {}).items())
    return ManualHost(
        name,
        replace(can, panel=made.name.en, cannot=cannot),
        replace(made, ttl_settable=can.settable),
        answers,
        wanted,
        ledger,
        tuple(description.get("nameservers", ())) if delegated else (),
    )
