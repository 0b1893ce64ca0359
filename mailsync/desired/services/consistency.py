"""Whether the parts of one service's file fit together: told where they stand."""

from __future__ import annotations

from collections.abc import Iterable

from mailsync.desired.faults import Faults, quoted
from mailsync.desired.model import Place
from mailsync.desired.services import inputs, placeholders
from mailsync.desired.services.model import BEHIND, Clause, Condition, Input, Service
from mailsync.desired.tree import Mapping, Node, Scalar, Sequence
from mailsync.mail import mx

_TEXTS = frozenset({"mx", "autodiscover", "verification"})
"""Keys whose record is one text; the others take a mapping, and ``spf`` a text or a list."""


def check(service: Service, faults: Faults) -> None:
    """Tell what does not fit."""
    if service.sends_as is not None and not service.takes_mail:
        message = "sends_as says what it is where it takes no mail: it has no mx at all"
        faults.add(service.place, message)
    for one in service.inputs:
        _check_input(one, service, faults)
    for record in service.records:
        place = record.node.place
        _check_condition(record.when, service, place, faults)
        if record.each is not None and not _is_list(service, record.each):
            faults.add(place, f"each: {quoted(record.each)} is no input with 'list: true'")
        _check_shape(record.key, record.node, faults)
        _check_fixed(record.key, record.node, faults)
        available = _available(service, record.when)
        used = {record.each} if record.each else set()
        for scalar in placeholders.scalars(record.node):
            _check_text(scalar.text, available | used, service, scalar.place, faults)
            for name in placeholders.named(scalar.text):
                if _is_list(service, name) and name != record.each:
                    faults.add(scalar.place, f"{name} is a list: write 'each: {name}' here")
    for step in service.steps:
        _check_condition(step.when, service, step.place, faults)
        available = _available(service, step.when) | {BEHIND}
        _check_text(step.text, available, service, step.place, faults)
        for name in placeholders.named(step.text):
            found = service.input(name)
            if found is not None and (found.listed or found.kind in {"spf", "flag"}):
                message = f"the task {step.id} cannot show {name}: it need not be one text"
                faults.add(step.place, message)


def _check_input(one: Input, service: Service, faults: Faults) -> None:
    _check_condition(one.when, service, one.place, faults)
    if one.otherwise is not None and one.required:
        faults.add(one.place, f"{one.name} has a default: it is not required")
    if one.choices and one.otherwise is not None and one.otherwise not in one.choices:
        faults.add(one.place, f"{one.name}: the default is none of the choices")
    if one.otherwise is not None and (wrong := inputs.unfit(one, one.otherwise)):
        faults.add(one.place, f"{one.name}: the default: {wrong}")
    if one.kind == "flag" and (one.choices or one.listed or one.otherwise or one.required):
        faults.add(one.place, f"{one.name}: a flag is true or not given, and nothing else")


def _check_condition(condition: Condition, service: Service, place: Place, faults: Faults) -> None:
    for clause in (*condition.met, *condition.unmet):
        _check_clause(clause, service, place, faults)


def _check_clause(clause: Clause, service: Service, place: Place, faults: Faults) -> None:
    known = [one.name for one in service.inputs]
    if clause.name == BEHIND:
        return
    if clause.name not in known:
        faults.unknown(place, "input", clause.name, (*known, BEHIND))
        return
    found = service.input(clause.name)
    for value in clause.values:
        if found is not None and found.choices and value not in found.choices:
            faults.add(place, f"{quoted(value)} is none of the choices of {clause.name}")


def _check_shape(key: str, node: Node, faults: Faults) -> None:
    if key in _TEXTS or (key == "spf" and isinstance(node, Scalar)):
        right = isinstance(node, Scalar) and not node.is_null
    elif key == "spf":
        right = isinstance(node, Sequence) and all(isinstance(i, Scalar) for i in node.items)
    else:
        right = isinstance(node, Mapping) and bool(node.entries)
    if not right:
        what = "a text" if key in _TEXTS else "terms" if key == "spf" else "a mapping"
        faults.add(node.place, f"{key} is {what}, as in a zone file")
    if any(text.text == "absent" and not text.quoted for text in placeholders.scalars(node)):
        faults.add(node.place, "a service asks for records; it removes none with 'absent'")


def _check_fixed(key: str, node: Node, faults: Faults) -> None:
    """Read what has no placeholder here, where its mistakes stand."""
    texts = [text for text in placeholders.scalars(node) if not placeholders.named(text.text)]
    for text in texts if key in {"mx", "spf"} else ():
        try:
            inputs.joinable(text.text) if key == "spf" else mx.parse(text.text)
        except ValueError as error:
            faults.add(text.place, str(error))


def _check_text(
    text: str, available: Iterable[str], service: Service, place: Place, faults: Faults
) -> None:
    if placeholders.stray(text):
        faults.add(place, f"{quoted(text)}: a brace is part of a placeholder such as {{domain}}")
    for name in placeholders.named(text):
        if name == placeholders.DOMAIN or name in available:
            continue
        if service.input(name) is None:
            faults.unknown(place, "input", name, [one.name for one in service.inputs])
        else:
            message = f"{name} may not be given: make it required, or write 'if: {name}' here"
            faults.add(place, message)


def _available(service: Service, when: Condition) -> set[str]:
    """Name the inputs that are given whenever a condition holds."""
    names = {clause.name for clause in when.met}
    for one in service.inputs:
        always = one.required and set(one.when.met) <= set(when.met)
        if one.otherwise is not None or (always and set(one.when.unmet) <= set(when.unmet)):
            names.add(one.name)
    return names


def _is_list(service: Service, name: str) -> bool:
    found = service.input(name)
    return found is not None and found.listed
