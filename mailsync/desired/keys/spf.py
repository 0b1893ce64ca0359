"""``spf``: who may send for the domain (RFC 7208)."""

from __future__ import annotations

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.model import Wish
from mailsync.desired.registry import Key
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.rrset import txt_value
from mailsync.mail import spf

_FIELDS = ("mx", "a", "ip4", "ip6", "include", "exists", "redirect", "all")
"""The fields of the mapping; mechanisms are written in this order, whatever the file's is."""

_VERDICTS = {"pass": "+all", "neutral": "?all", "softfail": "~all", "fail": "-all"}


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read a record as text, kept as it is, or as a mapping of its terms."""
    key = (context.domain, "TXT")
    if reading.is_absent(node):
        return (context.wish("spf", key, (), node.place),)
    ttl, source, text = None, node, None
    if isinstance(node, Mapping):
        fields = reading.mapping(node, context.faults, "a record", ("txt", *_FIELDS, "ttl"))
        if fields is None:
            return ()
        ttl, txt = context.own_ttl(fields), fields.get("txt")
        if txt is None:
            text = _from_fields(fields, context)
        else:
            source = txt
            for name in _FIELDS:
                if name in fields:
                    message = f"{name} stands beside txt: write the record one way"
                    context.faults.add(fields.key(name).place, message)
    if text is None and not isinstance(source, Mapping):
        text = reading.text(source, context.faults, "an SPF record")
    if text is None or not _is_right(text, source, context):
        return ()
    return (context.wish("spf", key, (txt_value(text),), node.place, ttl),)


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


KEY = Key(
    "spf",
    "Who may send for the domain: the record as text, or its terms (include, ip4, ip6, a, mx, "
    "exists, redirect, and all: fail, softfail or neutral). 'absent' removes it.",
    read,
)
