"""Random domains for hypothesis: what a file asks for, of all kinds, and zones to plan it for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from mailsync.desired.model import Cutover, Desired, Kind, Rung, Wish
from mailsync.dns.rrset import Key, RRset, canonical, txt_value
from mailsync.mail import mta_sts
from mailsync.mail.mta_sts import Policy
from mailsync.plan.live import Capability
from mailsync.rehearse.published import Published
from mailsync.rehearse.services import Web
from mailsync.rehearse.world import Rehearsal
from tests.unit.plan.story import PLACE, ZONE

MX, TXT, STS = (ZONE, "MX"), (ZONE, "TXT"), (f"_mta-sts.{ZONE}", "TXT")
MX1, MX2 = f"mx1.{ZONE}", f"mx2.{ZONE}"
OLD, NEW = "mx.old.example.", "mx.new.example."
KEYS = (
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "v=DKIM1; k=ed25519; p=7pGVvLTCLKBgbjYQKQFAREzLEXWNmpFTCQ1ZKGbhHcU=",
)
SPF = (
    "v=spf1 include:_spf.old.example -all",
    "v=spf1 include:_spf.new.example -all",
    "v=spf1 include:_spf.old.example include:_spf.new.example ~all",
    "v=spf1 ip4:192.0.2.0/24 redirect=_spf.new.example",
)
DMARC = ("v=DMARC1; p=none", "v=DMARC1; p=quarantine", "v=DMARC1; p=reject; adkim=s")
CHAINS = ("3 1 1 " + "aa" * 32, "3 1 1 " + "bb" * 32, "2 0 1 " + "cc" * 32)
TOKENS = ("MS=ms11111111", "google-site-verification=abc", "token 3")
TTLS = st.sampled_from([60, 300, 1800, 3600, 14400, 86400])
LONG_AGO = -(10**7)


@dataclass(frozen=True, repr=False)
class File:
    """What one file asks for; a wish without values asks for absence."""

    wishes: tuple[Wish, ...]
    policy: Policy | None = None
    no_mail: bool = False

    def __repr__(self) -> str:
        """Say it as briefly as a failure wants it."""
        said = (f"{w.name} {w.type} {w.ttl} {', '.join(w.values) or 'absent'}" for w in self.wishes)
        return "\n" + "\n".join([*said, str(self.policy)])

    def desired(self, cutover: Cutover) -> Desired:
        """Give it as the files' reader does."""
        kinds = frozenset({"host": "hosts"}.get(wish.kind, wish.kind) for wish in self.wishes)
        return Desired(
            ZONE,
            ZONE,
            tuple(sorted(self.wishes, key=lambda w: (w.name, w.type, w.kind))),
            PLACE,
            ("rehearsed",),
            kinds,
            self.no_mail,
            cutover,
            self.policy,
        )

    def zone(self) -> dict[Key, RRset]:
        """Give the zone of a domain that is as the file has it."""
        texts: dict[Key, list[Wish]] = {}
        for wish in self.wishes:
            if wish.values:
                texts.setdefault((wish.name, wish.type), []).append(wish)
        return {
            key: RRset(*key, min(w.ttl for w in found), tuple(v for w in found for v in w.values))
            for key, found in texts.items()
        }


@dataclass
class _Draws:
    """Draws the wishes of one file. ``whole``: every kind is named, if only as absent."""

    draw: st.DrawFn
    kinds: frozenset[str]
    wishes: list[Wish]

    def some(self, *choices: tuple[str, ...]) -> tuple[str, ...]:
        return self.draw(st.sampled_from(choices))

    def add(
        self, kind: Kind, name: str, rdtype: str, texts: tuple[str, ...], **more: object
    ) -> None:
        """Wish for something, or for its absence."""
        if kind not in self.kinds:
            return
        values = (txt_value(t) if rdtype == "TXT" else canonical(rdtype, t) for t in texts)
        wish = Wish(kind, name, rdtype, tuple(sorted(values)), self.draw(TTLS), PLACE)
        self.wishes.append(replace(wish, own_ttl=self.draw(st.booleans()), **more))  # type: ignore[arg-type]


ALL: frozenset[str] = frozenset(
    {
        "mx",
        "host",
        "spf",
        "dkim",
        "dmarc",
        "mta-sts",
        "tls-rpt",
        "tlsa",
        "srv",
        "bimi",
        "verification",
        "autodiscover",
        "record",
    }
)


