"""Who may send: SPF (RFC 7208)."""

from __future__ import annotations

from mailsync.lint.model import Rule

TOPIC = "SPF"

RULES = (
    Rule(
        "spf-multiple",
        ("error",),
        "More than one SPF record at one name.",
        why="Receivers give up with permerror, as if nobody were allowed to send.",
        source="RFC 7208 §3.2, §4.5",
        fix="Put the terms of all of them into one record.",
    ),
    Rule(
        "spf-version",
        ("error",),
        "A text that looks like SPF, and that receivers do not take for it.",
        why="The record begins exactly `v=spf1`, then a space or the end. With `v=spf1;`, a leading "
        "space or quotes in the text there is no SPF at all.",
        source="RFC 7208 §4.5",
        fix="Begin the text with `v=spf1` and a space.",
        refused=True,
    ),
    Rule(
        "spf-syntax",
        ("error",),
        "A term that is none.",
        why="Any error anywhere is a permerror for every sender, also behind `all`.",
        source="RFC 7208 §4.6, §12",
        fix="Write the term as the message says.",
        refused=True,
    ),
    Rule(
        "semicolon",
        ("error",),
        "A semicolon in an SPF record.",
        why="DKIM and DMARC have semicolons, SPF has none: the record is no SPF, or a permerror.",
        source="RFC 7208 §4.5, §12",
        fix="Put spaces between the terms, and nothing else.",
        refused=True,
    ),
    Rule(
        "spf-modifier",
        ("error",),
        "A mechanism that is written with `=`, such as `ip4=192.0.2.1`.",
        why="Receivers take it for a modifier that they do not know, and skip it.",
        source="RFC 7208 §6",
        fix="Write a colon: `ip4:192.0.2.1`.",
        refused=True,
    ),
    Rule(
        "spf-lookups",
        ("error",),
        "More than 10 terms that ask the DNS, the included records' among them.",
        why="Receivers stop counting at 10 and answer permerror; so they do for an `mx` with more "
        "than 10 hosts.",
        source="RFC 7208 §4.6.4",
        fix="Take out services that no longer send; name addresses (ip4, ip6) instead of `a` and "
        "`mx`; let services send from subdomains of their own.",
        asks=True,
        refused=True,
    ),
    Rule(
        "spf-void",
        ("error",),
        "More than 2 names in the record's tree that have nothing.",
        why="Receivers answer permerror after the second look-up that finds nothing.",
        source="RFC 7208 §4.6.4",
        fix="Take out the terms whose names are gone.",
        asks=True,
    ),
    Rule(
        "spf-include-none",
        ("error",),
        "An include or a redirect to a name without an SPF record.",
        why="It makes the whole record a permerror.",
        source="RFC 7208 §5.2, §6.1",
        fix="Take it out, or correct the name.",
        asks=True,
    ),
    Rule(
        "spf-include-broken",
        ("error",),
        "An included record that is itself a permerror.",
        why="It makes the whole record a permerror.",
        source="RFC 7208 §5.2",
        fix="Have its owner mend it, or take it out until then.",
        asks=True,
    ),
    Rule(
        "spf-loop",
        ("error",),
        "A record that includes itself, or comes back to itself.",
        why="Receivers go round until the 10 look-ups are used up: permerror.",
        source="RFC 7208 §4.6.4, §5.2",
        fix="Take one of the includes out.",
        asks=True,
    ),
    Rule(
        "spf-all",
        ("warning", "error"),
        "A record that decides nothing in the end: `+all`, `?all`, no `all`, or a `redirect` beside "
        "`all`.",
        why="`+all` lets the whole world send (an error); neutral tells receivers nothing; a "
        "`redirect` beside `all` is ignored.",
        source="RFC 7208 §4.7, §5.1, §6.1",
        fix="End with `~all`, with `-all` when all senders are known, or with a `redirect` alone.",
        refused=True,
    ),
    Rule(
        "spf-ptr",
        ("warning",),
        "A `ptr` term, or the macro `%{p}`.",
        why="It is slow and not reliable, and large receivers skip it.",
        source="RFC 7208 §5.5",
        fix="Name the addresses (ip4, ip6) or hosts (a).",
    ),
    Rule(
        "spf-size",
        ("warning", "error"),
        "An answer with all TXT of the name that does not fit into 450 octets (a warning), or into "
        "512 (an error).",
        why="Over 512 octets, receivers whose DNS has no TCP and no EDNS find no SPF record at all.",
        source="RFC 7208 §3.4",
        fix="Remove tokens that nobody needs any more; move terms into a record of their own and "
        "include that.",
        asks=True,
    ),
    Rule(
        "spf-uses-mx-or-a",
        ("warning",),
        "`mx` or `a` in SPF: who may send follows from other records.",
        why="A change of the MX, or of the web server's address, changes at once who may send; mail "
        "in the old servers' queues then fails.",
        source="RFC 7208 §5.3, §5.4",
        fix="Name the senders' addresses (ip4, ip6) or their service's include.",
    ),
    Rule(
        "spf-helo",
        ("info",),
        "A mail server of your own has no SPF record at its own name.",
        why="Receivers check the name with which a server greets, and that alone for bounces.",
        source="RFC 7208 §2.3, §2.4, §10.1.2",
        fix="Publish `v=spf1 a -all` at the server's name (under `records`).",
        asks=True,
    ),
)
