"""`check_host` as RFC 7208 has it, case by case."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from mailsync.dns.answer import Answer
from mailsync.mail.spf_evaluation import Evaluation, Sender, check_host
from tests.unit.mail.dns_data import Data, Records

CLIENT = "192.0.2.3"
CLIENT6 = "2001:db8::cb01"


def evaluate(
    record: str | list[str],
    records: Records | None = None,
    *,
    ip: str = CLIENT,
    sender: str = "strong-bad@email.example.com",
    failing: frozenset[str] = frozenset(),
) -> Evaluation:
    """Judge a sender of email.example.com, which has this record."""
    data = {"email.example.com": {"TXT": record}}
    for name, here in (records or {}).items():
        data[name] = {**data.get(name, {}), **here}  # type: ignore[dict-item]
    who = Sender(ip_address(ip), sender, "mx.example.org", "receiver.example", 1_700_000_000)
    return check_host("email.example.com", who, Data(data, failing))


MANY = {f"h{n}.example.org": {"A": f"198.51.100.{n}"} for n in range(1, 13)}
TEN = range(10)
OK, NOBODY = {"TXT": "v=spf1 ip4:192.0.2.0/24 -all"}, {"TXT": "v=spf1 -all"}
RESULTS: list[tuple[str, str | list[str], Records, str]] = [
    # §2.6, §4.5 to §4.7: which record, and what its end says
    ("no record", [], {}, "none"),
    ("other texts only", ["v=spf10 -all", "spf2.0/pra -all", "hello"], {}, "none"),
    ("a leading space", " v=spf1 -all", {}, "none"),
    ("a semicolon after the version", "v=spf1; -all", {}, "none"),
    ("the version in capitals", "V=SPF1 -all", {}, "fail"),
    ("two records", ["v=spf1 -all", "v=spf1 +all"], {}, "permerror"),
    ("one record among other texts", ["hello", "v=spf1 +all"], {}, "pass"),
    ("a record and nothing else", "v=spf1", {}, "neutral"),
    ("no term matches", "v=spf1 ip4:198.51.100.1", {}, "neutral"),
    ("fail", "v=spf1 -all", {}, "fail"),
    ("softfail", "v=spf1 ~all", {}, "softfail"),
    ("neutral", "v=spf1 ?all", {}, "neutral"),
    ("pass", "v=spf1 all", {}, "pass"),
    ("the first match decides", "v=spf1 ?ip4:192.0.2.3 ip4:192.0.2.0/24 -all", {}, "neutral"),
    ("what stands behind all is not met", "v=spf1 -all ip4:192.0.2.3", {}, "fail"),
    ("an error behind a match", "v=spf1 ip4:192.0.2.3 ip4:bogus", {}, "permerror"),
    ("an error behind all", "v=spf1 -all ip4:bogus", {}, "permerror"),
    ("an unknown modifier", "v=spf1 ip4=192.0.2.3 moo=%{d} -all", {}, "fail"),
    # §5.2: include
    ("an include that passes", "v=spf1 include:a.example -all", {"a.example": OK}, "pass"),
    (
        "its qualifier is what counts",
        "v=spf1 ?include:a.example -all",
        {"a.example": OK},
        "neutral",
    ),
    ("an include that fails", "v=spf1 include:a.example ~all", {"a.example": NOBODY}, "softfail"),
    (
        "an include that softfails",
        "v=spf1 include:a.example -all",
        {"a.example": {"TXT": "v=spf1 ~all"}},
        "fail",
    ),
    (
        "an include that is neutral",
        "v=spf1 include:a.example +all",
        {"a.example": {"TXT": "v=spf1"}},
        "pass",
    ),
    ("an include of nothing", "v=spf1 include:a.example +all", {}, "permerror"),
    (
        "an include with an error",
        "v=spf1 include:a.example +all",
        {"a.example": {"TXT": "v=spf1 moo"}},
        "permerror",
    ),
    (
        "an include with two records",
        "v=spf1 include:a.example +all",
        {"a.example": {"TXT": ["v=spf1 +all", "v=spf1 -all"]}},
        "permerror",
    ),
    ("an include of itself", "v=spf1 include:email.example.com -all", {}, "permerror"),
    ("no include after a match", "v=spf1 ip4:192.0.2.3 include:a.example", {}, "pass"),
    # §5.3: a
    ("a of the domain", "v=spf1 a -all", {"email.example.com": {"A": CLIENT}}, "pass"),
    ("a of another name", "v=spf1 a:h.example.org -all", {"h.example.org": {"A": CLIENT}}, "pass"),
    ("a in a network", "v=spf1 a/24 -all", {"email.example.com": {"A": "192.0.2.200"}}, "pass"),
    ("a outside it", "v=spf1 a/25 -all", {"email.example.com": {"A": "192.0.2.200"}}, "fail"),
    ("a of any network", "v=spf1 a/0 -all", {"email.example.com": {"A": "203.0.113.1"}}, "pass"),
    ("a without an address", "v=spf1 a/0 ~all", {}, "softfail"),
    (
        "its IPv6 length is not for IPv4",
        "v=spf1 a//0 -all",
        {"email.example.com": {"A": "1.2.3.4"}},
        "fail",
    ),
    (
        "a through an alias",
        "v=spf1 a:www.example.org -all",
        {"www.example.org": {"CNAME": "h.example.org"}, "h.example.org": {"A": CLIENT}},
        "pass",
    ),
    # §5.4: mx
    (
        "mx",
        "v=spf1 mx -all",
        {
            "email.example.com": {"MX": ["10 h1.example.org.", "20 h.example.org."]},
            "h.example.org": {"A": CLIENT},
            "h1.example.org": {"A": "198.51.100.1"},
        },
        "pass",
    ),
    (
        "mx never means the domain's address",
        "v=spf1 mx -all",
        {"email.example.com": {"A": CLIENT}},
        "fail",
    ),
    ("a null MX names nobody", "v=spf1 mx -all", {"email.example.com": {"MX": "0 ."}}, "fail"),
    (
        "mx with 10 hosts",
        "v=spf1 mx ~all",
        {**MANY, "email.example.com": {"MX": [f"{n} h{n}.example.org." for n in range(1, 11)]}},
        "softfail",
    ),
    (
        "mx with 11 hosts",
        "v=spf1 mx ~all",
        {**MANY, "email.example.com": {"MX": [f"{n} h{n}.example.org." for n in range(1, 12)]}},
        "permerror",
    ),
    # §5.5: ptr
    (
        "ptr",
        "v=spf1 ptr:example.org -all",
        {"3.2.0.192.in-addr.arpa": {"PTR": "H.example.org."}, "h.example.org": {"A": CLIENT}},
        "pass",
    ),
    (
        "ptr that does not lead back",
        "v=spf1 ptr:example.org -all",
        {"3.2.0.192.in-addr.arpa": {"PTR": "h.example.org."}, "h.example.org": {"A": "192.0.2.4"}},
        "fail",
    ),
    (
        "ptr of a name that only ends alike",
        "v=spf1 ptr:example.org -all",
        {"3.2.0.192.in-addr.arpa": {"PTR": "h.badexample.org."}, "h.badexample.org": {"A": CLIENT}},
        "fail",
    ),
    (
        "ptr of the domain itself",
        "v=spf1 ptr -all",
        {
            "3.2.0.192.in-addr.arpa": {"PTR": "email.example.com."},
            "email.example.com": {"A": CLIENT},
        },
        "pass",
    ),
    (
        "ptr looks at 10 names",
        "v=spf1 ptr:example.org -all",
        {
            "3.2.0.192.in-addr.arpa": {
                "PTR": [*(f"{n}.example.org." for n in TEN), "z.example.org."]
            },
            **{f"{n}.example.org": {"A": "192.0.2.4"} for n in TEN},
            "z.example.org": {"A": CLIENT},
        },
        "fail",
    ),
    # §5.6, §5.7
    ("ip4", "v=spf1 ip4:192.0.2.3 -all", {}, "pass"),
    ("ip4 of a network", "v=spf1 ip4:192.0.0.0/16 -all", {}, "pass"),
    ("ip6 names no IPv4", "v=spf1 ip6:::/0 -all", {}, "fail"),
    ("exists", "v=spf1 exists:x.example.org -all", {"x.example.org": {"A": "127.0.0.2"}}, "pass"),
    (
        "exists takes no AAAA",
        "v=spf1 exists:x.example.org -all",
        {"x.example.org": {"AAAA": "::1"}},
        "fail",
    ),
    # §6.1: redirect
    ("redirect", "v=spf1 redirect=a.example", {"a.example": NOBODY}, "fail"),
    (
        "redirect stands behind all mechanisms",
        "v=spf1 redirect=a.example ip4:192.0.2.3",
        {"a.example": NOBODY},
        "pass",
    ),
    ("redirect beside all", "v=spf1 redirect=a.example ~all", {"a.example": NOBODY}, "softfail"),
    ("redirect to nothing", "v=spf1 redirect=a.example", {}, "permerror"),
    ("redirect to itself", "v=spf1 redirect=email.example.com", {}, "permerror"),
    ("redirect to a name that is none", "v=spf1 redirect=a..%{d}", {}, "permerror"),
    (
        "redirect to an error",
        "v=spf1 redirect=a.example",
        {"a.example": {"TXT": "v=spf1 moo"}},
        "permerror",
    ),
    # §4.6.4: limits
    (
        "10 look-ups",
        "v=spf1 " + " ".join(f"a:h{n}.example.org" for n in range(1, 11)) + " ~all",
        MANY,
        "softfail",
    ),
    (
        "11 look-ups",
        "v=spf1 " + " ".join(f"+a:h{n}.example.org" for n in range(1, 12)) + " ~all",
        MANY,
        "permerror",
    ),
    (
        "11 look-ups of which the 10th matches",
        "v=spf1 " + " ".join(f"a:h{n}.example.org" for n in range(1, 10)) + " a a:h11.example.org",
        {**MANY, "email.example.com": {"A": CLIENT}},
        "pass",
    ),
    (
        "look-ups of included records count",
        "v=spf1 include:a.example include:b.example -all",
        {
            **MANY,
            "a.example": {
                "TXT": "v=spf1 " + " ".join(f"a:h{n}.example.org" for n in (1, 2, 3, 4, 5))
            },
            "b.example": {
                "TXT": "v=spf1 " + " ".join(f"?a:h{n}.example.org" for n in (6, 7, 8, 9))
            },
        },
        "permerror",
    ),
    ("2 void look-ups", "v=spf1 a:n1.example.org exists:n2.example.org ~all", {}, "softfail"),
    (
        "3 void look-ups",
        "v=spf1 a:n1.example.org mx:n2.example.org exists:n3.example.org ~all",
        {},
        "permerror",
    ),
    (
        "void look-ups of an mx's hosts",
        "v=spf1 mx ~all",
        {
            "email.example.com": {
                "MX": ["1 n1.example.org.", "2 n2.example.org.", "3 n3.example.org."]
            }
        },
        "permerror",
    ),
    # §4.8, §7: names that cannot be asked for name nobody
    ("an empty label", "v=spf1 exists:a..example.com ~all", {}, "softfail"),
    ("a label of 64", f"v=spf1 a:{'x' * 64}.example.com ~all", {}, "softfail"),
    ("an include of such a name", f"v=spf1 include:{'x' * 64}.example.com ~all", {}, "permerror"),
]


@pytest.mark.parametrize(
    ("record", "records", "result"), [row[1:] for row in RESULTS], ids=[row[0] for row in RESULTS]
)
def test_results(record: str | list[str], records: Records, result: str) -> None:
    """Each rule of the RFC gives the result that it says."""
    assert evaluate(record, records).result == result


@pytest.mark.parametrize(
    "name", ["", "com", "a..example", "x" * 64 + ".example", "a" * 250 + ".b.c"]
)
def test_names_that_are_no_domains_have_no_policy(name: str) -> None:
    """A malformed domain, or one of a single label, gives none, and is never asked for (§4.3)."""
    data = Data({})
    assert check_host(name, Sender(ip_address(CLIENT), f"x@{name}"), data).result == "none"
    assert data.asked == []


@pytest.mark.parametrize(
    ("record", "records", "result"),
    [
        ("v=spf1 ip6:2001:db8::/32 -all", {}, "pass"),
        ("v=spf1 ip4:0.0.0.0/0 -all", {}, "fail"),
        ("v=spf1 a -all", {"email.example.com": {"AAAA": CLIENT6}}, "pass"),
        ("v=spf1 a/0 -all", {"email.example.com": {"AAAA": "2001:db8::1"}}, "fail"),
        ("v=spf1 a//64 -all", {"email.example.com": {"AAAA": "2001:db8::1"}}, "pass"),
        ("v=spf1 a//0 -all", {"email.example.com": {"A": "192.0.2.1"}}, "fail"),
        ("v=spf1 exists:%{v}.example.org -all", {"ip6.example.org": {"A": "127.0.0.2"}}, "pass"),
    ],
)
def test_senders_by_ipv6(record: str, records: Records, result: str) -> None:
    """A sender that comes by IPv6 is compared with AAAA and ip6 only (§5)."""
    assert evaluate(record, records, ip=CLIENT6).result == result


def test_mapped_addresses_are_ipv4() -> None:
    """An IPv4 address mapped into IPv6 is an IPv4 address (§5)."""
    assert evaluate("v=spf1 ip4:192.0.2.3 -all", ip="::ffff:192.0.2.3").result == "pass"


def test_mapped_names_of_another_family_are_nobody() -> None:
    """An answer with an address of the wrong family, or none at all, names nobody."""

    class Odd(Data):
        def ask(self, name: str, rdtype: str) -> Answer:
            found = super().ask(name, rdtype)
            odd = ("2001:db8::1", "bogus", "10", "x h.example.org.", '"')
            return Answer("found", (*found.values, *odd))

    data = Odd({"email.example.com": {"TXT": "v=spf1 a mx -all"}})
    who = Sender(ip_address(CLIENT), "x@email.example.com")
    assert check_host("email.example.com", who, data).result == "fail"


TEMPORARY = [
    ("v=spf1 include:down.example +all", "temperror"),
    ("v=spf1 redirect=down.example", "temperror"),
    ("v=spf1 a:down.example +all", "temperror"),
    ("v=spf1 mx:down.example +all", "temperror"),
    ("v=spf1 exists:down.example +all", "temperror"),
    ("v=spf1 ptr:example.org -all", "fail"),
    ("v=spf1 ip4:192.0.2.3 a:down.example", "pass"),
    ("v=spf1 -all exp=down.example", "fail"),
]


@pytest.mark.parametrize(("record", "result"), TEMPORARY)
def test_a_dns_that_fails(record: str, result: str) -> None:
    """A failing look-up ends the evaluation, but for ptr's, where it names nobody (§5, §5.5)."""
    failing = frozenset({"down.example", "3.2.0.192.in-addr.arpa"})
    found = evaluate(record, failing=failing)
    assert found.result == result
    assert ("SERVFAIL" in found.reason) == (result == "temperror")


