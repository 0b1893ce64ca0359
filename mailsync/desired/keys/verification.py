"""``verification``: tokens that prove to services who owns the domain."""

from __future__ import annotations

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.model import Wish
from mailsync.desired.registry import Key
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.rrset import txt_value
from mailsync.mail import verification

_WHAT = "a token, such as MS=ms12345678"


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``[TOKEN, {TOKEN: absent}]``; a token is the whole text of a TXT value."""
    ttl, values = None, node
    if isinstance(node, Mapping) and ("values" in node or "ttl" in node):
        fields = reading.mapping(node, context.faults, _WHAT, ("values", "ttl"))
        if fields is None:
            return ()
        ttl, found = context.own_ttl(fields), fields.get("values")
        if found is None:
            context.faults.add(node.place, f"values is missing: write a list of {_WHAT}")
            return ()
        values = found
    kept: list[str] = []
    gone: list[str] = []
    for item in reading.items(values, context.faults, _WHAT):
        for source, absent in _tokens(item, context):
            token = _token(source, context)
            if token is None:
                continue
            if txt_value(token) in (*kept, *gone):
                context.faults.add(source.place, f"{token!r} stands twice")
            (gone if absent else kept).append(txt_value(token))
    if not kept and not gone:
        return ()
    key = (context.domain, "TXT")
    found_values, named = tuple(kept), tuple(sorted(gone))
    return (context.wish("verification", key, found_values, node.place, ttl, named),)


def _tokens(node: Node, context: Context) -> list[tuple[Node, bool]]:
    """Give an item's tokens, each with whether it is to go."""
    if not isinstance(node, Mapping):
        return [(node, False)]
    found: list[tuple[Node, bool]] = []
    for key, value in node:
        if reading.is_absent(value):
            found.append((key, True))
        else:
            context.faults.add(value.place, "a token stands alone, or with 'absent' to remove it")
    return found


def _token(node: Node, context: Context) -> str | None:
    text = reading.text(node, context.faults, _WHAT)
    if text is None:
        return None
    if isinstance(node, Scalar) and reading.is_absent(node):
        message = "name the tokens that are to go: '- TOKEN: absent'"
        context.faults.add(node.place, message)
        return None
    try:
        return verification.parse(text)
    except verification.BadToken as error:
        context.faults.add(node.place, str(error))
        return None


KEY = Key(
    "verification",
    "Tokens that prove to services who owns the domain, each the whole text of a TXT value. "
    "'- TOKEN: absent' removes one; values that are not named stay as they are.",
    read,
)
