"""Random changes of a domain's mail, and random trouble on the way; one seed, one story."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from mailsync.desired.model import Cutover, Desired, Kind, Place, Rung, Wish
from mailsync.dns.rrset import Key, RRset, canonical, txt_value
from mailsync.mail import mta_sts
from mailsync.mail.mta_sts import Policy
from mailsync.plan.live import Capability

DOMAIN = "example.test."
MX, TXT = (DOMAIN, "MX"), (DOMAIN, "TXT")
MX1 = f"mx1.{DOMAIN}"
OLD, NEW = "mx.old.example.", "mx.new.example."
OLD_SPF, NEW_SPF = "include:_spf.old.example", "include:_spf.new.example"
OLD_KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
NEW_KEY = "v=DKIM1; k=ed25519; p=7pGVvLTCLKBgbjYQKQFAREzLEXWNmpFTCQ1ZKGbhHcU="
OLD_CHAIN = "3 1 1 " + "0a" * 32
NEW_CHAIN = "3 1 1 " + "0b" * 32
S1, S2 = f"s1._domainkey.{DOMAIN}", f"s2._domainkey.{DOMAIN}"
APEX_ADDRESS = "192.0.2.1"

INBOUND = (
    "out",
    "in",
    "add",
    "remove",
    "preference",
    "address",
    "families",
    "first",
    "end",
    "back",
    "stay",
)
"""What may happen to where mail goes."""

TROUBLES = (
    "late",
    "killed",
    "journal lost",
    "clock",
    "refused",
    "reply lost",
    "lagging",
    "dead server",
    "edit",
    "revert",
)
"""What may go wrong on the way."""

LONG_AGO = -(10**7)
"""When what is live before a story was published (seconds)."""

SKEW = 120
"""By how many seconds a run's clock may be off."""

TTLS = (60, 300, 1800, 3600, 14400, 86400)
_PLACE = Place("zones/example.test.yaml", 1, 1)
_HOUR, _DAY = 3600, 86400

Way = Literal["home", "away"]


@dataclass(frozen=True)
class Scenario:
    """One story: how the domain is, how it is to become, on what terms, and what goes wrong.

    ``commits``: when (in seconds) which of the two is asked for. ``known``: for how many seconds
    mailsync has looked at the domain before. ``moves``: mail goes elsewhere, or its order changes.
    """

    seed: int
    inbound: str
    home: tuple[Wish, ...]
    away: tuple[Wish, ...]
    live: dict[Key, RRset]
    cutover: Cutover
    commits: tuple[tuple[int, Way], ...]
    troubles: frozenset[str]
    known: int
    servers: int
    negative_ttl: int
    capability: Capability = field(default_factory=Capability)
    home_policy: Policy | None = None
    away_policy: Policy | None = None
    no_mail: bool = False
    pure_removal: bool = False

    @property
    def moves(self) -> bool:
        """Tell whether the change routes mail."""
        return self.inbound != "stay"

    def desired(self, way: Way) -> Desired:
        """Give the domain's file as it is at home or away."""
        wishes = self.home if way == "home" else self.away
        policy = self.home_policy if way == "home" else self.away_policy
        no_mail = self.no_mail if way == "away" else self.inbound == "back"
        kinds = frozenset(wish.kind for wish in wishes)
        return Desired(
            DOMAIN, DOMAIN, wishes, _PLACE, ("rehearsed",), kinds, no_mail, self.cutover, policy
        )


