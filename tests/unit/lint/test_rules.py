"""Each rule: silent where nothing is wrong, and at the right place where something is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailsync.desired.model import Desired, Place, Remark, Use, Wish
from mailsync.desired.rule_ids import IDS
from mailsync.lint.case import Files
from mailsync.lint.judge import Judgement, judge
from mailsync.lint.model import Finding
from mailsync.lint.registry import RULES, TOPICS, UnknownRule, rule, told_by
from mailsync.mail.mta_sts import Policy
from tests.unit.desired.reads import NAME, read_all
from tests.unit.lint.rule_cases import CASES, RuleCase
from tests.unit.mail.dns_data import Data, Records

FACTS = (
    "mx-target-no-address",
    "mx-target-cname",
    "mx-missing",
    "null-mx",
    "null-mx-sends",
    "mx-malformed",
    "mx-too-many-addresses",
    "mx-mixed-services",
    "mx-points-to-apex",
    "spf-multiple",
    "spf-version",
    "spf-syntax",
    "spf-lookups",
    "spf-void",
    "spf-include-none",
    "spf-loop",
    "spf-all",
    "spf-ptr",
    "spf-size",
    "spf-uses-mx-or-a",
    "spf-helo",
    "dkim-key",
    "dkim-record",
    "dkim-testing",
    "dkim-revoked",
    "dkim-selector-reuse",
    "dkim-cname",
    "dkim-wildcard",
    "dmarc-multiple",
    "dmarc-version",
    "dmarc-policy",
    "dmarc-obsolete",
    "dmarc-uri",
    "dmarc-external-rua",
    "dmarc-spf-only",
    "sts-record",
    "sts-policy",
    "sts-mx-mismatch",
    "sts-max-age",
    "sts-id-unchanged",
    "sts-without-tlsrpt",
    "tlsrpt-record",
    "bimi",
    "tlsa-unsigned",
    "tlsa-usage",
    "tlsa-mismatch",
    "fcrdns",
    "ptr-in-forward-zone",
    "srv",
    "autodiscover",
    "verification",
    "ttl",
    "ns-consistency",
    "soa-negative",
    "dnssec",
    "parked",
    "txt-too-long-for-host",
    "semicolon",
)
"""What is known to be wrong in mail records; each has its rule."""

ELSEWHERE = {
    "dkim-selector-reuse": "records",  # the plan compares with what is live
    "txt-too-long-for-host": "records",  # the plan knows what the DNS host can do
    "sts-policy": "world",  # the rest is for `check`: it talks to servers
    "sts-id-unchanged": "world",
    "tlsa-unsigned": "world",
    "tlsa-mismatch": "world",
    "ns-consistency": "world",
    "dnssec": "world",
}
"""Rules that neither files nor look-ups decide, and what does."""


def findings(text: str, dns: Records | None = None) -> list[Finding]:
    """Judge a file of example.com, with look-ups where there is a DNS."""
    domains, errors = read_all(text)
    assert errors == []
    resolver = None if dns is None else Data(dns)
    files = Files.of(domains)
    return [one.finding for domain in domains for one in judge(domain, files, resolver)]


def of(id_: str, found: list[Finding]) -> list[tuple[str, str, str]]:
    """Give a rule's findings: place, severity, message."""
    return [(f.where, f.severity, f.message) for f in found if f.id == id_]


def names(case: RuleCase) -> str:
    """Name a case in the test's output."""
    return f"{case.id}-{CASES.index(case)}"


@pytest.mark.parametrize("case", CASES, ids=names)
def test_good_files_pass(case: RuleCase) -> None:
    """Where nothing is wrong, the rule says nothing of that severity."""
    found = of(case.id, findings(case.good, case.good_dns or case.dns))
    assert [one for one in found if one[1] == case.severity] == []


@pytest.mark.parametrize("case", CASES, ids=names)
def test_bad_files_are_found(case: RuleCase) -> None:
    """What is wrong is found once, at its place in the file, with its severity, in plain words."""
    found = of(case.id, findings(case.bad, case.dns))
    told = [one for one in found if one[:2] == (f"{NAME}:{case.place}", case.severity)]
    assert len([one for one in told if case.says in one[2]]) == 1, found