def test_a_dns_that_fails_for_the_domain_itself() -> None:
    """The first look-up counts, too (§4.4)."""
    assert evaluate("v=spf1 +all", failing=frozenset({"email.example.com"})).result == "temperror"


def test_ptr_names_that_fail_are_no_names() -> None:
    """A name of the address whose look-up fails is skipped; the others count (§5.5)."""
    names = ["down.example.org.", "h.example.org.", f"{'x' * 63}.{'y' * 63}.example.org."]
    records: Records = {
        "3.2.0.192.in-addr.arpa": {"PTR": names},
        "h.example.org": {"A": CLIENT},
    }
    found = evaluate(
        "v=spf1 ptr:example.org -all", records, failing=frozenset({"down.example.org"})
    )
    assert found.result == "pass"


EXPANSIONS = [
    # §7.4, with the sender and the client of that section
    ("%{s}", CLIENT, "strong-bad@email.example.com"),
    ("%{o}", CLIENT, "email.example.com"),
    ("%{d}", CLIENT, "email.example.com"),
    ("%{d4}", CLIENT, "email.example.com"),
    ("%{d3}", CLIENT, "email.example.com"),
    ("%{d2}", CLIENT, "example.com"),
    ("%{d1}", CLIENT, "com"),
    ("%{dr}", CLIENT, "com.example.email"),
    ("%{d2r}", CLIENT, "example.email"),
    ("%{l}", CLIENT, "strong-bad"),
    ("%{l-}", CLIENT, "strong.bad"),
    ("%{lr}", CLIENT, "strong-bad"),
    ("%{lr-}", CLIENT, "bad.strong"),
    ("%{l1r-}", CLIENT, "strong"),
    ("%{ir}.%{v}._spf.%{d2}", CLIENT, "3.2.0.192.in-addr._spf.example.com"),
    ("%{lr-}.lp._spf.%{d2}", CLIENT, "bad.strong.lp._spf.example.com"),
    (
        "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
        CLIENT,
        "bad.strong.lp.3.2.0.192.in-addr._spf.example.com",
    ),
    (
        "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}",
        CLIENT,
        "3.2.0.192.in-addr.strong.lp._spf.example.com",
    ),
    ("%{d2}.trusted-domains.example.net", CLIENT, "example.com.trusted-domains.example.net"),
    (
        "%{ir}.%{v}._spf.%{d2}",
        CLIENT6,
        "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com",
    ),
    ("%{h}.%{D9999999999}", CLIENT, "mx.example.org.email.example.com"),
    ("a%%b%_c%-d.example.com", CLIENT, "a%b c%20d.example.com"),
    ("%{S}.example.com", CLIENT, "strong-bad%40email.example.com.example.com"),
    ("%{o1.-}.example.com", CLIENT, "com.example.com"),
    ("%{l1-}.example.com", CLIENT, "bad.example.com"),
]


