"""`mailsync init`: writes the files to begin with; looks at no zone and asks nobody."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import typer

from mailsync.cli import console
from mailsync.cli.init_files import (
    ACTION,
    EXAMPLE,
    WORKFLOWS,
    Needs,
    config_text,
    plan_secret,
    starter,
    workflow,
    zone_text,
)
from mailsync.cli.writing import write
from mailsync.config import FILE, Config, FileStore, GitStore, load
from mailsync.desired import files, syntax
from mailsync.dns.names import BadName, is_host, shown, whole
from mailsync.errors import MailsyncError
from mailsync.hosts.entries import Entry, entry

_HOST = "zonefile"
_ACTION = re.compile(r"[A-Za-z0-9-]+/[\w.-]+(?:/[\w./-]+)?@[0-9a-f]{40}", re.ASCII)
_WORKFLOWS = PurePosixPath(".github", "workflows")


@dataclass
class _Start:
    """A directory to begin in, and what has become of it so far."""

    root: Path
    domains: tuple[str, ...]
    action: str
    chosen: Entry | None
    written: list[Path] = field(default_factory=list)

    def put(self, path: Path, text: str) -> None:
        """Write a file, unless there is one: that stays."""
        # A link that leads nowhere is somebody's all the same.
        if path.exists() or path.is_symlink():
            console.give(f"left as it is: {syntax.shown(path)}\n")
            return
        write(path, text, force=False)
        self.written.append(path)
        console.give(f"written: {syntax.shown(path)}\n")


def command(
    context: typer.Context,
    directory: Path = typer.Argument(
        Path(), metavar="DIRECTORY", help="Where the files go; here if missing.", show_default=False
    ),
    domain: list[str] = typer.Option(
        None, "--domain", help="A zone to begin with, and again for each further one."
    ),
    host: str = typer.Option(
        None,
        "--host",
        help="Who serves the zones, by its name in `mailsync providers`, or the form on the web in "
        "which they are edited: onamae, muumuu, sakura, kagoya …, generic; zonefile if missing.",
    ),
    action: str = typer.Option(
        None,
        "--action",
        metavar="OWNER/mailsync@COMMIT",
        help="The GitHub action for the workflows, its commit in full; else you fill it in.",
    ),
) -> int:
    """Write the files to begin with.

    Writes mailsync.yaml with an entry for your DNS host, zones/DOMAIN.yaml (example.com when no
    --domain is named), .gitignore, and GitHub workflows that plan on every pull request and apply
    every hour (but no zone files: a runner would forget them). A file that is there stays as it is.
    No secret is asked for or written: each is named as env/NAME, and comes from the environment.

    The zone files ask for nothing yet: no plan changes any mail before you have filled them in, by
    hand or with `mailsync import`, which writes down what is there.

    Example: mailsync init --host cloudflare --domain example.co.jp
    """
    if context.obj != Path(FILE):
        raise MailsyncError(
            f"-c {context.obj}: init writes a {FILE}: name its directory, `mailsync init DIRECTORY`"
        )
    start = _Start(directory, _zones(domain or ()), _action(action), _entry(directory, host))
    path = directory / FILE
    if start.chosen is None:
        load(path)  # what is wrong in it is told before anything is written
    start.put(path, config_text(start.chosen or entry(_HOST)))
    config = load(path)
    named = _put_zones(start, config)
    start.put(directory / ".gitignore", starter("gitignore"))
    needs = _needs(config)
    _put_workflows(start, config, needs)
    _say_next(_steps(start, config, needs, named))
    return 0


# ---- What is asked for --------------------------------------------------------------------------


def _entry(directory: Path, host: str | None) -> Entry | None:
    """Choose the DNS host of a new mailsync.yaml; None where there is one already."""
    if not (directory / FILE).exists():
        return entry(host or _HOST)
    if host is not None:
        entry(host)
        raise MailsyncError(
            f"{syntax.shown(directory / FILE)} is there and stays as it is: leave --host out, and "
            f"write the entry of {host} into it yourself"
        )
    return None


def _zones(domains: list[str] | tuple[()]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for domain in domains:
        try:
            name = whole(domain)
        except BadName as error:
            raise MailsyncError(f"--domain {domain}: {error}") from None
        if not is_host(name) or name == ".":
            raise MailsyncError(f"--domain {domain}: write a domain, such as {EXAMPLE}")
        found[shown(name)] = None
    return tuple(found)


def _action(action: str | None) -> str:
    if action is not None and not _ACTION.fullmatch(action):
        raise MailsyncError(
            f"--action {action}: write {ACTION}, the commit in full (40 hexadecimal digits): a tag "
            "or a branch can be moved"
        )
    return action or ACTION


# ---- What is written ----------------------------------------------------------------------------


def _put_zones(start: _Start, config: Config) -> tuple[str, ...]:
    """Write the zone files that are missing; give the domains that are meant."""
    there = files.domains(config) if config.zones.exists() else ()
    # Whoever has zone files needs no example.
    named = start.domains or (() if there else (EXAMPLE,))
    for domain in named:
        path = config.zones / f"{domain}.yaml"
        if domain in there and not path.exists():
            console.give(f"left as it is: {domain}, which another zone file names\n")
        else:
            start.put(path, zone_text(domain))
    if named and not start.domains and start.chosen == entry(_HOST):
        start.put(start.root / "live" / f"{EXAMPLE}.zone", starter(f"{EXAMPLE}.zone"))
    return named


def _needs(config: Config) -> Needs:
    return Needs(
        tuple(config.providers.values()),
        config.notify.said if config.notify is not None else {},
        Path(os.path.relpath(config.zones, config.base)).as_posix(),
    )


def _put_workflows(start: _Start, config: Config, needs: Needs) -> None:
    """Write the workflows that can do what they say, and say why of those that cannot."""
    top = _repository(start.root)
    if top is not None and top != start.root.resolve():
        console.give(
            f"not written: {_WORKFLOWS}: GitHub reads them at the top of the repository alone: run "
            "init there, or see `working-directory` in docs/github.md\n"
        )
        return
    for name in WORKFLOWS:
        file = _WORKFLOWS / f"mailsync-{name}.yml"
        why = _why_not(config, needs) if name == "apply" else ""
        if why:
            console.give(f"not written: {file}: {why}\n")
        else:
            start.put(start.root / file, workflow(name, needs, start.action))


def _why_not(config: Config, needs: Needs) -> str:
    """Say why no runner may apply: it would count as published what nobody ever serves."""
    if needs.writes_files:
        return "a runner forgets the zone files that it writes: apply where yours are served from"
    if isinstance(config.journal, FileStore):
        return f"a runner forgets a journal in files: write `journal: {{store: git}}` into {FILE}"
    return ""


def _repository(directory: Path) -> Path | None:
    """Find the top of the git checkout in which a directory lies."""
    here = directory.resolve()
    return next((one for one in (here, *here.parents) if (one / ".git").exists()), None)


# ---- What comes next ----------------------------------------------------------------------------


def _say_next(steps: Iterator[str]) -> None:
    console.say("Next:")
    for number, step in enumerate(steps, 1):
        console.say(f"  {number}. {step}")


def _steps(start: _Start, config: Config, needs: Needs, named: tuple[str, ...]) -> Iterator[str]:
    if start.root.resolve() != Path.cwd():
        yield f"cd {syntax.shown(start.root)}"
    if start.chosen is not None and start.chosen.to_fill_in:
        yield f"fill in {FILE}: {', '.join(start.chosen.to_fill_in)}"
    packages = [package for package in needs.packages if not _is_installed(package)]
    if packages:
        yield f"install {', '.join(packages)} beside mailsync"
    if needs.variables:
        yield f"set in the environment: {', '.join(needs.variables)}"
    if isinstance(config.journal, GitStore) and _repository(start.root) is None:
        yield "git init: the journal is kept on a branch of its own"
    names = start.domains or ("DOMAIN",)
    zones = [f"live/{name}.zone" for name in names]
    missing = [zone for zone in zones if not (start.root / zone).exists()]
    if missing and start.chosen == entry(_HOST):
        yield f"put the zones as they are served today into {', '.join(missing)}"
    ignored = start.root / ".gitignore"
    if isinstance(config.journal, FileStore) and ignored not in start.written:
        yield "see that .gitignore names the journal's directory"
    yield f"`mailsync import {' '.join(names)}` writes down the mail as it is, for you to change"
    yield "`mailsync plan` shows what would change, and when that is safe"
    if named and not start.domains:
        yield f"delete what is there of {EXAMPLE}: it is an example"
    workflows = [path.stem for path in start.written if path.parent.name == _WORKFLOWS.name]
    if workflows and start.action == ACTION:
        yield f"on GitHub: write the action and its commit for {ACTION} in {_WORKFLOWS}"
    if "mailsync-plan" in workflows and needs.variables:
        secrets = ", ".join(map(plan_secret, needs.variables))
        yield f"on GitHub: secrets that only read, for the plan: {secrets}"
    if "mailsync-apply" in workflows and needs.all_variables:
        yield (
            "on GitHub: the secrets of apply, in an environment `mailsync` that only main may use: "
            + ", ".join(needs.all_variables)
        )


def _is_installed(package: str) -> bool:
    module = package.partition("==")[0].replace("-", "_")
    return find_spec(module) is not None
