"""From a service's YAML file to `model.Service`, strictly; the format is in docs/services.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast, get_args

from mailsync.desired import reading
from mailsync.desired.faults import Faults, quoted
from mailsync.desired.model import Layer, Place
from mailsync.desired.services import consistency
from mailsync.desired.services.model import (
    ALWAYS,
    BEHIND,
    Asked,
    Clause,
    Condition,
    Confidence,
    Constraints,
    Input,
    InputKind,
    Recognition,
    RecordKey,
    Service,
    Stage,
    Step,
    Verdict,
)
from mailsync.desired.tree import Mapping, Node, Scalar, Sequence

ID = re.compile(r"[a-z][a-z0-9_]{0,39}\Z", re.ASCII)
"""How services and inputs are named: a task's id is made of the service's."""

_TASK = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z", re.ASCII)
_KEYS = (
    "service",
    "names",
    "layer",
    "sends_as",
    "spf_all",
    "inputs",
    "records",
    "constraints",
    "tasks",
    "traps",
    "recognise",
    "sources",
)
_INPUT = ("kind", "what", "where", "required", "choices", "like", "default", "list", "example")
_CONDITION = ("if", "unless")
_CITED = ("confidence", "source")


def read(root: Node | None, name: str, place: Place, faults: Faults) -> Service | None:
    """Read the file of the service ``name``; None when anything in it is wrong, after telling."""
    before = faults.count()
    if root is None:
        faults.add(place, "an empty file: a service has at least 'names', 'layer' and 'records'")
        return None
    found = reading.mapping(root, faults, "a service, a mapping of keys", _KEYS)
    if found is None:
        return None
    for key in ("names", "layer", "records"):
        if key not in found:
            faults.add(found.place, f"{key} is missing")
    told = found.get("service")
    if told is not None and reading.text(told, faults, "the service's id") not in {name, None}:
        faults.add(told.place, f"the file is named for {name!r}: one service, one name")
    names, names_ja = _names(found.get("names"), faults)
    layer = _word(found.get("layer"), faults, "layer", get_args(Layer))
    sends_as = _word(found.get("sends_as"), faults, "layer", get_args(Layer))
    strictest = _word(found.get("spf_all"), faults, "verdict", get_args(Verdict))
    service = Service(
        id=name,
        names=names,
        names_ja=names_ja,
        layer=cast("Layer", layer or "mailbox"),
        sends_as=cast("Layer | None", sends_as),
        strictest=cast("Verdict", strictest or "softfail"),
        place=place,
        inputs=_inputs(found.get("inputs"), faults),
        records=_records(found.get("records"), faults),
        constraints=_constraints(found.get("constraints"), faults),
        steps=_steps(found.get("tasks"), faults),
        traps=_texts(found.get("traps"), faults, "a trap, in a sentence"),
        recognition=_recognition(found.get("recognise"), faults),
        sources=_texts(found.get("sources"), faults, "a source"),
    )
    if faults.count() == before:
        consistency.check(service, faults)
    return service if faults.count() == before else None


def _names(node: Node | None, faults: Faults) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not isinstance(node, Mapping):
        return _texts(node, faults, "a name"), ()
    reading.mapping(node, faults, "names by language", ("en", "ja"))
    english = _texts(node.get("en"), faults, "a name")
    if not english:
        faults.add(node.place, "en is missing: the name that is shown")
    return english, _texts(node.get("ja"), faults, "a name")


def _inputs(node: Node | None, faults: Faults) -> tuple[Input, ...]:
    inputs: list[Input] = []
    for key, value in _entries(node, faults, "an input and what it is"):
        if not ID.match(key.text) or key.text in {BEHIND, "domain", "template"}:
            message = f"{quoted(key.text)} cannot name an input: write a-z, 0-9 and _"
            faults.add(key.place, message)
        fields = reading.mapping(value, faults, "an input", (*_INPUT, *_CONDITION))
        if fields is None:
            continue
        for field in ("kind", "what", "where"):
            if field not in fields:
                faults.add(key.place, f"the input {key.text} has no {field!r}")
        word = _word(fields.get("kind"), faults, "kind of input", get_args(InputKind))
        inputs.append(
            Input(
                name=key.text,
                kind=cast("InputKind", word or "text"),
                what=_text(fields.get("what"), faults, "what it is, in a few words"),
                where=_text(fields.get("where"), faults, "where the vendor shows it"),
                place=key.place,
                required=_boolean(fields.get("required"), faults),
                when=_condition(fields, faults),
                choices=_texts(fields.get("choices"), faults, "a choice"),
                like=tuple(map(str.lower, _texts(fields.get("like"), faults, "a glob"))),
                otherwise=_text(fields.get("default"), faults, "a value") or None,
                listed=_boolean(fields.get("list"), faults),
                example=_text(fields.get("example"), faults, "a value"),
            )
        )
    return tuple(inputs)


def _records(node: Node | None, faults: Faults) -> tuple[Asked, ...]:
    keys = get_args(RecordKey)
    beside = (*_CONDITION, *_CITED, "each", "note")
    records: list[Asked] = []
    items = () if node is None else reading.items(node, faults, "at least one record")
    for item in items:
        fields = reading.mapping(item, faults, "a record", (*keys, *beside))
        named = [key for key, _ in fields or () if key.text in keys]
        if fields is None:
            continue
        if len(named) != 1:
            faults.add(fields.place, f"a record is one of {', '.join(keys)}")
            continue
        value = fields.get(named[0].text)
        each = _text(fields.get("each"), faults, "the name of an input")
        confidence = _word(fields.get("confidence"), faults, "confidence", get_args(Confidence))
        when = _condition(fields, faults)
        if named[0].text == "mx":
            # Where another service takes the mail first, the MX is that one's.
            when = Condition(when.met, (*when.unmet, Clause(BEHIND)))
        records.append(
            Asked(
                key=cast("RecordKey", named[0].text),
                node=cast("Node", value),
                when=when,
                each=each or None,
                confidence=cast("Confidence", confidence or "own"),
                source=_text(fields.get("source"), faults, "a source"),
                note=_text(fields.get("note"), faults, "a note"),
            )
        )
    return tuple(records)


def _steps(node: Node | None, faults: Faults) -> tuple[Step, ...]:
    steps: list[Step] = []
    for stage, tasks in _entries(node, faults, "a stage and its tasks"):
        if _word(stage, faults, "stage", get_args(Stage)) is None:
            continue
        for key, value in _entries(tasks, faults, "a task and what is to be done"):
            if not _TASK.match(key.text):
                message = f"{quoted(key.text)} cannot name a task: write a-z, 0-9 and -"
                faults.add(key.place, message)
            if any(step.id == key.text for step in steps):
                faults.add(key.place, f"the task {key.text} stands twice")
            steps += _step(cast("Stage", stage.text), key, value, faults)
    return tuple(steps)


def _step(stage: Stage, key: Scalar, node: Node, faults: Faults) -> list[Step]:
    if not isinstance(node, Mapping):
        text = _text(node, faults, "what is to be done")
        return [Step(key.text, stage, text, key.place)]
    known = ("text", "blocks", *_CONDITION, "source")
    fields = reading.mapping(node, faults, "a task", known)
    if fields is None or "text" not in fields:
        faults.add(node.place, f"the task {key.text} has no text")
        return []
    text = _text(fields.get("text"), faults, "what is to be done")
    blocks = fields.get("blocks")
    source = _text(fields.get("source"), faults, "a source")
    holds = blocks is None or _boolean(blocks, faults)
    when = _condition(fields, faults)
    return [Step(key.text, stage, text, key.place, when, holds, source)]


def _constraints(node: Node | None, faults: Faults) -> Constraints:
    known = ("exclusive_mx", "lowest_preference", "dns_host", "name_servers")
    found = None if node is None else reading.mapping(node, faults, "constraints", known)
    if found is None:
        return Constraints()
    if ("dns_host" in found) != ("name_servers" in found):
        message = "dns_host is known by its name servers: write both, such as "
        message += "{dns_host: Cloudflare, name_servers: ['*.ns.cloudflare.com']}"
        faults.add(found.place, message)
    servers = _texts(found.get("name_servers"), faults, "a glob")
    return Constraints(
        exclusive_mx=_boolean(found.get("exclusive_mx"), faults),
        lowest_preference=_boolean(found.get("lowest_preference"), faults),
        dns_host=_text(found.get("dns_host"), faults, "a DNS host"),
        name_servers=tuple(glob.lower().removesuffix(".") for glob in servers),
    )


def _recognition(node: Node | None, faults: Faults) -> Recognition:
    known = ("mx", "spf", "dkim", "verification", "autodiscover")
    found = None if node is None else reading.mapping(node, faults, "globs by kind", known)
    if found is None:
        return Recognition()
    globs = {key.text: _texts(value, faults, "a glob") for key, value in found}
    return Recognition(**{name: globs.get(name, ()) for name in known})


def _condition(fields: Mapping, faults: Faults) -> Condition:
    met, unmet = (_clauses(fields.get(word), faults) for word in _CONDITION)
    return Condition(met, unmet) if met or unmet else ALWAYS


def _clauses(node: Node | None, faults: Faults) -> tuple[Clause, ...]:
    """Read ``NAME``, ``{NAME: VALUE}``, ``{NAME: [VALUE, VALUE]}``, or a list of such."""
    if node is None:
        return ()
    clauses: list[Clause] = []
    for item in node.items if isinstance(node, Sequence) else (node,):
        if isinstance(item, Mapping):
            clauses += [Clause(key.text, _texts(value, faults, "a value")) for key, value in item]
        else:
            clauses.append(Clause(_text(item, faults, "the name of an input")))
    return tuple(clauses)


def _entries(node: Node | None, faults: Faults, what: str) -> Iterable[tuple[Scalar, Node]]:
    return () if node is None else reading.named(node, faults, what) or ()


def _texts(node: Node | None, faults: Faults, what: str) -> tuple[str, ...]:
    if node is None:
        return ()
    found = [_text(item, faults, what) for item in reading.items(node, faults, what)]
    return tuple(text for text in found if text)


def _text(node: Node | None, faults: Faults, what: str) -> str:
    text = None if node is None else reading.text(node, faults, what)
    if text is None:
        return ""
    if node is not None and "\n" in text.rstrip("\n"):
        faults.add(node.place, f"{what} of several lines: write '>-' before it instead of '|'")
    return text.strip()


def _word(node: Node | None, faults: Faults, what: str, known: Iterable[str]) -> str | None:
    return None if node is None else reading.word(node, faults, what, known)


def _boolean(node: Node | None, faults: Faults) -> bool:
    return node is not None and bool(reading.boolean(node, faults, "value"))
