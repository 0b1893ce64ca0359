from datetime import timedelta

from mailsync.desired.model import Cutover, Wish
from tests.unit.plan.story import START, ZONE, Story, mx, rrset, spf, wish, zone

OLD_SPF = "v=spf1 include:_spf.old.example -all"
NEW_SPF = "v=spf1 include:_spf.new.example -all"
FOREIGN = "google-site-verification=foreign"
TXT = (ZONE, "TXT")
DMARC = "_dmarc." + ZONE
RSA = (
    "v=DKIM1; k=rsa; p="
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxwthHuPRm98jNoZEay8WYNLnGDByUkTjUdcB"
    "6heKxNswLR1KkedVAMtk6l1IdDrjn3bAwy/1LwclDi6FJY9LV+hvxFXqsl68honwLDkGd4r++paABX3Y"
    "jeECFNW12nwV3kRhpHxpR8FPBatPBb+4oI8GweWGtoLnH+WvT5qYauLZRgmCYFgMIURvIDAztAhYzwME"
    "4oMZ3RMx+tUV5ZIjlOwhLMOs+mOhf2UqXoRzp/MFr7z+KWgK07CAS/IQJcSUi0Yvs71srPPANC+UYMa1"
    "LguOFDMdVf98WwWSCsPHd468ObptlImqSs6Ki3lOkgnMtnpEyYiv/2MXYTImlAvHNwIDAQAB"
)
RSA2 = (
    "v=DKIM1; k=rsa; p="
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxjMt0UzXXg0adgmqS6VVuBNiKgDZYvmGEN71"
    "/tUocsKeYdUrz6QcSzO1x/XhnRzx1B4GudjxxfteAtMp1eng5zngH8d73Ta0j9hbohAZqXNh3jUNNOFn"
    "QIcCwz/deGu61UjDygC/fsgFxdSxB7hxrfJdFVr4noJlZlMvuWia3871lwtHNiEsAY4xmxgbT4I3l0lv"
    "tvZSZt/uQBNEduSmtTEMOURjeDnukRh8U5gz8fUGLIUUrAq0iyYIcuJq1VM9Dc0Keh6zdcNRAtO3KGaj"
    "XjkCZaOdUqQZh8kncUEysOZQ7BxOPv6SbOoRfLypJz/2kv6ueq3mUVa1AYiaukmx5QIDAQAB"
)


def selector(name: str) -> str:
    """Give a selector's owner name."""
    return f"{name}._domainkey.{ZONE}"


def dmarc(text: str) -> Wish:
    """Wish for a DMARC record."""
    return wish("dmarc", DMARC, "TXT", text)


def test_spf_is_a_union_first_and_shrinks_after_the_soak() -> None:
    """Old and new senders pass until the old ones can have no mail queued any more."""
    life = Story(zone(rrset(ZONE, "TXT", 3600, OLD_SPF)), (spf(NEW_SPF),))
    assert life.apply() == ["prepare"]
    (union,) = life.values(*TXT)
    assert "_spf.old.example" in union
    assert "_spf.new.example" in union
    life.run("9d")
    assert life.values(*TXT) == (union,)
    life.run("3d")
    assert life.values(*TXT) == (f'"{NEW_SPF}"',)
    assert life.ran_at("settle", TXT) == START + timedelta(days=11)


def test_spf_never_shrinks_before_queues_are_empty() -> None:
    """A soak shorter than senders' queues does not take the old way away earlier."""
    life = Story(
        zone(rrset(ZONE, "TXT", 3600, OLD_SPF)), (spf(NEW_SPF),), cutover=Cutover(soak=3600)
    )
    life.run("9d")
    assert life.ran_at("settle", TXT) == START + timedelta(days=6)


def test_foreign_txt_values_are_never_touched() -> None:
    """Of a shared TXT RRset only our value changes; the others, and the TTL, stay."""
    life = Story(zone(rrset(ZONE, "TXT", 7200, OLD_SPF, FOREIGN)), (spf(NEW_SPF),))
    life.run("15d")
    assert life.live[TXT] == rrset(ZONE, "TXT", 7200, NEW_SPF, FOREIGN)


