"""`mailsync`: the commands put together, and the one place where errors become exit codes."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import typer

from mailsync import __version__
from mailsync.cli import apply, github, plan, status
from mailsync.cli.console import INTERRUPTED, complain
from mailsync.errors import MailsyncError

_HELP = """Move a domain's mail without losing any.

Desired mail stands in git-reviewed YAML (zones/). `mailsync plan` shows what will change and when
it is safe; `mailsync apply` does what is due, again and again, until the world matches.

Exit codes: 0 done, nothing wrong; 1 an error; 2 (with --detailed-exitcode) there are changes, or
not yet converged; 3 refused, the world or the files differ from the saved plan, or a guard or gate
said no; 130 interrupted.
"""

app = typer.Typer(
    help=_HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        print(f"mailsync {__version__}")
        raise typer.Exit


@app.callback()
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


app.command("plan")(plan.command)
app.command("apply")(apply.command)
app.command("status")(status.command)
app.add_typer(github.app, name="github")


def main() -> int:
    """Run the command line; return its exit code. No error of a user's shows a traceback."""
    try:
        code = app(prog_name="mailsync", standalone_mode=False)
    except MailsyncError as error:
        complain(error)
        return error.exit_code
    except click.exceptions.Abort:
        return _interrupted()
    except click.ClickException as error:
        error.show()
        return 1
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return code if isinstance(code, int) else 0


def _interrupted() -> int:
    print("interrupted: the next run goes on from here", file=sys.stderr)
    return INTERRUPTED