@st.composite
def files(draw: st.DrawFn, kinds: frozenset[str] = ALL) -> File:
    """Draw a file that names these kinds, each as something or as absent."""
    made = _Draws(draw, kinds, [])
    some = made.some
    ones = ((f"10 {OLD}",), (f"10 {NEW}",), (f"10 {MX1}",), (f"10 {MX1}", f"20 {MX2}"))
    exchange = some(*ones, (f"10 {OLD}", f"20 {NEW}"), (f"20 {MX1}", f"10 {OLD}"))
    made.add("mx", *MX, exchange)
    named = {value.split()[1] for value in exchange} if "mx" in kinds else set()
    for number, host in enumerate((MX1, MX2), 1):
        four = [(f"192.0.2.{number}0",), (f"192.0.2.{number}1",), (f"192.0.2.{number}2",)]
        made.add("host", host, "A", some(*four, *([] if host in named else [()])))
        made.add(
            "host", host, "AAAA", some((), (f"2001:db8::{number}",), (f"2001:db8::{number}f",))
        )
        chains = ((), CHAINS[:1], CHAINS[1:2], CHAINS[:2], CHAINS[1:])
        made.add("tlsa", f"_25._tcp.{host}", "TLSA", some(*chains))
    made.add("spf", *TXT, (draw(st.sampled_from(SPF)),))
    kept = tuple(t for t in TOKENS if draw(st.booleans()))
    gone = tuple(txt_value(t) for t in TOKENS if t not in kept)
    made.add("verification", *TXT, kept, named=gone)
    for number, name in enumerate(("s1", "s2")):
        selector = f"{name}._domainkey.{ZONE}"
        made.add("dkim", selector, "TXT", some((), (KEYS[number],)))
    made.add(
        "dkim",
        f"s3._domainkey.{ZONE}",
        "CNAME",
        some((), ("s3.old.example.",), ("s3.new.example.",)),
    )
    _dmarc(draw, made)
    policy = _policy(draw, made, exchange)
    made.add(
        "tls-rpt", f"_smtp._tls.{ZONE}", "TXT", some((), ("v=TLSRPTv1; rua=mailto:tls@example.jp",))
    )
    made.add(
        "srv", f"_imaps._tcp.{ZONE}", "SRV", some((), (f"0 1 993 {OLD}",), (f"0 1 993 {NEW}",))
    )
    made.add("autodiscover", f"autodiscover.{ZONE}", "CNAME", some((), (OLD,), (NEW,)))
    made.add(
        "bimi", f"default._bimi.{ZONE}", "TXT", some((), ("v=BIMI1; l=https://example.jp/a.svg",))
    )
    made.add("record", f"_spf.{ZONE}", "TXT", some((), ("v=spf1 ip4:192.0.2.1 -all",), ("other",)))
    return File(tuple(made.wishes), policy)


def partial_files() -> st.SearchStrategy[File]:
    """Draw a file that names some kinds only."""
    return st.sets(st.sampled_from(sorted(ALL))).map(frozenset).flatmap(files)


def _dmarc(draw: st.DrawFn, made: _Draws) -> None:
    name = f"_dmarc.{ZONE}"
    policies = made.some((), DMARC[:1], DMARC[1:2], DMARC[2:], DMARC)
    if len(policies) < 2:
        made.add("dmarc", name, "TXT", policies)
        return
    waits = (None, 3600, 86400)
    rungs = ((txt_value(text),) for text in policies)
    ramp = tuple(Rung(rung, after=wait) for rung, wait in zip(rungs, waits, strict=True))
    made.add("dmarc", name, "TXT", policies[-1:], ramp=ramp)


def _policy(draw: st.DrawFn, made: _Draws, exchange: tuple[str, ...]) -> Policy | None:
    if "mta-sts" not in made.kinds:
        return None
    mode = draw(st.sampled_from([None, *mta_sts.MODES]))
    hosts = tuple(value.split()[1] for value in exchange)
    age = draw(st.sampled_from([86400, 604800]))
    policy = None if mode is None else Policy(mode, age, () if mode == "none" else hosts)
    made.add("mta-sts", *STS, () if policy is None else (mta_sts.record(policy),))
    return policy


FOREIGN = {
    one.key: one
    for one in (
        RRset(ZONE, "A", 600, ("192.0.2.200",)),
        RRset(ZONE, "NS", 86400, ("ns1.example.net.", "ns2.example.net.")),
        RRset(f"www.{ZONE}", "CNAME", 60, (ZONE,)),
        RRset(f"*.{ZONE}", "TXT", 7200, ('"any"',)),
        RRset(f"_sip._tcp.{ZONE}", "SRV", 3600, ("0 0 5060 sip.example.",)),
        RRset(f"s9._domainkey.{ZONE}", "TXT", 3600, (txt_value(KEYS[0]),)),
        RRset(f"news.{ZONE}", "MX", 3600, ("10 mx.news.example.",)),
        RRset(f"sub.{ZONE}", "NS", 3600, ("ns.sub.example.",)),
        RRset(f"odd.{ZONE}", "TYPE65280", 3600, ("\\# 2 abcd",)),
    )
}
"""RRsets that no file here speaks of."""

