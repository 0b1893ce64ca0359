"""Who sends for the domain in a scenario: from when until when, by which SPF terms and which key.

Senders move as the world allows: with the mail where it moves, else when every receiver knows what
lets the new ones send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from mailsync.dns.rrset import Key, txt_value
from mailsync.rehearse.receivers import lets
from mailsync.rehearse.resolver import Traits
from mailsync.rehearse.scenario import (
    DOMAIN,
    LONG_AGO,
    MX,
    MX1,
    NEW_KEY,
    NEW_SPF,
    OLD_KEY,
    OLD_SPF,
    S1,
    S2,
    SKEW,
    TXT,
    Scenario,
    Way,
)
from mailsync.rehearse.services import FOREVER, Stream
from mailsync.rehearse.verdict import VERIFIER_DELAY
from mailsync.rehearse.world import Rehearsal

CLOCKS_OFF = 600
"""By how many seconds less than bounds of days senders use them: clocks may be minutes off."""


_WAYS: tuple[Way, Way] = ("home", "away")


def streams(story: Scenario, world: Rehearsal, *, plainly: bool) -> list[Stream]:
    """Give everybody who sends in a story; ``plainly``: all was changed at once."""
    queue = story.cutover.queue_lifetime - CLOCKS_OFF
    found = []
    for start, until, way in _ways(story, world, plainly=plainly):
        sender = _after_the_users_word(story, way, until)
        # Nobody starts to send within the minutes by which clocks are off.
        late = start > LONG_AGO and "clock" in story.troubles
        since = start + 2 * SKEW if late else start
        by_address = replace(sender, since=since, until=until, queue=queue, selector=None)
        found.append(by_address)
        if sender.selector is not None:
            transit = queue + VERIFIER_DELAY
            found.append(replace(sender, since=since, until=until, queue=transit, spf=""))
        if way == "away" and _tightens(story):
            routed = story.moves and story.inbound != "families"
            began = since if plainly or routed else _first_write(world, since)
            end = min(until, began + story.cutover.soak - CLOCKS_OFF)
            if end > since:
                found.append(Stream("by whom nobody thought of", since, end, 0, proper=False))
    return found


def _ways(story: Scenario, world: Rehearsal, *, plainly: bool) -> list[tuple[int, int, Way]]:
    """Give the stretches of time in which the domain sends from home, and from away."""
    if plainly:
        at = next(at for at, way in story.commits if way == "away")
        return [(LONG_AGO, at, "home"), (at, FOREVER, "away")]
    if story.moves and story.inbound != "families":
        return _by_routing(story, world)
    return _by_readiness(story, world)


def _by_routing(story: Scenario, world: Rehearsal) -> list[tuple[int, int, Way]]:
    """Senders move when the mail does."""
    keys = (MX, (MX1, "A")) if story.inbound == "address" else (MX,)
    starts = {start for key in keys for _, start, _ in world.truth.spans(key, 0)}
    found: list[tuple[int, int, Way]] = []
    now: Way = "home"
    for start, end in pairwise([*sorted(starts), FOREVER]):
        live = [world.truth.served(0, key, start) for key in keys]
        values = [rrset.values if rrset is not None else () for rrset in live]
        for way in _WAYS:
            if values == [_wished(story, way, key) for key in keys]:
                now = way
        since = found.pop()[0] if found and found[-1][2] == now else start
        found.append((since, end, now))
    return found


def _wished(story: Scenario, way: Way, key: Key) -> tuple[str, ...]:
    wishes = story.home if way == "home" else story.away
    return next((wish.values for wish in wishes if (wish.name, wish.type) == key), ())


def _by_readiness(story: Scenario, world: Rehearsal) -> list[tuple[int, int, Way]]:
    """With no mail on the move, senders change when everybody knows what lets the new ones send."""
    found: list[tuple[int, int, Way]] = []
    since, now = LONG_AGO, "home"
    commits = [*story.commits, (FOREVER, "home")]
    for (at, way), (end, _) in pairwise(commits):
        if way == now:
            continue
        ready = max(
            at, *(_known_since(story, world, key, way, at, end) for key in _asked(story, way))
        )
        if ready < end:
            found.append((since, ready, "home" if now == "home" else "away"))
            since, now = ready, way
    found.append((since, FOREVER, "home" if now == "home" else "away"))
    return found


def _asked(story: Scenario, way: Way) -> list[Key]:
    sender = _sender(story, way)
    return [TXT] if sender.selector is None else [TXT, sender.selector]


def _known_since(story: Scenario, world: Rehearsal, key: Key, way: Way, at: int, end: int) -> int:
    """Give from when on nobody holds what does not let a way's sender pass."""
    latest = at
    for server in range(world.truth.servers):
        for rrset, start, stop in world.truth.spans(key, server):
            if start < end and not lets(_sender(story, way), key, rrset):
                life = Traits(floor=300).life(rrset, world.truth.negative_ttl)
                gone = end if stop is None else stop + life
                if gone > at:
                    latest = max(latest, gone)
    return latest