def test_every_rule_that_files_or_look_ups_decide_has_its_test() -> None:
    """A rule without a case here is one that another command decides, or the loader."""
    judged = {one.id for one in RULES.values() if one.judge is not None}
    assert judged == {case.id for case in CASES}


@pytest.mark.parametrize("id_", FACTS)
def test_everything_known_to_be_wrong_has_a_rule(id_: str) -> None:
    """Each is judged by lint, or explained as what another command decides."""
    found = rule(id_)
    assert (found.judge is None) == (id_ in ELSEWHERE)
    assert found.needs == ELSEWHERE.get(id_, found.needs)


def test_rules_tell_a_whole_story() -> None:
    """Every rule has an id of its own, sentences that end, a source, and somebody who tells it."""
    assert sum(map(len, TOPICS.values())) == len(RULES)
    for one in RULES.values():
        assert one.id == one.id.lower().strip("-")
        assert one.severities
        assert len(set(one.severities)) == len(one.severities)
        for text in (one.what, one.why, one.fix):
            assert text[0].isupper() or text[0] in "`*" or text.startswith("senders"), one.id
            assert text.rstrip("`").endswith((".", "…")), (one.id, text)
        assert one.source
        assert list(told_by(one))


def test_findings_have_the_severities_that_their_rule_announces() -> None:
    """No rule is more severe than it says."""
    for case in CASES:
        for finding in (*findings(case.bad, case.dns), *findings(case.good, case.dns)):
            assert finding.severity in RULES[finding.id].severities, finding


def test_unknown_rules_are_told_with_the_nearest() -> None:
    """A misspelt id is answered with what was meant, a wild one with where to look."""
    with pytest.raises(UnknownRule, match="did you mean 'spf-lookups'"):
        rule("spf-lookup")
    with pytest.raises(UnknownRule, match="mailsync lint --list"):
        rule("\x1b[31m" * 1000)


# ---- What no file can say, or only services -----------------------------------------------------

PLACE = Place("zones/example.com.yaml", 3, 5)


def desired(*wishes: Wish, **more: object) -> Desired:
    """Make a domain that no file has to say."""
    return replace(
        Desired("example.com.", "example.com.", wishes, Place("z", 1, 1)),
        **more,  # type: ignore[arg-type]
    )


def wish(name: str, rdtype: str, *values: str) -> Wish:
    """Wish for a record, its values as they are."""
    return Wish("record", name, rdtype, values, 3600, PLACE)


def judged(*wishes: Wish, **more: object) -> list[tuple[str, str]]:
    """Judge a domain: ids and messages."""
    return [(one.finding.id, one.finding.message) for one in judge(desired(*wishes, **more))]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (("70000 mx.example.net.",), "70000 is over 65535"),
        (("10 192.0.2.1.",), "it is an address"),
        (("10 m_x.example.net.",), "no host's name"),
        (("mx",), "no MX value"),
    ],
)
def test_mx_that_the_files_cannot_say(values: tuple[str, ...], says: str) -> None:
    """A wish that does not come from a file is judged just as strictly."""
    assert any(
        id_ == "mx-malformed" and says in text
        for id_, text in judged(wish("example.com.", "MX", *values))
    )


def test_hosts_of_a_private_zone_may_be_private() -> None:
    """Inside a zone under .internal nobody expects the world to deliver."""
    found = judge(
        Desired(
            "corp.internal.",
            "corp.internal.",
            (wish("corp.internal.", "MX", "10 mx.corp.internal."),),
            PLACE,
        )
    )
    assert found == ()


