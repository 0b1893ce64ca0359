from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailsync.desired.model import Cutover, Opening, Window
from mailsync.plan.live import Capability
from mailsync.plan.model import DomainPlan
from tests.unit.plan.story import START, ZONE, Story, mx, rrset, spf, wish, zone

OLD = rrset(ZONE, "MX", 86400, "10 mx.old.example.")
NEW = "10 mx.new.example."
MX = (ZONE, "MX")


def story(**more: object) -> Story:
    """Begin with the old MX live at a day's TTL, and the new one wished for."""
    cutover = more.pop("cutover", Cutover())
    return Story(zone(OLD), (mx(NEW),), cutover=cutover, **more)  # type: ignore[arg-type]


def states(plan: DomainPlan) -> list[tuple[str, str]]:
    """Give each stage's name and state."""
    return [(stage.name, stage.state) for stage in plan.stages]


def test_a_switch_is_prepared_then_waits_then_settles() -> None:
    """A switch of MX comes in three stages: lower the TTL, switch, restore."""
    plan = story().plan()
    assert states(plan) == [("prepare", "due"), ("switch", "held"), ("settle", "held")]
    lower, switch, settle = (stage.changes[0] for stage in plan.stages)
    assert lower.after == OLD.with_ttl(300)
    assert switch.after == rrset(ZONE, "MX", 300, NEW)
    assert settle.after == rrset(ZONE, "MX", 3600, NEW)
    assert plan.status == "changes"


def test_the_switch_waits_for_the_old_ttl() -> None:
    """The switch comes no earlier than the lowering plus the old TTL."""
    plan = story().plan()
    assert plan.stages[1].not_before == START + timedelta(seconds=86400)


def test_the_plan_foresees_the_wait_for_a_ttl_longer_than_a_day() -> None:
    """Before anything has run, the plan reckons with the lowering that is still to come."""
    life = Story(zone(OLD.with_ttl(172800)), (mx(NEW),))
    plan = life.plan()
    assert plan.stages[1].not_before == START + timedelta(days=2)
    assert plan.old_service_until == START + timedelta(days=2, seconds=600)


def test_the_plan_foresees_the_wait_from_a_lowering_that_is_itself_ahead() -> None:
    """When the TTL goes down `lead` before `at`, the old TTL is counted from then."""
    at = START + timedelta(days=30)
    life = story(cutover=Cutover(at=at, lead=86400))
    (hold,) = [h for h in life.plan().stages[1].holds if "TTL 86400" in h.reason]
    assert hold.until == at


def test_the_old_service_stays_until_no_cache_names_it() -> None:
    """The old server is kept for the low TTL after the switch, and for connections still open."""
    plan = story().plan()
    assert plan.old_service_until == START + timedelta(seconds=86400 + 300 + 300)


def test_the_whole_cutover_runs_in_order() -> None:
    """Hourly runs end with the new MX at its own TTL, and each stage at its time."""
    life = story()
    life.run("15d")
    lowered, switched = life.ran_at("prepare", MX), life.ran_at("switch", MX)
    settled = life.ran_at("settle", MX)
    assert lowered == START
    assert switched == START + timedelta(days=1)
    assert settled == switched + timedelta(days=10)
    assert life.live[MX] == rrset(ZONE, "MX", 3600, NEW)
    assert life.plan().status == "converged"
    assert life.plan().stages == ()


def test_converged_means_nothing_to_do() -> None:
    """What is as wished for is left alone."""
    life = Story(zone(rrset(ZONE, "MX", 3600, NEW)), (mx(NEW),))
    assert life.plan().status == "converged"
    assert life.apply() == []


def test_at_is_kept() -> None:
    """With `at`, the switch waits for it; the TTL goes down `lead` before it, not earlier."""
    at = START + timedelta(days=30)
    life = story(cutover=Cutover(at=at))
    plan = life.plan()
    assert states(plan)[0] == ("prepare", "held")
    assert plan.stages[0].not_before == at - timedelta(days=10)
    assert plan.stages[1].not_before == at
    assert plan.status == "waiting"
    life.run("45d")
    assert life.ran_at("prepare", MX) == at - timedelta(days=10)
    assert life.ran_at("switch", MX) == at


