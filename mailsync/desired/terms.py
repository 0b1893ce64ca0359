"""From the ``cutover`` mapping to `model.Cutover`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import cast, get_args
from zoneinfo import ZoneInfo

from mailsync.desired import moment, reading, window
from mailsync.desired.faults import Faults
from mailsync.desired.model import GATES, Cutover, GateMode, Window
from mailsync.desired.tree import Mapping, Node

_DURATIONS = (
    "ttl",
    "lead",
    "soak",
    "unseen_ttl",
    "resolver_min_ttl",
    "negative_ttl",
    "retire_safety",
    "queue_lifetime",
    "verifier_delay",
    "policy_refresh",
)
_KEYS = ("at", "old_until", "window", "timezone", "tasks", "gates", *_DURATIONS)
_TASK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z", re.ASCII)


def read(node: Node, faults: Faults) -> Cutover:
    """Read the terms; what is not said, or wrong, is as `Cutover` has it."""
    found = reading.mapping(node, faults, "cutover", _KEYS)
    if found is None:
        return Cutover()
    durations: dict[str, int] = {}
    for name in _DURATIONS:
        value = reading.duration(found.get(name), faults, name)
        if value is not None:
            durations[name] = value
    zone = _zone(found.get("timezone"), faults)
    return Cutover(
        at=_time(found.get("at"), zone, faults, days=False),
        old_until=_time(found.get("old_until"), zone, faults, days=True),
        window=_window(found.get("window"), faults),
        timezone=zone.key,
        tasks=_tasks(found.get("tasks"), faults),
        gates=_gates(found.get("gates"), faults),
        **durations,
    )


def merged(over: Node, under: Node) -> Node:
    """Let one mapping's entries win over another's, key by key; both keep their places."""
    if not isinstance(over, Mapping) or not isinstance(under, Mapping):
        return over
    rest = tuple(entry for entry in under.entries if entry[0].text not in over)
    return Mapping((*over.entries, *rest), over.place)


def _zone(node: Node | None, faults: Faults) -> ZoneInfo:
    default = ZoneInfo(Cutover().timezone)
    text = None if node is None else reading.text(node, faults, "a time zone")
    if node is None or text is None:
        return default
    zone = moment.time_zone(text)
    if zone is None:
        faults.unknown(node.place, "time zone", text, moment.time_zones())
        return default
    return zone


def _time(node: Node | None, zone: ZoneInfo, faults: Faults, *, days: bool) -> datetime | None:
    text = None if node is None else reading.text(node, faults, "a time")
    if node is None or text is None:
        return None
    try:
        return moment.moment_or_day(text, zone) if days else moment.moment(text, zone)
    except moment.BadTime as error:
        faults.add(node.place, str(error))
        return None


def _tasks(node: Node | None, faults: Faults) -> frozenset[str]:
    """Read which tasks a person has done."""
    done = set()
    what = "a task and 'done', as the plan names it"
    for key, value in () if node is None else reading.named(node, faults, what) or ():
        if not _TASK.match(key.text):
            faults.add(key.place, f"{key.text[:60]!r} is no task: write it as the plan names it")
        elif reading.word(value, faults, "state", ("done", "open")) == "done":
            done.add(key.text)
    return frozenset(done)


def _gates(node: Node | None, faults: Faults) -> tuple[tuple[str, GateMode], ...]:
    """Read how gates are taken, by name."""
    what = "a gate and how it is taken"
    found = None if node is None else reading.mapping(node, faults, what, GATES)
    said = {}
    for key, value in found or ():
        mode = reading.word(value, faults, "mode", get_args(GateMode))
        if mode is not None:
            said[key.text] = cast("GateMode", mode)
    return tuple(sorted(said.items()))


def _window(node: Node | None, faults: Faults) -> Window:
    if node is None:
        return Window()
    windows: list[Window] = []
    for item in reading.items(node, faults, "an opening"):
        text = reading.text(item, faults, "a window")
        try:
            windows += [] if text is None else [window.parse(text)]
        except window.BadWindow as error:
            faults.add(item.place, str(error))
    if len(windows) > 1 and not all(found.openings for found in windows):
        faults.add(node.place, "'always' stands alone, beside no other opening")
    openings = tuple(opening for found in windows for opening in found.openings)
    return Window(openings, "; ".join(found.text for found in windows))