@pytest.mark.parametrize(("spec", "ip", "name"), EXPANSIONS)
def test_macros_expand_as_in_the_examples_of_the_rfc(spec: str, ip: str, name: str) -> None:
    """What is asked for is what §7.4 says that the macros stand for."""
    data = Data({"email.example.com": {"TXT": f"v=spf1 exists:{spec} -all"}})
    who = Sender(ip_address(ip), "strong-bad@email.example.com", "mx.example.org")
    check_host("email.example.com", who, data)
    assert (f"{name.lower()}.", "A") in data.asked


def test_long_expansions_lose_labels_on_the_left() -> None:
    """An expansion over 253 characters is cut from the left, label by label (§7.3)."""
    local = ".".join(["x" * 40] * 8)
    data = Data({"email.example.com": {"TXT": "v=spf1 exists:%{l}.%{d} -all"}})
    check_host("email.example.com", Sender(ip_address(CLIENT), f"{local}@email.example.com"), data)
    asked = data.asked[-1][0].removesuffix(".")
    assert asked == ".".join(["x" * 40] * 5) + ".email.example.com"


def test_local_parts_that_are_not_ascii_match_nothing() -> None:
    """A macro of such a local part can name nobody (RFC 8616 §4)."""
    found = evaluate("v=spf1 exists:%{l}.%{d} -all", sender="grün@email.example.com")
    assert found.result == "fail"


