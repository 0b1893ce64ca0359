"""What can go wrong, in a user's words: every error is one line and knows its exit code.

A message says what is wrong, where (``file:line:column``, or the domain and the RRset) and what
to do. `cli` prints it; nobody ever sees a traceback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class MailsyncError(Exception):
    """An error that a user can cause and mend; exit code 1."""

    exit_code = 1

    def __init__(self, message: str, *, where: str = "", rule: str = "") -> None:
        """Take one line of text, and the place it is about (``file:line:column`` or a domain).

        ``rule``: the id of the rule of lint that it breaks, where there is one.
        """
        self.message = message
        self.where = where
        self.rule = rule
        super().__init__(f"{where}: {message}" if where else message)


class FileErrors(MailsyncError):  # noqa: N818  # several at once
    """All errors of the user's files, together: a run shows every one of them, not the first."""

    def __init__(self, errors: Iterable[MailsyncError]) -> None:
        """Take at least one error; they are shown sorted by place as given."""
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))


class HostError(MailsyncError):
    """A DNS host did not answer, or refused; nothing is known to have been written."""


class JournalError(MailsyncError):
    """The journal cannot be read or written; without it nothing is written to a DNS host."""


class Refused(MailsyncError):  # noqa: N818  # the word of the design: "3 refused"
    """The world or files differ from the saved plan, or a guard or gate said no; exit code 3."""

    exit_code = 3


class StaleWrite(Refused):
    """A DNS host's records changed between reading and writing; nothing was written."""


class AnotherRun(Refused):
    """Another run holds the lock, or has pushed to the journal meanwhile; nothing was written."""
