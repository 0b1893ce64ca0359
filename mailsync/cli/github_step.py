"""A step of a GitHub Actions job: what the runner tells it, and what it takes from it.

Told: the `GITHUB_…` environment variables and the event's JSON. Taken: workflow commands on the log
(annotations), and the files for the summary and the outputs. Outside of Actions nothing is told,
and annotations become plain messages.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mailsync.cli import console
from mailsync.errors import MailsyncError
from mailsync.plan.printable import printable
from mailsync.report.workflow import Level, annotation

SUMMARY_LIMIT = 2**20
"""The most octets that the runner takes as a step's summary; more, and it drops all of it."""

EVENT_LIMIT = 32 * 2**20
"""The most octets that are read of an event; GitHub sends none of more than 25 MB."""

_API = "https://api.github.com"
_PLACE = re.compile(r"(?P<file>.+):(?P<line>[1-9]\d*):(?P<column>[1-9]\d*)")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Note:
    """What is to stand as an annotation; ``where`` is ``file:line:column``, a domain or nothing."""

    level: Level
    message: str
    where: str = ""

    def __str__(self) -> str:
        """Write it as messages are written: ``where: message``."""
        return f"{self.where}: {self.message}" if self.where else self.message


@dataclass(frozen=True, slots=True)
class PullRequest:
    """Which pull request: ``owner/name``, and its number."""

    repository: str
    number: int


@dataclass(frozen=True, slots=True)
class Step:
    """The running step. What the runner did not tell is None or empty."""

    on_actions: bool = False
    workspace: Path | None = None
    temporary: Path | None = None
    summary: Path | None = None
    outputs: Path | None = None
    event: Path | None = None
    event_name: str = ""
    repository: str = ""
    api_url: str = _API
    graphql_url: str = f"{_API}/graphql"
    token: str = field(default="", repr=False)

    def pull_request(self) -> PullRequest | None:
        """Read which pull request the event is about; None when it is about none.

        Raises `MailsyncError` for an event that cannot be read.
        """
        if self.event is None or not self.event_name.startswith("pull_request"):
            return None
        event = _read_event(self.event)
        about = event.get("pull_request") if isinstance(event, dict) else None
        number = about.get("number") if isinstance(about, dict) else None
        if type(number) is not int or number < 1 or not _REPOSITORY.fullmatch(self.repository):
            raise MailsyncError("the event names no pull request", where=str(self.event))
        return PullRequest(self.repository, number)

    def annotate(self, note: Note) -> None:
        """Show a note at its place in the files; outside of Actions, say it."""
        if not self.on_actions:
            console.say(f"{note.level}: {note}")
            return
        place = self._place(note.where)
        # Where the file is shown beside the message, the message need not repeat it.
        message = note.message if place else str(note)
        _command(annotation(note.level, message, {"title": "mailsync", **place}))

    def _place(self, where: str) -> dict[str, str]:
        """Give file, line and column for an annotation, the file as from the repository's root."""
        match = _PLACE.fullmatch(where)
        file = Path(match["file"] if match else where)
        if not where or not file.is_file():
            return {}
        path = file.resolve()
        root = self.workspace.resolve() if self.workspace else Path.cwd()
        place = {"file": str(path.relative_to(root) if path.is_relative_to(root) else path)}
        return place | ({"line": match["line"], "col": match["column"]} if match else {})

    @contextmanager
    def as_plain_text(self) -> Iterator[None]:
        """Have the runner take what is printed meanwhile as text.

        It looks for commands in every line of the log, and what DNS hosts and servers answered
        stands there too. The token that ends this cannot be guessed.
        """
        if not self.on_actions:
            yield
            return
        token = secrets.token_hex(16)
        _command(f"::stop-commands::{token}")
        try:
            yield
        finally:
            _command(f"::{token}::")

    def summary_room(self) -> int:
        """Tell how many octets of Markdown the summary still takes."""
        if self.summary is None:
            return 0
        taken = self.summary.stat().st_size if self.summary.exists() else 0
        return max(0, SUMMARY_LIMIT - taken)

    def summarise(self, markdown: str) -> None:
        """Append Markdown to the step's summary, where there is one."""
        if self.summary is not None:
            _append(self.summary, markdown)

    def put(self, outputs: Mapping[str, str]) -> None:
        """Set the step's outputs; each is one line."""
        if self.outputs is not None:
            lines = (f"{name}={printable(value)}\n" for name, value in outputs.items())
            _append(self.outputs, "".join(lines))


def current_step(environment: Mapping[str, str]) -> Step:
    """Read the step from the environment that the runner gave it."""

    def path(name: str) -> Path | None:
        return Path(environment[name]) if environment.get(name) else None

    api = (environment.get("GITHUB_API_URL") or _API).rstrip("/")
    return Step(
        on_actions=environment.get("GITHUB_ACTIONS") == "true",
        workspace=path("GITHUB_WORKSPACE"),
        temporary=path("RUNNER_TEMP"),
        summary=path("GITHUB_STEP_SUMMARY"),
        outputs=path("GITHUB_OUTPUT"),
        event=path("GITHUB_EVENT_PATH"),
        event_name=environment.get("GITHUB_EVENT_NAME", ""),
        repository=environment.get("GITHUB_REPOSITORY", ""),
        api_url=api,
        graphql_url=environment.get("GITHUB_GRAPHQL_URL") or f"{api}/graphql",
        token=environment.get("GITHUB_TOKEN", "").strip(),
    )


def _read_event(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            octets = file.read(EVENT_LIMIT + 1)
        if len(octets) > EVENT_LIMIT:
            raise MailsyncError(f"an event of more than {EVENT_LIMIT} octets", where=str(path))
        return json.loads(octets)
    except OSError as error:
        message = f"cannot read the event: {error.strerror or error}"
    except (ValueError, RecursionError):
        message = "cannot read the event: it is no JSON"
    raise MailsyncError(message, where=str(path))


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise MailsyncError(f"cannot write: {error.strerror or error}", where=str(path)) from None


def _command(line: str) -> None:
    """Write a workflow command, which has to start its line."""
    console.give(line + os.linesep)
