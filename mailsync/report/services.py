"""The catalogue of services, as a table and service by service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailsync.desired.model import Layer
from mailsync.desired.services.model import (
    BEHIND,
    CONFIDENCES,
    Asked,
    Clause,
    Condition,
    Input,
    Service,
)
from mailsync.desired.tree import Node, Scalar
from mailsync.desired.tree import Sequence as Listed
from mailsync.plan.document import dumped
from mailsync.plan.printable import printable
from mailsync.report.page import Page, Piece, Style, cells

FORMAT = "mailsync-services/1"
"""The version of the JSON format."""

LAYERS: Mapping[Layer, str] = {
    "mailbox": "keeps the domain's mail",
    "inbound_gateway": "takes the mail and hands it on",
    "outbound_gateway": "sends for the mailbox service",
    "relay": "sends beside the mailbox service",
    "forwarder": "takes the mail and forwards it",
}
"""What each layer does for a domain's mail."""

_STAGES = {
    "prepare": "before anything is published",
    "switch": "before the switch",
    "settle": "afterwards, before the old way is cleared away",
}


@dataclass(frozen=True, slots=True)
class Listing:
    """A service, and whether it is the user's own."""

    service: Service
    own: bool = False


def services_text(listings: Sequence[Listing], *, colour: bool, width: int) -> str:
    """Draw the table: what each is called, its layer, and the inputs that it cannot do without."""
    page = Page(colour=colour, width=width)
    rows = [("ID", "LAYER", "NEEDS", "SERVICE")]
    for one in listings:
        service = one.service
        names = ", ".join((*service.names, *service.names_ja)) + (" (yours)" if one.own else "")
        rows.append((service.id, service.layer.replace("_", " "), _needs(service), names))
    lengths = [max(cells(row[column]) for row in rows) + 2 for column in range(3)]
    for number, (*cut, names) in enumerate(rows):
        name, *rest = (text + " " * (lengths[i] - cells(text)) for i, text in enumerate(cut))
        first: Style = "bold" if number else "grey"
        others: Style = "plain" if number else "grey"
        page.put(0, (first, name), (others, printable("".join([*rest, names]))), hang=sum(lengths))
    page.gap()
    page.put(0, ("grey", "`mailsync services ID` shows what one asks for, and where to find it."))
    return page.text()


def service_text(listings: Sequence[Listing], *, colour: bool, width: int) -> str:
    """Draw all that is known of each service."""
    page = Page(colour=colour, width=width)
    for one in listings:
        page.gap()
        _put_service(page, one)
    return page.text()


def services_json(listings: Sequence[Listing]) -> str:
    """Write all that is known of each service as JSON, format ``mailsync-services/1``."""
    return dumped({"format": FORMAT, "services": [_service_json(one) for one in listings]})