def test_a_ttl_of_its_own_is_set_on_a_shared_rrset() -> None:
    """A record that names its own TTL gets it, though foreign values share the RRset."""
    life = Story(
        zone(rrset(ZONE, "TXT", 7200, NEW_SPF, FOREIGN)),
        (wish("spf", ZONE, "TXT", NEW_SPF, ttl=600, own_ttl=True),),
    )
    life.apply()
    assert life.ttl(*TXT) == 600


def test_a_pure_spf_removal_is_direct_and_says_what_it_assumes() -> None:
    """With no mail on the move, a term goes at once, and the plan says what that rests on."""
    live = "v=spf1 include:_spf.old.example include:_spf.new.example -all"
    life = Story(zone(rrset(ZONE, "TXT", 3600, live)), (spf(NEW_SPF),))
    life.known_for("11d")
    stage = life.stage("prepare")
    assert stage is not None
    assert stage.state == "due"
    assert "assumes" in stage.changes[0].why
    assert "_spf.old.example" in stage.changes[0].why


def test_a_pure_spf_removal_waits_where_the_record_was_not_known() -> None:
    """At first sight the record may be the union of a replacement: with the journal lost, say.

    For a day some receiver may hold what was there before, and so may not let the new way send.
    """
    live = "v=spf1 include:_spf.old.example include:_spf.new.example -all"
    life = Story(zone(rrset(ZONE, "TXT", 3600, live)), (spf(NEW_SPF),))
    life.run("12d")
    assert life.ran_at("prepare", TXT) == START + timedelta(days=11)


def test_a_pure_spf_removal_waits_while_mail_moves() -> None:
    """During a cutover nothing is taken from SPF before the soak is over."""
    live = "v=spf1 include:_spf.old.example include:_spf.new.example -all"
    life = Story(
        zone(rrset(ZONE, "TXT", 3600, live), rrset(ZONE, "MX", 3600, "10 mx.old.example.")),
        (spf(NEW_SPF), mx("10 mx.new.example.")),
    )
    life.run("15d")
    assert life.ran_at("settle", TXT) == life.ran_at("switch", (ZONE, "MX")) + timedelta(days=10)


def test_the_switch_waits_for_spf() -> None:
    """Mail is not switched while a receiver may hold an SPF record that refuses the new way."""
    life = Story(
        zone(rrset(ZONE, "TXT", 172800, OLD_SPF), rrset(ZONE, "MX", 300, "10 mx.old.example.")),
        (wish("spf", ZONE, "TXT", NEW_SPF, ttl=172800), mx("10 mx.new.example.")),
    )
    life.ledger = life.ledger.seen((ZONE, "MX"), life.live[(ZONE, "MX")], START - timedelta(days=9))
    life.ledger = life.ledger.seen(TXT, life.live[TXT], START - timedelta(days=9))
    switch = life.stage("switch")
    assert switch is not None
    assert {hold.rrset for hold in switch.holds} == {f"{ZONE} TXT"}
    assert switch.not_before == START + timedelta(days=2)
    life.run("3d")
    assert life.ran_at("switch", (ZONE, "MX")) == START + timedelta(days=2)


def test_the_switch_does_not_wait_for_an_spf_that_is_ready() -> None:
    """A record that lets the new way send already holds nothing up, however long its TTL."""
    both = "v=spf1 include:_spf.old.example include:_spf.new.example -all"
    life = Story(
        zone(rrset(ZONE, "TXT", 172800, both), rrset(ZONE, "MX", 300, "10 mx.old.example.")),
        (spf(NEW_SPF), mx("10 mx.new.example.")),
    )
    for key in ((ZONE, "MX"), TXT):
        life.ledger = life.ledger.seen(key, life.live[key], START - timedelta(days=9))
    switch = life.stage("switch")
    assert switch is not None
    assert switch.state == "due"