@pytest.mark.parametrize("value", ["0 0 1 " + "0a" * 32, "1 1 1 " + "0a" * 32, "3 1 9 00", "moo"])
def test_tlsa_that_senders_ignore_is_an_error(value: str) -> None:
    """Usage 0 and 1, unknown forms and garbage are errors; at other ports nobody minds."""
    (finding,) = judge(desired(wish("_25._tcp.mx1.example.com.", "TLSA", value)))
    assert (finding.finding.id, finding.finding.severity) == ("tlsa-usage", "error")
    assert judge(desired(wish("_443._tcp.www.example.com.", "TLSA", value))) == ()


def use(service: str, *mx: str, exclusive: bool = False) -> Use:
    """Use a mailbox service."""
    return Use(service, "mailbox", PLACE, mx, exclusive)


def test_services_of_the_file_are_known_by_their_hosts() -> None:
    """Two services that the file names are told apart, though nobody knows their hosts' names."""
    mx = wish("example.com.", "MX", "10 a.one.example.", "20 b.two.example.")
    both = (use("one", "a.one.example."), use("two", "b.two.example."))
    assert [id_ for id_, _ in judged(mx, services=both)] == ["mx-mixed-services"]
    alone = (use("one", "a.one.example.", "b.two.example."),)
    assert judged(mx, services=alone) == []
    exclusive = (use("one", "a.one.example.", exclusive=True),)
    (found,) = judge(desired(mx, services=exclusive))
    assert (found.finding.id, found.finding.severity) == ("mx-mixed-services", "error")
    known = wish("example.com.", "MX", "10 smtp.zoho.eu.", "20 mx.other.example.")
    assert judged(known, services=(use("zoho", "smtp.zoho.eu."),)) == []
    zoho = (use("zoho", "smtp.zoho.eu.", exclusive=True),)
    assert "Zoho Mail has to be the only one" in judged(known, services=zoho)[0][1]


def test_a_service_that_comes_first_has_the_lowest_preference() -> None:
    """Another's MX before it is an error at the service; the proof of ownership is no MX."""
    first = replace(use("one", "a.one.example.", "b.one.example."), lowest_preference=True)
    own = ("10 a.one.example.", "30 b.one.example.")

    def said(*others: str, by: Use = first) -> list[str]:
        mx = wish("example.com.", "MX", *own, *others)
        of_first = [one.finding for one in judge(desired(mx, services=(by,)))]
        return [one.message for one in of_first if one.id == "service-preference"]

    (message,) = said("5 mx.other.example.")
    assert message.startswith("senders try mx.other.example (5) before the MX of one (10)")
    assert said("20 mx.other.example.") == []
    assert said("5 ms1.msv1.invalid.") == []
    assert said("5 mx.other.example.", by=replace(first, mx=())) == []
    assert said("5 mx.other.example.", by=replace(first, lowest_preference=False)) == []


def test_a_service_of_a_dns_host_works_only_there() -> None:
    """The name servers tell; who was not asked tells nothing."""
    there = replace(use("one"), dns_host="Ours", name_servers=("*.ns.ours.example",))

    def said(*servers: str) -> list[str]:
        dns = Data({"example.com": {"NS": servers}}) if servers else None
        found = judge(desired(services=(there,)), None, dns)
        return [one.finding.message for one in found]

    (message,) = said("a.ns.ours.example.", "ns.else.example.")
    assert message.startswith(
        "one works only in zones that Ours serves, and example.com has the name server "
        "ns.else.example"
    )
    assert said("A.ns.ours.example.", "b.ns.ours.example.") == []
    assert said() == []


def test_autodiscover_follows_the_mailbox_service() -> None:
    """Behind a gateway the file's service says where the mailboxes are."""
    mx = wish("example.com.", "MX", "10 mgf.cybermail.jp.")
    alias = replace(wish("autodiscover.example.com.", "CNAME", "x.example."), kind="autodiscover")
    gateway = Use("mailgates", "inbound_gateway", PLACE, ("mgf.cybermail.jp.",))
    (found,) = judged(mx, alias, services=(gateway, use("microsoft365")))
    assert "the mailboxes are at Microsoft 365" in found[1]
    assert judged(mx, alias, services=(gateway, use("google_workspace"))) == []
    outlook = replace(alias, values=("autodiscover.outlook.com.",))
    (found,) = judged(mx, outlook, services=(gateway, use("google_workspace")))
    assert "the mailboxes are at google_workspace" in found[1]
    token = replace(wish("example.com.", "TXT", '"MS=ms1"'), kind="verification")
    assert judged(token, services=(use("microsoft365"),)) == []