def test_a_ttl_longer_than_lead_is_lowered_earlier() -> None:
    """When the old TTL outlasts `lead`, the lowering comes early enough for `at` all the same."""
    at = START + timedelta(days=30)
    life = story(cutover=Cutover(at=at, lead=3600))
    assert life.plan().stages[0].not_before == at - timedelta(seconds=86400)


def test_what_need_not_wait_is_not_held_by_at() -> None:
    """A verification token is published now, although the switch is weeks ahead."""
    token = wish("verification", ZONE, "TXT", "MS=ms1")
    life = Story(zone(OLD), (mx(NEW), token), cutover=Cutover(at=START + timedelta(days=60)))
    assert states(life.plan())[:2] == [("prepare", "due"), ("prepare", "held")]
    assert life.apply() == ["prepare"]
    assert life.values(ZONE, "TXT") == ('"MS=ms1"',)
    assert life.ttl(*MX) == 86400


def test_the_window_is_kept() -> None:
    """Outside its window the switch waits for the next opening, in the window's time zone."""
    window = Window((Opening(frozenset({5, 6}), 0, 1440),), "Sat-Sun 00:00-24:00")
    life = story(cutover=Cutover(window=window, timezone="Asia/Tokyo"))  # START is a Sunday noon
    saturday = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)  # 00:00 on the 28th in Tokyo
    assert life.plan().stages[1].not_before == saturday
    assert "window" in life.plan().stages[1].holds[-1].reason
    life.run("7d")
    assert life.ran_at("switch", MX) == saturday


def test_at_outside_the_window_is_said() -> None:
    """An `at` that the window forbids waits for the window, and the user is told."""
    window = Window((Opening(frozenset({5}), 0, 60),), "Sat 00:00-01:00")
    at = START + timedelta(days=2)
    plan = story(cutover=Cutover(at=at, window=window)).plan()
    assert plan.stages[1].not_before > at
    assert [f.id for f in plan.findings] == ["at-outside-window"]


def test_a_low_ttl_is_not_lowered() -> None:
    """A TTL at or below the cutover's is left; only what is unknown is waited for."""
    life = Story(zone(OLD.with_ttl(300)), (mx(NEW),))
    plan = life.plan()
    assert states(plan) == [("switch", "held"), ("settle", "held")]
    assert plan.stages[0].not_before == START + timedelta(days=1)
    assert "not seen before" in plan.stages[0].holds[0].reason


def test_unseen_ttl_bounds_what_is_not_known() -> None:
    """With no ledger entry, a version with `unseen_ttl` may have been replaced just now."""
    life = Story(zone(OLD.with_ttl(60)), (mx(NEW),), cutover=Cutover(unseen_ttl=7200))
    assert life.plan().stages[0].not_before == START + timedelta(hours=2)


def test_what_was_seen_long_enough_is_not_waited_for() -> None:
    """A low TTL that the ledger has known for a day is switched at once."""
    life = Story(zone(OLD.with_ttl(300)), (mx("10 mx.old.example.", ttl=300),))
    life.apply()
    life.passes("2d")
    life.wishes = (mx(NEW),)
    assert states(life.plan())[0] == ("switch", "due")


def test_a_host_with_fixed_ttls_waits_the_old_ttl_out() -> None:
    """A DNS host that cannot change TTLs skips the lowering; the old service stays a whole TTL."""
    life = story(capability=Capability(settable=False))
    life.see()
    life.passes("2d")
    plan = life.plan()
    assert states(plan) == [("switch", "due")]
    assert plan.old_service_until == life.now + timedelta(seconds=86400 + 300)
    assert life.apply() == ["switch"]
    assert life.live[MX] == rrset(ZONE, "MX", 86400, NEW)
    assert life.plan().status == "converged"


