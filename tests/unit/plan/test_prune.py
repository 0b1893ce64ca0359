"""What `prune` removes, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailsync.desired.keys import prune as key
from mailsync.desired.model import Desired, Wish
from mailsync.dns.rrset import Key
from mailsync.plan import prune
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Live, Neighbour
from mailsync.plan.planner import plan_domain
from tests.unit.plan.story import PLACE, START, ZONE, Story, mx, rrset, wish, zone

KEY_ONE = "v=DKIM1; k=ed25519; p=a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
KEY_TWO = "v=DKIM1; k=ed25519; p=b2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
LIVE = zone(
    rrset(ZONE, "MX", 60, "10 mx.example."),
    rrset(ZONE, "TXT", 60, "v=spf1 -all", "token=1"),
    rrset(f"a._domainkey.{ZONE}", "TXT", 60, KEY_ONE),
    rrset(f"b._domainkey.{ZONE}", "CNAME", 60, "b.example."),
    rrset(f"c._domainkey.{ZONE}", "TXT", 60, "a note, no key"),
    rrset(f"d._domainkey.{ZONE}", "MX", 60, "10 mx.example."),
    rrset(f"e._domainkey.news.{ZONE}", "TXT", 60, KEY_ONE),
    rrset(f"_domainkey.{ZONE}", "TXT", 60, "o=~"),
    rrset(f"_dmarc.{ZONE}", "TXT", 60, "v=DMARC1; p=none"),
    rrset(f"_mta-sts.{ZONE}", "TXT", 60, "v=STSv1; id=1;"),
    rrset(f"_smtp._tls.{ZONE}", "TXT", 60, "v=TLSRPTv1; rua=mailto:a@b.example"),
    rrset(f"default._bimi.{ZONE}", "TXT", 60, "v=BIMI1; l=https://example.jp/l.svg;"),
    rrset(f"note._bimi.{ZONE}", "TXT", 60, "a note"),
    rrset(f"_imaps._tcp.{ZONE}", "SRV", 60, "0 0 993 mx.example."),
    rrset(f"_sip._tcp.{ZONE}", "SRV", 60, "0 0 5060 sip.example."),
    rrset(f"_25._tcp.mx.{ZONE}", "TLSA", 60, "3 1 1 " + "ab" * 32),
    rrset(f"_443._tcp.{ZONE}", "TLSA", 60, "3 1 1 " + "ab" * 32),
    rrset(f"_25._tcp.mx.news.{ZONE}", "TLSA", 60, "3 1 1 " + "ab" * 32),
    rrset(f"autodiscover.{ZONE}", "CNAME", 60, "a.example."),
    rrset(f"www.{ZONE}", "TXT", 60, "v=spf1 -all"),
)


def desired(*wishes: Wish, pruned: tuple[str, ...] = key.PRUNABLE) -> Desired:
    """Give a domain's file."""
    return Desired(ZONE, ZONE, wishes, PLACE, ("local",), pruned=frozenset(pruned))


def removed(domain: Desired, *neighbours: Neighbour) -> set[str]:
    """Give which RRsets are wished away that the file does not name."""
    found = prune.expanded(domain, Live(LIVE, neighbours=neighbours))
    added = [wish for wish in found.wishes if wish not in domain.wishes]
    assert all(not wish.values for wish in added)
    assert found.kinds == domain.kinds | domain.pruned
    return {f"{wish.name.removesuffix(ZONE)} {wish.type}" for wish in added}


@pytest.mark.parametrize(
    ("pruned", "gone"),
    [
        ("autodiscover", {"autodiscover. CNAME"}),
        ("bimi", {"default._bimi. TXT"}),
        ("dkim", {"a._domainkey. TXT", "b._domainkey. CNAME"}),
        ("dmarc", {"_dmarc. TXT"}),
        ("mta_sts", {"_mta-sts. TXT"}),
        ("spf", {" TXT"}),
        ("srv", {"_imaps._tcp. SRV"}),
        ("tls_rpt", {"_smtp._tls. TXT"}),
        ("tlsa", {"_25._tcp.mx. TLSA", "_25._tcp.mx.news. TLSA"}),
    ],
)
def test_of_each_kind_what_is_live_goes(pruned: str, gone: set[str]) -> None:
    """What is of that kind, of that domain, and says so itself; all else stays."""
    assert removed(desired(pruned=(pruned,))) == gone


