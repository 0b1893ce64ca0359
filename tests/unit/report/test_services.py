from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mailsync.desired import syntax
from mailsync.desired.faults import Faults
from mailsync.desired.model import Place
from mailsync.desired.services import format as service_format
from mailsync.report.services import (
    Listing,
    example,
    service_text,
    services_json,
    services_text,
)
from tests.unit.desired.services.samples import CATALOGUE, good, service

DIRECTORY = Path(__file__).parents[2] / "fixtures" / "services"
EVERYTHING = [Listing(one) for one in CATALOGUE.all(Faults())]
HOSTILE = """
names: ["e\u00advil"]
layer: relay
inputs: {a: {kind: word, what: "x\u200by", where: z, default: "{", choices: ["{"]}}
records: [{records: {www: [{type: A, value: "{a}"}]}, source: "s\u200b"}]
"""


def agrees(name: str, text: str) -> bool:
    """Tell whether the text is what the golden file holds; write it first when asked to."""
    path = DIRECTORY / name
    if os.environ.get("MAILSYNC_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8") == text


def test_table_is_as_reviewed() -> None:
    """The table of all services, 100 cells wide, is what it was when it was last looked at."""
    assert agrees("services.out", services_text(EVERYTHING, colour=False, width=100))


@pytest.mark.parametrize("name", ["microsoft365", "amazon_ses"])
def test_service_is_as_reviewed(name: str) -> None:
    """All that is known of a service is what it was when it was last looked at."""
    text = service_text([Listing(service(name))], colour=False, width=100)
    assert agrees(f"{name}.out", text)


def test_every_service_is_shown_in_full() -> None:
    """Each service's page names its inputs, sources, tasks and traps."""
    for one in EVERYTHING:
        text = " ".join(service_text([one], colour=False, width=400).split())
        for wanted in (
            *(given.name for given in one.service.inputs),
            *(given.where for given in one.service.inputs),
            *(step.text for step in one.service.steps),
            *one.service.traps,
            *one.service.sources,
        ):
            assert " ".join(wanted.split()) in text


def test_example_works_as_it_is() -> None:
    """The lines that a page says to write are read without an error where they are enough."""
    for one in EVERYTHING:
        text = "\n".join(example(one.service))
        if one.service.layer == "inbound_gateway":
            text += f"\n  - mail_server: {{behind: {one.service.id}}}"
        assert good(text).services


def test_own_service_is_marked() -> None:
    """A service of the user's own is told from ours."""
    mine = Listing(service("fastmail"), own=True)
    assert "Fastmail (yours)" in services_text([mine], colour=False, width=100)
    assert "(your own)" in service_text([mine], colour=False, width=100)


def test_json_says_all() -> None:
    """As JSON, each service has its parts, and placeholders as they stand in its file."""
    found = json.loads(services_json(EVERYTHING))
    assert found["format"] == "mailsync-services/1"
    by_id = {one["id"]: one for one in found["services"]}
    assert set(by_id) == set(CATALOGUE.ids())
    ses = by_id["amazon_ses"]
    assert ses["records"][0]["value"] == {"{tokens}": {"cname": "{tokens}.{dkim_domain}."}}
    assert ses["records"][0]["each"] == "tokens"
    assert ses["records"][1]["value"]["{mail_from}"][0]["type"] == "MX"
    m365 = by_id["microsoft365"]
    assert m365["constraints"]["exclusive_mx"]
    assert m365["inputs"][0]["when"] == "unless behind"
    assert m365["tasks"][0]["id"] == "microsoft365-recipients"
    assert m365["recognise"]["spf"] == ["include:spf.protection.outlook.com"]


def test_hostile_file_cannot_steer_the_terminal() -> None:
    """Nothing of a user's file is printed raw."""
    faults = Faults()
    root = syntax.parse(HOSTILE.encode(), "a.yaml", faults)
    found = service_format.read(root, "evil", Place("a.yaml", 1, 1), faults)
    assert found is not None, faults.errors()
    for shown in (
        services_text([Listing(found)], colour=False, width=100),
        service_text([Listing(found)], colour=True, width=60).replace("\x1b", ""),
        services_json([Listing(found)]),
    ):
        assert all(line.isprintable() for line in shown.split("\n"))
