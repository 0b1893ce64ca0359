"""The names of addresses: PTR (RFC 1035 §3.5, RFC 1912 §2.1)."""

from __future__ import annotations

from mailsync.lint.model import Rule

TOPIC = "Reverse names"

RULES = (
    Rule(
        "fcrdns",
        ("error", "info"),
        "An address of a mail server without a name, or whose name does not lead back to it, or is "
        "an alias.",
        why="Many receivers refuse mail from such an address.",
        source="RFC 1912 §2.1, RFC 8601 §3 (iprev)",
        fix="Give the host the address under `hosts`, and the address the host's name under `ptr`.",
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
    ),
)
