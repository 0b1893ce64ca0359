"""Planners that are wrong in one thing each, for the oracle to find.

Each mutant drops one wait, takes one wrong time, or changes one order. Its `stories` are the random
cutovers in which it shows soonest; its `cases` are small stories of the planner's own tests, where
what is mutated needs more than one zone or a rare constellation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from unittest import mock

from mailsync.observe.interface import Sighting
from mailsync.plan import abroad, certificates, check, holds, planner, reasons, retire
from mailsync.plan.choreography import Steps, at_once
from mailsync.plan.kinds import (
    dkim,
    dmarc,
    host,
    included,
    mta_sts,
    mx,
    ptr,
    record,
    spf,
    spf_mx,
    spf_tree,
    tlsa,
)
from mailsync.plan.visible import Lifetimes
from mailsync.rehearse.world import START, Rehearsal
from tests.unit.plan import test_delegated_keys as delegated
from tests.unit.plan import test_hosts as addresses
from tests.unit.plan import test_neighbours as neighbours
from tests.unit.plan import test_new_kinds as kinds
from tests.unit.plan import test_presented as presented
from tests.unit.plan import test_spf_mx as by_mx
from tests.unit.plan import test_spf_parts as parts
from tests.unit.plan import test_unseen_moves as unseen

Patch = Callable[[], Any]
"""Gives a context in which the planner is wrong."""


@dataclass(frozen=True)
class Mutant:
    """A wrong planner; ``inbound``: the kinds of stories to look at first."""

    patch: Patch
    inbound: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    cases: tuple[Callable[[], None], ...] = ()


def nothing(*_: object, **__: object) -> tuple[()]:
    """Hold for nothing."""
    return ()


def dropped(module: object, name: str) -> Patch:
    """Drop what a function would hold for."""
    return lambda: mock.patch.object(module, name, nothing)


def without(module: object, name: str, fits: Callable[[str], bool]) -> Patch:
    """Drop those of the holds that a function makes whose reason fits."""
    made = getattr(module, name)

    def fewer(*given: Any, **named: Any) -> Any:
        found = made(*given, **named)
        return type(found)(hold for hold in found if not fits(hold.reason))

    return instead(module, name, fewer)


def instead(module: object, name: str, function: Callable[..., Any]) -> Patch:
    """Take another function."""
    return lambda: mock.patch.object(module, name, function)


def together(*patches: Patch) -> Patch:
    """Be wrong in several things: one of them alone is mended by the other's wait."""

    @contextmanager
    def wrong_in_all() -> Iterator[None]:
        with ExitStack() as stack:
            for patch in patches:
                stack.enter_context(patch())
            yield

    return wrong_in_all


def directly(module: object) -> Patch:
    """Make a kind's change at once."""

    def steps(wish: Any, owned: Any, scene: Any) -> Steps:
        if set(owned) == set(wish.values):
            return Steps(owned, owned, owned)
        return at_once(wish.values, "at once")

    return instead(module, "steps", steps)


def shorter(name: str, seconds: int = 0) -> Patch:
    """Take another number for one of the cutover's bounds."""
    before = planner._split  # the first thing that planning does

    def split(desired: Any) -> Any:
        cutover = replace(desired.cutover, **{name: seconds})
        return before(replace(desired, cutover=cutover))

    return instead(planner, "_split", split)


def all_served(self: Rehearsal, zone: str, expected: Mapping[Any, Any]) -> Sighting:
    """Take what the first server serves for what all serve."""
    return Sighting({}, self.truth.negative_ttl)