def test_domains_in_unicode_are_asked_for_as_a_labels() -> None:
    """A U-label is an A-label in the DNS (RFC 8616 §4)."""
    data = Data({"xn--bcher-kva.example": {"TXT": "v=spf1 -all"}})
    who = Sender(ip_address(CLIENT), "x@bücher.example")
    assert check_host("Bücher.example.", who, data).result == "fail"
    assert check_host("bü cher.example", who, data).result == "none"


def test_the_sender_without_a_local_part_is_postmaster() -> None:
    """A bare domain, or an empty local part, sends as postmaster (§4.3)."""
    for sender in ("email.example.com", "@email.example.com"):
        records = {"postmaster.email.example.com": {"A": "127.0.0.2"}}
        found = evaluate("v=spf1 exists:%{l}.%{o} -all", records, sender=sender)
        assert found.result == "pass"


NAMES = ["x.other.example.", "sub.email.example.com.", "email.example.com."]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (NAMES, "email.example.com"),
        (NAMES[:2], "sub.email.example.com"),
        (NAMES[:1], "x.other.example"),
        ([], "unknown"),
        (["liar.example."], "unknown"),
    ],
)
def test_the_validated_name(names: list[str], expected: str) -> None:
    """%{p} is the domain, else a name below it, else any validated name, else unknown (§7.3)."""
    records = {"3.2.0.192.in-addr.arpa": {"PTR": names}} if names else {}
    records |= {
        name.removesuffix("."): {"A": [CLIENT]} for name in names if name != "liar.example."
    }
    records[f"{expected}.p.example.org"] = {"A": ["127.0.0.2"]}
    found = evaluate("v=spf1 exists:%{p}.p.example.org -all", records)
    assert (found.result, found.lookups) == ("pass", 1)


