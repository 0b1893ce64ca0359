"""What is written is read back, and hostile text crashes no parser."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync.mail import bimi, dane, mta_sts, ptr, srv, tls_rpt
from mailsync.mail.mta_sts import MAX_AGE_MAX, MODES, Policy, Record
from mailsync.plan import policy as policies

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOST = st.lists(LABEL, min_size=2, max_size=4).map(".".join)
PATTERN = st.one_of(HOST, HOST.map(lambda host: f"*.{host}"))
POLICIES = st.builds(
    Policy,
    st.sampled_from(MODES),
    st.integers(0, MAX_AGE_MAX),
    st.lists(PATTERN, min_size=1, max_size=4).map(tuple),
)


@given(POLICIES)
def test_a_policy_comes_back(policy: Policy) -> None:
    """From its file, and from the ledger's version of it."""
    assert mta_sts.parse_policy(mta_sts.format_policy(policy)) == policy
    assert policies.of_rrset(policies.as_rrset("example.com.", policy)) == policy
    assert mta_sts.parse_record(mta_sts.record(policy)).id == mta_sts.identifier(policy)


@given(
    st.from_regex(r"[A-Za-z0-9]{1,32}", fullmatch=True), st.dictionaries(LABEL, LABEL, max_size=3)
)
def test_a_record_comes_back(name: str, more: dict[str, str]) -> None:
    """With its extensions, in their order."""
    more.pop("id", None)
    record = Record(name, tuple(more.items()))
    assert mta_sts.parse_record(mta_sts.format_record(record)) == record


@given(POLICIES, POLICIES, HOST)
def test_a_union_permits_what_either_permits(one: Policy, other: Policy, host: str) -> None:
    """And nothing else; in no stricter a mode."""
    both = mta_sts.union(one, other)
    permitted = mta_sts.permits(one, host) or mta_sts.permits(other, host)
    assert mta_sts.permits(both, host) == permitted
    assert MODES.index(both.mode) <= min(MODES.index(one.mode), MODES.index(other.mode))


@given(st.integers(0, 3), st.integers(0, 1), st.binary(min_size=32, max_size=32))
def test_tlsa_comes_back(usage: int, selector: int, data: bytes) -> None:
    """In every form with a SHA-256."""
    record = dane.Record(usage, selector, 1, data.hex())
    assert dane.parse(dane.format(record)) == record


@given(*[st.integers(0, 65535)] * 3, HOST)
def test_srv_comes_back(priority: int, weight: int, port: int, host: str) -> None:
    """With all its numbers."""
    record = srv.Record(priority, weight, port, host)
    assert srv.parse(srv.format(record)) == record


URI = st.tuples(HOST, st.from_regex(r"[a-z0-9/]{0,12}", fullmatch=True)).map(
    lambda parts: f"https://{parts[0]}/{parts[1]}.svg"
)


@given(URI, URI | st.just(""), st.dictionaries(LABEL.filter(str.isalpha), LABEL, max_size=3))
def test_a_logo_comes_back(logo: str, authority: str, more: dict[str, str]) -> None:
    """With tags that nobody knows yet, in their order."""
    known = (("v", "BIMI1"), ("l", logo), ("a", authority))
    record = bimi.Record((*known, *(pair for pair in more.items() if pair[0] not in "vla")))
    assert bimi.parse(bimi.format(record)) == record
    assert bimi.objections(bimi.Record(known)) == ()
    assert bimi.is_bimi(bimi.format(record))


@given(st.ip_addresses())
def test_an_address_comes_back_from_its_name(address: object) -> None:
    """Of both families."""
    assert ptr.address_of(ptr.reverse_name(str(address))) == str(address)


@pytest.mark.parametrize(
    ("parse", "own"),
    [
        (mta_sts.parse_policy, mta_sts.BadPolicy),
        (mta_sts.parse_record, mta_sts.BadRecord),
        (tls_rpt.parse, tls_rpt.BadTlsRpt),
        (dane.parse, dane.BadTlsa),
        (srv.parse, srv.BadSrv),
        (bimi.parse, bimi.BadBimi),
        (ptr.reverse_name, ptr.BadReverse),
        (ptr.address_of, ptr.BadReverse),
    ],
)
@given(text=st.one_of(st.text(), st.from_regex(r"v=(STSv1|TLSRPTv1|BIMI1);.*|\d+ \d+ .*")))
def test_hostile_text_crashes_no_parser(
    parse: Callable[[str], object], own: type[Exception], text: str
) -> None:
    """Each raises its own error, or reads something."""
    with suppress(own):
        assert parse(text) is not None
