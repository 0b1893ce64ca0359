"""Faults of octoDNS' adapters that can be mended from outside, one function each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

_OCTAL = re.compile(r"\\([0-7]{3})")

_RRset: TypeAlias = Mapping[str, Any]
"""As Route 53's API has it."""


def mend(provider: Any) -> None:
    """Mend whatever is known of the provider's adapter."""
    match type(provider).__module__.partition(".")[0]:
        case "octodns_desec":
            api = provider.desec_api
            api.update_rrset = partial(_in_a_labels, api.update_rrset)
        case "octodns_route53":
            made = provider._gen_mods  # noqa: SLF001  # nothing public comes near
            provider._gen_mods = partial(_exact_deletes, made)  # noqa: SLF001  # the same


def _in_a_labels(
    send: Callable[..., Any], domain: str, changes: Iterable[Mapping[str, Any]]
) -> Any:
    """Have deSEC told of names as it knows them: the adapter writes international ones decoded."""
    from octodns.idna import idna_encode

    return send(
        idna_encode(domain), [{**one, "subname": idna_encode(one["subname"])} for one in changes]
    )


def _exact_deletes(
    made: Callable[..., list[dict[str, Any]]],
    action: str,
    records: Iterable[Any],
    existing: Sequence[_RRset],
) -> list[dict[str, Any]]:
    """Have Route 53 delete what it lists.

    It wants to be told the very text that it holds. The adapter tells a text of its own making, in
    strings of 255 octets and with a backslash before each semicolon, so that a DKIM key which was
    made by anything else is refused (octodns-route53's issue 14).
    """
    changes = made(action, records, existing)
    if action == "DELETE":
        listed = {_key(rrset): rrset for rrset in existing}
        for change in changes:
            rrset = change["ResourceRecordSet"]
            change["ResourceRecordSet"] = listed.get(_key(rrset), rrset)
    return changes


def _key(rrset: _RRset) -> tuple[str, str, str | None]:
    name = _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), rrset["Name"])
    return name, rrset["Type"], rrset.get("SetIdentifier")