def test_void_look_ups_of_the_senders_own_names_count() -> None:
    """Names of the address that have nothing use up the limit, too (§4.6.4)."""
    records = {"3.2.0.192.in-addr.arpa": {"PTR": [f"n{n}.example.org." for n in range(3)]}}
    assert evaluate("v=spf1 ptr -all", records).result == "permerror"


EXPLANATIONS = [
    (
        "v=spf1 -all exp=explain._spf.%{d}",
        {"explain._spf.email.example.com": {"TXT": "See https://%{d}/why?s=%{S}&i=%{C}"}},
        "See https://email.example.com/why?s=strong-bad%40email.example.com&i=192.0.2.3",
    ),
    (
        "v=spf1 exp=e.example -ip4:192.0.2.3",
        {"e.example": {"TXT": "%{c} is no mail server of %{d}, %{r} at %{t}%_."}},
        "192.0.2.3 is no mail server of email.example.com, receiver.example at 1700000000 .",
    ),
    ("v=spf1 -all", {}, ""),
    ("v=spf1 -all exp=e.example", {}, ""),
    ("v=spf1 -all exp=e.example", {"e.example": {"TXT": ["one", "two"]}}, ""),
    ("v=spf1 -all exp=e.example", {"e.example": {"TXT": "a macro %{x} that is none"}}, ""),
    ("v=spf1 -all exp=e.example", {"e.example": {"TXT": "gr\xfcn"}}, ""),
    (f"v=spf1 -all exp={'x' * 64}.%{{d}}", {}, ""),
    ("v=spf1 ~all exp=e.example", {"e.example": {"TXT": "not for a softfail"}}, ""),
    # §6.2: of an include never, of a redirect the target's
    (
        "v=spf1 -include:a.example exp=e.example",
        {
            "a.example": {"TXT": "v=spf1 +all exp=f.example"},
            "e.example": {"TXT": "outer"},
            "f.example": {"TXT": "inner"},
        },
        "outer",
    ),
    (
        "v=spf1 redirect=a.example exp=e.example",
        {
            "a.example": {"TXT": "v=spf1 -all exp=f.example"},
            "e.example": {"TXT": "outer"},
            "f.example": {"TXT": "of %{d}"},
        },
        "of a.example",
    ),
    (
        "v=spf1 redirect=a.example exp=e.example",
        {"a.example": {"TXT": "v=spf1 -all"}, "e.example": {"TXT": "outer"}},
        "",
    ),
]


