"""Mail flows all the time while mailsync moves it, and every message is counted at both ends.

Real name servers, a real resolver, real mail servers: a sender, the company's old server and its
new one. The old one refuses the domain from the very second on that mailsync printed.
"""

import smtplib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from .clock import SteppedClock
from .company import APEX, DOMAIN, NEW_MX, OLD_HOST, OLD_MX, Checkout, Run
from .network import Network
from .postfix import Postfix, message
from .servers import Bind, Unbound

OLD, NEW, SENDER, HERE = "127.0.0.21", "127.0.0.22", "127.0.0.23", "127.0.0.254"
SENDERS = "sender.test"
IN_SECONDS = (
    "{ttl: 2s, soak: 4s, window: always, unseen_ttl: 2s, resolver_min_ttl: 0, negative_ttl: 2s, "
    "retire_safety: 2s, queue_lifetime: 0, verifier_delay: 0}"
)
IN_DAYS = '{at: "2026-12-05T22:00+09:00", ttl: 5m, lead: 10d, soak: 10d, timezone: Asia/Tokyo}'
BEGIN = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
SWITCH = datetime(2026, 12, 5, 13, 0, tzinfo=UTC)


def wish(ttl: int) -> str:
    """The file of the company's desired mail: at the new server."""
    return f"""\
ttl: {ttl}
mx: [10 new]
hosts: {{new: [{NEW}]}}
spf: {{ip4: [{SENDER}], all: fail}}
"""


def zone_file(ttl: int, negative_ttl: int) -> str:
    """The company's zone as it is: mail at the old server."""
    return f"""\
$TTL {ttl}
@    SOA  ns1 hostmaster 1 4838400 3600 9676800 {negative_ttl}
@    NS   ns1
@    MX   10 old
@    TXT  "v=spf1 ip4:{SENDER} -all"
ns1  A    127.0.0.1
old  A    {OLD}
"""


# Whoever took a message and has to give it back, because it ends that very moment, finds the way.
SENDERS_ZONE = f"""\
$TTL 3600
@    SOA  ns1 hostmaster 1 4838400 3600 9676800 2
@    NS   ns1
@    MX   10 mail
ns1  A    127.0.0.1
mail A    {SENDER}
"""


@dataclass
class Mail:
    """The sender and the two servers, and what is known of each message."""

    sender: Postfix
    old: Postfix
    new: Postfix
    clock: SteppedClock | None = None
    sent: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, count: int = 1) -> None:
        """Give messages to the sender's server, which finds the company's by MX."""
        with smtplib.SMTP(SENDER, 25, timeout=10, source_address=(HERE, 0)) as session:
            for _ in range(count):
                with self._lock:
                    self.sent += 1
                    number = self.sent
                session.send_message(message(number, f"a@{SENDERS}", f"inbox@{DOMAIN}"))

    @contextmanager
    def flowing(self, each: float) -> Iterator[None]:
        """Send a message every so many seconds, until the block ends."""
        over = threading.Event()

        def flow() -> None:
            while not over.wait(each):
                self.send()

        sending = threading.Thread(target=flow)
        sending.start()
        try:
            yield
        finally:
            over.set()
            sending.join()

    def settle(self, within: float = 30) -> None:
        """Wait until each message has arrived or has come back, and nothing is queued."""
        begun = flushed = time.monotonic()
        while any(s.queued() for s in (self.sender, self.old, self.new)) or self.under_way():
            now = time.monotonic()
            assert now < begun + within, f"mail is stuck:\n{self.old.log}\n{self.sender.log}"
            if now > flushed + 0.5:  # what is on its way needs no push
                self.sender.flush()
                flushed = now
            time.sleep(0.02)

    def under_way(self) -> int:
        """How many messages came to none of the two servers, nor back to the sender."""
        return self.lost() - len(self.sender.received())

    def lost(self) -> int:
        """How many messages came to none of the two servers."""
        arrived = set(self.old.received()) | set(self.new.received())
        return self.sent - len(arrived)

    def judge(self) -> None:
        """Every message arrived, once, and none came back."""
        arrived: Counter[str] = self.old.received() + self.new.received()
        assert self.sender.received() == Counter(), self.sender.log[-4000:]
        assert set(arrived) == {str(number) for number in range(1, self.sent + 1)}
        assert set(arrived.values()) == {1}


@contextmanager
def company(
    network: Network, ttl: int, negative_ttl: int, clock: SteppedClock | None = None
) -> Iterator[tuple[Bind, Mail]]:
    """The company's zone on BIND, a resolver at port 53, and the three mail servers."""
    with ExitStack() as stack:
        zones = {DOMAIN: zone_file(ttl, negative_ttl), SENDERS: SENDERS_ZONE}
        primary = stack.enter_context(Bind(zones, clock=clock))
        stack.enter_context(Unbound({zone: [primary] for zone in zones}, port=53, clock=clock))
        quick = {
            "minimal_backoff_time": "2s",
            "maximal_backoff_time": "4s",
            "queue_run_delay": "2s",
        }
        patient = {} if clock is not None else quick
        sender, old, new = (
            stack.enter_context(Postfix(network, name, address, domains, clock=clock, **settings))
            for name, address, domains, settings in (
                ("sender", SENDER, [SENDERS], patient),
                ("old", OLD, [DOMAIN], {}),
                ("new", NEW, [DOMAIN], {}),
            )
        )
        yield primary, Mail(sender, old, new, clock)


@pytest.fixture
def network() -> Iterator[Network]:
    """A network namespace with the addresses of the mail servers."""
    with Network(OLD, NEW, SENDER, HERE) as network:
        yield network


