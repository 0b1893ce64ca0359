"""`mailsync render`: writes what other servers than the DNS host's serve; touches nothing else."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from threading import Event as Flag

import typer

from mailsync.apply.engine import View, look
from mailsync.apply.session import run_all
from mailsync.apply.wiring import Worlds
from mailsync.cli import console
from mailsync.cli.writing import save
from mailsync.desired.model import Desired
from mailsync.dns.names import shown
from mailsync.errors import MailsyncError
from mailsync.mail import mta_sts
from mailsync.mail.mta_sts import Policy
from mailsync.plan.planner import policy_to_serve

PATH = Path(".well-known") / "mta-sts.txt"
"""Where a policy stands below the root of its web server (RFC 8461 §3.3)."""

app = typer.Typer(
    help="Write what web servers serve: MTA-STS policies.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def _render() -> None:
    """Keep the name of the one command there is: there may be more one day."""


@app.command("mta-sts")
def policies(
    context: typer.Context,
    domains: list[str] = typer.Argument(
        None, metavar="DOMAIN", help="Domains or globs; all that have a policy if none."
    ),
    out: Path = typer.Option(
        None, "--out", "-o", metavar="DIR", help="Write DIR/mta-sts.DOMAIN/.well-known/mta-sts.txt."
    ),
    stdout: bool = typer.Option(False, "--stdout", help="Print the policy of one domain instead."),
) -> int:
    """Write the MTA-STS policies that have to be served now.

    While mail moves that is not the one that the file asks for in the end: it permits the old and
    the new servers, and is no stricter than the one before. Reads what `plan` reads; run it before
    `apply`, which announces a policy only when it is served. A file that is as it should be is not
    touched.

    Example: mailsync render mta-sts --out /srv/www
    """
    if (out is None) != stdout:
        msg = "say where to: --out DIR, or --stdout for one domain"
        raise MailsyncError(msg)
    loaded = console.load(context.obj, domains or [])
    for error in loaded.errors:
        console.complain(error)
    asked = [d for d in loaded.domains if any(wish.kind == "mta-sts" for wish in d.wishes)]
    if stdout and len(asked) != 1:
        msg = f"--stdout prints one policy, and {len(asked)} domains have one: name one of them"
        raise MailsyncError(msg)
    stop = Flag()
    worlds = Worlds(loaded.config, console.say, stop, only_read=True)
    failed = bool(loaded.errors)
    results = run_all(asked, partial(_look, worlds), stop)
    for result in sorted(results, key=lambda one: shown(one.desired.domain)):
        if result.value is None or result.error is not None:
            failed = True
            console.complain(result.error or MailsyncError("no result"))
            continue
        view = result.value
        policy = policy_to_serve(result.desired, view.live, view.ledger, view.at)
        if stdout:
            console.give("" if policy is None else mta_sts.format_policy(policy))
        else:
            _write(out, result.desired, policy)
    return 1 if failed else 0


def _look(worlds: Worlds, desired: Desired) -> View:
    world = worlds.open(desired)
    return world.run(look(desired, world.host.capability))


def _write(directory: Path, desired: Desired, policy: Policy | None) -> None:
    """Write one policy where it is not there yet. Raises `MailsyncError`."""
    domain = shown(desired.domain)
    path = directory / f"mta-sts.{domain}" / PATH
    if policy is None:
        left = f": {path} may go" if path.exists() else ""
        console.say(f"{domain}: no policy has to be served{left}")
        return
    text = mta_sts.format_policy(policy)
    said = f"mode {policy.mode}, mx {', '.join(policy.mx) or 'none'}"
    try:
        if path.is_file() and path.read_bytes() == text.encode():
            console.say(f"{domain}: {path} is as it should be ({said})")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"cannot write the policy: {(error.strerror or str(error)).lower()}"
        raise MailsyncError(msg, where=str(path)) from None
    save(path, text, what="the policy")
    console.say(f"{domain}: written: {path} ({said})")