@pytest.mark.parametrize(
    ("name", "rdtype", "values", "expected"),
    [
        ("example.com.", "TXT", ("\\",), []),
        ("example.com.", "CNAME", ("-",), []),
        ("_imaps._tcp.example.com.", "SRV", ("x",), ["srv"]),
        ("1.in-addr.arpa.", "PTR", ("mx1.example.com.",), []),
        ("s._domainkey.example.com.", "TXT", ('"k=rsa; p=AAAA"',), ["dkim-record"] * 2),
        ("s._domainkey.example.com.", "TXT", ('"hello"',), ["dkim-record"]),
        ("*._domainkey.example.com.", "TXT", ('"hello"',), ["dkim-wildcard"]),
        ("*._domainkey.example.com.", "TXT", ('"v=DKIM1; p=AAAA"',), ["dkim-wildcard"]),
        ("_dmarc.example.com.", "TXT", ('"v=DMARC1; p=none; p=none"',), []),
        ("_dmarc.example.com.", "TXT", ('"v=DMARC1; p=none; rua=mailto:a@-"',), ["dmarc-uri"]),
        ("_dmarc.example.com.", "TXT", ('"v=DMARC1; p=none; rua=mailto:a@x..y"',), ["dmarc-uri"]),
    ],
)
def test_what_cannot_be_read_is_judged_by_what_it_is(
    name: str, rdtype: str, values: tuple[str, ...], expected: list[str]
) -> None:
    """Values that no file makes are found by the rule of their kind, or left alone."""
    assert [id_ for id_, _ in judged(wish(name, rdtype, *values))] == expected


def test_an_alias_beside_a_key_is_found() -> None:
    """Where a wish for both comes from elsewhere than a file, it is an error all the same."""
    both = [
        wish("s._domainkey.example.com.", "CNAME", "s.example.net."),
        wish("s._domainkey.example.com.", "TXT", '"v=DKIM1; p="'),
    ]
    assert "is an alias and a key record" in str(judged(*both))


def test_a_logo_needs_a_policy_that_is_one() -> None:
    """A text at _dmarc that is no policy enforces nothing."""
    found = judged(
        wish("_dmarc.example.com.", "TXT", '"hello"'),
        wish("default._bimi.example.com.", "TXT", '"v=BIMI1; l=https://example.com/l.svg"'),
    )
    assert [id_ for id_, _ in found] == ["bimi"]


def test_keys_of_parked_domains_may_be_revoked() -> None:
    """Who takes no mail and sends none has no key that is missing; nor has an enforced policy."""
    parked = [
        wish("example.com.", "MX", "0 ."),
        wish("s._domainkey.example.com.", "TXT", '"v=DKIM1; p="'),
        wish("_dmarc.example.com.", "TXT", '"v=DMARC1; p=reject"'),
    ]
    assert {id_ for id_, _ in judged(*parked)} == {"parked"}
    unreadable = wish("s._domainkey.example.com.", "TXT", '"hello"')
    found = judged(parked[2], unreadable)
    assert [id_ for id_, _ in found] == ["dkim-record", "dmarc-spf-only"]


def test_a_policy_of_mta_sts_that_forgets_a_host_is_an_error() -> None:
    """A host that takes mail and that the policy does not permit gets none from who enforces it."""
    policy = Policy("enforce", 604800, ("mx1.example.com",))
    mx = wish("example.com.", "MX", "10 mx1.example.com.", "20 mx2.example.com.")
    (found, *_) = judge(desired(mx, policy=policy))
    assert (found.finding.id, found.finding.severity) == ("sts-mx-mismatch", "error")


# ---- All of it together -------------------------------------------------------------------------


