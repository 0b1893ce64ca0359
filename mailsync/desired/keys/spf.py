"""``spf``: who may send for the domain (RFC 7208)."""

from __future__ import annotations

from dataclasses import replace

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.laws import never_beside
from mailsync.desired.model import Wish
from mailsync.desired.patterns import ANY
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Flag, Integer, Text, Word
from mailsync.desired.structure import TTL, Either, Field, Fields, Items
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.rrset import txt_value
from mailsync.mail import spf
from mailsync.mail.spf_split import ANSWER_OCTETS

_FIELDS = ("mx", "a", "ip4", "ip6", "include", "exists", "redirect", "all")
"""The fields of the mapping; mechanisms are written in this order, whatever the file's is."""

_SPLIT_MIN = 100
"""The smallest records, in octets, that a file may ask for: an include and an address fit."""

_VERDICTS = {"pass": "+all", "neutral": "?all", "softfail": "~all", "fail": "-all"}


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read a record as text, kept as it is, or as a mapping of its terms."""
    key = (context.domain, "TXT")
    if reading.is_absent(node):
        return (context.wish("spf", key, (), node.place),)
    ttl, source, text, split = None, node, None, 0
    if isinstance(node, Mapping):
        ttl, txt = context.own_ttl(node), node.get("txt")
        split = _octets(node.get("split"), context)
        if txt is None:
            text = _from_fields(node, context)
        else:
            source = txt
            for name in _FIELDS:
                if name in node:
                    message = f"{name} stands beside txt: write the record one way"
                    context.faults.add(node.key(name).place, message)
    if text is None and not isinstance(source, Mapping):
        text = reading.text(source, context.faults, "an SPF record")
    if text is None or not _is_right(text, source, context):
        return ()
    wish = context.wish("spf", key, (txt_value(text),), node.place, ttl)
    return (replace(wish, split=split),)


def _octets(node: Node | None, context: Context) -> int:
    """Read how long one record may be; 0 where it stays whole."""
    if node is None or (isinstance(node, Scalar) and node.text == "false"):
        return 0
    if isinstance(node, Scalar) and node.text == "true":
        return ANSWER_OCTETS
    found = reading.integer(node, context.faults, "length of a record", ANSWER_OCTETS)
    if found is not None and found < _SPLIT_MIN:
        context.faults.add(node.place, f"{found} octets are too few: write true, or 255")
    return found or 0


def _is_right(text: str, node: Node, context: Context) -> bool:
    """Check what was written as text; the fields of a mapping have been checked one by one."""
    try:
        record = spf.parse(text)
    except spf.BadSpf as error:
        context.faults.add(node.place, str(error), _broken_rule(text))
        return False
    for objection in spf.objections(record):
        context.faults.add(node.place, objection, _rule(objection))
    return not spf.objections(record)


def _broken_rule(text: str) -> str:
    """Name the rule of lint that a text breaks which receivers do not take."""
    if ";" in text:
        return "semicolon"
    return "spf-syntax" if spf.is_spf(text) else "spf-version"


def _rule(objection: str) -> str:
    """Name the rule of lint that is behind an objection."""
    if objection.startswith("'+all'"):
        return "spf-all"
    return "spf-lookups" if "ask the DNS" in objection else "spf-modifier"


def _from_fields(fields: Mapping, context: Context) -> str | None:
    faults = context.faults
    before = faults.count()
    terms: list[str] = []
    for name in _FIELDS[:-2]:
        node = fields.get(name)
        if node is not None:
            terms += _terms(name, node, context)
    redirect, verdict = fields.get("redirect"), fields.get("all")
    if redirect is not None and verdict is not None:
        faults.add(redirect.place, "redirect is skipped where all stands (RFC 7208 §6.1): drop one")
    elif redirect is not None:
        terms += _checked("redirect=", redirect, context)
    elif verdict is not None:
        word = reading.word(verdict, faults, "verdict", _VERDICTS)
        terms += [_VERDICTS[word]] if word else []
    else:
        faults.add(fields.place, "all is missing: write 'all: softfail', or fail when all is known")
    return " ".join(["v=spf1", *terms]) if faults.count() == before else None


def _terms(name: str, node: Node, context: Context) -> list[str]:
    if name in {"mx", "a"} and isinstance(node, Scalar) and node.text in {"true", "false"}:
        return [name] if node.text == "true" else []
    found: dict[str, None] = {}
    for item in reading.items(node, context.faults, "at least one"):
        for term in _checked(f"{name}:", item, context):
            if term in found:
                context.faults.add(item.place, f"{term} stands twice")
            found[term] = None
    return list(found)


def _checked(prefix: str, node: Node, context: Context) -> list[str]:
    """Write one term, and let the grammar judge it on its own: the fault shows where it stands."""
    text = reading.text(node, context.faults, "a text")
    if text is None:
        return []
    term = f"{prefix}{text.removesuffix('.')}"
    try:
        count = len(spf.parse(f"v=spf1 {term}").terms)
    except spf.BadSpf as error:
        context.faults.add(node.place, str(error), "semicolon" if ";" in term else "spf-syntax")
        return []
    if count != 1:
        context.faults.add(node.place, f"{text[:60]!r} is more than one term: write a list")
        return []
    return [term]


_WRONG = "|".join(
    (
        rf"{ANY} \+?all(?: {ANY})?",
        rf"{ANY} [-+?~]?(?:all|include|a|mx|ptr|ip4|ip6|exists)={ANY}",
        rf"{ANY} [-+?~]?ip4:(?![0-9./]+(?: |$)){ANY}",
    )
)
_TXT = Text(
    "an SPF record",
    "[vV]=[sS][pP][fF]1(?: .*)?",
    spf.parse,
    "SPF record",
    rule=_broken_rule,
    but=_WRONG,
)
_SEVERAL = rf"{ANY}\S\s+\S{ANY}"


def _term(doc: str, *examples: str, flag: bool = False, but: str = _SEVERAL) -> Field:
    term = Items(Text("a text", examples=examples, but=but), "at least one")
    return Field(Either(Flag(), term) if flag else term, doc)


SHAPE = Either(
    Absent(),
    Fields(
        "a record",
        {
            "include": _term("Whoever that name's SPF record lets send.", "_spf.example.net"),
            "ip4": _term(
                "IPv4 addresses or networks.",
                "192.0.2.10",
                "192.0.2.0/24",
                but=rf"{_SEVERAL}|{ANY}[^0-9./\s]{ANY}",
            ),
            "ip6": _term(
                "IPv6 addresses or networks.",
                "2001:db8::10",
                but=rf"{_SEVERAL}|{ANY}[^0-9A-Fa-f:./\s]{ANY}",
            ),
            "a": _term("The addresses of this domain, or of these names.", flag=True),
            "mx": _term("The MX hosts of this domain, or of these.", flag=True),
            "exists": _term("Senders for which that name, a macro, has an address."),
            "redirect": Field(
                Text("a text", but=r"[^.%]*\.?"), "The SPF record to go by instead, without 'all'."
            ),
            "all": Field(
                Word("verdict", tuple(_VERDICTS), never=("pass",)), "What of everybody else."
            ),
            "txt": Field(_TXT, "The record as text, instead of its terms."),
            "split": Field(
                Either(Flag(), Integer("length of a record", ANSWER_OCTETS, _SPLIT_MIN)),
                "Whether a record that is too long goes on in others; a number: so many octets.",
            ),
            "ttl": TTL,
        },
        laws=(never_beside("txt", *_FIELDS), never_beside("all", "redirect")),
    ),
    _TXT,
)

KEY = Key(
    "spf",
    "Who may send for the domain: the record as text, or its terms (include, ip4, ip6, a, mx, "
    "exists, redirect, and all: fail, softfail or neutral). With split: true, addresses go into "
    "records of their own (_spf1, _spf2 …) where one would be too long. 'absent' removes it.",
    read,
    shape=SHAPE,
    example="{include: [spf.example.net], all: fail}",
)
