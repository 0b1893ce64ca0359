"""A rehearsal as a picture (SVG), and as a page of its own (HTML): nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mailsync.rehearse.forecast import Forecast
from mailsync.report import svg
from mailsync.report.html import document
from mailsync.report.rehearsal import conclusions, grouped, servers
from mailsync.report.times import moment

_WIDTH, _LEFT, _RIGHT = 960, 50, 20
_TOP, _HEIGHT = 40, 220
_LEGEND = 20


def rehearsal_svg(forecast: Forecast) -> str:
    """Draw which part of the world's resolvers leads mail where, from the beginning to the end."""
    names = servers(forecast)
    bottom = _TOP + _HEIGHT
    height = bottom + 56 + _LEGEND * (len(names) + 1)
    title = f"{forecast.domain}: where the world's resolvers lead mail"
    parts = [svg.text(_LEFT, 24, title, size=15)]
    for percent in (0, 25, 50, 75, 100):
        y = bottom - _HEIGHT * percent / 100
        parts += [
            svg.line(_LEFT, y, _WIDTH - _RIGHT, y),
            svg.text(_LEFT - 6, y + 4, f"{percent} %", size=11, anchor="end", fill=svg.FAINT),
        ]
    parts += _areas(forecast, names, bottom)
    for time, label in svg.ticks(forecast.start, forecast.end, forecast.timezone):
        x = _x(forecast, time)
        parts += [
            svg.line(x, bottom, x, bottom + 5),
            svg.text(x, bottom + 18, label, size=11, anchor="middle", fill=svg.FAINT),
        ]
    parts += _marks(forecast, bottom)
    for index, name in enumerate(names):
        y = bottom + 44 + _LEGEND * index
        parts += [svg.box(_LEFT, y - 10, 14, 12, _fill(index)), svg.text(_LEFT + 22, y, name)]
    note = f"{forecast.resolvers} resolvers, seed {forecast.seed}; times in {forecast.timezone}"
    parts.append(svg.text(_LEFT, height - 12, note, size=11, fill=svg.FAINT))
    return svg.picture(_WIDTH, height, title, parts)


def rehearsal_html(forecasts: Sequence[Forecast]) -> str:
    """Write one page for all: the picture, what ran, the table, what is to be learnt."""
    body = "".join(_section(forecast) for forecast in forecasts)
    return document("Rehearsal", body or "<p>No domains: nothing to rehearse.</p>")


def _x(forecast: Forecast, time: datetime) -> float:
    whole = max((forecast.end - forecast.start).total_seconds(), 1)
    part = (time - forecast.start).total_seconds() / whole
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * min(max(part, 0), 1)


def _fill(index: int) -> str:
    return svg.FILLS[index % len(svg.FILLS)]


def _areas(forecast: Forecast, names: Sequence[str], bottom: float) -> list[str]:
    """Stack the shares: each server's area lies on those before it."""
    times = [_x(forecast, share.at) for share in forecast.shares]
    times.append(_x(forecast, forecast.end))
    below = [0.0] * len(forecast.shares)
    found = []
    for index, name in enumerate(names):
        above = [
            low + share.resolvers.get(name, 0)
            for low, share in zip(below, forecast.shares, strict=True)
        ]
        upper = _steps(times, above, bottom)
        lower = _steps(times, below, bottom)
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


def _marks(forecast: Forecast, bottom: float) -> list[str]:
    """Mark when the stages ran; names that would overlap are left to the table."""
    found, last = [], -1000.0
    for happening in forecast.happenings:
        x = _x(forecast, happening.at)
        found.append(svg.line(x, _TOP - 4, x, bottom, dashed=True))
        if x - last > 50:
            anchor = "end" if x > _WIDTH - 80 else "start"
            found.append(svg.text(x + 2, _TOP - 6, happening.stage, size=10, anchor=anchor))
            last = x
    return found


def _section(forecast: Forecast) -> str:
    zone, start = forecast.timezone, forecast.start
    ran = "".join(
        f"<tr><td>{svg.shown(moment(h.at, zone, start))}</td><td>{svg.shown(h.stage)}</td>"
        f"<td>{svg.shown(h.words)}</td></tr>"
        for h in forecast.happenings
    )
    names = servers(forecast)
    heads = "".join(f"<th>{svg.shown(name)}</th>" for name in names)
    rows = "".join(
        f"<tr><td>{svg.shown(moment(share.at, zone, start))}</td>"
        + "".join(
            f"<td>{share.resolvers.get(n, 0):.0%} <small>({share.mail.get(n, 0):.0%} of mail)</small></td>"
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
        f"<dl>{learnt}</dl>\n<h3>What runs</h3>\n<table><tr><th>when</th><th>stage</th>"
        f"<th>what</th></tr>{ran}</table>\n<h3>Where resolvers lead mail</h3>\n"
        f"<table><tr><th>from</th>{heads}<th>combinations</th></tr>{rows}</table>\n"
        f"<h3>Visible beside each other</h3>\n<ul>{beside or '<li>nothing</li>'}</ul></section>\n"
    )
