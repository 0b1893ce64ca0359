"""What the tests of services share: sample inputs, and files that use every service."""

from __future__ import annotations

from pathlib import Path

from mailsync.desired import syntax, zone
from mailsync.desired.faults import Faults
from mailsync.desired.layers import Layers
from mailsync.desired.model import Desired, Place
from mailsync.desired.services.catalogue import Catalogue
from mailsync.desired.services.model import Input, Service

KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
CATALOGUE = Catalogue()


def service(name: str) -> Service:
    """Give a service of ours, in which nothing is wrong."""
    faults = Faults()
    found = CATALOGUE.find(name, Place("-", 1, 1), faults)
    assert faults.errors() == ()
    assert found is not None
    return found


def sample(one: Input) -> str:
    """Write a value that fits an input, as YAML."""
    if one.kind == "dkim":
        return f'"{KEY}"'
    text = "true" if one.kind == "flag" else f'"{one.example}"'
    return f"[{text}]" if one.listed else text


def use(found: Service, *, every: bool, behind: str = "") -> str:
    """Write an item of ``services``: with all inputs, or those that it cannot do without."""
    given = {one.name: sample(one) for one in found.inputs if every or one.required}
    if behind:
        given["behind"] = behind
    inputs = ", ".join(f"{name}: {text}" for name, text in given.items())
    return f"  - {found.id}: {{{inputs}}}\n" if inputs else f"  - {found.id}\n"


def file(found: Service, *, every: bool) -> str:
    """Write a zone file in which a service works, with a mailbox behind it where it needs one."""
    text = "services:\n" + use(found, every=every)
    if found.layer == "inbound_gateway":
        text += f"  - mail_server: {{behind: {found.id}}}\n"
    return text


def read(
    text: str, own: Path | None = None, name: str = "z.yaml", domain: str = "example.com."
) -> tuple[Desired, list[str]]:
    """Read a zone file that may use the services of a directory."""
    faults = Faults()
    root = syntax.parse(text.encode(), name, faults)
    layers = Layers(catalogue=Catalogue(own))
    desired, *_ = zone.read(domain, root, layers, Place(name, 1, 1), faults)
    return desired, [str(error) for error in faults.errors()]


def good(text: str, own: Path | None = None) -> Desired:
    """Read a zone file in which nothing is wrong."""
    desired, errors = read(text, own)
    assert errors == []
    return desired


def wishes(text: str, own: Path | None = None) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Give the values that a good file wishes for, by kind, name and type."""
    return {(w.kind, w.name, w.type): w.values for w in good(text, own).wishes}


def errors(text: str, own: Path | None = None) -> list[str]:
    """Give what is wrong with a zone file."""
    return read(text, own)[1]
