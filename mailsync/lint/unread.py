"""What reading the files refuses, as findings: those have the ids of rules where they are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mailsync.desired.model import Place
from mailsync.errors import MailsyncError
from mailsync.lint.judge import Judgement
from mailsync.lint.model import Finding

FILE = "file"
"""The id of whatever else a file may not say."""

_ENDINGS = (".yaml", ".yml")
_PLACE = re.compile(r"(?P<file>.+):(?P<line>[1-9]\d*):(?P<column>[1-9]\d*)\Z", re.DOTALL)


def unread(errors: Iterable[MailsyncError]) -> Iterator[Judgement]:
    """Give a finding for each error that has a place in a file."""
    for error in errors:
        if not error.where:
            continue
        match = _PLACE.match(error.where)
        if match is None:
            place = Place(error.where, 1, 1)
        else:
            place = Place(match["file"], int(match["line"]), int(match["column"]))
        finding = Finding(error.rule or FILE, "error", error.message, str(place))
        yield Judgement(_domain(place.file), finding, place)


def _domain(file: str) -> str:
    """Give the domain for which a zone file is named."""
    name = file.rpartition("/")[2]
    return next((name.removesuffix(end) for end in _ENDINGS if name.endswith(end)), name)