def test_every_key_that_may_be_pruned_is_known_to_the_plan() -> None:
    """The loader's words are the planner's."""
    assert set(key.PRUNABLE) == prune._KINDS.keys()
    assert not prune._KINDS.keys() & key._NEVER.keys()


def test_what_the_file_names_stays() -> None:
    """As a selector whatever its type, as a value in a shared RRset, as a record of any kind."""
    named = desired(
        wish("dkim", f"b._domainkey.{ZONE}", "TXT", KEY_TWO),
        wish("spf", ZONE, "TXT", "v=spf1 mx -all"),
        wish("record", f"_dmarc.{ZONE}", "TXT", "v=DMARC1; p=none"),
        wish("tlsa", f"_25._tcp.mx.{ZONE}", "TLSA"),
        pruned=("dkim", "spf", "dmarc", "tlsa"),
    )
    assert removed(named) == {"a._domainkey. TXT", "_25._tcp.mx.news. TLSA"}


def test_what_another_domain_of_the_zone_has_stays() -> None:
    """What lies at or below a subdomain, and what it asks for elsewhere in the zone."""
    news = Desired(f"news.{ZONE}", ZONE, (wish("tlsa", f"_25._tcp.mx.{ZONE}", "TLSA"),), PLACE)
    sibling = Neighbour(ZONE, news, None, Ledger())
    assert removed(desired(pruned=("tlsa",)), sibling) == set()
    below = replace(news, wishes=(), pruned=frozenset({"tlsa", "dkim"}))
    above = Neighbour(ZONE, desired(), None, Ledger())
    assert removed(below, above) == {"_25._tcp.mx.news. TLSA", "e._domainkey.news. TXT"}


def test_without_prune_nothing_is_added() -> None:
    """And with it, the same again adds nothing more."""
    plain = desired(pruned=())
    live = Live(LIVE)
    assert prune.expanded(plain, live) is plain
    once = prune.expanded(desired(), live)
    assert prune.expanded(once, live) == once


def test_a_pruned_selector_is_retired_in_its_order() -> None:
    """It stays until the new one is known to all and what it signed has arrived; then it goes."""
    life = Story(
        zone(LIVE[f"a._domainkey.{ZONE}", "TXT"], LIVE[ZONE, "TXT"]),
        (wish("dkim", f"s2._domainkey.{ZONE}", "TXT", KEY_TWO),),
        pruned=frozenset({"dkim"}),
    )
    life.known_for("20d")
    life.apply()
    old: Key = (f"a._domainkey.{ZONE}", "TXT")
    assert life.values(f"s2._domainkey.{ZONE}", "TXT")
    assert old in life.live
    life.run("9d", every="12h")
    assert old in life.live
    life.run("3d", every="12h")
    assert old not in life.live
    assert life.live[ZONE, "TXT"] == LIVE[ZONE, "TXT"]
    assert "unmanaged" not in {f.id for f in life.plan().findings if "'dkim'" in f.message}


def test_foreign_values_survive_pruning() -> None:
    """In a shared TXT RRset only the SPF value goes."""
    life = Story(
        zone(LIVE[ZONE, "TXT"], LIVE[ZONE, "MX"]),
        (mx("10 mx.example."),),
        pruned=frozenset({"spf"}),
    )
    life.known_for("20d")
    life.apply()
    assert life.values(ZONE, "TXT") == ('"token=1"',)


def test_a_plan_of_a_pruned_kind_has_no_word_of_unmanaged() -> None:
    """The file speaks of the kind."""
    plan = plan_domain(desired(pruned=("dkim", "dmarc", "spf")), Live(LIVE), Ledger(), START)
    assert {f.message.partition(" ")[0] for f in plan.findings if f.id == "unmanaged"} == {ZONE}
    assert all("'mx'" in f.message for f in plan.findings if f.id == "unmanaged")