def test_a_hosts_smallest_ttl_is_planned_with() -> None:
    """TTLs below what the DNS host takes are never asked for, so no difference stays for ever."""
    life = story(capability=Capability(ttl_min=3600), cutover=Cutover(ttl=300))
    life.run("15d")
    assert life.live[MX] == rrset(ZONE, "MX", 3600, NEW)
    assert life.plan().status == "converged"


def test_a_lagging_server_is_waited_for() -> None:
    """As long as one server serves the old version, its replacement does not count."""
    life = story()
    life.apply()
    life.ledger = type(life.ledger)()
    life.lagging = {MX: "ns2.example. (127.0.0.2:53) still serves TTL 86400"}
    life.passes("3d")
    switch = life.stage("switch")
    assert switch is not None
    assert switch.state == "held"
    assert switch.not_before > life.now
    assert any("ns2.example." in hold.reason for hold in switch.holds)


def test_the_wait_for_the_old_ttl_begins_when_every_server_serves_the_low_one() -> None:
    """While one server still serves the high TTL, the whole high TTL lies ahead."""
    life = story()
    life.ledger = life.ledger.seen(MX, OLD, START - timedelta(days=5))
    life.ledger = life.ledger.intended(MX, OLD.with_ttl(300), START)
    life.live[MX] = OLD.with_ttl(300)
    life.lagging = {MX: "ns2.example. (127.0.0.2:53) still serves TTL 86400"}
    life.passes("3d")
    switch = life.stage("switch")
    assert switch is not None
    assert switch.not_before == life.now + timedelta(days=1)
    life.lagging = {}
    life.see()
    switch = life.stage("switch")
    assert switch is not None
    assert switch.not_before == life.now + timedelta(days=1)


def test_a_hand_edit_in_flight_is_waited_for() -> None:
    """An answer that somebody published meanwhile is waited for like any other."""
    life = story()
    life.apply()
    life.passes("20h")
    life.live[MX] = rrset(ZONE, "MX", 7200, "10 mx.other.example.")
    life.apply()
    switch = life.stage("switch")
    assert switch is not None
    assert switch.not_before >= life.now + timedelta(days=1)


def test_a_lost_ledger_costs_time_only() -> None:
    """After the journal is lost, nothing happens earlier than with it."""
    life = story()
    life.apply()
    life.passes("23h")
    with_ledger = life.stage("switch")
    life.ledger = type(life.ledger)()
    without = life.stage("switch")
    assert with_ledger is not None
    assert without is not None
    assert without.not_before > with_ledger.not_before


def test_a_lost_ledger_after_the_switch_keeps_the_soak() -> None:
    """A low TTL at first sight is taken for a switch just made: the soak begins again."""
    life = story()
    life.run("3d")
    life.ledger = type(life.ledger)()
    settle = life.stage("settle")
    assert settle is not None
    assert settle.state == "held"
    assert settle.not_before == life.now + timedelta(days=10)


def test_revert_before_the_switch_restores_at_once() -> None:
    """Reverting the file before the switch just puts the TTL back."""
    life = story()
    life.apply()
    life.passes("1h")
    life.wishes = (mx("10 mx.old.example.", ttl=86400),)
    assert life.apply() == ["prepare"]
    assert life.live[MX] == OLD
    assert life.plan().status == "converged"


def test_revert_after_the_switch_is_a_rollback_at_once() -> None:
    """`git revert` while the TTL is low brings mail back at once, outside any window."""
    window = Window((Opening(frozenset({5, 6}), 0, 1440),), "Sat-Sun 00:00-24:00")
    life = story(cutover=Cutover(window=window))
    life.run("9d")
    assert life.values(*MX) == (NEW,)
    assert life.now.weekday() not in {5, 6}
    life.wishes = (mx("10 mx.old.example.", ttl=86400),)
    plan = life.plan()
    assert states(plan)[-2:] == [("switch", "due"), ("settle", "held")]
    assert "rollback" in [f.id for f in plan.findings]
    assert life.apply() == ["switch"]
    assert life.values(*MX) == ("10 mx.old.example.",)
    assert life.ttl(*MX) == 300
    assert life.plan().old_service_until == life.now + timedelta(seconds=600)
    life.run("11d")
    assert life.live[MX] == OLD


