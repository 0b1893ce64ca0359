"""The grammar of SPF records (RFC 7208 §4.5, §4.6, §12); `mailsync.mail.spf` stands on it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

Qualifier = Literal["+", "?", "~", "-"]
"""Pass, neutral, softfail, fail (§4.6.2), from the weakest verdict to the strictest."""

QUALIFIERS: tuple[Qualifier, ...] = ("+", "?", "~", "-")

MECHANISMS = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")

_VERSION = re.compile(r"v=spf1(?: |\Z)", re.IGNORECASE)
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)\Z", re.DOTALL)
_DIRECTIVE = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9]*)(.*)\Z", re.DOTALL)
_DUAL_CIDR = re.compile(
    r"(?::(?P<domain>.+?))?(?:/(?P<four>0|[1-9]\d?))?(?://(?P<six>0|[1-9]\d{0,2}))?\Z", re.ASCII
)
_PREFIX = re.compile(r"0|[1-9]\d{0,2}", re.ASCII)

# §7.1: what a macro may be, and what a domain-spec may end in.
_MACRO = r"%\{[slodiphcrtvSLODIPHCRTV](?:0*[1-9]\d*)?[rR]?[.\-+,/_=]*\}"
_MACRO_STRING = re.compile(rf"(?:{_MACRO}|%[%_-]|[!-$&-~])*\Z", re.ASCII)
_TOPLABEL = re.compile(r"(?=.{1,63}\Z)(?=.*[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\Z")
_ENDS_IN_MACRO = re.compile(rf"(?:{_MACRO}|%[%_-])\Z", re.ASCII)
_EXPLAIN_ONLY = re.compile(r"%\{[crtCRT]")


class BadSpf(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """No receiver can evaluate the text (permerror, §4.6); the message names the term."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism (§5): ``argument`` is all that follows its name, such as ``:192.0.2.0/24``."""

    qualifier: Qualifier
    name: str
    argument: str = ""

    def __str__(self) -> str:
        """Write it; pass is the qualifier that is left out."""
        return f"{self.qualifier.strip('+')}{self.name}{self.argument}"


@dataclass(frozen=True, slots=True)
class Modifier:
    """One modifier (§6): ``redirect``, ``exp``, or one that receivers do not know and skip."""

    name: str
    value: str

    def __str__(self) -> str:
        """Write it."""
        return f"{self.name}={self.value}"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its terms in the order in which they stand."""

    terms: tuple[Mechanism | Modifier, ...]

    @property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """The mechanisms that are evaluated: those before ``all`` (§5.1)."""
        found = []
        for term in self.terms:
            if isinstance(term, Mechanism):
                if term.name == "all":
                    break
                found.append(term)
        return tuple(found)

    @property
    def all(self) -> Qualifier | None:
        """The verdict on whoever no mechanism names; None when the record has no ``all``."""
        verdicts = (t.qualifier for t in self.terms if isinstance(t, Mechanism) and t.name == "all")
        return next(verdicts, None)

    @property
    def redirect(self) -> str | None:
        """The domain whose record decides instead; ignored where there is an ``all`` (§6.1)."""
        if self.all is not None:
            return None
        return next((m.value for m in self.modifiers if m.name == "redirect"), None)

    @property
    def modifiers(self) -> tuple[Modifier, ...]:
        """The modifiers, wherever they stand (§6)."""
        return tuple(term for term in self.terms if isinstance(term, Modifier))


def is_spf(text: str) -> bool:
    """Tell whether receivers take a TXT's text for an SPF record (§4.5)."""
    return _VERSION.match(text) is not None


@lru_cache(maxsize=1024)
def parse(text: str) -> Record:
    """Read a record by the grammar of §12. Raises `BadSpf`: any error anywhere is one (§4.6)."""
    if not is_spf(text):
        raise BadSpf(f"{_shortened(text)!r} is no SPF record: it begins 'v=spf1 ' (RFC 7208 §4.5)")
    terms = tuple(_term(word) for word in text[len("v=spf1") :].split(" ") if word)
    names = [term.name for term in terms if isinstance(term, Modifier)]
    for name in ("redirect", "exp"):
        if names.count(name) > 1:
            raise BadSpf(f"{name}= stands twice (RFC 7208 §6)")
    return Record(terms)


def is_readable(text: str) -> bool:
    """Tell whether `parse` can read a record."""
    try:
        parse(text)
    except BadSpf:
        return False
    return True


def format(record: Record) -> str:  # noqa: A001  # the inverse of parse, as in every module here
    """Write a record."""
    return " ".join(["v=spf1", *map(str, record.terms)])