def scenario(
    seed: int, inbound: str | None = None, troubles: Iterable[str] | None = None
) -> Scenario:
    """Make the story of a seed; ``inbound`` and ``troubles`` where they are not left to chance."""
    random = Random(seed)  # noqa: S311  # no secret: one seed replays one story
    story = _Story(random, inbound or random.choice(INBOUND), by_mx=seed % 4 == 1)
    story.write()
    chosen = frozenset(_troubles(random) if troubles is None else troubles)
    known = random.choice((0, 0, 20 * _DAY))
    commits: list[tuple[int, Way]] = [(0, "home")] if known else []
    commits.append((known, "away"))
    if "revert" in chosen and story.inbound != "first":  # a file cannot ask for no MX at all
        commits.append((known + random.randrange(_HOUR, 20 * _DAY), "home"))
        if random.random() < 0.5 and story.inbound not in {"stay", "families"}:
            commits.append((commits[-1][0] + random.randrange(_HOUR, 10 * _DAY), "away"))
    fixed = random.random() < 0.1
    return Scenario(
        seed=seed,
        inbound=story.inbound,
        home=tuple(story.home),
        away=tuple(story.away),
        live=story.live,
        cutover=Cutover(
            ttl=random.choice((30, 300, 900)),
            soak=random.choice((0, _HOUR, 2 * _DAY, 10 * _DAY)),
            unseen_ttl=_DAY,
        ),
        commits=tuple(commits),
        troubles=chosen,
        known=known,
        servers=random.choice((1, 2, 2, 3)),
        negative_ttl=random.choice((60, 900, 3600, 86400)),
        capability=Capability(settable=False) if fixed else Capability(),
        home_policy=story.home_policy,
        away_policy=story.away_policy,
        no_mail=story.inbound == "end",
        pure_removal=story.pure_removal,
    )


def _troubles(random: Random) -> list[str]:
    return [trouble for trouble in TROUBLES if random.random() < 0.25]


