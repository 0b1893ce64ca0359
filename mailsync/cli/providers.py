"""`mailsync providers`: what each DNS host can do; asks none of them."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import typer

from mailsync.cli import console
from mailsync.config import load
from mailsync.errors import MailsyncError
from mailsync.hosts import manual
from mailsync.hosts.capabilities import adapter, capability
from mailsync.hosts.known import ADAPTERS, Adapter
from mailsync.report.providers import Ability, provider_text, providers_json, providers_text

_DEFAULT = Path("mailsync.yaml")
"""What need not be there; a file that is asked for has to."""


class Format(StrEnum):
    """How it is written."""

    TEXT = "text"
    JSON = "json"


def command(
    context: typer.Context,
    names: list[str] = typer.Argument(
        None, metavar="NAME", help="DNS hosts to show in detail, as mailsync.yaml or the table say."
    ),
    form: Format = typer.Option(Format.TEXT, "--format", "-f", help="How it is shown."),
) -> int:
    """Show what each DNS host can do.

    Those of mailsync.yaml, if there is one here, with what it says of them; then all whose adapters
    are known. What is not known is left to the adapter, which is asked before anything is written.
    """
    abilities = [*_configured(context.obj), *_known()]
    if names:
        abilities = [_with_types(_named(name, abilities)) for name in names]
    if form is Format.JSON:
        console.give(providers_json(abilities))
    elif names:
        console.give("\n".join(provider_text(one) for one in abilities))
    else:
        console.give(providers_text(abilities))
    return 0


def _configured(path: Path) -> Iterator[Ability]:
    if path == _DEFAULT and not path.exists():
        return
    config = load(path)
    for name, settings in config.providers.items():
        class_path = str(settings["class"])
        known = adapter([class_path.rpartition(".")[0]], settings)
        can = capability(
            known,
            config.capabilities.get(name),
            where=f"capabilities.{name}",
            types=_by_hand(settings),
        )
        yield Ability(name, class_path, can, known.tlsa, known.note, configured=True)


def _known() -> Iterator[Ability]:
    for key, known in ADAPTERS.items():
        yield Ability(
            _name(key, known),
            known.class_path,
            capability(known, None, where=key),
            known.tlsa,
            known.note,
        )


def _by_hand(settings: Mapping[str, object]) -> Iterable[str] | None:
    """Give the types that a form takes, as far as that is known."""
    if settings["class"] != manual.CLASS:
        return None
    types: Iterable[str] | None = manual.described(settings, where="providers").get("types")
    return types


def _with_types(one: Ability) -> Ability:
    """Add the types of records that an adapter names itself, where its package is installed."""
    module, _, name = one.class_path.rpartition(".")
    if one.capability.types is not None or one.capability.by_hand or not module:
        return one
    try:
        types = getattr(importlib.import_module(module), name).SUPPORTS
    except Exception:  # noqa: BLE001  # importing runs code that may raise anything
        return one
    if not isinstance(types, set | frozenset):
        return one
    return replace(one, capability=replace(one.capability, types=frozenset(types)))


def _name(key: str, known: Adapter) -> str:
    """Name an adapter as people do: by its host, or by its package."""
    return known.name or key.replace("octodns_", "octodns-")


def _named(name: str, abilities: list[Ability]) -> Ability:
    wanted = name.casefold()
    for one in abilities:
        words = {one.name, one.class_path, one.class_path.rpartition(".")[0].rpartition(".")[2]}
        words |= {one.name.removeprefix("octodns-"), one.name.replace("-", "_")}
        if wanted in {word.casefold() for word in words if word}:
            return one
    near = difflib.get_close_matches(name, [one.name for one in abilities], n=1)
    hint = f"did you mean {near[0]}?" if near else "`mailsync providers` lists all that are"
    raise MailsyncError(f"{name}: no such DNS host is known: {hint}")
