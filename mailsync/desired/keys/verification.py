"""``verification``: tokens that prove to services who owns the domain."""

from __future__ import annotations

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.faults import quoted
from mailsync.desired.model import Wish
from mailsync.desired.patterns import SPF
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Never, Text
from mailsync.desired.structure import TTL, Either, Field, Fields, Items, Named
from mailsync.desired.tree import Mapping, Node
from mailsync.dns.rrset import txt_value
from mailsync.mail import verification

_WHAT = "a token, such as MS=ms12345678"


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``[TOKEN, {TOKEN: absent}]``; a token is the whole text of a TXT value."""
    ttl, values = None, node
    if isinstance(node, Mapping) and ("values" in node or "ttl" in node):
        ttl, found = context.own_ttl(node), node.get("values")
        if found is None:
            context.faults.add(node.place, f"values is missing: write a list of {_WHAT}")
            return ()
        values = found
    going: dict[str, bool] = {}
    for item in reading.items(values, context.faults, _WHAT):
        for source, absent in _tokens(item):
            token = _token(source, context)
            if token is None:
                continue
            if txt_value(token) in going:
                context.faults.add(source.place, f"{quoted(token)} stands twice")
            going[txt_value(token)] = absent
    if not going:
        return ()
    kept = tuple(value for value, absent in going.items() if not absent)
    gone = tuple(sorted(value for value, absent in going.items() if absent))
    key = (context.domain, "TXT")
    return (context.wish("verification", key, kept, node.place, ttl, gone),)


def _tokens(node: Node) -> list[tuple[Node, bool]]:
    """Give an item's tokens, each with whether it is to go."""
    if not isinstance(node, Mapping):
        return [(node, False)]
    return [(key, True) for key, value in node if reading.is_absent(value)]


def _token(node: Node, context: Context) -> str | None:
    text = reading.text(node, context.faults, _WHAT)
    if text is None:
        return None
    try:
        return verification.parse(text)
    except verification.BadToken as error:
        context.faults.add(node.place, str(error))
        return None


_TOKEN = Text(_WHAT, "[ -~]*[!-~][ -~]*", verification.parse, "token", ("MS=ms12345678",), but=SPF)
_VALUES = Items(
    Either(
        Never("absent", "name the tokens that are to go: '- TOKEN: absent'"),
        Named(_WHAT, _TOKEN, Absent("a token stands alone, or with 'absent' to remove it")),
        _TOKEN,
    ),
    _WHAT,
    once=True,
)
SHAPE = Either(
    Fields(
        _WHAT,
        {
            "values": Field(_VALUES, "The tokens, beside those of 'services'."),
            "ttl": TTL,
        },
        marks=frozenset({"values", "ttl"}),
    ),
    _VALUES,
)

KEY = Key(
    "verification",
    "Tokens that prove to services who owns the domain, each the whole text of a TXT value. "
    "'- TOKEN: absent' removes one; values that are not named stay as they are.",
    read,
    shape=SHAPE,
    example="[MS=ms12345678]",
)
