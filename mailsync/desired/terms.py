"""From the ``cutover`` mapping to `model.Cutover`."""

from __future__ import annotations

from datetime import datetime
from typing import cast, get_args
from zoneinfo import ZoneInfo

from mailsync.desired import moment, reading, window
from mailsync.desired.faults import Faults
from mailsync.desired.laws import alone_text
from mailsync.desired.model import GATES, Cutover, GateMode, Window
from mailsync.desired.patterns import ANY, any_case
from mailsync.desired.shape import Duration, Text, Word
from mailsync.desired.structure import Field, Fields, Items, Named
from mailsync.desired.tree import Mapping, Node

_DURATIONS = {
    "ttl": "TTL while mail moves; 5m if missing.",
    "lead": "With 'at': TTLs go down that long before it; 10d if missing.",
    "soak": "The way back stays short for that long after the switch; 10d if missing.",
    "unseen_ttl": "TTL of a version that nobody saw and that may have been replaced just now; 1d.",
    "resolver_min_ttl": "How long resolvers keep answers that keep them beyond their TTL; 5m.",
    "negative_ttl": "The longest time for which a resolver remembers that there is no such record; "
    "3h.",
    "retire_safety": "How much longer the old service stays, as senders reuse connections; 5m.",
    "queue_lifetime": "How long a sender keeps trying: SPF terms and DKIM keys stay as long; 5d.",
    "verifier_delay": "How long after its delivery a DKIM signature may still be checked; 2d.",
    "policy_refresh": "How long a sender may go by an MTA-STS policy that nobody announces; 1d.",
}
_TIME = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d)?(?:[Zz]|[+-]\d\d:\d\d)?"
_NO_TIME = (
    r"\d{4}-(?:00|1[3-9]|[2-9]\d).*"
    r"|\d{4}-\d\d-(?:00|3[2-9]|[4-9]\d).*"
    r"|[-\d]{10}.(?:2[4-9]|[3-9]\d):.*"
    r"|[-\d]{10}.\d\d:(?:[6-9]\d|\d\d:[6-9]\d).*"
)
_NO_OPENING = "|".join(
    (
        rf"{ANY}(?<![A-Za-z])(?!(?:{any_case(*window.DAYS)})(?![A-Za-z]))[A-Za-z]{ANY}",
        rf"{ANY}(?:2[5-9]|[3-9]\d):{ANY}|{ANY}:[6-9]\d{ANY}|{ANY}24:(?!00){ANY}",
        rf"(?:{ANY}[;\s])?(\d\d?:\d\d)\s*-\s*\1\s*(?:;{ANY})?|{ANY}24:00\s*-{ANY}",
    )
)
_OPENING = r"[A-Za-z,\s-]*\d\d?:\d\d\s*-\s*\d\d?:\d\d\s*"
_ALWAYS = rf"\s*{any_case('always')}\s*"
_GATES = "a gate and how it is taken"
_TASKS = "a task and 'done', as the plan names it"


def _moment(text: str) -> datetime:
    return moment.moment(text, ZoneInfo("UTC"))


def _moment_or_day(text: str) -> datetime:
    return moment.moment_or_day(text, ZoneInfo("UTC"))


SHAPE = Fields(
    "cutover",
    {
        "at": Field(
            Text("a time", _TIME, _moment, "time", ("2026-12-05T22:00+09:00",), but=_NO_TIME),
            "The switch comes no earlier; without it, as soon as it is safe.",
        ),
        "window": Field(
            Items(
                Text(
                    "a window",
                    rf"{_ALWAYS}|{_OPENING}(?:;{_OPENING})*",
                    window.parse,
                    "window",
                    ("Sat-Sun 00:00-24:00", "Mon,Wed 22:00-04:00", "always"),
                    but=rf"(?!{_ALWAYS}$)(?:{_NO_OPENING})",
                ),
                "an opening",
                laws=(alone_text(_ALWAYS),),
            ),
            "When a switch may run, in the time zone of 'timezone'; always if missing.",
        ),
        "timezone": Field(
            Text(
                "a time zone",
                examples=("Asia/Tokyo", "Europe/Berlin"),
                but=rf"(?![A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*$){ANY}",
            ),
            "Of the window, of times without an offset, and of the times in plans; UTC if missing.",
        ),
        "old_until": Field(
            Text(
                "a time",
                rf"{_TIME}|\d{{4}}-\d\d-\d\d",
                _moment_or_day,
                "time",
                ("2026-12-31",),
                but=_NO_TIME,
            ),
            "The old service takes mail until then; a day means its beginning.",
        ),
        **{name: Field(Duration(name), doc) for name, doc in _DURATIONS.items()},
        "tasks": Field(
            Named(
                _TASKS,
                Text(
                    "a task",
                    "[A-Za-z0-9][A-Za-z0-9._-]{0,127}",
                    no="task: write it as the plan names it",
                ),
                Word("state", ("done", "open")),
            ),
            "What only a person can do, as the plan names it, and that it is done.",
        ),
        "gates": Field(
            Named(_GATES, Word("gate", GATES), Word("mode", get_args(GateMode))),
            "How what is looked at before a stage is taken: require, warn or off.",
        ),
    },
)
_KEYS = tuple(SHAPE.fields)


def read(node: Node, faults: Faults) -> Cutover:
    """Read the terms; what is not said, or wrong, is as `Cutover` has it."""
    found = reading.named(node, faults, "cutover")
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
    for key, value in () if node is None else reading.named(node, faults, _TASKS) or ():
        if reading.word(value, faults, "state", ("done", "open")) == "done":
            done.add(key.text)
    return frozenset(done)


def _gates(node: Node | None, faults: Faults) -> tuple[tuple[str, GateMode], ...]:
    """Read how gates are taken, by name."""
    said = {}
    for key, value in () if node is None else reading.named(node, faults, _GATES) or ():
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
