"""What is news, and that nobody is told the same twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from mailsync.apply.engine import Outcome
from mailsync.apply.session import Result
from mailsync.desired.model import Desired
from mailsync.errors import HostError
from mailsync.journal.events import Told
from mailsync.notify import message
from mailsync.notify.news import AGAIN, News, news, untold
from mailsync.plan.model import DomainPlan, Gate, Hold, Stage
from tests.unit.plan.story import PLACE, START, ZONE

DESIRED = Desired(ZONE, ZONE, (), PLACE)
NAME = "example.jp"
GATE = Gate("tasks-done", "fail", "set the connector; then write 'tasks: {c: done}'")
HELD = Stage("switch", "held", START, gates=(GATE,))
PLAN = DomainPlan(NAME, NAME, ("local",), "waiting", (HELD,), timezone="Asia/Tokyo")


def result(outcome: Outcome | None, error: HostError | None = None) -> Result[Outcome]:
    """One domain's result."""
    return Result(DESIRED, outcome, error)


def kinds(found: tuple[News, ...]) -> list[str]:
    """The kinds of what is news."""
    return [one.kind for one in found]


def test_a_stage_that_ran_is_news_with_what_comes_next() -> None:
    """What changed, what waits until when, and how long the old service has to stay."""
    held = replace(HELD, gates=(), not_before=START + timedelta(days=1), holds=())
    plan = replace(PLAN, stages=(held,), old_service_until=START + timedelta(hours=2))
    (found,) = news(result(Outcome("waiting", plan, written=3)), START)
    assert found == News(
        NAME,
        "ran",
        (
            "3 record sets changed",
            "switch: not before 2026-11-23 12:00 JST",
            "the old service must keep accepting mail until 2026-11-22 14:00 JST",
        ),
    )
    (found,) = news(result(Outcome("converged", None, written=1)), START)
    assert found.lines == ("1 record set changed", "all is as the files say")


def test_what_waits_for_a_person_is_news_once_nothing_else_stands_before_it() -> None:
    """While a time has to pass anyway, nobody is asked."""
    (found,) = news(result(Outcome("waiting", PLAN)), START)
    assert (found.kind, found.lines) == ("waits", (f"switch: {GATE.detail}",))
    hold = Hold(START + timedelta(hours=1), "the window opens", "")
    later = replace(PLAN, stages=(replace(HELD, holds=(hold,)),))
    assert news(result(Outcome("waiting", later)), START) == ()


def test_steps_to_be_typed_by_hand_are_news() -> None:
    """With the command that prints them."""
    (found,) = news(result(Outcome("waiting", None, asked=replace(HELD, gates=()))), START)
    assert found.kind == "waits"
    assert "`mailsync apply` prints the steps" in found.lines[0]


@pytest.mark.parametrize("state", ["failed", "refused"])
def test_what_failed_or_was_refused_is_news(state: str) -> None:
    """In the words that the terminal shows."""
    outcome = Outcome(state, None, ("gate authority: delegated elsewhere",))  # type: ignore[arg-type]
    assert news(result(outcome), START) == (
        News(NAME, "failed", ("gate authority: delegated elsewhere",)),
    )
    (found,) = news(result(None, HostError("the host is down", where=NAME)), START)
    assert found.lines == ("example.jp: the host is down",)
    (found,) = news(result(None), START)
    assert found.lines == ("it could not be done",)


def test_what_only_waits_for_its_time_is_no_news() -> None:
    """An hourly run is silent as long as nothing happens."""
    assert news(result(Outcome("waiting", replace(PLAN, stages=()))), START) == ()


def test_the_same_is_told_once_and_again_after_a_week() -> None:
    """What stands is told when it is new, or when it has stood for long."""
    found = news(result(Outcome("waiting", PLAN)), START)
    fresh, note = untold(found, (), NAME, START)
    assert fresh == found
    assert note == Told(START, NAME, found[0].digest)
    journal = (Told(START, "other.example", "x"), note)
    assert untold(found, journal, NAME, START + timedelta(hours=1)) == ((), None)
    fresh, again = untold(found, journal, NAME, START + AGAIN)
    assert fresh == found
    assert again is not None


def test_trouble_that_comes_back_is_news_again() -> None:
    """That the domain was well in between is noted, once."""
    found = news(result(Outcome("waiting", PLAN)), START)
    _, note = untold(found, (), NAME, START)
    assert note is not None
    fresh, well = untold((), (note,), NAME, START)
    assert fresh == ()
    assert well == Told(START, NAME, "")
    assert untold((), (note, well), NAME, START) == ((), None)
    assert untold(found, (note, well), NAME, START)[0] == found


def test_a_stage_that_ran_is_always_told_and_leaves_no_note() -> None:
    """Its own event in the journal says that it ran."""
    ran = (News(NAME, "ran", ("1 record set changed",)),)
    assert untold(ran, (), NAME, START) == (ran, None)


def test_long_words_are_shortened_and_harmless() -> None:
    """Whatever an adapter or a server said."""
    outcome = Outcome("failed", None, ("x" * 9000 + "\x1b[31m", *["y"] * 100))
    (found,) = news(result(outcome), START)
    assert max(map(len, found.lines)) <= 500
    assert len(found.lines) == 20
    (found,) = news(result(Outcome("failed", None, ("\x1b[31m",))), START)
    assert "\x1b" not in found.lines[0]


NEWS = [
    News("a.example", "ran", ("1 record set changed",)),
    News("b.example", "failed", ("<!channel> & more",)),
    *(News(f"c{n}.example", "waits", ("a task",)) for n in range(60)),
]


def test_a_message_puts_what_failed_first_and_is_bounded() -> None:
    """One message for a run, however many domains there are."""
    assert message.title(NEWS) == (
        "mailsync: 1 failed, 60 waits for you, 1 done (a.example, b.example, c0.example, …)"
    )
    text = message.body(NEWS)
    assert text.startswith("b.example: failed\n  - <!channel> & more\n\n")
    assert text.endswith("and 12 more: see `mailsync status`")
    long = [News(f"d{n}.example", "failed", ("x" * 500,) * 20) for n in range(50)]
    text = message.body(long)
    assert len(text) < 31_000
    assert text.endswith("and more: see `mailsync status`")


def test_a_webhook_gets_text_that_mentions_nobody() -> None:
    """Slack's control characters are escaped."""
    assert b"<!channel>" not in message.webhook_json(NEWS)
    assert b"&lt;!channel&gt; &amp; more" in message.webhook_json(NEWS)


def test_an_e_mail_says_that_a_machine_wrote_it() -> None:
    """RFC 3834: nobody's absence notice answers it; other letters than ASCII arrive."""
    odd = [News("例え.jp", "failed", ("ü",))]
    made = message.email(odd, "m@example.com", ["a@example.com", "b@example.com"])
    read = message_from_bytes(made.as_bytes(), policy=default)
    assert read["To"] == "a@example.com, b@example.com"
    assert read["Subject"] == "mailsync: 1 failed (例え.jp)"
    assert read["Auto-Submitted"] == "auto-generated"
    body = read.get_body()
    assert body is not None
    assert body.get_content().splitlines() == ["例え.jp: failed", "  - ü"]
