"""From a provider's entry in mailsync.yaml to a DNS host; the syntax is octoDNS' own."""

from __future__ import annotations

import difflib
import importlib
import logging
import os
import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from mailsync.errors import MailsyncError
from mailsync.hosts.capabilities import adapter, capability
from mailsync.hosts.failures import in_one_line
from mailsync.hosts.interface import Host
from mailsync.hosts.known import ZONE_FILES
from mailsync.hosts.mending import mend
from mailsync.hosts.secrets import Secrets, resolve
from mailsync.plan.live import Capability

_UPDATES = "mailsync_providers.rfc2136.Rfc2136Provider"
_REFUSED = {
    "octodns_bind.ZoneFileProvider": (
        "it takes every zone that it writes for an empty one, and drops the records that did not "
        f"change: use {ZONE_FILES}"
    ),
    "octodns_bind.Rfc2136Provider": (
        "it drops backslashes from texts that are not ours when it writes beside them, and "
        f"overwrites what somebody else has just written: use {_UPDATES}, with the same settings"
    ),
}
_MENDED = {_UPDATES}
"""What extends a refused class and does none of that."""
_UNKNOWN_ARGUMENT = re.compile(r"unexpected keyword argument '(\w+)'")
_MISSING_ARGUMENTS = re.compile(
    r"missing \d+ required (?:positional|keyword-only) arguments?: (.+)"
)
_OWN_LOGGERS = ("Manager", "Plan", "Record", "Zone")
_LOG = logging.getLogger(__name__)


def load_host(
    name: str,
    settings: Mapping[str, object],
    base: Path,
    capabilities: Mapping[str, object] | Capability | None = None,
    environment: Mapping[str, str] | None = None,
) -> Host:
    """Load a DNS host by its entry under ``providers``.

    ``settings``: the entry, ``class`` and all; ``base``: the directory of mailsync.yaml;
    ``capabilities``: what it says of this host's TTLs. The provider is made once on the way, so
    that mistakes in the entry show here. Raises `MailsyncError`, with the provider and the key.
    """
    where = f"providers.{name}"
    arguments, secrets = resolve(
        settings, os.environ if environment is None else environment, where=where
    )
    provider_class = _class(arguments.pop("class", None), where)
    kinds = provider_class.__mro__
    if any(_path(kind) == ZONE_FILES for kind in kinds) and isinstance(
        arguments.get("directory"), str
    ):
        arguments["directory"] = str(base / str(arguments["directory"]))
    known = adapter((kind.__module__ for kind in kinds), arguments)

    def provider() -> Any:
        demote(logging.getLogger(f"{provider_class.__name__}[{name}]"))
        made = provider_class(name, **deepcopy(arguments))
        demote(made.log)
        mend(made)
        return made

    prepare_octodns()
    try:
        types = getattr(provider(), "SUPPORTS", None)
    except Exception as error:  # noqa: BLE001  # a constructor may raise anything
        raise MailsyncError(_why_not_made(error, provider_class, secrets), where=where) from None

    # Not at the top: it imports octoDNS.
    from mailsync.hosts.octodns_host import OctodnsHost

    return OctodnsHost(
        name,
        capability(known, capabilities, where=f"capabilities.{name}", types=types),
        provider,
        known,
        secrets,
    )


def _class(path: object, where: str) -> Any:
    """Import a provider's class by its dotted path."""
    if not isinstance(path, str) or "." not in path:
        raise MailsyncError(
            "class: write the provider's class with its package, such as "
            f"`class: {ZONE_FILES}`" + (f", not {path!r}" if path is not None else ""),
            where=where,
        )
    if path in _REFUSED:
        raise MailsyncError(f"class: {path} cannot be used: {_REFUSED[path]}", where=where)
    module_name, _, class_name = path.rpartition(".")
    module = _module(module_name, where)
    from octodns.provider.base import BaseProvider

    found = getattr(module, class_name, None)
    providers = [
        key
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, BaseProvider) and value is not BaseProvider
    ]
    if found is None:
        raise MailsyncError(
            f"class: {module_name} has no {class_name}{_did_you_mean(class_name, providers)}",
            where=where,
        )
    if not isinstance(found, type) or not issubclass(found, BaseProvider):
        raise MailsyncError(
            f"class: {path} is no octoDNS provider that can be written to"
            f"{_did_you_mean(class_name, providers)}",
            where=where,
        )
    nearest = next(
        (kind for kind in map(_path, found.__mro__) if kind in {*_REFUSED, *_MENDED}), ""
    )
    if nearest in _REFUSED:
        raise MailsyncError(f"class: {path} cannot be used: {_REFUSED[nearest]}", where=where)
    return found


def _module(module_name: str, where: str) -> Any:
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or module_name
        package = missing.partition(".")[0]
        if package != module_name.partition(".")[0]:
            remedy = f"class: {module_name} needs {package}, which is not installed"
        elif missing != package:
            raise MailsyncError(f"class: {package} has no module {missing}", where=where) from None
        else:
            remedy = f"class: {package} is not installed"
        raise MailsyncError(
            f"{remedy}: `pip install {package.replace('_', '-')}`", where=where
        ) from None
    except Exception as error:  # noqa: BLE001  # importing runs code that may raise anything
        raise MailsyncError(
            f"class: {module_name} cannot be imported: {in_one_line(error, Secrets())}",
            where=where,
        ) from None


def _why_not_made(error: Exception, provider_class: type, secrets: Secrets) -> str:
    text = str(error)
    if isinstance(error, TypeError):
        if unknown := _UNKNOWN_ARGUMENT.search(text):
            return (
                f"{unknown[1]}: {provider_class.__name__} has no such setting"
                f"{_did_you_mean(unknown[1], _arguments(provider_class))}"
            )
        if missing := _MISSING_ARGUMENTS.search(text):
            names = re.findall(r"'(\w+)'", missing[1])
            return f"{provider_class.__name__} needs {' and '.join(names)}: add to this entry"
    return f"{provider_class.__name__}: {in_one_line(error, secrets)}"


def _arguments(provider_class: type) -> list[str]:
    """Give the settings that a class and its bases name; what they hand on is not seen."""
    return [
        argument
        for kind in provider_class.__mro__
        if (code := getattr(vars(kind).get("__init__"), "__code__", None))
        for argument in code.co_varnames[2 : code.co_argcount + code.co_kwonlyargcount]
    ]


def _did_you_mean(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f": did you mean {near[0]}?" if near else ""


def _path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def prepare_octodns() -> None:
    """Turn off what octoDNS would print, and on its validators.

    It would turn on its default set itself, at the first record and not safely among threads. That
    set judges what is live, and leniently; what is new is judged by `records`.
    """
    from octodns.record import Record

    if not Record.validators.configured:
        Record.enable_validators(["legacy"])
    for name in _OWN_LOGGERS:
        demote(logging.getLogger(name))


def demote(logger: logging.Logger) -> None:
    """Make what a logger of octoDNS says debug messages: a user reads errors, once, from us."""
    logger.addFilter(_as_debug)


def _as_debug(record: logging.LogRecord) -> bool:
    record.levelno, record.levelname = logging.DEBUG, logging.getLevelName(logging.DEBUG)
    return _LOG.isEnabledFor(logging.DEBUG)