def half(self: Lifetimes, ttl: int) -> timedelta:
    """Take half of a TTL."""
    return timedelta(seconds=max(ttl // 2, self.cutover.resolver_min_ttl))


def capped(self: Lifetimes, ttl: int) -> timedelta:
    """Take it that no resolver keeps anything for more than six hours."""
    return timedelta(seconds=min(max(ttl, self.cutover.resolver_min_ttl), 21600))


def low(self: Lifetimes, ttl: int) -> timedelta:
    """Take the low TTL for every version's."""
    return timedelta(seconds=max(min(ttl, self.cutover.ttl), self.cutover.resolver_min_ttl))


_LOWERED = "resolvers may hold the answer with TTL"

_PREPARE = planner._prepare


def thawed(*given: Any) -> Any:
    """Prepare while some resolvers ask former name servers."""
    with mock.patch.object(holds, "name_servers", nothing):
        return _PREPARE(*given)


MUTANTS: Mapping[str, Mutant] = {
    # ---- Every place where a hold is made (mailsync.plan: `Hold(`) -------------------------------
    "holds.not_served_yet": Mutant(dropped(holds, "not_served_yet"), (), ("lagging",)),
    # Without it no mail is lost, as the old service is then asked to stay for longer: what breaks
    # is that the switch leaves nothing behind for longer than the low TTL.
    "holds._old_answers": Mutant(
        without(holds, "_old_answers", lambda why: not why.startswith(_LOWERED)),
        cases=(kinds.case_what_a_switch_leaves_behind,),
    ),
    "holds._old_answers#2": Mutant(
        without(holds, "_old_answers", lambda why: why.startswith(_LOWERED)),
        cases=(kinds.case_a_plan_tells_the_wait_that_lowering_brings,),
    ),
    "holds._not_ready": Mutant(dropped(holds, "_not_ready"), ("in", "out")),
    "holds._unwished_hosts": Mutant(
        dropped(holds, "_unwished_hosts"), cases=(kinds.case_a_host_that_the_file_does_not_name,)
    ),
    "holds.name_servers": Mutant(
        dropped(holds, "name_servers"), cases=(kinds.case_former_name_servers,)
    ),
    "holds._hosts_abroad": Mutant(
        dropped(holds, "_hosts_abroad"), cases=(neighbours.case_a_host_in_another_zone,)
    ),
    "holds.after_addresses": Mutant(
        dropped(holds, "after_addresses"), cases=(addresses.case_a_host_in_use_that_comes,)
    ),
    "holds.before_settle": Mutant(
        without(holds, "before_settle", lambda why: why.startswith("soak")), ("out", "in")
    ),
    "holds.before_settle#2": Mutant(
        without(holds, "before_settle", lambda why: why.startswith("the old service")),
        cases=(kinds.case_no_soak_keeps_the_old_host,),
    ),
    "holds.before_rollback": Mutant(
        dropped(holds, "before_rollback"), cases=(kinds.case_back_to_a_host_without_address,)
    ),
    "reasons.until_all": Mutant(
        dropped(reasons, "until_all"), cases=(neighbours.case_an_include_abroad,)
    ),
    "abroad.until_all": Mutant(
        dropped(abroad, "until_all"), cases=(neighbours.case_a_zone_never_applied,)
    ),
    "included.before_including": Mutant(
        instead(included, "before_including", lambda *_: ((), ())),
        cases=(neighbours.case_an_include_abroad, kinds.case_an_include_in_the_zone),
    ),
    "included.before_removing": Mutant(
        instead(included, "before_removing", lambda *_: ((), ())),
        cases=(kinds.case_a_record_that_is_included, parts.case_the_last_part_goes_last),
    ),
    "what a neighbour lists is not looked at": Mutant(
        instead(abroad, "visible", abroad._remembered),
        cases=(
            neighbours.case_a_neighbour_that_nobody_has_applied,
            neighbours.case_an_include_that_a_neighbour_has_left,
        ),
    ),
    "former name servers do not stop what prepares": Mutant(
        instead(planner, "_prepare", thawed),
        cases=(kinds.case_what_former_name_servers_answer,),
    ),
    "ptr._address_known": Mutant(
        dropped(ptr, "_address_known"), cases=(neighbours.case_a_name_for_an_address,)
    ),
    "mta_sts._leaving": Mutant(
        instead(
            mta_sts,
            "_leaving",
            lambda owned, _: Steps(owned, owned, owned) if not owned else at_once((), "leaves"),
        ),
        cases=(kinds.case_leaving_mta_sts,),
    ),
    "mta_sts._mx_unseen": Mutant(
        dropped(mta_sts, "_mx_unseen"), cases=(unseen.case_a_policy_in_a_hurry,)
    ),
    "mta_sts.forbidding": Mutant(
        dropped(mta_sts, "forbidding"),
        cases=(
            kinds.case_a_record_that_went,
            kinds.case_a_record_that_came_back,
            kinds.case_a_policy_that_nobody_announced,
            kinds.case_a_policy_under_anothers_id,
        ),
    ),
    "dmarc._climb": Mutant(
        instead(dmarc, "_climb", dmarc._change),
        cases=(kinds.case_a_ramp,),
    ),
    # ---- Times -----------------------------------------------------------------------------------
    "half the TTL": Mutant(instead(Lifetimes, "of_ttl", half), ("out", "address")),
    "the low TTL for all": Mutant(instead(Lifetimes, "of_ttl", low), ("out", "address")),
    "a cap of six hours": Mutant(instead(Lifetimes, "of_ttl", capped), ("out", "address")),
    "absence is not remembered": Mutant(
        instead(Lifetimes, "of_absence", lambda _: timedelta(0)), ("in", "first")
    ),
    "what nobody saw is not there": Mutant(shorter("unseen_ttl"), (), ("journal lost",)),
    "no resolver stretches a TTL": Mutant(shorter("resolver_min_ttl"), ("out", "address")),
    "absence is remembered a minute": Mutant(shorter("negative_ttl", 60), ("in", "first")),
    "no time for open connections": Mutant(shorter("retire_safety"), ("out",), ("clock",)),
    "queues are empty at once": Mutant(shorter("queue_lifetime"), ("out", "in", "stay")),
    "signatures are checked at once": Mutant(shorter("verifier_delay"), ("out", "in", "stay")),
    "no soak": Mutant(shorter("soak"), ("out", "in", "add")),
    "policies are read at once": Mutant(shorter("policy_refresh"), ("out", "in")),
    "propagation is ignored": Mutant(
        instead(Rehearsal, "sight", all_served), (), ("lagging", "dead server")
    ),
    # ---- Orders ----------------------------------------------------------------------------------
    "no drain": Mutant(instead(planner, "old_service_until", lambda *_: None), ("out", "in")),
    "the drain forgets past versions": Mutant(
        instead(retire, "_leads_away", lambda *_: False), ("out", "address")
    ),
    "addresses that settle are let go": Mutant(
        instead(planner, "after_settling", lambda _, __, until: until),
        cases=(kinds.case_an_address_that_settles,),
    ),
    "MX is switched at once": Mutant(directly(mx), ("out", "in")),
    "addresses are switched at once": Mutant(directly(host), ("address", "in")),
    "nothing counts as routed": Mutant(
        instead(planner, "_routed", lambda _: frozenset()), ("address",)
    ),
    "SPF is replaced at once": Mutant(directly(spf), ("out", "stay")),
    "SPF shrinks early": Mutant(instead(spf, "_wait", lambda _: 3600), ("out", "stay")),
    "mx is taken for what it will mean": Mutant(
        instead(spf_mx, "moving", lambda *_: (frozenset(), frozenset())),
        cases=(
            by_mx.case_the_old_servers_may_send_until_their_queues_are_empty,
            by_mx.case_a_record_that_stays_has_both_meanings_meanwhile,
        ),
    ),
    "the hosts of mx need not be known": Mutant(
        instead(spf, "ready", lambda *_: True),
        cases=(by_mx.case_a_record_that_stays_has_both_meanings_meanwhile,),
    ),
    "records are set whatever they are": Mutant(
        instead(record, "_as_spf", lambda wish, _, __: at_once(wish.values, "set")),
        cases=(kinds.case_an_included_record_shrinks,),
    ),
    "every SPF record is alone": Mutant(
        instead(spf_tree, "relatives", nothing),
        cases=(
            parts.case_what_moves_to_another_part_stays_until_all_know_it,
            parts.case_parts_are_there_before_they_are_included,
        ),
    ),
    "terms that move are removed": Mutant(
        instead(spf_tree, "moving", nothing), cases=(parts.case_what_moves_up_goes_from_below_last,)
    ),
    "terms move before all know it": Mutant(
        dropped(spf_tree, "until_known"),
        cases=(
            parts.case_parts_are_there_before_they_are_included,
            parts.case_what_moves_to_another_part_stays_until_all_know_it,
        ),
    ),
    "what is not published counts": Mutant(
        instead(spf_tree, "published", lambda *_: True),
        cases=(parts.case_what_moves_up_goes_from_below_last,),
    ),
    "no tree grows": Mutant(
        instead(spf_tree, "grows", lambda *_: False),
        cases=(parts.case_an_address_replaced_across_parts,),
    ),
    "parts need not be known": Mutant(
        instead(spf, "ready", lambda *_: True), cases=(parts.case_the_switch_waits_for_a_part,)
    ),
    "keys are retired at once": Mutant(directly(dkim), ("out", "in", "stay")),
    "delegations hide keys": Mutant(
        instead(dkim, "_delegation", lambda wish, _, __: at_once(wish.values, "delegated")),
        cases=(delegated.case_a_delegation_waits_for_what_it_would_hide,),
    ),
    "a key's transit is forgotten": Mutant(instead(dkim, "_transit", lambda _: 0), ("stay", "out")),
    "DMARC tightens at once": Mutant(directly(dmarc), ("out", "in")),
    # No mail is lost by it: what senders may have fetched under the new id holds MX.
    "the id comes before the policy": Mutant(
        dropped(mta_sts, "_served"),
        cases=(kinds.case_a_policy_is_announced_only_when_it_is_served,),
    ),
    "no union of policies": Mutant(
        instead(mta_sts, "policy_due", lambda scene: scene.desired.policy or mta_sts.LEAVING),
        ("out", "in"),
    ),
    "certificates change at once": Mutant(directly(tlsa), ("address", "families")),
    "certificates are forgotten before the host": Mutant(
        instead(tlsa, "_is_left", lambda *_: False),
        cases=(kinds.case_a_host_that_is_left_keeps_its_tlsa,),
    ),
    "what was presented is forgotten": Mutant(
        instead(certificates, "presented_last", lambda *_: START),
        cases=(presented.case_an_old_certificate_is_let_in_for_long,),
    ),
    "certificates need not be known": Mutant(
        instead(tlsa, "ready", lambda *_: True),
        cases=(presented.case_an_address_is_not_switched_before_all_know_its_certificate,),
    ),
    "a task counts as done": Mutant(instead(tlsa, "task", nothing), ("address", "families")),
    "mail never moved": Mutant(instead(planner, "_moved_at", lambda *_: None), ("out", "in")),
    "every switch is a rollback": Mutant(
        instead(holds, "is_rollback", lambda *_: True), ("out", "address")
    ),
    "senders were always ready": Mutant(
        instead(planner, "_known_at", lambda *_: None), cases=(kinds.case_a_slow_new_sender,)
    ),
}

EQUIVALENT: Mapping[str, str] = {
    "holds.before_lowering": (
        "The lead is the user's wish to lower TTLs not before ten days ahead. Lowering earlier "
        "makes every cache's answer shorter-lived, and no wait of the switch depends on the lead: "
        "`_old_answers` counts from when the TTL really went down."
    ),
    "holds.before_switch": (
        "Makes the hold of `cutover.at`: the user's wish. To switch earlier than it says is "
        "unwanted, not unsafe: every other hold stands beside it."
    ),
    "holds.before_switch#2": (
        "Makes the hold of the window: the user's wish, as above. Each opening that the other "
        "holds let pass is as safe as any other time."
    ),
}
"""Places that make a hold without which no message is lost, each with the reason."""


@contextmanager
def wrong(mutant: Mutant) -> Iterator[None]:
    """Plan wrongly, with nobody to check: the last look at a plan would refuse most of this."""
    with mutant.patch(), mock.patch.object(check, "findings", nothing):
        yield