SHARED: tuple[Key, ...] = (TXT, (f"_dmarc.{ZONE}", "TXT"), STS, (f"_smtp._tls.{ZONE}", "TXT"))
"""RRsets in which foreign values may stand beside ours."""

VALUES = ('"foreign"', '"v=spf2.0/pra -all"', '"\\195\\164\\000"', '"x" "y"', '"a=b; v=DMARC1"')

CUTOVERS = st.builds(
    Cutover,
    ttl=st.sampled_from([30, 300, 900]),
    soak=st.sampled_from([0, 3600, 864000]),
    unseen_ttl=st.sampled_from([3600, 86400]),
)


@st.composite
def strangers(draw: st.DrawFn) -> tuple[dict[Key, RRset], dict[Key, tuple[str, ...]]]:
    """Draw foreign RRsets, and foreign values of RRsets that are shared."""
    rrsets = {key: rrset for key, rrset in FOREIGN.items() if draw(st.booleans())}
    values = {
        key: found
        for key in SHARED
        if (found := draw(st.lists(st.sampled_from(VALUES), max_size=2, unique=True)))
    }
    return rrsets, {key: tuple(sorted(found)) for key, found in values.items()}


def among(
    zone: Mapping[Key, RRset], rrsets: Mapping[Key, RRset], values: Mapping[Key, tuple[str, ...]]
) -> dict[Key, RRset]:
    """Put a zone and what is foreign in it together."""
    found = {**rrsets, **zone}
    for key, foreign in values.items():
        there = found.get(key)
        ttl = 3600 if there is None else there.ttl
        found[key] = RRset(*key, ttl, (*foreign, *(there.values if there else ())))
    return found


def world(
    file: File,
    live: Mapping[Key, RRset],
    cutover: Cutover,
    policy: Policy | None = None,
    servers: int = 1,
) -> Rehearsal:
    """Give the world of a domain; ``policy`` is what HTTPS serves before."""
    truth = Published(servers)
    keys = {*live, *((w.name, w.type) for w in file.wishes)}
    for key in sorted(keys):
        truth.put(key, live.get(key), LONG_AGO)
    return Rehearsal(
        file.desired(cutover),
        dict(live),
        truth,
        capability=Capability(),
        web=Web([(LONG_AGO, policy)]),
    )


def ask(there: Rehearsal, file: File) -> None:
    """Commit another file; what people marked done stays."""
    tasks = there.desired.cutover.tasks
    there.desired = file.desired(replace(there.desired.cutover, tasks=tasks))


def to_rest(there: Rehearsal, days: int = 200) -> str:
    """Run whenever something is due, and let people do what is asked; give the status at the end.

    Ends when nothing is left to be done, at an error, and at the latest after so many days.
    """
    end = there.now + days * 86400
    while there.now < end:
        outcome = there.run()
        plan = outcome.plan if outcome is not None else None
        if plan is None or plan.status in {"converged", "error"}:
            return "failed" if plan is None else plan.status
        tasks, served = there.desired.cutover.tasks, len(there.web.policies)
        there.person(plan)
        if (there.desired.cutover.tasks, len(there.web.policies)) == (tasks, served):
            held = [there.second(s.not_before) for s in plan.stages if s.state == "held"]
            there.now = min([t for t in held if t > there.now], default=there.now + 86400)
    return "waiting"


def told(there: Rehearsal) -> str:
    """Say how a domain stands, for a failure to show."""
    lines = [f"{at} {words}" for at, words in there.diary[-6:]]
    lines += [
        f"{at} {stage}: {c.key} {c.before} -> {c.after}" for at, stage, c in there.writes[-9:]
    ]
    plan = there.look().plan
    for stage in plan.stages:
        lines.append(f"{stage.name} {stage.state} {there.second(stage.not_before)}")
        lines += [f"  {there.second(h.until)} {h.rrset}: {h.reason}" for h in stage.holds]
        lines += [f"  {gate}" for gate in stage.gates]
        lines += [f"  {c.key}: {c.before} -> {c.after} ({c.why})" for c in stage.changes]
    lines += [f"{f.severity} {f.id}: {f.message}" for f in plan.findings]
    return "\n".join(lines)
