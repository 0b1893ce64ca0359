"""What `mailsync init` writes: the files of `starter/`, made to fit; reads no others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path

from mailsync.hosts.entries import PACKAGES, Entry, entry
from mailsync.hosts.known import ZONE_FILES

EXAMPLE = "example.com"
"""The domain of the example: nobody's (RFC 2606 §3)."""
ACTION = "OWNER/mailsync@COMMIT"
"""Stands for the action where nobody said which one it is."""
WORKFLOWS = ("plan", "apply")
"""The commands that have a workflow."""

_JOURNAL_IN_FILES = """\
# What was published, and until when: back it up, do not commit it.
journal: {store: file, directory: ./.mailsync}
"""
_JOURNAL_IN_GIT = """\
# What was published, and until when: on a branch of its own, as GitHub's runners forget files.
journal: {store: git, branch: mailsync-journal}
"""
_COMMENTS = 36
"""The column in which a comment begins."""
_VARIABLE = re.compile(r"env/(\w+)(?:/.*)?\Z", re.ASCII | re.DOTALL)
_BUNDLED = "octodns_bind"
"""octoDNS' package that is installed with mailsync."""


def starter(name: str) -> str:
    """Give a file of `starter/` as it is."""
    return resources.files(__package__).joinpath("starter", name).read_text("utf-8")


def config_text(chosen: Entry) -> str:
    """Write mailsync.yaml for a DNS host."""
    text = starter("mailsync.yaml")
    example = entry("zonefile")
    if chosen == example:
        return text
    text = _swapped(text, _entry(example), _entry(chosen))
    text = _swapped(text, f"[{example.name}]", f"[{chosen.name}]")
    return _swapped(text, _JOURNAL_IN_FILES, _JOURNAL_IN_GIT)


def _entry(one: Entry) -> str:
    return "".join(
        f"{line}\n"
        for line in (
            f"  {one.name}:",
            f"    class: {one.class_path}",
            *(f"    {_aligned(line)}" for line in one.lines),
        )
    )


def _aligned(line: str) -> str:
    setting, mark, comment = line.partition("  # ")
    return f"{setting.ljust(_COMMENTS - 5)} # {comment}" if mark else setting


def zone_text(domain: str) -> str:
    """Write a zone file that asks for nothing, and shows how to ask."""
    return starter("zone.yaml").replace(EXAMPLE, domain)


def is_untouched(path: Path) -> bool:
    """Tell whether a zone file is the one that `zone_text` gives: nobody has written in it."""
    try:
        return path.read_bytes() == zone_text(path.stem).encode()
    except OSError:
        return False


@dataclass(frozen=True)
class Needs:
    """What a workflow has to know of mailsync.yaml: the settings of its DNS hosts, and of notify.

    ``zones``: the directory of the zone files as from the repository.
    """

    providers: Sequence[Mapping[str, object]]
    notify: Mapping[str, object]
    zones: str

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that the DNS hosts' settings name."""
        return tuple(dict.fromkeys(_variables(self.providers)))

    @cached_property
    def all_variables(self) -> tuple[str, ...]:
        """Those that `apply` needs: who is told of it is no business of a plan."""
        return tuple(dict.fromkeys([*self.variables, *_variables(self.notify)]))

    @cached_property
    def packages(self) -> tuple[str, ...]:
        """The octoDNS packages of the DNS hosts' classes, with a version where one is known.

        Of another class nobody can say from which package it comes: a guess installs a stranger's.
        """
        roots = [str(settings.get("class")).partition(".")[0] for settings in self.providers]
        return tuple(
            PACKAGES.get(root, root.replace("_", "-"))
            for root in dict.fromkeys(roots)
            if root.startswith("octodns_") and root != _BUNDLED
        )

    @cached_property
    def writes_files(self) -> bool:
        """Whether a DNS host of theirs is a directory on the machine that runs mailsync."""
        return any(settings.get("class") == ZONE_FILES for settings in self.providers)


def _variables(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _variables(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _variables(inner)
    elif isinstance(value, str) and (match := _VARIABLE.match(value)):
        yield match[1]


def plan_secret(variable: str) -> str:
    """Name the secret from which the plan has a variable: not the one with which `apply` writes."""
    return f"PLAN_{variable}"


def workflow(command: str, needs: Needs, action: str) -> str:
    """Write the workflow of `plan` or `apply` as a repository of its own needs it."""
    text = starter(f"mailsync-{command}.yml")
    first, second, rest = text.split("\n", 2)
    assert "`mailsync init`" in second  # noqa: S101  # the line that is only about this checkout
    text = f"{first}\n{rest}".replace("uses: ./\n", f"uses: {action}\n")
    text = _swapped(text, '"zones/**"', f'"{needs.zones}/**"')
    package = f"          # packages: {PACKAGES['octodns_cloudflare']}\n"
    text = _swapped(text, package, _packages(needs))
    if command == "plan":
        secrets = {name: plan_secret(name) for name in needs.variables}
        example = plan_secret("CLOUDFLARE_TOKEN")
        why = "        # Whoever can push a branch can have these printed: give the plan tokens"
        start, end = text.index(why), text.index("        # env:")
        text = text if secrets else text[:start] + text[end:]
    else:
        secrets = {name: name for name in needs.all_variables}
        example = "CLOUDFLARE_TOKEN"
    commented = "        # env:\n        #   CLOUDFLARE_TOKEN: ${{ secrets.%s }}\n"
    return _swapped(text, commented.replace("%s", example), _environment(secrets))


def _packages(needs: Needs) -> str:
    if len(needs.packages) < 2:
        return "".join(f"          packages: {name}\n" for name in needs.packages)
    lines = "".join(f"            {name}\n" for name in needs.packages)
    return f"          packages: |\n{lines}"


def _environment(secrets: Mapping[str, str]) -> str:
    lines = [f"          {name}: ${{{{ secrets.{secret} }}}}\n" for name, secret in secrets.items()]
    return "".join(["        env:\n", *lines]) if lines else ""


def _swapped(text: str, old: str, new: str) -> str:
    """Put something in the place of what stands there once."""
    assert text.count(old) == 1, old  # noqa: S101  # the text is a file of this package
    return text.replace(old, new)