def _sender(story: Scenario, way: Way) -> Stream:
    """Give how the domain sends from one of the two: by which SPF terms, with which key."""
    wishes = {(w.name, w.type): w.values for w in (story.home if way == "home" else story.away)}
    spf = "".join(wishes.get(TXT, ()))
    term = OLD_SPF if way == "home" else NEW_SPF
    text = ""
    if " mx " in spf:
        text = f"v=spf1 {_server(wishes)} -all"
    elif term in spf:
        text = f"v=spf1 {term} -all"
    elif "redirect=" in spf:
        text = "v=spf1 redirect=_spf.new.example"
    selector: Key | None = None
    key: tuple[str, ...] = ()
    if way == "home" and wishes.get((S1, "TXT")):
        selector, key = (S1, "TXT"), (txt_value(OLD_KEY),)
    elif way == "away" and wishes.get((S2, "TXT")):
        selector, key = (S2, "TXT"), (txt_value(NEW_KEY),)
    elif way == "away" and wishes.get((S2, "CNAME")):
        selector, key = (S2, "CNAME"), ("s2.new.example.",)
    return Stream(f"from {way}", 0, 0, 0, text, selector, key)


def _server(wishes: Mapping[Key, tuple[str, ...]]) -> str:
    """Give the server that takes the mail as one that sends, by its address where that is known."""
    host = wishes[MX][0].split()[1]
    addresses = wishes.get((host, "A"), ())
    return f"ip4:{addresses[0]}" if addresses else f"a:{host.rstrip('.')}"


def _after_the_users_word(story: Scenario, way: Way, until: int) -> Stream:
    """Give how the domain sends in a stretch of time, by the user's word where nothing else tells.

    With no mail on the move, a term or a selector that is simply taken away, also by a revert, is
    taken away at once: nobody has sent that way for long, says the user, and no record could
    contradict. This is the one thing that the promise rests on beside what can be seen; the plan
    says so.
    """
    sender = _sender(story, way)
    if story.moves and story.inbound != "families":
        return sender
    if until == FOREVER:
        return sender
    if way == "away":
        return replace(sender, spf="", selector=None)
    before, after = (
        {(w.name, w.type): w.values for w in side} for side in (story.home, story.away)
    )
    if _sender(story, "away").selector is None:
        sender = replace(sender, selector=None)
    if _narrower(before.get(TXT, ()), after.get(TXT, ())):
        sender = replace(sender, spf="")
    return sender


def _narrower(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Tell whether an SPF record only loses terms."""
    terms = [set("".join(values).strip('"').split()) for values in (before, after)]
    return terms[1] < terms[0]


def _first_write(world: Rehearsal, before: int) -> int:
    """Give when the records of senders began to change: the soak counts from there."""
    changed = [at for at, _, key in world.truth.changes() if key[0] != f"_dmarc.{DOMAIN}"]
    return min([at for at in changed if at <= before], default=before)


def _tightens(story: Scenario) -> bool:
    """Tell whether DMARC becomes strict on the way; to end all mail is meant to refuse all."""
    key = (f"_dmarc.{DOMAIN}", "TXT")
    before, after = (_wished(story, way, key) for way in ("home", "away"))
    sends = story.inbound not in {"end", "back"}
    spf = [_wished(story, way, TXT) for way in ("home", "away")]
    home, away = _sender(story, "home"), _sender(story, "away")
    other = home.selector != away.selector or (spf[0] != spf[1] and not _narrower(*spf))
    changed = (story.moves and story.inbound != "families") or other
    return sends and changed and "p=none" in "".join(before) and "p=reject" in "".join(after)