def test_no_message_is_lost_while_mail_moves(network: Network, tmp_path: Path) -> None:
    """By cron each second, with messages all the time; the old server ends when it may."""
    with company(network, ttl=6, negative_ttl=2) as (primary, mail):
        checkout = Checkout.of_servers(
            tmp_path / "mail", primary, cutover=IN_SECONDS, asked=[primary], probing=True
        )
        checkout.wish(wish(6))
        ended = None
        with mail.flowing(0.05):
            for run in until_converged(checkout, mail):
                if ended is None and must_end(run, primary):
                    ended = wait_until(run.old_service_until)
                    mail.old.refuse()
        assert ended is not None
        mail.settle()
        mail.judge()
        at_old, at_new = len(mail.old.received()), len(mail.new.received())
        print(f"{mail.sent} messages: {at_old} at the old server, {at_new} at the new one, 0 lost")
        assert min(at_old, at_new) > 10  # how many depends on the machine


def test_a_new_server_that_refuses_the_domain_holds_the_switch(
    network: Network, tmp_path: Path
) -> None:
    """Everything else is ready: the plan says who refused and how, and nothing goes there."""
    with company(network, ttl=2, negative_ttl=2) as (primary, mail):
        checkout = Checkout.of_servers(
            tmp_path / "mail", primary, cutover=IN_SECONDS, asked=[primary], probing=True
        )
        checkout.wish(wish(2))
        mail.new.refuse()
        checkout.apply()
        time.sleep(4)
        refused = checkout.run("apply", "--yes", code=3)
        assert "gate smtp-accepts: new.example.test (127.0.0.22):" in refused.stderr
        assert "554" in refused.stderr
        plan = checkout.run("plan")
        assert "gate smtp-accepts" in plan.stdout
        assert primary.zone(DOMAIN)[APEX, "MX"].values == (OLD_MX,)
        mail.new.serve(DOMAIN)
        checkout.apply()
        assert primary.zone(DOMAIN)[APEX, "MX"].values == (NEW_MX,)


@pytest.mark.slow
def test_ten_days_of_mail(network: Network, tmp_path: Path, clock: SteppedClock) -> None:
    """TTLs of a day, a soak of ten: on a clock that jumps, with mail after every jump."""
    clock.set(BEGIN - timedelta(days=1))
    with company(network, ttl=86400, negative_ttl=3600, clock=clock) as (primary, mail):
        checkout = Checkout.of_servers(
            tmp_path / "mail", primary, cutover=IN_DAYS, asked=[primary], probing=True, clock=clock
        )
        checkout.wish(wish(86400))
        until, ended, said = None, False, ""
        runs = [moment for moment in jumps() if moment.minute % 3 == 0]
        for moment in jumps():
            if until is not None and not ended and until <= moment:
                clock.set(until)
                mail.old.refuse()
                ended = True
            clock.set(max(moment, clock.now()))
            mail.send(3)
            if moment not in runs:
                mail.settle()
                continue
            run = checkout.apply()
            mail.send(3)
            mail.settle()
            said = run.stderr.rstrip()
            if until is None and must_end(run, primary):
                until = run.old_service_until
        assert ended
        assert said.endswith("converged")
        mail.judge()
        at_old, at_new = len(mail.old.received()), len(mail.new.received())
        print(f"{mail.sent} messages: {at_old} at the old server, {at_new} at the new one, 0 lost")
        assert min(at_old, at_new) >= 30


def jumps() -> Iterator[datetime]:
    """The times at which mail is sent: daily, and each minute right around the switch."""
    time = BEGIN
    while time <= SWITCH + timedelta(days=11):
        yield time
        close = SWITCH - timedelta(minutes=3) <= time < SWITCH + timedelta(minutes=15)
        time += timedelta(minutes=1) if close else timedelta(days=1)
        if SWITCH - timedelta(days=1) < time < SWITCH - timedelta(minutes=3):
            time = SWITCH - timedelta(minutes=3)


def test_the_same_change_made_at_once_loses_mail(network: Network) -> None:
    """Records simply changed, and the old server's contract over a second later."""
    with company(network, ttl=12, negative_ttl=2) as (primary, mail):
        with mail.flowing(0.05):
            time.sleep(1)
            primary.replace(f"new.{DOMAIN}", "A", 12, NEW)
            primary.replace(DOMAIN, "MX", 12, "10 new")
            time.sleep(1)
            mail.old.refuse()
            time.sleep(2)
        mail.settle()
        lost = mail.lost()
        print(f"{mail.sent} messages, {lost} lost")
        assert lost > 10
        assert len(mail.sender.received()) == lost  # each came back to its sender


def until_converged(checkout: Checkout, mail: Mail, within: float = 90) -> Iterator[Run]:
    """Run the command each second until the domain has converged and the old server is gone."""
    deadline = time.monotonic() + within
    while True:
        begun = time.monotonic()
        run = checkout.apply()
        yield run
        if run.stderr.rstrip().endswith("converged"):
            return
        assert begun < deadline, f"not converged within {within} s; the last run:\n{run}"
        time.sleep(max(0, begun + 1 - time.monotonic()))


def must_end(run: Run, primary: Bind) -> bool:
    """Whether the switch has run: then the printed time is the one that counts."""
    switched = OLD_HOST not in " ".join(primary.zone(DOMAIN)[APEX, "MX"].values)
    return switched and run.old_service_until is not None


def wait_until(moment: datetime | None) -> datetime:
    """Wait for a time of the real clock."""
    assert moment is not None
    time.sleep(max(0, (moment - datetime.now(UTC)) / timedelta(seconds=1)))
    return moment