def test_a_selector_retires_after_its_latest_successor() -> None:
    """A key added after mail has moved delays the retirement of the one it replaces."""
    old, new = (selector("s1"), "TXT"), (selector("s2"), "TXT")
    life = Story(
        zone(rrset(*old, 3600, RSA), rrset(ZONE, "MX", 3600, "10 mx.old.example.")),
        (mx("10 mx.new.example."),),
    )
    life.run("5d")
    added = life.now
    life.wishes = (
        mx("10 mx.new.example."),
        wish("dkim", new[0], "TXT", RSA2),
        wish("dkim", old[0], "TXT"),
    )
    life.run("14d")
    assert life.ran_at("settle", old) == added + timedelta(days=11)


def test_a_union_that_no_receiver_would_evaluate_is_an_error() -> None:
    """Two records of six look-ups each make one of twelve: the plan says so instead of trying."""
    old = "v=spf1 " + " ".join(f"include:o{n}.example" for n in range(6)) + " -all"
    new = "v=spf1 " + " ".join(f"include:n{n}.example" for n in range(6)) + " -all"
    life = Story(zone(rrset(ZONE, "TXT", 3600, old)), (spf(new),))
    assert [f.id for f in life.plan().findings] == ["spf-union-lookups"]
    assert "12 look-ups" in life.plan().findings[0].message
    assert life.apply() == []


def test_two_live_spf_records_become_one() -> None:
    """Two SPF records are a permanent error for receivers; what both allow is kept meanwhile."""
    life = Story(
        zone(rrset(ZONE, "TXT", 3600, OLD_SPF, "v=spf1 ip4:192.0.2.7 -all")), (spf(NEW_SPF),)
    )
    life.apply()
    (union,) = life.values(*TXT)
    assert "_spf.old.example" in union
    assert "ip4:192.0.2.7" in union


def test_an_unreadable_live_spf_is_replaced_at_once() -> None:
    """A record that no receiver can evaluate protects nobody; it is replaced directly."""
    life = Story(zone(rrset(ZONE, "TXT", 3600, "v=spf1 include: -all")), (spf(NEW_SPF),))
    assert life.apply() == ["prepare"]
    assert life.values(*TXT) == (f'"{NEW_SPF}"',)


def test_a_first_spf_record_is_added_at_once() -> None:
    """Where there is no SPF, it is published now."""
    life = Story({}, (spf(NEW_SPF),))
    assert life.apply() == ["prepare"]
    assert life.plan().status == "converged"


def test_removing_spf_keeps_the_foreign_values() -> None:
    """`spf: absent` takes our value only."""
    life = Story(zone(rrset(ZONE, "TXT", 3600, OLD_SPF, FOREIGN)), (wish("spf", ZONE, "TXT"),))
    life.known_for("11d")
    life.apply()
    assert life.live[TXT] == rrset(ZONE, "TXT", 3600, FOREIGN)


def test_a_new_selector_is_published_at_once() -> None:
    """A key is visible before anybody signs with it."""
    life = Story({}, (wish("dkim", selector("s1"), "TXT", RSA),))
    assert life.apply() == ["prepare"]


def test_a_replaced_selector_goes_after_the_soak() -> None:
    """The old key stays until no signature made with it can be checked any more."""
    old, new = (selector("s1"), "TXT"), (selector("s2"), "TXT")
    life = Story(
        zone(rrset(*old, 3600, RSA)),
        (wish("dkim", new[0], "TXT", RSA2), wish("dkim", old[0], "TXT")),
    )
    assert life.apply() == ["prepare"]
    assert life.values(*old)
    life.run("12d")
    assert life.values(*old) == ()
    assert life.ran_at("settle", old) == START + timedelta(days=11)


def test_a_selector_stays_for_queues_and_verifiers() -> None:
    """However short the soak, a key outlives the mail signed with it by seven days."""
    old, new = (selector("s1"), "TXT"), (selector("s2"), "TXT")
    life = Story(
        zone(rrset(*old, 3600, RSA)),
        (wish("dkim", new[0], "TXT", RSA2), wish("dkim", old[0], "TXT")),
        cutover=Cutover(soak=60),
    )
    life.run("9d")
    assert life.ran_at("settle", old) == START + timedelta(days=8)


