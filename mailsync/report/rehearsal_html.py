"""A rehearsal as a picture (SVG), and as a page of its own (HTML): nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailsync.rehearse.forecast import Forecast, Happening, Share
from mailsync.report import svg
from mailsync.report.html import document
from mailsync.report.rehearsal import conclusions, grouped, servers
from mailsync.report.times import moment

_WIDTH, _LEFT, _RIGHT = 960, 50, 24
_TOP, _HEIGHT, _LEGEND = 46, 150, 20
_PANEL = _HEIGHT + 74


@dataclass(frozen=True)
class _Panel:
    """One chart: its heading, its shares, and from when until when; ``top`` is its upper edge."""

    heading: str
    shares: Sequence[Share]
    start: datetime
    end: datetime
    top: float
    happenings: Sequence[Happening] = ()

    @property
    def bottom(self) -> float:
        """The line on which everything stands."""
        return self.top + _HEIGHT

    def x(self, time: datetime) -> float:
        """Give where a time lies."""
        part = (time - self.start) / max(self.end - self.start, timedelta(seconds=1))
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * min(max(part, 0.0), 1.0)


def rehearsal_svg(forecast: Forecast) -> str:
    """Draw where the world's resolvers lead mail: all the time, around the switch, and at once."""
    names = servers(forecast)
    title = f"{forecast.domain}: where the world's resolvers lead mail"
    parts = [svg.text(_LEFT, 22, title, size=15)]
    panels = _panels(forecast)
    for panel in panels:
        parts += _drawn(panel, names, forecast.timezone)
    y = _TOP + _PANEL * len(panels)
    for index, name in enumerate(names):
        parts += [svg.box(_LEFT, y - 10, 14, 12, _fill(index)), svg.text(_LEFT + 22, y, name)]
        y += _LEGEND
    note = f"{forecast.resolvers} resolvers, seed {forecast.seed}; times in {forecast.timezone}"
    parts.append(svg.text(_LEFT, y + 6, note, size=11, fill=svg.FAINT))
    return svg.picture(_WIDTH, y + 20, title, parts)


def _panels(forecast: Forecast) -> list[_Panel]:
    found = [
        ("as planned", forecast.shares, forecast.start, forecast.end, forecast.happenings),
        *(
            ("around the switch", shares, shares[0].at, shares[-1].at, forecast.happenings)
            for shares in (forecast.closer,)
            if shares
        ),
        *(
            ("the same changes made at once instead", shares, shares[0].at, shares[-1].at, ())
            for shares in (forecast.shares_at_once,)
            if shares
        ),
    ]
    return [
        _Panel(heading, shares, start, end, _TOP + 20 + _PANEL * index, ran)
        for index, (heading, shares, start, end, ran) in enumerate(found)
    ]


def _drawn(panel: _Panel, names: Sequence[str], timezone: str) -> list[str]:
    parts = [svg.text(_LEFT, panel.top - 18, panel.heading, size=13)]
    for percent in (0, 50, 100):
        y = panel.bottom - _HEIGHT * percent / 100
        parts += [
            svg.line(_LEFT, y, _WIDTH - _RIGHT, y),
            svg.text(_LEFT - 6, y + 4, f"{percent} %", size=11, anchor="end", fill=svg.FAINT),
        ]
    parts += _areas(panel, names)
    for time, label in svg.ticks(panel.start, panel.end, timezone):
        x = panel.x(time)
        anchor = "end" if x > _WIDTH - 60 else "middle"
        parts += [
            svg.line(x, panel.bottom, x, panel.bottom + 5),
            svg.text(x, panel.bottom + 18, label, size=11, anchor=anchor, fill=svg.FAINT),
        ]
    return [*parts, *_marks(panel)]


def rehearsal_html(forecasts: Sequence[Forecast]) -> str:
    """Write one page for all: the picture, what ran, the table, what is to be learnt."""
    body = "".join(_section(forecast) for forecast in forecasts)
    return document("Rehearsal", body or "<p>No domains: nothing to rehearse.</p>")


def _fill(index: int) -> str:
    return svg.FILLS[index % len(svg.FILLS)]


def _areas(panel: _Panel, names: Sequence[str]) -> list[str]:
    """Stack the shares: each server's area lies on those before it."""
    times = [panel.x(share.at) for share in panel.shares]
    times.append(panel.x(panel.end))
    below = [0.0] * len(panel.shares)
    found = []
    for index, name in enumerate(names):
        pairs = zip(below, panel.shares, strict=True)
        above = [low + share.resolvers.get(name, 0) for low, share in pairs]
        if above != below:
            upper, lower = (_steps(times, parts, panel.bottom) for parts in (above, below))
            found.append(svg.area([*upper, *reversed(lower)], _fill(index), name))
        below = above
    return found


def _steps(
    times: Sequence[float], parts: Sequence[float], bottom: float
) -> list[tuple[float, float]]:
    points = []
    for index, part in enumerate(parts):
        y = bottom - _HEIGHT * part
        points += [(times[index], y), (times[index + 1], y)]
    return points


def _marks(panel: _Panel) -> list[str]:
    """Mark when the stages ran; names that would overlap are left to the table."""
    found, last = [], -1000.0
    for happening in panel.happenings:
        if not panel.start <= happening.at <= panel.end:
            continue
        x = panel.x(happening.at)
        found.append(svg.line(x, panel.top - 4, x, panel.bottom, dashed=True))
        if x - last > 50:
            anchor = "end" if x > _WIDTH - 80 else "start"
            found.append(svg.text(x + 2, panel.top - 5, happening.stage, size=10, anchor=anchor))
            last = x
    return found


def _section(forecast: Forecast) -> str:
    zone, start = forecast.timezone, forecast.start
    ran = "".join(
        f"<tr><td>{svg.shown(moment(h.at, zone, start))}</td><td>{svg.shown(h.stage)}</td>"
        f"<td>{'<br>'.join(map(svg.shown, h.done))}</td></tr>"
        for h in forecast.happenings
    )
    names = servers(forecast)
    heads = "".join(f"<th>{svg.shown(name)}</th>" for name in names)
    rows = "".join(
        f"<tr><td>{svg.shown(moment(share.at, zone, start))}</td>"
        + "".join(
            f"<td>{share.resolvers.get(n, 0):.0%} "
            f"<small>({share.mail.get(n, 0):.0%} of mail)</small></td>"
            for n in names
        )
        + f"<td>{share.combinations}</td></tr>"
        for share in grouped(forecast)
    )
    beside = "".join(
        f"<li>{svg.shown(c.words)}, until {svg.shown(moment(c.until, zone, start))}</li>"
        for c in forecast.combinations
    )
    learnt = "".join(
        f"<dt>{svg.shown(heading)}</dt><dd>{words}</dd>"
        for heading, words in ((h, svg.shown(w)) for h, w in conclusions(forecast))
    )
    return (
        f"<section><h2>{svg.shown(forecast.domain)}</h2>\n<figure>{rehearsal_svg(forecast)}</figure>\n"
        f"<dl>{learnt}</dl>\n<h3>What runs</h3>\n"
        f'<table class="free"><tr><th>when</th><th>stage</th><th>what</th></tr>{ran}</table>'
        f"\n<h3>Where resolvers lead mail</h3>\n"
        f"<table><tr><th>from</th>{heads}<th>combinations</th></tr>{rows}</table>\n"
        f"<h3>Visible beside each other</h3>\n<ul>{beside or '<li>nothing</li>'}</ul></section>\n"
    )
