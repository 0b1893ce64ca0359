"""The names of addresses: PTR (RFC 1035 §3.5, RFC 1912 §2.1)."""

from __future__ import annotations

from collections.abc import Iterator

from mailsync.dns.answer import Answer
from mailsync.dns.names import shown
from mailsync.lint.case import Case
from mailsync.lint.model import Remark, Rule
from mailsync.mail import ptr

TOPIC = "Reverse names"

_TREES = (".in-addr.arpa.", ".ip6.arpa.")


def _confirmed(case: Case) -> Iterator[Remark]:
    for wish in case.of_type("PTR"):
        try:
            address = ptr.address_of(wish.name)
        except ptr.BadReverse:
            continue
        host = wish.values[0]
        if case.ask(host, "CNAME").state == "found":
            yield Remark(wish.place, f"{address} is named {shown(host)}, which is an alias")
            continue
        answer = case.ask(host, "AAAA" if ":" in address else "A")
        if _denies(answer, address):
            yield Remark(
                wish.place,
                f"{address} is named {shown(host)}, and that has "
                f"{', '.join(answer.values[:3]) or 'no such address'}: receivers refuse mail from "
                "an address whose name does not lead back to it",
            )


def _in_forward_zone(case: Case) -> Iterator[Remark]:
    for wish in case.of_type("PTR"):
        # Names with an underscore are services (RFC 6763), whose PTR do stand in forward zones.
        if not f".{wish.name}".endswith(_TREES) and "_" not in wish.name:
            yield Remark(
                wish.place,
                f"the PTR at {shown(wish.name)} stands in a forward zone, where nobody looks for "
                "the name of an address: write it under 'ptr'",
            )


def _denies(answer: Answer, address: str) -> bool:
    return answer.state == "void" or (answer.state == "found" and address not in answer.values)


RULES = (
    Rule(
        "fcrdns",
        ("error", "info"),
        "An address of a mail server without a name, or whose name does not lead back to it, or is "
        "an alias.",
        why="Many receivers refuse mail from such an address.",
        source="RFC 1912 §2.1, RFC 8601 §3 (iprev)",
        fix="Give the host the address under `hosts`, and the address the host's name under `ptr`.",
        judge=_confirmed,
        asks=True,
    ),
    Rule(
        "ptr-in-forward-zone",
        ("error",),
        "A PTR record that stands in the domain's own zone.",
        why="Nobody looks there: the name of an address stands in the reverse zone, which belongs "
        "to whoever holds the address.",
        source="RFC 1035 §3.5, RFC 3596 §2.5",
        fix="Write it under `ptr`: it goes to the reverse zone, or the plan says whom to ask.",
        judge=_in_forward_zone,
    ),
)