def test_a_selector_alone_is_retired_at_once_with_its_assumption() -> None:
    """A pure removal is direct and says what it assumes."""
    life = Story(
        zone(rrset(selector("s1"), "TXT", 3600, RSA)), (wish("dkim", selector("s1"), "TXT"),)
    )
    life.known_for("11d")
    stage = life.stage("prepare")
    assert stage is not None
    assert "assumes" in stage.changes[0].why


def test_a_selector_that_was_not_known_is_retired_later() -> None:
    """At first sight it may be the old one of a rotation: with the journal lost, say."""
    life = Story(
        zone(rrset(selector("s1"), "TXT", 3600, RSA)), (wish("dkim", selector("s1"), "TXT"),)
    )
    life.run("12d")
    assert life.ran_at("prepare", (selector("s1"), "TXT")) == START + timedelta(days=11)


def test_a_tombstone_retires_a_selector_too() -> None:
    """`p=` empty is a retirement (RFC 6376 §3.6.1) and waits like one."""
    life = Story(
        zone(
            rrset(selector("s1"), "TXT", 3600, RSA), rrset(ZONE, "MX", 3600, "10 mx.old.example.")
        ),
        (wish("dkim", selector("s1"), "TXT", "v=DKIM1; p="), mx("10 mx.new.example.")),
    )
    life.run("2d")
    assert life.values(selector("s1"), "TXT") == rrset("x.", "TXT", 1, RSA).values


def test_a_key_is_never_replaced_under_its_selector() -> None:
    """Another key under an old selector is an error that says what to do instead."""
    life = Story(
        zone(rrset(selector("s1"), "TXT", 3600, RSA)), (wish("dkim", selector("s1"), "TXT", RSA2),)
    )
    plan = life.plan()
    assert plan.status == "error"
    assert plan.findings[0].id == "dkim-selector-reuse"
    assert "new selector" in plan.findings[0].message


def test_the_same_key_with_other_tags_is_no_reuse() -> None:
    """Tags around one key may change at once."""
    life = Story(
        zone(rrset(selector("s1"), "TXT", 3600, RSA)),
        (wish("dkim", selector("s1"), "TXT", RSA.replace("k=rsa;", "k=rsa; t=s;")),),
    )
    assert life.apply() == ["prepare"]


def test_a_dmarc_record_is_added_at_once() -> None:
    """Adding DMARC is one prepare stage, due now."""
    life = Story({}, (dmarc("v=DMARC1; p=none; rua=mailto:d@example.jp"),))
    assert [(s.name, s.state) for s in life.plan().stages] == [("prepare", "due")]


def test_dmarc_tightens_only_after_mail_has_moved() -> None:
    """A stricter policy waits for the end of the soak; mail would be refused otherwise."""
    life = Story(
        zone(
            rrset(DMARC, "TXT", 3600, "v=DMARC1; p=none"),
            rrset(ZONE, "MX", 3600, "10 mx.old.example."),
        ),
        (dmarc("v=DMARC1; p=reject"), mx("10 mx.new.example.")),
    )
    life.run("15d")
    moved = life.ran_at("switch", (ZONE, "MX"))
    assert life.ran_at("settle", (DMARC, "TXT")) == moved + timedelta(days=10)


def test_dmarc_loosens_before_mail_moves() -> None:
    """A looser policy comes first, and the switch waits until the strict one is forgotten."""
    life = Story(
        zone(
            rrset(DMARC, "TXT", 172800, "v=DMARC1; p=reject"),
            rrset(ZONE, "MX", 3600, "10 mx.old.example."),
        ),
        (dmarc("v=DMARC1; p=none"), mx("10 mx.new.example.")),
    )
    life.run("15d")
    assert life.ran_at("prepare", (DMARC, "TXT")) == START
    assert life.ran_at("switch", (ZONE, "MX")) >= START + timedelta(seconds=172800)


def test_dmarc_tightens_at_once_with_no_mail_on_the_move() -> None:
    """With nothing else in flight a stricter policy is published now."""
    life = Story(
        zone(rrset(DMARC, "TXT", 3600, "v=DMARC1; p=none")),
        (dmarc("v=DMARC1; p=quarantine"),),
    )
    assert life.apply() == ["prepare"]


