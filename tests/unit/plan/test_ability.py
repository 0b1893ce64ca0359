"""A plan that the DNS host cannot carry out is an error, and says what to do instead."""

import pytest

from mailsync.desired.model import Wish
from mailsync.dns.rrset import RRset
from mailsync.lint.model import Finding
from mailsync.plan import ability
from mailsync.plan.live import Capability, Write
from tests.unit.plan.story import ZONE, Story, mx, rrset, spf, wish, zone

LIVE = zone(
    rrset(ZONE, "MX", 3600, "10 mx.old.example."),
    rrset(ZONE, "TXT", 3600, "v=spf1 -all", "x" * 600, 'say "hi"'),
)
KEY = "v=DKIM1; k=rsa; p=" + "A" * 700


def errors(capability: Capability, *wishes: Wish) -> list[Finding]:
    """The errors of a plan on such a host."""
    no_mail = "0 ." in wishes[0].values
    plan = Story(dict(LIVE), wishes, capability=capability, no_mail=no_mail).plan()
    found = [one for one in plan.findings if one.severity == "error"]
    assert (plan.status == "error") is bool(found)
    return found


@pytest.mark.parametrize(
    ("capability", "wanted", "id_", "said"),
    [
        (
            Capability(types=frozenset({"A", "MX"})),
            wish("tlsa", f"_25._tcp.mx.{ZONE}", "TLSA", "3 1 1 " + "ab" * 32),
            "host-type",
            "has no TLSA records, as far as its adapter knows (A, MX): leave this out, or move",
        ),
        (
            Capability(txt_max=500),
            wish("dkim", f"s1._domainkey.{ZONE}", "TXT", KEY),
            "txt-too-long-for-host",
            "takes texts of up to 500 octets, and this one has 718: for DKIM use a shorter key,",
        ),
        (
            Capability(txt_without='"\\'),
            wish("record", f"a.{ZONE}", "TXT", 'say "no"'),
            "host-txt-character",
            'takes no " in a text',
        ),
        (
            Capability(txt_without="\t"),
            wish("record", f"a.{ZONE}", "TXT", "a\tb"),
            "host-txt-character",
            r'takes no "\009" in a text',
        ),
        (
            Capability(txt_empty=False),
            wish("record", f"a.{ZONE}", "TXT", ""),
            "host-txt-empty",
            "takes no empty text: leave the record out",
        ),
        (Capability(null_mx=False), mx("0 ."), "host-null-mx", "takes no null MX (RFC 7505)"),
        (
            Capability(mx_below=False),
            wish("record", f"news.{ZONE}", "MX", "10 mx.example."),
            "host-mx-below",
            "takes no MX below the zone: delegate the name (NS)",
        ),
        (
            Capability(mx_preferences=False),
            mx("10 a.example.", "10 b.example."),
            "host-mx-preference",
            "takes no two MX of one preference",
        ),
    ],
)
def test_what_a_host_cannot_do(capability: Capability, wanted: Wish, id_: str, said: str) -> None:
    """One error for each RRset, with the place in the file; on another host it is none."""
    found = [one for one in errors(capability, wanted) if "host" in one.id]
    assert [one.id for one in found] == [id_]
    assert said in found[0].message
    assert found[0].where == "zones/example.jp.yaml:1:1"
    assert not [one for one in errors(Capability(), wanted) if "host" in one.id]


@pytest.mark.parametrize(
    ("write", "said"),
    [
        ("delete-then-create", "also where only the TTL changes, so that the {} for a moment"),
        (None, "it is not known whether the {} for a moment when it writes: find out"),
    ],
)
def test_what_mail_needs_is_never_gone(write: Write | None, said: str) -> None:
    """Where an RRset may be gone for a moment, no MX is changed, nor a mail host's address."""
    capability = Capability(write=write)
    (found,) = errors(capability, mx("10 mx.new.example."))
    assert (found.id, said.format("domain has no MX") in found.message) == ("host-gap", True)
    hosts = {**LIVE, (f"mx.{ZONE}", "A"): RRset(f"mx.{ZONE}", "A", 3600, ("192.0.2.1",))}
    moved = wish("host", f"mx.{ZONE}", "A", "192.0.2.2")
    findings = Story(hosts, (moved,), capability=capability).plan().findings
    (found,) = [one for one in findings if one.id == "host-gap"]
    assert said.format("host has no address") in found.message
    for new in (wish("host", f"new.{ZONE}", "A", "192.0.2.2"), spf("v=spf1 mx -all")):
        assert errors(capability, new) == []


def test_no_reverse_zones() -> None:
    """A host that holds no reverse zones is not asked for a PTR."""
    ptr = RRset("10.2.0.192.in-addr.arpa.", "PTR", 300, ("mx.example.jp.",))
    (reason,) = ability._reasons(Capability(ptr=False), ptr, None, "2.0.192.in-addr.arpa.")
    assert reason.why == "holds no reverse zones: ask whoever holds the address to name it"
    assert not list(ability._reasons(Capability(ptr=True), ptr, None, "2.0.192.in-addr.arpa."))


@pytest.mark.parametrize(
    "capability",
    [
        Capability(types=frozenset({"MX"})),
        Capability(txt_max=500, txt_without='"', mx_preferences=False),
        Capability(),
    ],
)
def test_what_is_there_may_stay(capability: Capability) -> None:
    """An RRset that no stage writes is not judged; nor are foreign values beside ours."""
    assert errors(capability, mx("10 mx.old.example.")) == []
    if capability.types is None:
        assert errors(capability, spf("v=spf1 mx -all")) == []


def test_one_ttl_for_the_zone() -> None:
    """On a host with one TTL for the zone nothing is lowered, and what is new has that TTL, too."""
    capability = Capability(settable=False, ttl_scope="zone").in_zone(LIVE.values())
    dmarc = wish("dmarc", f"_dmarc.{ZONE}", "TXT", "v=DMARC1; p=none", ttl=86400)
    story = Story(dict(LIVE), (mx("10 mx.new.example."), dmarc), capability=capability)
    plan = story.plan()
    (fixed,) = [one for one in plan.findings if one.id == "ttl-fixed"]
    assert "one TTL for the whole zone, 3600 s; to be faster, lower it in" in fixed.message
    written = [c.after.ttl for s in plan.stages for c in s.changes if c.after is not None]
    assert set(written) == {3600}


@pytest.mark.parametrize("scope", ["rrset", "record"])
def test_a_ttl_for_each(scope: str) -> None:
    """Where TTLs are not the zone's, what it holds says nothing of what may be."""
    capability = Capability(ttl_scope=scope)  # type: ignore[arg-type]  # one of the words
    assert capability.in_zone(LIVE.values()) is capability
    assert Capability(ttl_scope="zone").in_zone([]) == Capability(ttl_scope="zone")