def test_a_rollback_to_an_mx_whose_ttl_was_always_low_is_at_once() -> None:
    """What was there first is home, also where its TTL never needed lowering."""
    life = Story(zone(OLD.with_ttl(300)), (mx(NEW, ttl=300),))
    life.run("3d")
    life.wishes = (mx("10 mx.old.example.", ttl=300),)
    assert life.apply() == ["switch"]
    assert life.values(*MX) == ("10 mx.old.example.",)


def test_a_way_back_at_a_high_ttl_is_staged() -> None:
    """A revert when the TTL is high again lowers it first: resolvers would hold the new MX long."""
    life = story()
    life.run("2d")
    life.live[MX] = rrset(ZONE, "MX", 86400, NEW)  # somebody raised it by hand
    life.apply()
    life.wishes = (mx("10 mx.old.example.", ttl=86400),)
    assert states(life.plan())[0] == ("prepare", "due")
    assert "rollback" not in [f.id for f in life.plan().findings]


def test_a_way_back_after_the_soak_is_no_rollback() -> None:
    """A low TTL alone makes no rollback: after the soak the old service may be gone."""
    life = Story(zone(OLD.with_ttl(300)), (mx(NEW, ttl=300),), cutover=Cutover(soak=3600))
    life.run("3d")
    life.wishes = (mx("10 mx.old.example.", ttl=300),)
    assert "rollback" not in [f.id for f in life.plan().findings]


def test_the_way_back_is_closed_when_the_old_service_has_ended() -> None:
    """No rollback to a service that the file says has ended; until then it is open."""
    life = story()
    life.run("3d")
    life.wishes = (mx("10 mx.old.example.", ttl=86400),)
    life.cutover = Cutover(old_until=life.now + timedelta(seconds=1))
    assert [f.id for f in life.plan().findings] == ["rollback"]
    life.passes("1s")
    assert [f.id for f in life.plan().findings] == ["rollback-too-late"]
    assert life.apply() == []


def test_a_way_back_with_a_time_of_its_own_waits_for_it() -> None:
    """A revert that sets `at` goes back then, not at once."""
    life = story()
    life.run("3d")
    at = life.now + timedelta(days=1)
    life.wishes = (mx("10 mx.old.example.", ttl=86400),)
    life.cutover = Cutover(at=at)
    switch = life.stage("switch")
    assert switch is not None
    assert switch.not_before == at


def test_going_forward_again_is_no_rollback() -> None:
    """After a rollback, a second try keeps to the window as the first did."""
    window = Window((Opening(frozenset({5, 6}), 0, 1440),), "Sat-Sun 00:00-24:00")
    life = story(cutover=Cutover(window=window))
    life.run("9d")
    life.wishes = (mx("10 mx.old.example.", ttl=86400),)
    life.apply()
    life.passes("1h")
    life.wishes = (mx(NEW),)
    switch = life.stage("switch")
    assert switch is not None
    assert switch.state == "held"
    assert switch.not_before.astimezone(UTC).weekday() in {5, 6}


def test_a_revert_after_the_soak_is_a_new_cutover() -> None:
    """When TTLs are restored, going back is staged like any other switch."""
    life = story()
    life.run("15d")
    life.wishes = (mx("10 mx.old.example.", ttl=86400),)
    assert states(life.plan())[0] == ("prepare", "due")
    assert "rollback" not in [f.id for f in life.plan().findings]


