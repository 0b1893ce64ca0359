"""A zone file's text: short, with comments, and read back as the very values it was made of."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailsync.desired.model import Place
from mailsync.desired.tree import Mapping, Node, Scalar, Sequence
from mailsync.importing.nodes import placed
from mailsync.plan.printable import printable

WIDTH = 100
_STEP = 2

_PLAIN = re.compile(r"[A-Za-z0-9_./=+~$^()][A-Za-z0-9_./=+~$^()@%*?&;:,|<>!'\"\\ -]*\Z")
_UNSAFE = re.compile(r": |:\Z| \Z")
_UNSAFE_WITHIN = re.compile(r"[,?]|:[^A-Za-z0-9/]")
"""What ends a plain scalar within brackets and braces."""
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?\Z")
_NUMBER = re.compile(r"[-+.0-9][-+.:0-9_exob]*\Z|[-+]?0x[0-9a-f_]*\Z|\d{4}-\d", re.IGNORECASE)
"""What some reader of YAML may take for a number, a time or a date."""
_TIME_PART = re.compile(r"[0-9a-f]*:[0-9a-f:.]*(?:/\d+)?\Z", re.IGNORECASE)
_WORDS = frozenset({"", "~", "null", "yes", "no", "on", "off", "y", "n", "="})
_BOOLEANS = frozenset({"true", "false"})
"""As values they are meant; free text of the same letters comes quoted."""

_SPECIAL = re.compile(r"[-+]?\.(?:inf|nan)\Z", re.IGNORECASE)
_COUNT = re.compile(r"0\Z|[1-9]\d{0,9}\Z")


@dataclass(frozen=True, slots=True)
class Piece:
    """A key of the file and what stands under it; without a value, comments alone.

    ``above`` are comments before it, a paragraph each; ``note`` is a short one behind it. ``mark``
    is the line of all its places in `tree`, which the reader's faults then name.
    """

    key: str
    value: Node | tuple[Piece, ...] | None
    above: tuple[str, ...] = ()
    note: str = ""
    mark: int = 1


def written(pieces: Iterable[Piece], above: Iterable[str] = (), below: Iterable[str] = ()) -> str:
    """Write the file; ``above`` and ``below`` are comments at its two ends."""
    lines = [*_comments(above, 0)]
    for piece in pieces:
        lines += _lines(piece, 0)
    lines += _comments(below, 0)
    return "".join(f"{line}\n" for line in lines)


def tree(pieces: Iterable[Piece], file: str) -> Mapping:
    """Give what the loader would read of the text, each node with its piece's mark as its line."""
    entries: list[tuple[Scalar, Node]] = []
    first = Place(file, 1, 1)
    for piece in pieces:
        if piece.value is None:
            continue
        place = Place(file, piece.mark, 1)
        if isinstance(piece.value, tuple):
            entries.append((Scalar(piece.key, place), tree(piece.value, file)))
        else:
            entries.append((Scalar(piece.key, place), placed(piece.value, place)))
    return Mapping(tuple(entries), entries[0][0].place if entries else first)


def _comments(paragraphs: Iterable[str], indent: int) -> Iterator[str]:
    for paragraph in paragraphs:
        for line in textwrap.wrap(
            printable(paragraph),
            WIDTH - indent - 2,
            break_long_words=False,
            break_on_hyphens=False,
        ):
            yield f"{' ' * indent}# {line}"


def _lines(piece: Piece, indent: int) -> Iterator[str]:
    yield from _comments(piece.above, indent)
    if piece.value is None:
        return
    head = f"{' ' * indent}{_key(piece.key)}:"
    inline = _inline(piece.value)
    if inline is not None and (
        len(head) + 1 + len(inline) <= WIDTH or inline in {"[]", "{}"} or inline[0] not in "[{"
    ):
        yield from _noted(f"{head} {inline}", piece.note, indent)
        return
    yield from _noted(head, piece.note, indent)
    if isinstance(piece.value, Sequence):
        for item in piece.value.items:
            yield from _item(item, indent + _STEP)
    else:
        for part in _parts(piece.value):
            yield from _lines(part, indent + _STEP)


def _parts(value: Node | tuple[Piece, ...]) -> tuple[Piece, ...]:
    if isinstance(value, tuple):
        return value
    assert isinstance(value, Mapping)  # noqa: S101  # a scalar is written in its line
    return tuple(Piece(key.text, node) for key, node in value)


def _item(node: Node, indent: int) -> Iterator[str]:
    """Write an item of a list: in its line, or as a mapping that begins behind the dash."""
    inline = _flow(node)
    if len(inline) + indent + 2 <= WIDTH or not isinstance(node, Mapping):
        yield f"{' ' * indent}- {inline}"
        return
    lines = [line for part in _parts(node) for line in _lines(part, indent + 2)]
    yield f"{' ' * indent}- {lines[0].lstrip()}"
    yield from lines[1:]


def _noted(line: str, note: str, indent: int) -> Iterator[str]:
    note = printable(note)
    if note and len(line) + len(note) + 4 > WIDTH:
        yield from _comments((note,), indent)
        yield line
    else:
        yield f"{line}  # {note}" if note else line


def _inline(value: Node | tuple[Piece, ...], *, within: bool = False) -> str | None:
    """Write a value in one line; None where comments stand within it."""
    if not isinstance(value, tuple):
        return _flow(value, within=within)
    parts = []
    for piece in value:
        if piece.value is None or piece.above or piece.note:
            return None
        inline = _inline(piece.value, within=True)
        if inline is None:
            return None
        parts.append(f"{_key(piece.key)}: {inline}")
    return f"{{{', '.join(parts)}}}"


def _flow(node: Node, *, within: bool = True) -> str:
    if isinstance(node, Scalar):
        return _scalar(node, within=within)
    if isinstance(node, Sequence):
        return f"[{', '.join(_flow(item) for item in node.items)}]"
    return f"{{{', '.join(f'{_key(key.text)}: {_flow(value)}' for key, value in node)}}}"


def _key(text: str) -> str:
    """Write a key: what YAML reads as a number is quoted, the loader takes no other."""
    number = _COUNT.match(text) or text.lower() in _BOOLEANS
    if _is_plain(text, within=True) and not number:
        return text
    return _in_quotes(text)


def _scalar(node: Scalar, *, within: bool = True) -> str:
    """Write a scalar plain where every reader of YAML takes it for that text, else in quotes."""
    if not node.quoted and _is_plain(node.text, within=within):
        return node.text
    return _in_quotes(node.text)


def _is_plain(text: str, *, within: bool) -> bool:
    if text.lower() in _WORDS or (text.lower() in _BOOLEANS and text not in _BOOLEANS):
        return False
    if _SPECIAL.match(text) or not _PLAIN.match(text):
        return False
    if _UNSAFE.search(text) or (within and _UNSAFE_WITHIN.search(text)):
        return False
    if _COUNT.match(text) or _IPV4.match(text):
        return True
    return not (_NUMBER.match(text) or _TIME_PART.match(text))


def _in_quotes(text: str) -> str:
    return '"' + "".join(map(_quoted, text)) + '"'


def _quoted(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if " " <= char <= "~":
        return char
    if (code := ord(char)) <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
