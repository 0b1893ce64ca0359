"""A rehearsal as text for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from mailsync.plan.document import dumped
from mailsync.plan.printable import printable
from mailsync.plan.times import time_json
from mailsync.rehearse.forecast import Forecast, Share, Toll
from mailsync.report.page import Page, Piece, Style, cells
from mailsync.report.times import moment

_BAR, _BAR_MIN = 20, 6
_BESIDE = 22
"""How many cells of a row of the chart are taken beside the time, the bars and what ran."""
_SIGNS = ("█", "▒", "░", "▓", "▪", "▫")
_STYLES: tuple[Style, ...] = ("green", "yellow", "cyan", "red", "bold", "grey")
_SAME = 0.05
"""Shares that differ by less look alike."""


def rehearsal_text(forecasts: Sequence[Forecast], *, colour: bool, width: int) -> str:
    """Draw rehearsals one below the other, ``width`` cells wide."""
    page = Page(colour=colour, width=width)
    for forecast in forecasts:
        page.gap()
        _put(page, forecast)
    if not forecasts:
        page.put(0, ("plain", "No domains: nothing to rehearse."))
    return page.text()


def rehearsal_json(forecasts: Sequence[Forecast]) -> str:
    """Write rehearsals as JSON: a list, one object for each domain."""
    return dumped({"format": "mailsync-rehearsal/1", "domains": [_json(f) for f in forecasts]})


def servers(forecast: Forecast) -> tuple[str, ...]:
    """Name the servers to which mail goes, in the order in which they come up."""
    return tuple(dict.fromkeys(s for share in forecast.shares for s in sorted(share.resolvers)))


def grouped(forecast: Forecast) -> list[Share]:
    """Give the shares without those that look like the one before, but with all at which one ran.

    Each holds until the next.
    """
    ran = {happening.at for happening in forecast.happenings}
    found: list[Share] = []
    for share in forecast.shares:
        if not found or share.at in ran or not _alike(found[-1], share):
            found.append(share)
    return found


def cost(toll: Toll) -> str:
    """Say what became of mail, in a few words."""
    whole = toll.delivered + toll.wrong
    late = f", {toll.delayed} of them late" if toll.delayed else ""
    if not whole:
        return "nobody sends mail to it or from it"
    if not toll.wrong:
        return f"all {whole} messages arrive{late}"
    parts = [
        f"{number} {word}"
        for number, word in (
            (toll.lost, "lost"),
            (toll.misdelivered, "delivered to a server that was left"),
            (toll.rejected, "refused by receivers"),
        )
        if number
    ]
    told = f"{toll.wrong} of {whole} messages go wrong: {', '.join(parts)}"
    return told if not toll.delayed else f"{told}; {toll.delayed} arrive late"


def conclusions(forecast: Forecast) -> list[tuple[str, str]]:
    """Give what there is to learn: a heading and a sentence each."""
    at, zone = forecast.start, forecast.timezone
    found = [("as planned", cost(forecast.toll))]
    if forecast.last_to_old is not None:
        last = moment(forecast.last_to_old, zone, at)
        found.append(("last message to the old server", last))
    if forecast.old_service_until is not None:
        found.append(("old service needed until", moment(forecast.old_service_until, zone, at)))
    if forecast.worst:
        found.append(("worst case", forecast.worst))
    found.append(("done at once instead", cost(forecast.at_once)))
    if forecast.last_to_old_at_once is not None:
        last = moment(forecast.last_to_old_at_once, zone, at)
        found.append(("then the old server would still be asked", f"until {last}"))
    if forecast.worst_at_once:
        found.append(("for example", forecast.worst_at_once))
    found += [("invariant broken", words) for words in forecast.broken]
    return [(heading, printable(words)) for heading, words in found]


def _alike(one: Share, other: Share) -> bool:
    names = {*one.resolvers, *other.resolvers}
    near = all(
        abs(before - after) < _SAME and (before > 0) == (after > 0)
        for n in names
        for before, after in ((one.resolvers.get(n, 0.0), other.resolvers.get(n, 0.0)),)
    )
    return near and one.combinations == other.combinations


def _put(page: Page, forecast: Forecast) -> None:
    begin = moment(forecast.start, forecast.timezone, forecast.start)
    title = f" rehearsed from {begin}, with {forecast.resolvers} resolvers (seed {forecast.seed})"
    page.put(0, ("bold", printable(forecast.domain)), ("grey", title))
    if not forecast.happenings:
        page.put(2, ("plain", "Nothing is due and nothing waits: there is nothing to play."))
        return
    page.gap()
    for happening in forecast.happenings:
        time = moment(happening.at, forecast.timezone, forecast.start)
        page.put(2, ("grey", f"{time}  "), ("bold", happening.stage), hang=4)
        for words in happening.done:
            page.put(4, ("plain", printable(words)), hang=4)
    page.gap()
    _put_chart(page, forecast)
    page.gap()
    for combination in forecast.combinations:
        until = moment(combination.until, forecast.timezone, forecast.start)
        words = printable(combination.words)
        page.put(2, ("grey", "visible "), ("plain", f"{words}, until {until}"), hang=4)
    page.gap()
    for heading, words in conclusions(forecast):
        wrong = heading == "invariant broken" or (heading == "as planned" and forecast.toll.wrong)
        page.put(2, ("alert" if wrong else "bold", f"{heading}: "), ("plain", words), hang=4)


def _put_chart(page: Page, forecast: Forecast) -> None:
    """Draw which part of the resolvers, and of the mail, goes where; what is alike is one row."""
    names = servers(forecast)
    for index, name in enumerate(names):
        sign: Piece = (_STYLES[index % len(_STYLES)], _SIGNS[index % len(_SIGNS)])
        page.put(2, sign, ("plain", f" {printable(name)}"))
    page.gap()
    rows = grouped(forecast)
    times = [moment(share.at, forecast.timezone, forecast.start) for share in rows]
    ran: dict[datetime, dict[str, None]] = {}
    for happening in forecast.happenings:
        ran.setdefault(happening.at, {})[happening.stage] = None
    stages = [", ".join(ran.get(share.at, ())) for share in rows]
    room = max(map(cells, ("from", *times)))
    last = max(map(cells, ("ran", *stages)))
    bar = min(_BAR, max(_BAR_MIN, (page.width - room - last - _BESIDE) // 2))
    heading = f"{'from':{room}}  {'resolvers':{bar}}  {'mail':{bar}}  combinations  ran"
    page.put(2, ("grey", heading))
    for time, share, stage in zip(times, rows, stages, strict=True):
        page.put(
            2,
            ("grey", f"{time:{room}}  "),
            *_bar(names, share.resolvers, bar),
            ("plain", "  "),
            *_bar(names, share.mail, bar),
            ("plain", f"  {share.combinations:12}"),
            ("bold", f"  {stage}" if stage else ""),
        )


def _bar(names: Sequence[str], shares: Mapping[str, float], room: int) -> list[Piece]:
    """Draw parts of one as a bar; whatever is there at all gets a cell."""
    widths = [max(1, round(shares.get(n, 0) * room)) if shares.get(n, 0) > 0 else 0 for n in names]
    while sum(widths) > room:
        widths[widths.index(max(widths))] -= 1
    while 0 < sum(widths) < room:
        widths[widths.index(max(widths))] += 1
    return [
        (_STYLES[i % len(_STYLES)], _SIGNS[i % len(_SIGNS)] * width)
        for i, width in enumerate(widths)
        if width
    ]


def _json(forecast: Forecast) -> dict[str, object]:
    return {
        "domain": forecast.domain,
        "start": time_json(forecast.start),
        "end": time_json(forecast.end),
        "seed": forecast.seed,
        "resolvers": forecast.resolvers,
        "happenings": [
            {"at": time_json(h.at), "stage": h.stage, "done": list(h.done)}
            for h in forecast.happenings
        ],
        "shares": [
            {
                "at": time_json(share.at),
                "resolvers": {n: round(part, 4) for n, part in sorted(share.resolvers.items())},
                "mail": {n: round(part, 4) for n, part in sorted(share.mail.items())},
                "combinations": share.combinations,
            }
            for share in forecast.shares
        ],
        "combinations": [
            {"since": time_json(c.since), "until": time_json(c.until), "words": c.words}
            for c in forecast.combinations
        ],
        "worst": forecast.worst,
        "staged": _toll_json(forecast.toll),
        "at_once": _toll_json(forecast.at_once),
        "old_service_until": _time_or_none(forecast.old_service_until),
        "last_to_old": _time_or_none(forecast.last_to_old),
        "last_to_old_at_once": _time_or_none(forecast.last_to_old_at_once),
        "broken": list(forecast.broken),
    }


def _toll_json(toll: Toll) -> dict[str, int]:
    return {
        "delivered": toll.delivered,
        "delayed": toll.delayed,
        "lost": toll.lost,
        "misdelivered": toll.misdelivered,
        "rejected": toll.rejected,
    }


def _time_or_none(time: datetime | None) -> str | None:
    return None if time is None else time_json(time)