@dataclass
class _Story:
    """Writes the two files of a domain, and what is live before."""

    random: Random
    inbound: str
    by_mx: bool = False
    home: list[Wish] = field(default_factory=list)
    away: list[Wish] = field(default_factory=list)
    live: dict[Key, RRset] = field(default_factory=dict)
    home_policy: Policy | None = None
    away_policy: Policy | None = None
    pure_removal: bool = False

    def write(self) -> None:
        self._inbound()
        self._spf()
        self._dkim()
        self._dmarc()
        if self.inbound not in {"end", "back", "first"}:
            self._clients()
            self._mta_sts()

    def _both(
        self, kind: Kind, name: str, rdtype: str, old: Iterable[str], new: Iterable[str]
    ) -> None:
        """Have something at home and something away; nothing is absence."""
        before, after = _values(rdtype, old), _values(rdtype, new)
        ttl = self.random.choice(TTLS)
        if before:
            self.live[name, rdtype] = RRset(name, rdtype, ttl, before)
        if before or kind != "mx":
            self.home.append(Wish(kind, name, rdtype, before, ttl, _PLACE))
        self.away.append(Wish(kind, name, rdtype, after, self.random.choice((ttl, 3600)), _PLACE))

    def _inbound(self) -> None:
        old, new = f"10 {OLD}", f"10 {NEW}"
        one, two = f"10 {OLD}", f"20 {NEW}"
        here = f"10 {MX1}"
        ways: dict[str, tuple[list[str], list[str]]] = {
            "out": ([old], [new]),
            "in": ([old], [here]),
            "add": ([one], [one, two]),
            "remove": ([one, two], [one]),
            "preference": ([one, two], [f"20 {OLD}", f"10 {NEW}"]),
            "address": ([here], [here]),
            "families": ([here], [here]),
            "first": ([], [new]),
            "end": ([old], ["0 ."]),
            "back": (["0 ."], [new]),
            "stay": ([old], [old]),
        }
        before, after = ways[self.inbound]
        self._both("mx", DOMAIN, "MX", before, after)
        if self.inbound == "first":
            # Without MX the name's own address takes the mail.
            ttl = self.random.choice(TTLS)
            self.live[DOMAIN, "A"] = RRset(DOMAIN, "A", ttl, (APEX_ADDRESS,))
        if self.inbound == "in":
            self._both("host", MX1, "A", [], ["192.0.2.10"])
        elif self.inbound == "address":
            self._both("host", MX1, "A", ["192.0.2.10"], ["192.0.2.20"])
        elif self.inbound == "families":
            four = self.random.choice(("keep", "drop"))
            self._both("host", MX1, "A", ["192.0.2.10"], [] if four == "drop" else ["192.0.2.10"])
            self._both("host", MX1, "AAAA", [], ["2001:db8::10"])
        if self.inbound in {"address", "families"} and self.random.random() < 0.5:
            self._both("tlsa", f"_25._tcp.{MX1}", "TLSA", [OLD_CHAIN], [NEW_CHAIN])

    def _spf(self) -> None:
        old, new = f"v=spf1 {OLD_SPF} -all", f"v=spf1 {NEW_SPF} -all"
        both = f"v=spf1 {OLD_SPF} {NEW_SPF} -all"
        if self.inbound in {"end", "back"}:
            none = "v=spf1 -all"
            pair = (old, none) if self.inbound == "end" else (none, new)
        else:
            pair = self.random.choice(
                (
                    (old, new),
                    (old, new),
                    (old, both),
                    (both, new),
                    (old, "v=spf1 redirect=_spf.new.example"),
                    (both, both),
                )
            )
            if self.by_mx and self.inbound in {"out", "in", "address"}:
                old, new = pair
                mx = "v=spf1 mx -all"
                pair = self.random.choice(((mx, new), (mx, mx), (old, mx)))
        self.pure_removal = pair[0] == both
        self._both("spf", DOMAIN, "TXT", [pair[0]], [pair[1]])

    def _dkim(self) -> None:
        if self.inbound in {"end", "back"}:
            return
        way = self.random.choice(("rotate", "add", "alias", "none"))
        if way == "rotate":
            self._both("dkim", S1, "TXT", [OLD_KEY], [])
            self._both("dkim", S2, "TXT", [], [NEW_KEY])
        elif way == "add":
            self._both("dkim", S2, "TXT", [], [NEW_KEY])
        elif way == "alias":
            self._both("dkim", S2, "CNAME", [], ["s2.new.example."])

    def _dmarc(self) -> None:
        none, reject = "v=DMARC1; p=none", "v=DMARC1; p=reject"
        name = f"_dmarc.{DOMAIN}"
        if self.inbound == "end":
            self._both("dmarc", name, "TXT", [none], [reject])
            return
        if self.inbound == "back":
            self._both("dmarc", name, "TXT", [reject], [none])
            return
        way = self.random.choice(("tighten", "loosen", "ramp", "strict", "none"))
        if way == "ramp":
            self._both("dmarc", name, "TXT", [none], [reject])
            texts = (none, "v=DMARC1; p=quarantine", reject)
            waits = (None, self.random.choice((_HOUR, 3 * _DAY)), _DAY)
            values = (_values("TXT", [text]) for text in texts)
            ramp = tuple(Rung(v, after=w) for v, w in zip(values, waits, strict=True))
            wish = self.away.pop()
            self.away.append(
                Wish(wish.kind, wish.name, wish.type, wish.values, 3600, _PLACE, ramp=ramp)
            )
        elif way != "none":
            pair = {"tighten": (none, reject), "loosen": (reject, none), "strict": (reject, reject)}
            self._both("dmarc", name, "TXT", [pair[way][0]], [pair[way][1]])

    def _clients(self) -> None:
        if self.random.random() < 0.3:
            name = f"autodiscover.{DOMAIN}"
            self._both("autodiscover", name, "CNAME", ["auto.old.example."], ["auto.new.example."])
        if self.random.random() < 0.3:
            name = f"_imaps._tcp.{DOMAIN}"
            self._both("srv", name, "SRV", [f"0 1 993 {OLD}"], [f"0 1 993 {NEW}"])
        if self.random.random() < 0.2:
            text = "v=TLSRPTv1; rua=mailto:tls@example.test"
            self._both("tls-rpt", f"_smtp._tls.{DOMAIN}", "TXT", [], [text])

    def _mta_sts(self) -> None:
        if self.random.random() > 0.35:
            return
        names = (
            {w.name: w for w in self.home if w.kind == "mx"},
            {w.name: w for w in self.away if w.kind == "mx"},
        )
        hosts = [tuple(v.split()[1] for v in side[DOMAIN].values) for side in names]
        age = self.random.choice((_DAY, 7 * _DAY, 30 * _DAY))
        mode = self.random.choice(mta_sts.MODES[1:])
        before, after = Policy("enforce", age, hosts[0]), Policy(mode, age, hosts[1])
        way = self.random.choice(("keep", "keep", "adopt", "leave"))
        self.home_policy = None if way == "adopt" else before
        self.away_policy = None if way == "leave" else after
        said = [
            [] if policy is None else [mta_sts.record(policy)]
            for policy in (self.home_policy, self.away_policy)
        ]
        self._both("mta-sts", f"_mta-sts.{DOMAIN}", "TXT", *said)


def _values(rdtype: str, texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(txt_value(t) if rdtype == "TXT" else canonical(rdtype, t) for t in texts))
