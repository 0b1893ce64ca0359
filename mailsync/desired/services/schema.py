"""What editors are told of services: each of the catalogue, with its inputs."""

from __future__ import annotations

from mailsync.desired.faults import Faults
from mailsync.desired.services.catalogue import Catalogue
from mailsync.desired.services.model import BEHIND, Input, Service
from mailsync.desired.shape import Schema
from mailsync.desired.structure import described

_TEXT: Schema = {"type": ["string", "number", "boolean"]}


def items() -> Schema:
    """Give what stands under ``services``; services of the user's own take any inputs."""
    known = list(Catalogue().all(Faults()))
    one: Schema = {
        "anyOf": [
            {"enum": [service.id for service in known]},
            {"type": "string"},
            {
                "type": "object",
                "properties": {service.id: _service(service) for service in known},
                "additionalProperties": {"type": ["object", "null"]},
                "minProperties": 1,
                "maxProperties": 1,
            },
            {
                "type": "object",
                "description": "A service by its Domain Connect template, with its variables.",
                "required": ["template"],
            },
        ]
    }
    return {"anyOf": [*one["anyOf"], {"type": "array", "items": one, "minItems": 1}]}


def _service(service: Service) -> Schema:
    names = ", ".join(service.names)
    behind: Schema = {"description": "The service in front, which hands the mail over.", **_TEXT}
    return {
        "description": f"{names}.",
        "type": ["object", "null"],
        "properties": {**{one.name: _input(one) for one in service.inputs}, BEHIND: behind},
        "additionalProperties": False,
    }


def _input(one: Input) -> Schema:
    value: Schema = {"enum": list(one.choices)} if one.choices else dict(_TEXT)
    if one.kind == "flag":
        value = {"type": "boolean"}
    elif one.example and not one.choices:
        value["examples"] = [one.example]
    if one.listed:
        value = {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}]}
    return described(value, f"{one.what[:1].upper()}{one.what[1:]}. Where it is: {one.where}.")