@pytest.mark.parametrize(("record", "records", "text"), EXPLANATIONS)
def test_explanations(record: str, records: Records, text: str) -> None:
    """A fail comes with the domain's text, where everything about it is right (§6.2)."""
    assert evaluate(record, records).explanation == text


def test_explanations_count_for_nothing() -> None:
    """The look-up of an explanation is no term, and none of its voids counts (§4.6.4)."""
    found = evaluate("v=spf1 -all exp=%{p}.example.org")
    assert (found.result, found.lookups, found.voids) == ("fail", 0, 0)


def test_what_is_told_beside_the_result() -> None:
    """The matching term, both counts, and the way there are told."""
    found = evaluate(
        "v=spf1 a:none.example include:a.example redirect=r.example",
        {
            "a.example": {"TXT": "v=spf1 ip4:198.51.100.1 ~all"},
            "r.example": {"TXT": "v=spf1 ?mx ~exists:x.example.org -all"},
            "r.example.org": {"A": "192.0.2.9"},
            "x.example.org": {"A": "127.0.0.2"},
        },
    )
    assert (found.result, found.term, found.lookups, found.voids) == (
        "softfail", "~exists:x.example.org", 5, 2,
    )  # fmt: skip
    assert [(s.at.domain, s.at.term, s.at.depth, s.outcome, s.lookups) for s in found.trail] == [
        ("email.example.com", "a:none.example", 0, "no match", 1),
        ("email.example.com", "include:a.example", 0, "goes on there", 2),
        ("a.example", "ip4:198.51.100.1", 1, "no match", 2),
        ("a.example", "~all", 1, "match", 2),
        ("email.example.com", "include:a.example", 0, "no match", 2),
        ("email.example.com", "redirect=r.example", 0, "goes on there", 3),
        ("r.example", "?mx", 0, "no match", 4),
        ("r.example", "~exists:x.example.org", 0, "match", 5),
    ]


def test_errors_say_why() -> None:
    """A permerror names what is wrong and where."""
    deep = {"a.example": {"TXT": "v=spf1 include:b.example"}, "b.example": {"TXT": "v=spf1 ip4:x;"}}
    assert "b.example: 'ip4:x;'" in evaluate("v=spf1 include:a.example -all", deep).reason
    assert "has no SPF record" in evaluate("v=spf1 include:a.example -all").reason
    assert "no domain's name" in evaluate("v=spf1 include:a..b.example").reason


def test_limits_may_be_set() -> None:
    """Receivers may be laxer (§4.6.4 lets them be with void look-ups)."""
    data = Data({"example.com": {"TXT": "v=spf1 a mx exists:x.example a:y.example -all"}})
    who = Sender(ip_address(CLIENT), "x@example.com")
    found = check_host("example.com", who, data, lookups_max=4, voids_max=4)
    assert (found.result, found.lookups, found.voids) == ("fail", 4, 4)
    assert check_host("example.com", who, data, lookups_max=3, voids_max=9).result == "permerror"