def flow(node: Node) -> str:
    """Write a node on one line, as YAML's flow style has it (YAML 1.2 §7.4)."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Listed):
        return f"[{', '.join(map(flow, node.items))}]"
    return f"{{{', '.join(f'{key.text}: {flow(value)}' for key, value in node)}}}"


def _needs(service: Service) -> str:
    return ", ".join(one.name for one in _required(service)) or "-"


def _required(service: Service) -> tuple[Input, ...]:
    """Give the inputs that a plain use of the service cannot do without."""
    usual = {one.name: (one.otherwise,) for one in service.inputs if one.otherwise is not None}
    return tuple(one for one in service.inputs if one.required and one.when.holds(usual))


def _put_service(page: Page, listing: Listing) -> None:
    service = listing.service
    names = ", ".join((*service.names, *service.names_ja))
    page.put(0, ("bold", service.id), ("plain", f"  {printable(names)}"), hang=2)
    layer = f"{service.layer.replace('_', ' ')}: {LAYERS[service.layer]}"
    if service.sends_as is not None:
        layer += f"; where it takes none: {service.sends_as.replace('_', ' ')}"
    page.put(2, ("grey", f"{layer}{' (your own)' if listing.own else ''}"), hang=2)
    _put_inputs(page, service)
    _put_records(page, service)
    _put_constraints(page, service)
    _put_tasks(page, service)
    _put_list(page, "Known traps", service.traps)
    _put_list(page, "Sources", service.sources)
    page.gap()
    page.put(2, ("bold", "In a zone file"))
    for line in example(service):
        page.put(4, ("cyan", printable(line)), hang=6)


def example(service: Service) -> tuple[str, ...]:
    """Write the service as it stands in a zone file, with an example for each required input."""
    given = {
        one.name: f"[{_sample(one)}]" if one.listed else _sample(one) for one in _required(service)
    }
    if not given:
        return ("services:", f"  - {service.id}")
    lines = [f"      {name}: {_quoted(text)}" for name, text in given.items()]
    return ("services:", f"  - {service.id}:", *lines)


def _sample(one: Input) -> str:
    return one.example or next(iter(one.choices), "…")


def _quoted(text: str) -> str:
    return f'"{text}"' if ": " in text or "{" in text else text


def _put_inputs(page: Page, service: Service) -> None:
    if not service.inputs:
        return
    page.gap()
    page.put(2, ("bold", "What only you know"))
    for one in service.inputs:
        page.put(4, ("cyan", one.name), ("plain", f"  {_need(one)}"), hang=4)
        page.put(6, ("plain", printable(one.what)), hang=2)
        page.put(6, ("grey", printable(f"where: {one.where}")), hang=2)
        for word, texts in (("one of", one.choices), ("looks like", one.like)):
            if texts:
                page.put(6, ("grey", printable(f"{word}: {', '.join(texts)}")), hang=2)


def _need(one: Input) -> str:
    condition = _condition(one.when)
    if one.required:
        return f"required{f' {condition}' if condition else ''}"
    if one.otherwise is not None:
        return f"{one.otherwise} if not given"
    return f"optional{f' {condition}' if condition else ''}"


def _put_records(page: Page, service: Service) -> None:
    page.gap()
    page.put(2, ("bold", "Records"))
    for record in service.records:
        when = _condition(_written(record))
        tail = f"  {when}" if when else ""
        tail += f"  once for each of {record.each}" if record.each else ""
        key: Piece = ("cyan", f"{record.key}: ")
        page.put(4, key, ("plain", printable(flow(record.node))), ("grey", tail), hang=4)
        said = CONFIDENCES[record.confidence]
        source = f": {record.source}" if record.source else ""
        page.put(6, ("grey", printable(f"{said}{source}")), hang=2)
        if record.note:
            page.put(6, ("grey", printable(record.note)), hang=2)


def _put_constraints(page: Page, service: Service) -> None:
    constraints = service.constraints
    lines = []
    if constraints.exclusive_mx:
        lines.append("no other MX may stand beside its own")
    if constraints.lowest_preference:
        lines.append("its MX has the lowest preference of all")
    if constraints.dns_host:
        lines.append(f"the zone is served by {constraints.dns_host}")
    _put_list(page, "The vendor demands", lines)


def _put_tasks(page: Page, service: Service) -> None:
    for stage, heading in _STAGES.items():
        steps = [step for step in service.steps if step.stage == stage]
        if not steps:
            continue
        page.gap()
        page.put(2, ("bold", f"What a person does {heading}"))
        for step in steps:
            when = _condition(step.when)
            told = "" if step.blocks else "  (told, nothing waits for it)"
            name: Piece = ("cyan", f"{service.id}-{step.id}")
            page.put(4, name, ("grey", f"{f'  {when}' if when else ''}{told}"), hang=4)
            page.put(6, ("plain", printable(step.text)), hang=2)


def _put_list(page: Page, heading: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    page.gap()
    page.put(2, ("bold", heading))
    for line in lines:
        page.put(4, ("plain", f"- {printable(line)}"), hang=2)


def _condition(condition: Condition) -> str:
    """Write a condition in words: ``if selector1``, ``unless behind``."""
    parts = []
    for word, clauses in (("if", condition.met), ("unless", condition.unmet)):
        if clauses:
            parts.append(
                f"{word} {(' and ' if word == 'if' else ' or ').join(map(_clause, clauses))}"
            )
    return ", ".join(parts)


def _clause(clause: Clause) -> str:
    return f"{clause.name} is {' or '.join(clause.values)}" if clause.values else clause.name


def _written(record: Asked) -> Condition:
    """Leave out that no MX is asked for behind another service: it holds of them all."""
    unmet = tuple(clause for clause in record.when.unmet if record.key != "mx" or clause != _BEHIND)
    return Condition(record.when.met, unmet)


_BEHIND = Clause(BEHIND)


def _service_json(listing: Listing) -> dict[str, Any]:
    service = listing.service
    return {
        "id": service.id,
        "names": {"en": list(service.names), "ja": list(service.names_ja)},
        "layer": service.layer,
        "sends_as": service.sends_as,
        "own": listing.own,
        "spf_all": service.strictest,
        "inputs": [_input_json(one) for one in service.inputs],
        "records": [
            {
                "key": record.key,
                "value": _plain(record.node),
                "each": record.each,
                "when": _condition(record.when),
                "confidence": record.confidence,
                "source": record.source,
                "note": record.note,
            }
            for record in service.records
        ],
        "constraints": {
            "exclusive_mx": service.constraints.exclusive_mx,
            "lowest_preference": service.constraints.lowest_preference,
            "dns_host": service.constraints.dns_host,
            "name_servers": list(service.constraints.name_servers),
        },
        "tasks": [
            {
                "id": f"{service.id}-{step.id}",
                "stage": step.stage,
                "text": step.text,
                "when": _condition(step.when),
                "blocks": step.blocks,
                "source": step.source,
            }
            for step in service.steps
        ],
        "traps": list(service.traps),
        "recognise": {
            "mx": list(service.recognition.mx),
            "spf": list(service.recognition.spf),
            "dkim": list(service.recognition.dkim),
            "verification": list(service.recognition.verification),
            "autodiscover": list(service.recognition.autodiscover),
        },
        "sources": list(service.sources),
    }


def _input_json(one: Input) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "what": one.what,
        "where": one.where,
        "required": one.required,
        "when": _condition(one.when),
        "choices": list(one.choices),
        "like": list(one.like),
        "default": one.otherwise,
        "list": one.listed,
        "example": one.example,
    }


def _plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Listed):
        return [_plain(item) for item in node.items]
    return {key.text: _plain(value) for key, value in node}
