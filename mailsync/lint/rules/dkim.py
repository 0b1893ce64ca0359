"""Who signs: DKIM keys (RFC 6376, RFC 8301, RFC 8463)."""

from __future__ import annotations

from mailsync.lint.model import Rule

TOPIC = "DKIM"

RULES = (
    Rule(
        "dkim-key",
        ("warning", "error"),
        "A key that is too weak or that not everybody can use.",
        why="Verifiers reject signatures of RSA keys under 1024 bits (an error) and soon under 2048; "
        "many know no Ed25519, so such a key needs an RSA one beside it.",
        source="RFC 8301 §3.2, RFC 8463 §3",
        fix="Make an RSA key of 2048 bits under a new selector.",
        refused=True,
    ),
    Rule(
        "dkim-record",
        ("error",),
        "A key record that no verifier can use: several at one selector, `v` not first or not "
        "`DKIM1`, bad base64, `k`, `h` or `s` that do not fit.",
        why="Signatures with it fail, for good.",
        source="RFC 6376 §3.6.1, §3.6.2.2",
        fix="Publish one record, `v=DKIM1; k=rsa; p=…`, copied as a whole.",
        refused=True,
    ),
    Rule(
        "dkim-testing",
        ("warning",),
        "A key in testing mode (`t=y`).",
        why="Verifiers treat mail signed with it as if it were not signed.",
        source="RFC 6376 §3.6.1",
        fix="Take `t=y` out when signatures verify.",
    ),
    Rule(
        "dkim-revoked",
        ("error",),
        "Every key of a domain that sends is revoked (`p=` is empty).",
        why="An empty `p` says that the key is withdrawn: every signature with it fails.",
        source="RFC 6376 §3.6.1",
        fix="Publish the key that the senders sign with.",
    ),
    Rule(
        "dkim-selector-reuse",
        ("error",),
        "A new key under a selector that holds another one.",
        why="Mail that was signed with the old key and is still on its way fails.",
        source="RFC 6376 §3.1",
        fix="Publish the new key under a new selector; write the old one `absent` later.",
        needs="records",
    ),
    Rule(
        "dkim-cname",
        ("error",),
        "An alias for a key that leads nowhere, or a key beside an alias.",
        why="Verifiers find no key: a permanent failure.",
        source="RFC 6376 §6.1.2, RFC 2181 §10.1",
        fix="Copy the target anew from the service, and turn signing on there only when it exists.",
        asks=True,
        refused=True,
    ),
    Rule(
        "dkim-wildcard",
        ("warning",),
        "A wildcard that answers for selectors that do not exist.",
        why="Verifiers then read a foreign text as a key instead of finding none.",
        source="RFC 6376 §6.1.2, §3.6.2.1",
        fix="Narrow the wildcard, or take it out.",
    ),
)