def test_dmarc_does_not_tighten_together_with_new_senders() -> None:
    """A stricter policy waits until the SPF record that goes with it is known everywhere."""
    life = Story(
        zone(rrset(DMARC, "TXT", 3600, "v=DMARC1; p=none"), rrset(ZONE, "TXT", 3600, OLD_SPF)),
        (dmarc("v=DMARC1; p=reject"), spf(NEW_SPF)),
    )
    life.run("15d")
    assert life.ran_at("prepare", TXT) == START
    (tightened,) = [time for time, _, change in life.log if change.key == (DMARC, "TXT")]
    assert tightened == START + timedelta(days=10)


def test_verification_tokens_come_and_go_alone() -> None:
    """A token is added or removed at once, and nothing else in its RRset changes."""
    token = wish("verification", ZONE, "TXT", "MS=ms2", named=('"MS=ms1"',))
    life = Story(zone(rrset(ZONE, "TXT", 3600, "MS=ms1", FOREIGN, OLD_SPF)), (token,))
    assert life.apply() == ["prepare"]
    assert life.live[TXT] == rrset(ZONE, "TXT", 3600, "MS=ms2", FOREIGN, OLD_SPF)


def test_autodiscover_goes_with_the_mail() -> None:
    """Clients are sent to the new server when mail is, not before."""
    name = ("autodiscover." + ZONE, "CNAME")
    life = Story(
        zone(rrset(ZONE, "MX", 3600, "10 mx.old.example.")),
        (mx("10 mx.new.example."), wish("autodiscover", *name, "autodiscover.outlook.com.")),
    )
    life.run("3d")
    assert life.ran_at("switch", name) == life.ran_at("switch", (ZONE, "MX"))


def test_autodiscover_goes_away_with_the_mail() -> None:
    """Until mail moves, clients that are set up anew find the server where the mailboxes are."""
    name = ("autodiscover." + ZONE, "CNAME")
    live = zone(
        rrset(ZONE, "MX", 3600, "10 mx.old.example."), rrset(*name, 3600, "auto.old.example.")
    )
    life = Story(live, (mx("10 mx.new.example."), wish("autodiscover", *name)))
    life.run("2d")
    assert life.values(*name) == ()
    assert life.ran_at("switch", name) == life.ran_at("switch", (ZONE, "MX"))


def test_autodiscover_alone_is_added_at_once() -> None:
    """With no mail on the move, a first autodiscover record is simply added."""
    name = ("autodiscover." + ZONE, "CNAME")
    life = Story({}, (wish("autodiscover", *name, "autodiscover.outlook.com."),))
    assert life.apply() == ["prepare"]


def test_an_alias_beside_other_records_is_an_error() -> None:
    """A CNAME cannot stand beside an address; the plan says so instead of failing later."""
    name = "autodiscover." + ZONE
    life = Story(
        zone(rrset(name, "A", 3600, "192.0.2.3")),
        (wish("autodiscover", name, "CNAME", "autodiscover.outlook.com."),),
    )
    assert [f.id for f in life.plan().findings] == ["cname-conflict"]


def test_kinds_that_are_not_named_are_reported_once() -> None:
    """Mail records that the file does not speak of are left, and each kind is named once."""
    life = Story(
        zone(
            rrset(ZONE, "MX", 3600, "10 mx.old.example."),
            rrset(ZONE, "TXT", 3600, OLD_SPF),
            rrset(DMARC, "TXT", 3600, "v=DMARC1; p=none"),
            rrset(selector("a"), "TXT", 3600, RSA),
            rrset(selector("b"), "TXT", 3600, RSA),
        ),
        (wish("record", "www." + ZONE, "A", "192.0.2.80"),),
    )
    unmanaged = [f.message for f in life.plan().findings if f.id == "unmanaged"]
    assert len(unmanaged) == 4
    life.apply()
    assert life.values(ZONE, "MX") == ("10 mx.old.example.",)


