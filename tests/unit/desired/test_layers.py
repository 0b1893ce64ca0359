"""What lies under a zone file: its profile, and the defaults."""

from __future__ import annotations

import pytest

from tests.unit.desired.reads import errors, good, wishes


def test_a_file_wins_over_its_profile_and_that_over_the_defaults() -> None:
    """A key is taken whole from the highest layer that has it."""
    desired = good(
        "profile: web\nspf: v=spf1 -all",
        "{spf: v=spf1 mx -all, dmarc: v=DMARC1; p=none, tls_rpt: 'mailto:a@example.net', ttl: 60}",
        web="{dmarc: v=DMARC1; p=reject, spf: v=spf1 a -all, ttl: 300}",
    )
    found = {wish.kind: (wish.values, wish.ttl) for wish in desired.wishes}
    assert found == {
        "spf": (('"v=spf1 -all"',), 300),
        "dmarc": (('"v=DMARC1; p=reject"',), 300),
        "tls-rpt": (('"v=TLSRPTv1; rua=mailto:a@example.net"',), 300),
    }


def test_the_cutover_is_merged_entry_by_entry() -> None:
    """A file that moves one date keeps all other terms of its profile and of the defaults."""
    cutover = good(
        "{profile: slow, cutover: {ttl: 60}}",
        "cutover: {ttl: 600, lead: 1d, timezone: Asia/Tokyo}",
        slow="cutover: {lead: 20d, ttl: 900, soak: 30d}",
    ).cutover
    assert (cutover.ttl, cutover.lead, cutover.soak) == (60, 20 * 86400, 30 * 86400)
    assert cutover.timezone == "Asia/Tokyo"


def test_defaults_may_name_a_profile() -> None:
    """It lies under all files that name none, and an empty one is the way out."""
    profiles = {"web": "spf: v=spf1 a -all", "plain": ""}
    assert len(wishes("", "profile: web", **profiles)) == 1
    assert wishes("profile: plain", "profile: web", **profiles) == []


@pytest.mark.parametrize(
    ("file", "profile", "kinds"),
    [
        ("", "mail: none", ["dmarc", "mx", "null-key", "spf"]),
        ("mx: 10 mx.example.net.", "mail: none", ["dmarc", "mx"]),
        ("mail: none", "{mx: 10 a.example.net., srv: {imaps: absent}}", ["dmarc", "mx"]),
    ],
)
def test_no_mail_of_one_layer_meets_mail_of_another(
    file: str, profile: str, kinds: list[str]
) -> None:
    """The higher layer says whether there is mail; of the lower one the rest stays."""
    desired = good(
        f"profile: p\n{file}", "{mx: 10 d.example.net., dmarc: v=DMARC1; p=none}", p=profile
    )
    found = sorted(wish.kind for wish in desired.wishes)
    assert [kind for kind in found if kind in kinds] == kinds
    assert "srv" not in found
    assert desired.no_mail == ("null-key" in found)


def test_an_unknown_profile_is_told_where_it_is_named() -> None:
    """With the one that may have been meant."""
    assert errors("profile: parkd", parked="mail: none") == [
        "z.yaml:1:10: unknown profile 'parkd': did you mean 'parked'?"
    ]
    assert errors("", "profile: parkd") == ["mailsync.yaml:1:10: unknown profile 'parkd'"]
    assert errors("profile: [a]", a="") == [
        "z.yaml:1:10: the name of a profile is expected here, not a list"
    ]


def test_a_mistake_in_a_profile_is_told_at_its_own_place() -> None:
    """Whether a key is unknown, wrong, or does not belong there."""
    assert errors("profile: p", p="{mxx: 1, ttl: soon, profile: p, domains: [a.example]}") == [
        "mailsync.yaml:1:2: unknown key 'mxx': did you mean 'mx'?",
        "mailsync.yaml:1:15: 'soon' is no duration: write seconds, or such as 5m, 1h30m, 10d",
        "mailsync.yaml:1:21: profile does not go into a profile",
        "mailsync.yaml:1:33: domains does not go into a profile",
    ]
    assert errors("", "domains: [a.example]") == [
        "mailsync.yaml:1:1: domains does not go into the defaults"
    ]


def test_kinds_are_pruned_by_their_keys() -> None:
    """As a list or a single one; the highest layer's list holds."""
    assert good("prune: dkim").pruned == {"dkim"}
    assert good("prune: [srv, mta_sts]", "prune: [dkim]").pruned == {"srv", "mta_sts"}


def test_findings_are_acknowledged_by_their_ids() -> None:
    """As a list or a single one; the highest layer's list holds."""
    assert good("acknowledge: mx-missing").acknowledged == {"mx-missing"}
    both = good("acknowledge: [bimi, octodns-mail]", "acknowledge: [ttl]")
    assert both.acknowledged == {"bimi", "octodns-mail"}
    assert good("", "acknowledge: [ttl]").acknowledged == {"ttl"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "1:14: an empty list"),
        ("[ttl, ttl]", "1:20: ttl stands twice"),
        ("A b", "1:14: unknown finding (mailsync lint --list) 'A b'"),
        (
            "[ttl, mx-mixed-service]",
            "1:20: unknown finding (mailsync lint --list) 'mx-mixed-service': did you mean 'mx-mix",
        ),
        ("{a: b}", "1:14: finding (mailsync lint --list) is expected here"),
    ],
)
def test_what_is_no_finding_cannot_be_acknowledged(text: str, message: str) -> None:
    """A misspelt id would silence nothing."""
    (error,) = errors(f"acknowledge: {text}")
    assert error.startswith(f"z.yaml:{message}")
