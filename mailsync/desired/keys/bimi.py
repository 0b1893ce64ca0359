"""``bimi``: the logo that mail clients show beside the domain's mail, by selector."""

from __future__ import annotations

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.laws import needs, one_of
from mailsync.desired.model import Wish
from mailsync.desired.patterns import ANY, BARE_TAG, any_case
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Text, Word
from mailsync.desired.structure import TTL, Either, Field, Fields, Named
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.rrset import txt_value
from mailsync.mail import bimi

_WHAT = "a logo, such as {logo: https://example.com/logo.svg}"
_TAGS = {"logo": "l", "authority": "a", "avatar": "avp"}
"""The fields of the mapping and their tags, in the order in which they are written."""


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``{default: {logo: https://…/logo.svg, authority: https://…/vmc.pem}, old: absent}``."""
    wishes: list[Wish] = []
    for selector, value in reading.named(node, context.faults, f"a selector and {_WHAT}") or ():
        name = context.owner(selector, "a selector", f"{selector.text.lower()}._bimi")
        if name is not None:
            wishes += _selector(name, selector, value, context)
    return tuple(wishes)


def _selector(name: str, selector: Scalar, node: Node, context: Context) -> list[Wish]:
    key = (name, "TXT")
    if reading.is_absent(node):
        return [context.wish("bimi", key, (), selector.place)]
    ttl, source, text = None, node, None
    if isinstance(node, Mapping):
        ttl, txt = context.own_ttl(node), node.get("txt")
        beside = [name for name in _TAGS if name in node]
        if (txt is None) != bool(beside):
            context.faults.add(node.place, f"write {_WHAT}, or the record as txt")
            return []
        if txt is None:
            text = _from_fields(node, context)
        else:
            source = txt
    elif isinstance(node, Scalar) and node.text == "declined":
        text = bimi.DECLINED
    if text is None and not isinstance(source, Mapping):
        text = reading.text(source, context.faults, "a BIMI record")
    if text is None or not _is_right(text, source, context):
        return []
    return [context.wish("bimi", key, (txt_value(text),), selector.place, ttl)]


def _from_fields(fields: Mapping, context: Context) -> str | None:
    tags = [("v", "BIMI1")]
    for name, tag in _TAGS.items():
        node = fields.get(name)
        text = None if node is None else reading.text(node, context.faults, name)
        if text is not None:
            tags.append((tag, text))
    return bimi.format(bimi.Record(tuple(tags)))


def _is_right(text: str, node: Node, context: Context) -> bool:
    try:
        objections = bimi.objections(bimi.parse(text))
    except bimi.BadBimi as error:
        context.faults.add(node.place, str(error), "bimi")
        return False
    for objection in objections:
        context.faults.add(node.place, objection, "bimi")
    return not objections


_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_SELECTOR = Text(
    "a selector",
    rf"{_LABEL}(?:\.{_LABEL})*",
    no="selector: labels as in default or brand1",
    but=".{246,}",
)
_URI = r"[hH][tT][tT][pP][sS]://[!-:<-~]+"
_TXT = Text(
    "a BIMI record",
    r"v\s*=\s*BIMI1[\s\S]*",
    bimi.parse,
    "BIMI record",
    ("v=BIMI1; l=https://example.com/logo.svg;",),
    rule="bimi",
    but="|".join(
        (
            BARE_TAG,
            rf"{ANY};\s*([a-z]+)\s*={ANY};\s*\1\s*={ANY}",
            rf"{ANY};\s*avp\s*=(?!\s*(?:{any_case(*bimi.PREFERENCES)})\s*(?:;|$)){ANY}",
        )
    ),
)


def _file(what: str, example: str, but: str = "") -> Text:
    no = f"address of {what}: write https://…"
    return Text(what, _URI, no=no, examples=(example,), but=rf"[^:]*://[^./]*(?:/{ANY})?{but}")


_LONG = Fields(
    _WHAT,
    {
        "logo": Field(
            _file("a logo", "https://example.com/logo.svg", but=rf"|{ANY}\.(?:png|jpe?g|gif)"),
            "The logo, an SVG file.",
        ),
        "authority": Field(
            _file("a mark certificate", "https://example.com/vmc.pem"),
            "The certificate (VMC or CMC) that vouches for the logo.",
        ),
        "avatar": Field(Word("preference", bimi.PREFERENCES), "Whose picture comes first."),
        "txt": Field(_TXT, "The record as text, instead."),
        "ttl": TTL,
    },
    laws=(one_of(("txt",), ("logo", "authority", "avatar")), needs("authority", "logo")),
)
SHAPE = Named(
    f"a selector and {_WHAT}",
    _SELECTOR,
    Either(Absent(), Word("record", ("declined",), only=True), _LONG, _TXT),
)

KEY = Key(
    "bimi",
    "The logo that mail clients show beside the domain's mail (BIMI), by selector: its address and "
    "that of its certificate, or the record as text. 'declined' asks for none, 'absent' removes "
    "the record.",
    read,
    shape=SHAPE,
    example="{default: {logo: https://example.com/logo.svg}}",
)