def test_other_files_are_known_and_never_asked_for() -> None:
    """What another zone's file asks for is answered from there: nobody is asked for it."""
    mx = wish("example.com.", "MX", "10 mx.example.net.", "20 mx2.example.net.")
    other = Desired(
        "example.net.",
        "example.net.",
        (
            wish("mx.example.net.", "A", "192.0.2.1"),
            wish("mx2.example.net.", "A"),
            wish("mx2.example.net.", "AAAA"),
        ),
        PLACE,
    )
    data = Data({})
    found = judge(desired(mx), Files.of((desired(mx), other)), data)
    assert [(one.finding.id, one.place) for one in found] == [("mx-target-no-address", PLACE)]
    assert "mx2.example.net" in found[0].finding.message
    wished = {key for key in data.asked if key in Files.of((other,)).wishes}
    assert wished == set()
    assert ("mx.example.net.", "CNAME") in data.asked


def test_aliases_in_the_files_are_followed() -> None:
    """A name that a file makes an alias has what stands at its end; a loop has nothing."""
    spf = wish("example.com.", "TXT", '"v=spf1 include:a.example.com -all"')
    alias = wish("a.example.com.", "CNAME", "b.example.com.")
    end = wish("b.example.com.", "TXT", '"v=spf1 moo"')
    ids = [id_ for id_, _ in judged(spf, alias, end)]
    assert ids == ["spf-include-broken", "spf-syntax"]
    loop = wish("b.example.com.", "CNAME", "a.example.com.")
    assert [id_ for id_, _ in judged(spf, alias, loop)] == []


def test_acknowledged_findings_are_marked() -> None:
    """What the user accepts is still told, as accepted; what is not found is told, too."""
    mx = wish("example.com.", "MX", "10 example.com.")
    accepted = frozenset({"mx-points-to-apex", "spf-ptr", "spf-lookups", "unmanaged"})
    found = judge(desired(mx, acknowledged=accepted))
    assert [(one.finding.id, one.acknowledged) for one in found] == [
        ("acknowledged-nothing", False),
        ("mx-points-to-apex", True),
    ]
    assert "'spf-ptr'" in found[0].finding.message
    (vain,) = judge(desired(acknowledged=frozenset({"dkim-selector-reuse"})))
    assert "stops the plan, acknowledged or not" in vain.finding.message
    off = (("acknowledged-nothing", "off"),)
    assert len(judge(desired(mx, acknowledged=accepted, severities=off))) == 1


def test_what_the_loader_remarks_is_told() -> None:
    """What reading a file has to say, and is no error, stands among the findings."""
    said = desired(remarks=(Remark("dmarc-uri", "a remark", PLACE),))
    (found,) = judge(said)
    assert found.finding == Finding("dmarc-uri", "info", "a remark", str(PLACE))
    assert judge(replace(said, severities=(("dmarc-uri", "off"),))) == ()


def test_severities_are_the_configurations() -> None:
    """A severity that is set holds for all findings of the rule; off silences it."""
    mx = wish("example.com.", "MX", "10 example.com.")
    (found,) = judge(desired(mx, severities=(("mx-points-to-apex", "info"),)))
    assert found.finding.severity == "info"
    assert judge(desired(mx, severities=(("mx-points-to-apex", "off"),))) == ()


def test_findings_are_sorted_by_place() -> None:
    """They come in the order of the file, the worst first at one place."""
    text = "spf: v=spf1 ptr ?all\nmx: [10 example.com., 20 mail.]\nsrv: {imap: 0 1 143 mx1}"
    domains, _ = read_all(text)
    found: list[Judgement] = [*judge(domains[0])]
    assert found == sorted(found, key=lambda one: one.place)
    assert [one.finding.severity for one in found if one.place.line == 2] == ["error", "warning"]
    assert [str(one.place) for one in found] == [one.finding.where for one in found]


def test_files_know_the_rules_by_their_ids() -> None:
    """What a file may acknowledge is listed below lint, for the loader and for editors: no more."""
    assert tuple(RULES) == IDS
