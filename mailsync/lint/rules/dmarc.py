"""What receivers do with mail that proves nothing: DMARC (RFC 9989)."""

from __future__ import annotations

from mailsync.lint.model import Rule

TOPIC = "DMARC"

RULES = (
    Rule(
        "dmarc-multiple",
        ("error",),
        "More than one DMARC record at one name.",
        why="Receivers then apply none of them.",
        source="RFC 9989 §4.10",
        fix="Keep one.",
    ),
    Rule(
        "dmarc-version",
        ("error",),
        "`v` is not first, or not exactly `DMARC1`.",
        why="Receivers do not take the text for a policy; the value is case-sensitive.",
        source="RFC 9989 §4.7, §4.8",
        fix="Begin the record `v=DMARC1;`.",
        refused=True,
    ),
    Rule(
        "dmarc-policy",
        ("error", "warning"),
        "`p`, `sp` or `np` is none of none, quarantine, reject (an error), or `p` is missing (a "
        "warning).",
        why="What receivers do not know they read as `none`: nothing is enforced.",
        source="RFC 9989 §4.7, §4.10",
        fix="Write `p=none`, `p=quarantine` or `p=reject`.",
        refused=True,
    ),
    Rule(
        "dmarc-obsolete",
        ("warning",),
        "A tag that is gone (`pct`, `rf`, `ri`), or `t=y`, which lowers the policy by one step.",
        why="Receivers skip the old tags; with `t=y` `reject` means `quarantine`, and that `none`.",
        source="RFC 9989 §4.7, appendix A.6",
        fix="Take the tags out; take `t=y` out when the policy is meant.",
    ),
    Rule(
        "dmarc-uri",
        ("warning",),
        "A report address that is none: no `mailto:`, or a `,` or `!` that is not escaped; or more "
        "than two.",
        why="Reports go by mail, and receivers need not send to more than two addresses.",
        source="RFC 9989 §4.7, RFC 9990",
        fix="Write `mailto:` and one address; in it `,` is `%2C` and `!` is `%21`.",
        refused=True,
    ),
    Rule(
        "dmarc-external-rua",
        ("error",),
        "Reports go to another organisation that does not say that it takes them.",
        why="Receivers look for `DOMAIN._report._dmarc.HOST` and send nothing where it is missing.",
        source="RFC 9990 §4",
        fix="Have the receiver of reports publish `v=DMARC1` at that name.",
        needs="lookups",
    ),
    Rule(
        "dmarc-spf-only",
        ("warning", "info"),
        "An enforcing policy, and no DKIM key.",
        why="SPF breaks when mail is forwarded: what a mailing list or an alias hands on is lost.",
        source="RFC 9989 §8",
        fix="Sign with DKIM, and name the keys under `dkim`.",
        asks=False,
    ),
)
