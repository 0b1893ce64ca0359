"""Pictures as SVG 1.1, drawn by hand: no script, no font, nothing from elsewhere.

All text in them is escaped; what is foreign and prints nothing is written as its escape.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from mailsync.plan.printable import printable

FILLS = ("#0072b2", "#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#999999")
"""Colours that colour-blind people tell apart (Okabe and Ito), and that differ in grey."""

INK, FAINT, RULE, PAPER = "#1a1a1a", "#767676", "#d0d0d0", "#ffffff"

_TICKS = 6
_STEPS = (1, 2, 3, 6, 12, 24, 48, 72, 120, 168, 240, 336, 720, 1440, 2880, 8760)


def text(
    x: float, y: float, words: str, *, size: int = 12, anchor: str = "start", fill: str = INK
) -> str:
    """Write a line of text; ``anchor`` is start, middle or end."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{fill}">{shown(words)}</text>'
    )


def line(x1: float, y1: float, x2: float, y2: float, *, dashed: bool = False) -> str:
    """Draw a thin line."""
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    place = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {place} stroke="{FAINT if dashed else RULE}"{dash}/>'


def box(x: float, y: float, width: float, height: float, fill: str, title: str = "") -> str:
    """Draw a filled box, with a title that browsers show."""
    inner = f"<title>{shown(title)}</title>" if title else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" '
        f'fill="{fill}" stroke="{INK}" stroke-width="0.5">{inner}</rect>'
    )


def area(points: Sequence[tuple[float, float]], fill: str, title: str) -> str:
    """Draw a filled polygon."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polygon points="{path}" fill="{fill}" stroke="{INK}" stroke-width="0.5">'
        f"<title>{shown(title)}</title></polygon>"
    )


def picture(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    """Put a picture together; ``title`` says what it shows, for those who cannot see it."""
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'width="{width}" height="{height}" font-family="system-ui, sans-serif">\n'
        f"<title>{shown(title)}</title>\n"
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>\n{body}\n</svg>\n'
    )


def shown(words: str) -> str:
    """Escape a text for SVG and HTML."""
    return escape(printable(words))


def ticks(start: datetime, end: datetime, timezone: str) -> list[tuple[datetime, str]]:
    """Give round times between two, at most about six, each with a short label."""
    zone = ZoneInfo(timezone)
    hours = max((end - start) / timedelta(hours=1), 0.1)
    step = next((s for s in _STEPS if hours / s <= _TICKS), _STEPS[-1])
    first = start.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    if step >= 24:  # hours of a day
        first = first.replace(hour=0)
    found = []
    time = first
    while time <= end:
        if time >= start:
            days = step >= 24  # hours of a day
            found.append((time, f"{time:%b %d}" if days else f"{time:%b %d %H:%M}"))
        time = (time + timedelta(hours=step)).astimezone(zone)
    return found