def test_a_later_spf_removal_is_direct_again() -> None:
    """Long after a cutover has settled, a removal is one of its own, with its own assumption."""
    life = Story(
        zone(rrset(ZONE, "TXT", 3600, OLD_SPF), rrset(ZONE, "MX", 3600, "10 mx.old.example.")),
        (spf("v=spf1 ip4:192.0.2.1 include:_spf.new.example -all"), mx("10 mx.new.example.")),
    )
    life.run("30d")
    assert life.plan().status == "converged"
    life.wishes = (spf(NEW_SPF), mx("10 mx.new.example."))
    stage = life.stage("prepare")
    assert stage is not None
    assert "assumes" in stage.changes[0].why


def test_spf_edited_by_hand_in_between_does_not_shorten_the_wait() -> None:
    """The wait counts from when the new way was let in, whatever happened to the record since."""
    life = Story(zone(rrset(ZONE, "TXT", 3600, OLD_SPF)), (spf(NEW_SPF),))
    life.apply()
    life.passes("1d")
    text = "v=spf1 ip4:192.0.2.9 include:_spf.old.example include:_spf.new.example -all"
    life.live[TXT] = rrset(ZONE, "TXT", 3600, text)
    life.run("8d")
    assert "_spf.old.example" in life.values(*TXT)[0]


def test_a_wider_spf_is_published_at_once() -> None:
    """A record that only lets more servers send takes nothing from anybody."""
    life = Story(zone(rrset(ZONE, "TXT", 3600, OLD_SPF)))
    life.wishes = (spf("v=spf1 ip4:192.0.2.1 include:_spf.old.example -all"),)
    assert life.apply() == ["prepare"]
    assert life.plan().status == "converged"


def test_what_is_to_be_absent_holds_no_switch() -> None:
    """SPF and keys that only go are no reason to wait before mail is switched."""
    life = Story(
        zone(
            rrset(ZONE, "TXT", 172800, OLD_SPF),
            rrset(selector("s1"), "TXT", 172800, RSA),
            rrset(ZONE, "MX", 300, "10 mx.old.example."),
        ),
        (
            wish("spf", ZONE, "TXT"),
            wish("dkim", selector("s1"), "TXT"),
            mx("10 mx.new.example."),
        ),
    )
    life.ledger = life.ledger.seen((ZONE, "MX"), life.live[(ZONE, "MX")], START - timedelta(days=9))
    assert life.stage("switch", "due") is not None
    settle = life.stage("settle")
    assert settle is not None
    assert {change.key[0] for change in settle.changes} >= {ZONE, selector("s1")}


def test_a_neighbour_in_the_same_rrset_does_not_shorten_the_wait() -> None:
    """SPF waits for queues to empty, also where a verification token shares its RRset."""
    life = Story(
        zone(rrset(ZONE, "TXT", 3600, OLD_SPF)),
        (spf(NEW_SPF), wish("verification", ZONE, "TXT", "MS=ms1")),
        cutover=Cutover(soak=3600),
    )
    life.run("9d")
    assert life.ran_at("settle", TXT) == START + timedelta(days=6)


def test_of_two_ttls_in_one_rrset_the_lower_counts() -> None:
    """One RRset has one TTL (RFC 2181 §5.2): of two that are asked for, the lower one."""
    life = Story(
        {},
        (
            wish("spf", ZONE, "TXT", NEW_SPF, ttl=600, own_ttl=True),
            wish("verification", ZONE, "TXT", "MS=ms1", ttl=300, own_ttl=True),
        ),
    )
    life.apply()
    assert life.ttl(*TXT) == 300


def test_an_address_that_takes_no_mail_puts_nothing_in_flight() -> None:
    """Changing a web server's address is no move of mail: SPF may shrink directly afterwards."""
    www = "www." + ZONE
    live = "v=spf1 include:_spf.old.example include:_spf.new.example -all"
    life = Story(
        zone(
            rrset(ZONE, "TXT", 3600, live),
            rrset(ZONE, "MX", 3600, "10 mx.example."),
            rrset(www, "A", 3600, "192.0.2.1"),
        ),
        (wish("host", www, "A", "192.0.2.2"), mx("10 mx.example."), spf(live)),
    )
    life.known_for("11d")
    life.apply()
    life.passes("1h")
    life.wishes = (*life.wishes[:2], spf(NEW_SPF))
    assert life.stage("prepare", "due") is not None
    assert life.stage("settle") is None
