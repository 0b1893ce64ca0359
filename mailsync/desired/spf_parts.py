"""SPF records that a file wants in parts: divided when all that stands beside them is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mailsync.desired.faults import Faults
from mailsync.desired.model import Wish
from mailsync.dns.names import shown
from mailsync.dns.rrset import txt_text, txt_value
from mailsync.mail import spf
from mailsync.mail.spf_split import ANSWER_OCTETS, split


def divided(wishes: tuple[Wish, ...], faults: Faults) -> tuple[Wish, ...]:
    """Give the wishes with a wish of its own for every part of an SPF record that is too long."""
    return tuple(
        part
        for wish in wishes
        for part in (_divided(wish, wishes, faults) if wish.split and wish.values else (wish,))
    )


def _divided(wish: Wish, wishes: Sequence[Wish], faults: Faults) -> tuple[Wish, ...]:
    text = txt_text(wish.values[0])
    room = min(wish.split, ANSWER_OCTETS - len(shown(wish.name)) - _beside(wish, wishes))

    def part_room(name: str) -> int:
        return min(wish.split, ANSWER_OCTETS - len(shown(name)))

    try:
        found = split(text, wish.name, room, part_room)
    except spf.BadSpf as error:
        faults.add(wish.place, str(error))
        return (wish,)
    for objection in spf.objections(spf.parse(found.text)):
        faults.add(wish.place, f"with the records that its addresses go into: {objection}")
    if wish.split < min(len(found.text), ANSWER_OCTETS):
        faults.add(
            wish.place,
            f"without its addresses SPF has {len(found.text)} octets, more than {wish.split}: only "
            "addresses go into records of their own; write fewer of the other terms",
        )
    parts = (
        replace(wish, name=name, values=(txt_value(part),), split=0) for name, part in found.parts
    )
    return (replace(wish, values=(txt_value(found.text),)), *parts)


def _beside(wish: Wish, wishes: Sequence[Wish]) -> int:
    """Give the octets of the other TXT that the file asks for at the name."""
    return sum(
        len(txt_text(value))
        for other in wishes
        if other is not wish and (other.name, other.type) == (wish.name, wish.type)
        for value in other.values
    )