def test_adding_one_mx_keeps_the_old_one() -> None:
    """A second MX is added as a switch; no old service is let go."""
    life = Story(zone(OLD), (mx("10 mx.old.example.", "20 mx2.example."),))
    plan = life.plan()
    assert plan.old_service_until is None
    life.run("2d")
    assert life.values(*MX) == ("10 mx.old.example.", "20 mx2.example.")


def test_removing_one_mx_keeps_its_host_for_the_low_ttl() -> None:
    """The host of a removed MX stays until no resolver names it."""
    live = rrset(ZONE, "MX", 3600, "10 a.example.", "20 b.example.")
    life = Story(zone(live), (mx("10 a.example."),))
    life.run("26h")
    assert life.values(*MX) == ("10 a.example.",)
    switched = life.ran_at("switch", MX)
    life.now = switched + timedelta(seconds=1)
    assert life.plan().old_service_until == switched + timedelta(seconds=600)


def test_old_until_that_cannot_be_kept_is_an_error_with_the_date() -> None:
    """When the old service ends too soon, the plan says by when the TTL had to be lowered."""
    ends = START + timedelta(hours=20)
    plan = story(cutover=Cutover(old_until=ends)).plan()
    assert plan.status == "error"
    (finding,) = plan.findings
    assert finding.id == "old-service-ends-too-soon"
    by = ends - timedelta(seconds=300 + 300 + 86400)
    assert by.strftime("%Y-%m-%d %H:%M") in finding.message


def test_old_until_missed_by_what_nobody_saw_says_how_to_tell_that_nothing_was_there() -> None:
    """The first sight of a record costs a day, unless the user knows better."""
    live = zone(rrset(ZONE, "MX", 300, "10 mx.old.example."))
    cutover = Cutover(old_until=START + timedelta(hours=6))
    life = Story(live, (mx("10 mx.new.example.", ttl=300),), cutover)
    assert "cutover.unseen_ttl: 0" in life.plan().findings[0].message
    life.cutover = Cutover(old_until=cutover.old_until, unseen_ttl=0)
    assert life.plan().findings == ()


def test_old_until_that_is_moved_forward_after_the_switch_is_told() -> None:
    """Nothing can be switched earlier any more: the old service has to stay."""
    life = Story(zone(rrset(ZONE, "MX", 3600, "10 mx.old.example.")), (mx("10 mx.new.example."),))
    while life.values(*MX) == ("10 mx.old.example.",):
        life.apply()
        life.passes("1h")
    life.now = life.ran_at("switch", MX) + timedelta(seconds=1)
    life.cutover = Cutover(old_until=life.now)
    (finding,) = life.plan().findings
    assert (finding.id, finding.severity) == ("old-service-ends-too-soon", "warning")


def test_old_until_that_can_be_kept_is_fine() -> None:
    """An old service that stays long enough is no hindrance."""
    plan = story(cutover=Cutover(old_until=START + timedelta(days=2))).plan()
    assert plan.status == "changes"


def test_old_until_missed_by_at_says_to_switch_earlier() -> None:
    """When only `at` is too late, the way out is an earlier switch."""
    cutover = Cutover(at=START + timedelta(days=20), old_until=START + timedelta(days=15))
    plan = story(cutover=cutover).plan()
    assert plan.status == "error"
    assert "cutover.at" in plan.findings[0].message


def test_the_last_mx_is_never_removed() -> None:
    """No file can remove the last MX; the way is `mail: none`."""
    life = Story(zone(OLD), (mx(),))
    plan = life.plan()
    assert plan.status == "error"
    assert [f.id for f in plan.findings] == ["last-mx"]
    assert life.apply() == []
    assert life.values(*MX) == OLD.values


def test_a_null_mx_alone_is_no_way_around_the_guard() -> None:
    """Replacing a working MX by a null MX takes `mail: none`."""
    assert [f.id for f in Story(zone(OLD), (mx("0 ."),)).plan().findings] == ["last-mx"]


