"""`mailsync`: the commands put together, and the one place where errors become exit codes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from io import TextIOWrapper
from keyword import iskeyword
from pathlib import Path
from types import ModuleType

import typer

from mailsync import __version__
from mailsync.cli.console import INTERRUPTED, complain
from mailsync.errors import MailsyncError

_HELP = """Move a domain's mail without losing any.

Desired mail stands in git-reviewed YAML (zones/). `mailsync plan` shows what will change and when
it is safe; `mailsync apply` does what is due, again and again, until the world matches.

Exit codes: 0 done, nothing wrong; 1 an error; 2 (with --detailed-exitcode) there are changes, or
not yet converged; 3 refused, the world or the files differ from the saved plan, or a guard or gate
said no; 130 interrupted.
"""

COMMANDS: Mapping[str, str] = {
    "init": "Write the files to begin with.",
    "import": "Write the zone file that says what a zone is now.",
    "lint": "Check the files: what is wrong in the mail that they ask for.",
    "plan": "Show what will change, when, and why then.",
    "apply": "Do what is due now, and nothing else.",
    "status": "Show where each domain stands.",
    "providers": "Show what each DNS host can do.",
    "check": "Look at the real world, and say what is wrong.",
    "rehearse": "Play the plan, and show where mail would go.",
    "render": "Write what web servers serve: MTA-STS policies.",
    "explain": "Show where each record comes from.",
    "services": "Show the services that mailsync knows, and what each asks for.",
    "schema": "Print the JSON Schema of the files.",
    "github": "What the GitHub action runs: see action.yml.",
}
"""Each command and the first line of its help; its module is `mailsync.cli.NAME`.

Where the name is a word of Python's own, an underscore follows it.
"""


def main() -> int:
    """Run the command line; return its exit code. No error of a user's shows a traceback."""
    if isinstance(sys.stdout, TextIOWrapper):
        # What a terminal's encoding cannot hold is shown as an escape: no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _application(sys.argv[1:])(prog_name="mailsync", standalone_mode=False)
    except MailsyncError as error:
        complain(error)
        return error.exit_code
    except typer.TyperException as error:
        return _misused(error)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SystemExit:
        # typer's word for a closed pipe: whoever read us has seen enough.
        return _deaf()
    except OSError as error:
        complain(MailsyncError(f"cannot go on: {error}"))
        return _deaf()
    except Exception as error:  # noqa: BLE001  # a bug, and still no traceback
        text = " ".join(f"{type(error).__name__}: {error}".split())
        complain(MailsyncError(f"internal error ({text}): please report it"))
        return 1
    if code == INTERRUPTED:
        print("interrupted: the next run goes on from here", file=sys.stderr)
    return code if isinstance(code, int) else 0


def _application(words: Sequence[str]) -> typer.Typer:
    """Put the commands together; only those that the command line names are imported."""
    app = typer.Typer(
        help=_HELP,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_shared)
    for name, summary in COMMANDS.items():
        if name not in words:
            app.command(name, help=summary)(_not_named)
            continue
        module = module_of(name)
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(module.command)
    return app


def module_of(name: str) -> ModuleType:
    """Import the module of a command."""
    return import_module(f"mailsync.cli.{name}{'_' if iskeyword(name) else ''}")


def _not_named() -> None:  # pragma: no cover  # a command that is not named cannot run
    """Stand for a command that was not imported, in the list of all."""


def _version(asked: bool) -> None:
    if asked:
        print(f"mailsync {__version__}")
        raise typer.Exit


def _shared(
    context: typer.Context,
    config: Path = typer.Option(
        Path("mailsync.yaml"), "--config", "-c", help="The configuration; paths in it start there."
    ),
    _asked: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    context.obj = config


def _misused(error: typer.TyperException) -> int:
    """Say in one line what is wrong with the command line; without a word on it, show the help."""
    text = error.format_message()
    if text.startswith("Usage:"):
        print(text, file=sys.stderr)
        return 1
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "mailsync"
    words = " ".join(text.split()).rstrip(".").replace(": Value error, ", ": ")  # pydantic's word
    complain(MailsyncError(f"{words[:1].lower()}{words[1:]}: see `{command} --help`"))
    return 1


def _deaf() -> int:
    """Let go of a stdout that takes nothing more: Python would complain again when it ends."""
    sys.stdout = None
    return 1