@lru_cache(maxsize=8192)
def network(mechanism: Mechanism) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Give the addresses that an ``ip4`` or ``ip6`` names; None for other mechanisms."""
    if mechanism.name not in {"ip4", "ip6"}:
        return None
    return ipaddress.ip_network(mechanism.argument[1:], strict=False)


def host_argument(mechanism: Mechanism) -> tuple[str | None, tuple[int, int]]:
    """Split an ``a``'s or ``mx``'s argument: its domain-spec, and the prefix lengths (§5.3).

    The lengths are those for IPv4 and for IPv6; of an ``exists`` they say nothing.
    """
    if mechanism.name not in {"a", "mx"}:
        return mechanism.argument.removeprefix(":") or None, (32, 128)
    match = _DUAL_CIDR.match(mechanism.argument)
    if match is None:  # pragma: no cover  # `parse` refuses such a mechanism
        return None, (32, 128)
    return match["domain"], (int(match["four"] or 32), int(match["six"] or 128))


def _term(word: str) -> Mechanism | Modifier:
    if not (word.isascii() and word.isprintable()):
        raise BadSpf(f"{_shortened(word)!r}: only printable ASCII may stand here (RFC 7208 §12)")
    if match := _MODIFIER.match(word):
        return _modifier(word, match[1].lower(), match[2])
    match = _DIRECTIVE.match(word)
    name = match[2].lower() if match else ""
    if match is None or name not in MECHANISMS:
        raise BadSpf(f"{_shortened(word)!r} is no term of SPF (RFC 7208 §4.6.1)")
    qualifier = cast("Qualifier", match[1] or "+")
    argument: str = match[3]
    if name == "all":
        if argument:
            raise BadSpf(f"{_shortened(word)!r}: nothing follows 'all' (RFC 7208 §5.1)")
    elif name in {"ip4", "ip6"}:
        _check_network(word, name, argument)
    elif name in {"a", "mx"}:
        _check_host(word, argument)
    elif argument or name != "ptr":
        if not argument.startswith(":"):
            raise BadSpf(f"{_shortened(word)!r}: write {name}:DOMAIN (RFC 7208 §5)")
        _check_domain(word, argument[1:])
    return Mechanism(qualifier, name, argument)


def _modifier(word: str, name: str, value: str) -> Modifier:
    if name in {"redirect", "exp"}:
        _check_domain(word, value)
    elif not _MACRO_STRING.match(value):
        raise BadSpf(f"{_shortened(word)!r}: a macro that is none (RFC 7208 §7.1)")
    return Modifier(name, value)


def _check_network(word: str, name: str, argument: str) -> None:
    """§5.6: a whole address, and a prefix length without leading zeros."""
    address, slash, length = argument.removeprefix(":").partition("/")
    version, bits = (4, 32) if name == "ip4" else (6, 128)
    try:
        known = ipaddress.ip_address(address).version == version and "%" not in address
    except ValueError:
        known = False
    if not (known and argument.startswith(":")):
        raise BadSpf(f"{_shortened(word)!r}: write {name}:ADDRESS (RFC 7208 §5.6)")
    if slash and not (_PREFIX.fullmatch(length) and int(length) <= bits):
        raise BadSpf(f"{_shortened(word)!r}: a prefix length is 0 to {bits} (RFC 7208 §5.6)")


def _check_host(word: str, argument: str) -> None:
    """§5.3, §5.4: an optional domain, then optional prefix lengths for IPv4 and IPv6."""
    match = _DUAL_CIDR.match(argument)
    if match is None:
        raise BadSpf(f"{_shortened(word)!r}: write a:DOMAIN, a/24 or a:DOMAIN/24//64 (§5.3)")
    if match["domain"] is not None:
        _check_domain(word, match["domain"])
    for length, bits in ((match["four"], 32), (match["six"], 128)):
        if length is not None and int(length) > bits:
            raise BadSpf(f"{_shortened(word)!r}: /{length} is over {bits} (RFC 7208 §5.3)")


def _check_domain(word: str, domain: str) -> None:
    """§7.1: a domain-spec is a macro-string that ends in a top label or a macro."""
    macros = _MACRO_STRING.match(domain) and not _EXPLAIN_ONLY.search(domain)
    head, dot, last = domain.removesuffix(".").rpartition(".")
    named = bool(head and dot and _TOPLABEL.match(last))
    if not (macros and (named or _ENDS_IN_MACRO.search(domain))):
        raise BadSpf(
            f"{_shortened(word)!r}: {_shortened(domain)!r} is no whole domain name "
            "(names in SPF are never relative, RFC 7208 §7.1)"
        )


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