def test_spf_that_follows_the_mx_is_pointed_out() -> None:
    """An `mx` term in SPF takes the old servers out at the switch; the user is told before."""
    txt = rrset(ZONE, "TXT", 3600, "v=spf1 mx -all")
    findings = Story(zone(OLD, txt), (mx(NEW),)).plan().findings
    assert "spf-uses-mx" in [f.id for f in findings]


def test_first_mx_keeps_the_implicit_one_for_the_negative_ttl() -> None:
    """Before the first MX, mail went to the name's address: it stays until absence is forgotten."""
    web = rrset(ZONE, "A", 3600, "192.0.2.80")
    life = Story(zone(web), (mx(NEW),), negative_ttl=600)
    assert life.apply() == ["switch"]
    plan = life.plan()
    assert plan.old_service_until is not None
    assert plan.old_service_until >= life.now + timedelta(seconds=600 + 300)
    assert life.ttl(*MX) == 300


def test_absence_counts_for_three_hours_when_the_soa_is_not_known() -> None:
    """When nobody could be asked for the negative TTL, the longest in use is assumed."""
    web = rrset(ZONE, "A", 3600, "192.0.2.80")
    known = Story(zone(web), (wish("record", "x." + ZONE, "A", "192.0.2.1"),))
    known.see()
    life = replace(known, wishes=(mx(NEW),))
    life.ledger = life.ledger.seen(MX, None, START - timedelta(days=9))
    life.apply()
    assert life.plan().old_service_until == life.now + timedelta(hours=3, minutes=5)


def test_null_mx_stops_mail_in_stages() -> None:
    """`mail: none` replaces the MX by a null MX, and the old server stays as after any switch."""
    life = Story(zone(OLD), (mx("0 ."),), no_mail=True)
    life.run("2d")
    assert life.values(*MX) == ("0 .",)
    assert life.ran_at("switch", MX) == START + timedelta(days=1)


@pytest.mark.parametrize("state", ["prepare", "switch"])
def test_stages_behind_are_shown_as_done(state: str) -> None:
    """A domain on its way shows what lies behind it."""
    life = story()
    life.run("2d")
    assert (state, "done") in states(life.plan())


def test_each_rrset_settles_after_the_switch_that_is_still_ahead() -> None:
    """What settles with the mail counts its soak from the switch, not from today."""
    txt = rrset(ZONE, "TXT", 3600, "v=spf1 include:_spf.old.example -all")
    life = Story(zone(OLD, txt), (mx(NEW), spf("v=spf1 include:_spf.new.example -all")))
    settle = life.stage("settle")
    assert settle is not None
    soaks = {hold.rrset: hold.until for hold in settle.holds if hold.reason.startswith("soak")}
    assert set(soaks.values()) == {START + timedelta(days=11)}
    assert set(soaks) == {f"{ZONE} MX", f"{ZONE} TXT"}


def test_a_lost_ledger_after_the_switch_keeps_the_old_service() -> None:
    """A low TTL at first sight is taken for a switch just made: the old service stays a day."""
    life = story()
    life.run("2d")
    life.ledger = type(life.ledger)()
    assert life.plan().old_service_until == life.now + timedelta(days=1, seconds=300)


def test_a_first_mx_where_nothing_took_mail_lets_go_of_nothing() -> None:
    """Without an address there was no implicit MX: there is no old service."""
    life = Story({}, (mx(NEW),))
    life.ledger = life.ledger.seen(MX, None, START - timedelta(days=9))
    assert life.plan().old_service_until is None


def test_the_plan_foresees_how_long_the_implicit_mx_is_remembered() -> None:
    """Before the first MX is published, the plan reckons with resolvers that know of none."""
    life = Story(zone(rrset(ZONE, "A", 3600, "192.0.2.80")), (mx(NEW),), negative_ttl=600)
    life.ledger = life.ledger.seen(MX, None, START - timedelta(days=9))
    assert life.plan().old_service_until == START + timedelta(seconds=600 + 300)
