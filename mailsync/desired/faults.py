"""All that is wrong in the files of a run, collected: a user mends everything in one go."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from mailsync.desired.model import Place
from mailsync.errors import FileErrors, MailsyncError

PER_FILE = 100
"""How many faults of one file are told one by one; a hostile file has hundreds of thousands."""

_SHOWN = 60
_LONGEST_GUESS = 64


@dataclass(slots=True)
class Faults:
    """A list of faults that grows while files are read; the same fault is told once."""

    _found: dict[tuple[Place, str], str] = field(default_factory=dict)
    _per_file: dict[str, int] = field(default_factory=dict)

    def add(self, place: Place, message: str, rule: str = "") -> None:
        """Add one, in a few words that say what is wrong and what to write instead.

        ``rule``: the id of the rule of lint that it breaks, where there is one.
        """
        if (place, message) not in self._found:
            count = self._per_file[place.file] = self._per_file.get(place.file, 0) + 1
            if count <= PER_FILE:
                self._found[place, message] = rule

    def include(self, others: Faults) -> None:
        """Add all that another collection has."""
        for (place, message), rule in others._found.items():  # its own kind
            self.add(place, message, rule)
        for file, count in others._per_file.items():  # the same
            self._per_file[file] = max(self._per_file.get(file, 0), count)

    def unknown(
        self, place: Place, what: str, word: str, known: Iterable[str], rule: str = ""
    ) -> None:
        """Add one about a word that is not known, with the one that may have been meant."""
        # Guessing costs time that grows with the square of the length.
        guess = "" if self.full(place.file) else did_you_mean(word, known)
        self.add(place, f"unknown {what} {quoted(word)}{guess}", rule)

    def full(self, file: str) -> bool:
        """Tell whether more faults of that file would only be counted."""
        return self._per_file.get(file, 0) >= PER_FILE

    def count(self) -> int:
        """Give how many there are."""
        return sum(self._per_file.values())

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._found)

    def errors(self) -> tuple[MailsyncError, ...]:
        """Give them by file and place, the first `PER_FILE` of each file."""
        errors = [
            MailsyncError(message, where=str(place), rule=rule)
            for (place, message), rule in sorted(self._found.items())
        ]
        for file, count in sorted(self._per_file.items()):
            if count > PER_FILE:
                more = f"and {count - PER_FILE} more errors in this file"
                errors.append(MailsyncError(more, where=file))
        return tuple(errors)

    def raise_if_any(self) -> None:
        """Raise them all as one `FileErrors`."""
        if self:
            raise FileErrors(self.errors())


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Guess what was meant: ``: did you mean 'mx'?``, or nothing."""
    if len(word) > _LONGEST_GUESS:
        return ""
    near = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f": did you mean {near[0]!r}?" if near else ""


def quoted(text: str) -> str:
    """Show a text of the user's in a message: quoted, escaped and of bearable length."""
    return ascii(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}...")
