"""`notify` in mailsync.yaml: who is told what came of `mailsync apply`."""

from __future__ import annotations

import pytest

from tests.unit.cli.site import Site
from tests.unit.notify.test_sending import receiver


@pytest.fixture
def one(site: Site) -> Site:
    """The example's parked domain alone, and a webhook in the environment's HOOK."""
    site.only("example.net")
    text = (site.directory / "mailsync.yaml").read_text()
    site.write("mailsync.yaml", text + "notify: {webhook: env/HOOK}\n")
    return site


def test_what_ran_is_told_once_and_silence_follows(
    one: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that does nothing tells nothing."""
    with receiver() as (url, came):
        monkeypatch.setenv("HOOK", url)
        assert one.run("apply").code == 0
        assert one.run("apply").code == 0
    (message,) = came
    assert message["text"].startswith("mailsync: 1 done (example.net)")


def test_a_failure_is_told_when_it_begins_and_when_it_is_back(
    one: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every hour in between."""
    whole = one.zone("example.net")
    with receiver() as (url, came):
        monkeypatch.setenv("HOOK", url)
        for broken in (True, True, False, True):
            one.write("live/example.net.zone", "no ( zone\n" if broken else whole)
            one.run("apply")
            one.passes(hours=1)
    kinds = [message["text"].splitlines()[0] for message in came]
    assert kinds == [
        "mailsync: 1 failed (example.net)",
        "mailsync: 1 done (example.net)",
        "mailsync: 1 failed (example.net)",
    ]


@pytest.mark.parametrize("others", [0, 1])
def test_a_zone_file_that_is_wrong_is_told(
    one: Site, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    """Nothing of it is done: that must not pass in silence, be it the only one or not."""
    right = (one.directory / "zones" / "example.net.yaml").read_text()
    if others:
        one.write("zones/example.org.yaml", "{}")
        one.write(
            "live/example.org.zone", one.zone("example.net").replace("example.net", "example.org")
        )
    with receiver() as (url, came):
        monkeypatch.setenv("HOOK", url)
        for text in ("mial: none\n", "mial: none\n", right, "mial: none\n"):
            one.write("zones/example.net.yaml", text)
            assert one.run("apply").code == (text != right)
            one.passes(hours=1)
    told = [message["text"] for message in came]
    assert [text.splitlines()[0] for text in told] == [
        "mailsync: 1 failed (example.net)",
        "mailsync: 1 done (example.net)",
        "mailsync: 1 failed (example.net)",
    ]
    assert "zones/example.net.yaml:1:1: unknown key 'mial': did you mean 'mail'?" in told[0]


def test_a_reviewed_plan_whose_file_is_wrong_by_now_is_told(
    one: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever carries it out need not be the one who sees it fail."""
    assert one.run("plan", "--out", "plan.json").code == 0
    one.write("zones/example.net.yaml", "mial: none\n")
    with receiver() as (url, came):
        monkeypatch.setenv("HOOK", url)
        done = one.run("apply", "plan.json")
    assert done.code == 1
    assert done.err.count("unknown key 'mial'") == 1
    (message,) = came
    assert message["text"].startswith("mailsync: 1 failed (example.net)")


def test_only_what_was_asked_for_is_told(one: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """By kind."""
    text = (one.directory / "mailsync.yaml").read_text()
    one.write("mailsync.yaml", text.replace("env/HOOK}", "env/HOOK, news: [failed, waits]}"))
    with receiver() as (url, came):
        monkeypatch.setenv("HOOK", url)
        assert one.run("apply").code == 0
    assert came == []


def test_a_message_that_cannot_be_sent_is_an_error_and_is_tried_again(
    one: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done is done, as the exit code says, and trouble is told at the next run."""
    done = one.run("apply")
    assert done.code == 0
    assert "HOOK" in done.err
    assert "v=spf1 -all" in one.zone("example.net")
    one.write("live/example.net.zone", "no ( zone\n")
    with receiver(500) as (url, came):
        monkeypatch.setenv("HOOK", url)
        assert "notify.webhook: nobody was notified: it answers 500" in one.run("apply").err
        one.run("apply")
    assert len(came) == 2
    assert url not in done.err


def test_whoever_can_be_told_is_told_once(one: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server that is down, or has no name, makes nobody else hear the same each hour."""
    text = (one.directory / "mailsync.yaml").read_text()
    mail = "email: {to: a@example.com, from: b@example.com, server: ..no.name..}"
    one.write("mailsync.yaml", text.replace("env/HOOK}", f"env/HOOK, {mail}}}"))
    one.write("live/example.net.zone", "no ( zone\n")
    with receiver() as (url, came):
        monkeypatch.setenv("HOOK", url)
        done = one.run("apply")
        assert done.code == 1
        assert "notify.email: nobody was notified: UnicodeError" in done.err
        one.run("apply")
    assert len(came) == 1


def test_a_fault_of_a_way_to_tell_is_no_fault_of_the_run(
    one: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong there is told in one line, without its words: they may hold a secret."""

    def falls_over(*_: object) -> None:
        raise KeyError(url)

    monkeypatch.setattr("mailsync.notify.sending.Webhook.send", falls_over)
    url = "https://hooks.example/secret"
    monkeypatch.setenv("HOOK", url)
    done = one.run("apply")
    assert done.code == 0
    assert "notify: nobody was notified: internal error (KeyError)" in done.err
    assert "secret" not in done.err


def test_a_journal_that_cannot_be_opened_is_told(
    one: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the failure of the domain that it is."""
    text = (one.directory / "mailsync.yaml").read_text()
    journal = "journal: {store: git, branch: journal, remote: nowhere}"
    lines = [journal if line.startswith("journal:") else line for line in text.splitlines()]
    one.write("mailsync.yaml", "\n".join(lines))
    with receiver() as (url, came):
        monkeypatch.setenv("HOOK", url)
        assert one.run("apply").code == 1
    assert [message["text"].splitlines()[0] for message in came] == [
        "mailsync: 1 failed (example.net)"
    ]
