"""The laboratory itself: the live tests can be believed only as far as this."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from . import clock as clock_module
from . import machine
from . import server as server_module
from .asking import NOTHING, Answer, Watch, ask
from .clock import SteppedClock
from .conftest import skipped_without_programs
from .machine import Port, ProgramMissingError, find_program, public_directory
from .server import PortTakenError, ServerError
from .servers import Bind, Knot, KnotSecondary, Primary, Unbound

HOUR = 3600
DAY = 24 * HOUR
OLD = "10 old.example.test."
NEW = "10 new.example.test."
ZONE = """\
$TTL 86400
@    SOA  ns1 hostmaster 1 7200 3600 2419200 300
@    NS   ns1
@    MX   10 old
ns1  A    127.0.0.1
old  A    192.0.2.1
new  A    192.0.2.2
"""
ZONES = {"example.test": ZONE}

# What someone with the key does: adds a TXT record, in a process of its own.
SIGNED_UPDATE = """
import sys, dns.query, dns.rcode, dns.tsig, dns.tsigkeyring, dns.update
address, port, name, secret = sys.argv[1:]
keyring = dns.tsigkeyring.from_text({name: secret})
update = dns.update.UpdateMessage("example.test", keyring=keyring)
update.add("signed", 300, "TXT", "yes")
try:
    print(dns.rcode.to_text(dns.query.tcp(update, address, 5, int(port)).rcode()))
except dns.tsig.PeerBadTime:
    print("BADTIME")
"""


def run_python(code: str, *arguments: str, clock: SteppedClock | None = None) -> str:
    """The output of Python code that runs in a process of its own, on the clock if one is given."""
    environment = os.environ | (clock.environment() if clock is not None else {})
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.check_output(command, env=environment, text=True, timeout=20).strip()


def signed_update(primary: Primary, *, clock: SteppedClock | None = None) -> str:
    """The rcode that a TSIG-signed update from another process gets."""
    key = primary.key
    address, port = primary.address, str(primary.port)
    return run_python(SIGNED_UPDATE, address, port, key.name, key.secret, clock=clock)


class TestServers:
    @pytest.mark.parametrize("kind", [Bind, Knot])
    def test_primary(self, kind: type[Primary]) -> None:
        """A primary serves its master files, takes updates, and shows the zone by AXFR."""
        with kind(ZONES) as primary:
            assert primary.ask("example.test", "MX") == Answer((OLD,), DAY, "NOERROR", aa=True)
            assert primary.ask("example.test", "MX", tcp=True).values == (OLD,)
            assert primary.ask("none.example.test", "MX").rcode == "NXDOMAIN"

            primary.replace("example.test", "MX", 300, NEW)
            primary.add("example.test", "MX", 300, "20 old.example.test.")

            zone = primary.zone("example.test")
            assert zone["example.test.", "MX"].ttl == 300
            assert zone["example.test.", "MX"].values == (NEW, "20 old.example.test.")
            assert zone["old.example.test.", "A"].values == ("192.0.2.1",)

            primary.replace("old.example.test", "A", 0)
            assert primary.ask("old.example.test", "A").rcode == "NXDOMAIN"

    @pytest.mark.parametrize("kind", [Bind, Knot])
    def test_updates_need_the_key(self, kind: type[Primary]) -> None:
        """A signed update is accepted; an unsigned one from an ordinary address is not."""
        with kind(ZONES) as primary:
            assert signed_update(primary) == "NOERROR"
            assert primary.ask("signed.example.test", "TXT").values == ('"yes"',)

            unsigned = SIGNED_UPDATE.replace("keyring=keyring", "")
            key, port = primary.key, str(primary.port)
            answer = run_python(unsigned, primary.address, port, key.name, key.secret)
            assert answer in {"REFUSED", "NOTAUTH"}

    def test_bind_tells_when_it_was_updated(self) -> None:
        """BIND's log gives every dynamic update and its time."""
        with Bind(ZONES) as primary:
            before = datetime.now(UTC) - timedelta(milliseconds=11)  # a tick, and rounding
            primary.replace("example.test", "MX", 300, NEW)
            after = datetime.now(UTC)
            updates = primary.updates()
        assert updates[-1].text == f"adding an RR at 'example.test' MX {NEW}"
        assert all(before <= update.at <= after for update in updates)

    def test_parent_zone(self) -> None:
        """BIND can be a parent: it refers to the child's servers and is no authority for it."""
        delegation = "example NS ns1.example\nns1.example A 127.0.0.1\n"
        parent = ZONE.replace("old", "mail.test.") + delegation
        with Bind({"test": parent, "example.test": ZONE}) as both, Bind({"test": parent}) as only:
            assert both.ask("example.test", "NS").aa
            referral = only.ask("example.test", "NS")
            assert (referral.values, referral.rcode, referral.aa) == ((), "NOERROR", False)

    def test_secondary(self, clock: SteppedClock) -> None:
        """A held secondary keeps the old zone while the primary changes; released, it follows."""
        with Bind(ZONES, clock=clock) as primary, KnotSecondary(primary, clock=clock) as secondary:
            assert secondary.ask("example.test", "MX") == primary.ask("example.test", "MX")

            clock.advance(60)  # Knot leaves two seconds between transfers, held or not
            primary.replace("example.test", "MX", 300, NEW)
            secondary.wait_for("example.test", "MX", NEW)

            secondary.hold()
            clock.advance(60)
            primary.replace("example.test", "MX", 300, OLD)
            with pytest.raises(ServerError, match="knotd still answers"):
                secondary.wait_for("example.test", "MX", OLD, within=0.3)
            assert secondary.ask("example.test", "MX").values == (NEW,)

            secondary.release()
            secondary.wait_for("example.test", "MX", OLD)

    def test_stop_and_start(self) -> None:
        """A stopped server answers nothing; started again it has its port and its data."""
        with Bind(ZONES) as primary:
            endpoint = primary.endpoint
            primary.replace("example.test", "MX", 300, NEW)
            primary.stop()
            primary.stop()  # is nothing
            assert primary.ask("example.test", "MX", timeout=0.1) == NOTHING
            primary.start()
            assert primary.endpoint == endpoint
            assert primary.ask("example.test", "MX").values == (NEW,)

    def test_secondary_started_again(self) -> None:
        """A secondary that was down has the zone of its primary when it is back."""
        with Bind(ZONES) as primary, KnotSecondary(primary) as secondary:
            secondary.stop()
            primary.replace("example.test", "MX", 300, NEW)
            secondary.start()
            secondary.wait_for("example.test", "MX", NEW)

    def test_resolver_asks_all_servers_of_a_zone(self) -> None:
        """A resolver chooses among a zone's servers, and so meets the one that lags behind."""
        with (
            Bind({"example.test": ZONE + "*.any A 192.0.2.1\n"}) as one,
            Bind({"example.test": ZONE + "*.any A 192.0.2.2\n"}) as other,
            Unbound({"example.test": [one, other]}) as resolver,
        ):
            answers = {resolver.ask(f"{n}.any.example.test", "A").values for n in range(40)}
            assert answers == {("192.0.2.1",), ("192.0.2.2",)}

    def test_resolver_is_sealed(self) -> None:
        """A resolver refuses what is outside its zones, so that no test asks the Internet."""
        with Bind(ZONES) as primary, Unbound({"example.test": [primary]}) as resolver:
            assert resolver.ask("www.example.org", "A").rcode == "REFUSED"
            assert resolver.ask("example.test", "MX") == Answer((OLD,), DAY, "NOERROR", aa=False)

    def test_resolver_that_stretches_ttls(self) -> None:
        """A resolver keeps a record for at least its cache_min_ttl."""
        with Bind(ZONES) as primary:
            primary.replace("example.test", "MX", 2, OLD)
            with Unbound({"example.test": [primary]}, cache_min_ttl=60) as resolver:
                assert resolver.ask("example.test", "MX").ttl == 60

    def test_unprivileged(self) -> None:
        """No server runs as root."""
        with Bind(ZONES) as primary:
            assert primary._process is not None
            status = Path(f"/proc/{primary._process.pid}/status").read_text()
        uids = next(line for line in status.splitlines() if line.startswith("Uid:"))
        assert "0" not in uids.split()


class TestLife:
    @pytest.mark.parametrize("kind", [Bind, Knot])
    def test_port_taken_by_another_program(
        self, kind: type[Primary], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A server whose port was snatched away takes another one; the third clash is an error."""
        with ExitStack() as others:
            snatched: list[int] = []

            def take(address: str, numbers: Sequence[int] | None, *, times: int) -> Port:
                port = Port(address, numbers)
                if len(snatched) < times:
                    others.enter_context(socket.socket()).bind((address, port.number))
                    snatched.append(port.number)
                return port

            monkeypatch.setattr(server_module, "Port", partial(take, times=2))
            with kind(ZONES) as primary:
                assert len(snatched) == 2
                assert primary.port not in snatched
                assert primary.ask("example.test", "MX").values == (OLD,)

            monkeypatch.setattr(server_module, "Port", partial(take, times=5))
            with pytest.raises(PortTakenError):
                kind(ZONES).__enter__()
            assert len(snatched) == 5

    def test_no_port_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """When every port is taken, that is said."""
        port = Port("127.0.0.1")
        monkeypatch.setattr(machine, "PORTS", range(port.number, port.number + 1))
        with pytest.raises(OSError, match="no free port"):
            Port("127.0.0.1")
        port.release()

    def test_hanging_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A server that does not stop when asked to is killed."""
        monkeypatch.setattr(server_module, "STOP_WITHIN", 0.1)
        with Bind(ZONES) as primary:
            process = primary._process
            assert process is not None
            process.send_signal(signal.SIGSTOP)
        assert process.returncode == -signal.SIGKILL

    def test_failing_control_program(self) -> None:
        """A control program that fails is an error with its words."""
        with Bind(ZONES) as primary, KnotSecondary(primary) as secondary:
            secondary.stop()
            with pytest.raises(ServerError, match=r"knotc.*zone-freeze"):
                secondary.hold()

    def test_no_port_twice(self) -> None:
        """A reserved port is given to nobody else, though nothing is bound to it yet."""
        port = Port("127.0.0.1")
        rival = Port("127.0.0.1")
        assert not rival._reserve("127.0.0.1", port.number)
        rival.release()
        port.release()

    @pytest.mark.parametrize("kind", [Bind, Knot])
    def test_bad_zone(self, kind: type[Primary]) -> None:
        """A zone that cannot be loaded fails at once, with the server's own words."""
        begun = time.monotonic()
        with pytest.raises(ServerError, match=r"example\.test\.zone"):
            kind({"example.test": ZONE + "nonsense nonsense nonsense\n"}).__enter__()
        assert time.monotonic() - begun < 5

    def test_failed_test_shows_the_log(self, capfd: pytest.CaptureFixture[str]) -> None:
        """When a test fails, the end of each server's log is on stderr."""
        with pytest.raises(ZeroDivisionError), Bind(ZONES):
            raise ZeroDivisionError
        assert "zone example.test/IN: loaded serial 1" in capfd.readouterr().err

    def test_refused_update(self) -> None:
        """An update that the server refuses is an error, not a silent nothing."""
        with Bind(ZONES) as primary, pytest.raises(ServerError, match="REFUSED"):
            primary.replace("example.test", "MX", 300, "10 missing.example.test.")

    def test_nothing_remains(self) -> None:
        """A test process that is killed takes its servers along."""
        directory = public_directory("killed")
        code = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.live.servers import Bind
with Bind({ZONES!r}) as primary:
    print(primary._process.pid, flush=True)
    time.sleep(60)
"""
        environment = os.environ | {"TMPDIR": str(directory)}
        with subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
        ) as test:
            assert test.stdout is not None
            server = Path("/proc") / test.stdout.readline().strip()
            assert runs(server)
            test.kill()
        assert eventually(lambda: not runs(server))
        subprocess.run(["rm", "-r", directory], check=True)

    def test_missing_program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A missing program skips the test, naming the package; in CI it fails it."""
        with pytest.raises(ProgramMissingError, match="apt-get install bind10") as missing:
            find_program("named-10", "bind10")

        monkeypatch.delenv("CI", raising=False)
        around = skipped_without_programs()
        next(around)
        with pytest.raises(pytest.skip.Exception, match="apt-get install bind10"):
            around.throw(missing.value)

        monkeypatch.setenv("CI", "true")
        around = skipped_without_programs()
        next(around)
        with pytest.raises(pytest.fail.Exception, match="nothing may be skipped"):
            around.throw(missing.value)


class TestWatch:
    def test_watch(self) -> None:
        """A watch has every answer with its time, and the silence of a dead server."""
        with Bind(ZONES) as primary:
            begun = datetime.now(UTC)
            with Watch(primary, "example.test", "MX", interval=0.01, timeout=0.2) as watch:
                assert eventually(lambda: len(watch.naming("old.example.test.")) > 2)
                primary.replace("example.test", "MX", 300, NEW)
                changed = datetime.now(UTC)
                assert eventually(lambda: bool(watch.naming(NEW)))
                primary.stop()
                assert eventually(lambda: bool(watch.unanswered))
            seen = watch.sightings
            assert begun <= seen[0].asked < seen[0].answered <= seen[1].asked
            assert all(sighting.asked < changed for sighting in watch.naming("old.example.test."))
            assert {sighting.answer.ttl for sighting in watch.naming(NEW)} == {300}
            assert watch.unanswered[-1].answer.rcode == "TIMEOUT"

    def test_no_server(self) -> None:
        """Asking where nobody listens is an answer too."""
        port = Port("127.0.0.1")
        assert ask("127.0.0.1", port.number, "example.test", "MX", timeout=0.1) == NOTHING
        assert ask("127.0.0.1", port.number, "example.test", "MX", tcp=True) == NOTHING
        port.release()


class TestSteppedClock:
    def test_compiler_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A library that does not compile is an error with the compiler's words."""
        monkeypatch.setattr(clock_module, "SOURCE", Path(__file__))
        with pytest.raises(RuntimeError, match="does not compile"):
            SteppedClock()

    def test_python_lives_on_it(self, clock: SteppedClock) -> None:
        """A Python process sees the stepped time, and measures real durations."""
        clock.set(datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC))
        code = """
import json, time, datetime
begun = time.monotonic()
time.sleep(0.05)
print(json.dumps([datetime.datetime.now(datetime.UTC).isoformat(), time.time(),
                  time.monotonic() - begun]))
"""
        now, timestamp, slept = json.loads(run_python(code, clock=clock))
        assert timedelta(0) < clock.now() - datetime.fromisoformat(now) < timedelta(seconds=5)
        assert abs(datetime.fromisoformat(now).timestamp() - timestamp) < 1
        assert 0.05 <= slept < 5

    def test_both_directions(self, clock: SteppedClock) -> None:
        """The clock starts at the real time, jumps forwards and back, by parts of a second too."""
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
        for seconds in (10 * DAY, -3.75 * DAY, 0.9999, -20 * DAY - 0.9999):
            before = clock.now()
            clock.advance(seconds)
            jumped = (clock.now() - before).total_seconds()
            assert seconds <= jumped < seconds + 1
            code = "import time; print(time.time_ns() // 1000)"
            begun = clock.now()
            seen = datetime.fromtimestamp(0, UTC) + timedelta(
                microseconds=int(run_python(code, clock=clock))
            )
            assert begun <= seen <= clock.now()

    @pytest.mark.parametrize("ahead", [10 * DAY, -10 * DAY])
    def test_deadlines_follow(self, clock: SteppedClock, ahead: float) -> None:
        """A wait for an hour's end is over when the clock jumps past it, and not before."""
        clock.advance(ahead)
        code = """
import ctypes, sys, time
libc = ctypes.CDLL(None)
mutex, cond = ctypes.create_string_buffer(64), ctypes.create_string_buffer(64)
deadline = (ctypes.c_long * 2)(int(time.time()) + 3600, 0)
print("waiting", flush=True)
libc.pthread_mutex_lock(mutex)
spurious = 0
while (result := libc.pthread_cond_timedwait(cond, mutex, deadline)) == 0:
    spurious += 1
print(result, time.time() >= deadline[0], spurious)
"""
        with subprocess.Popen(
            [sys.executable, "-c", code],
            env=os.environ | clock.environment(),
            stdout=subprocess.PIPE,
            text=True,
        ) as waiting:
            try:
                assert waiting.stdout is not None
                assert waiting.stdout.readline() == "waiting\n"
                clock.advance(HOUR - 60)
                time.sleep(0.1)
                assert waiting.poll() is None
                clock.advance(61)
                assert waiting.wait(5) == 0
                result, reached, spurious = waiting.stdout.readline().split()
            finally:
                waiting.kill()
        assert (int(result), reached) == (110, "True")  # ETIMEDOUT
        assert int(spurious) > 0

    def test_lost_clock(self, clock: SteppedClock) -> None:
        """A process whose clock is missing does not start, rather than run on the real time."""
        environment = os.environ | clock.environment() | {"MAILSYNC_STEPCLOCK": "/nonexistent"}
        process = subprocess.run(["true"], env=environment, capture_output=True, check=False)
        assert process.returncode == 127
        assert b"MAILSYNC_STEPCLOCK" in process.stderr

    def test_cache_keeps_a_day(self, clock: SteppedClock) -> None:
        """A resolver answers from its cache for exactly the TTL, which passes in milliseconds."""
        with (
            Bind(ZONES, clock=clock) as primary,
            Unbound({"example.test": [primary]}, clock=clock) as resolver,
        ):
            begun = time.monotonic()
            assert resolver.ask("example.test", "MX") == Answer((OLD,), DAY, "NOERROR", aa=False)
            primary.replace("example.test", "MX", 300, NEW)

            clock.advance(23 * HOUR)
            cached = resolver.ask("example.test", "MX")
            assert cached.values == (OLD,)
            assert cached.ttl is not None
            assert HOUR - 5 <= cached.ttl <= HOUR

            clock.advance(HOUR + 1)
            assert resolver.ask("example.test", "MX") == Answer((NEW,), 300, "NOERROR", aa=False)
            assert time.monotonic() - begun < 1

    @pytest.mark.parametrize("kind", [Bind, Knot])
    def test_update_after_ten_days(self, clock: SteppedClock, kind: type[Primary]) -> None:
        """After a jump of ten days a primary takes what is signed on its clock, and only that."""
        with kind(ZONES, clock=clock) as primary:
            clock.advance(10 * DAY)
            assert signed_update(primary, clock=clock) == "NOERROR"
            assert primary.ask("signed.example.test", "TXT").values == ('"yes"',)
            assert signed_update(primary) == "BADTIME"

    def test_secondary_after_ten_days(self, clock: SteppedClock) -> None:
        """After a jump of ten days a secondary still follows its primary's NOTIFY, at once."""
        # By NOTIFY alone: a refresh timer that the jump lets run out would do it as well.
        zone = ZONE.replace("7200 3600 2419200", "4838400 3600 9676800")
        with (
            Bind({"example.test": zone}, clock=clock) as primary,
            KnotSecondary(primary, clock=clock) as secondary,
        ):
            clock.advance(10 * DAY)
            primary.replace("example.test", "MX", 300, NEW)
            begun = time.monotonic()
            secondary.wait_for("example.test", "MX", NEW)
            assert time.monotonic() - begun < 1
            assert "notify, incoming" in secondary.log

    def test_timers_follow(self, clock: SteppedClock) -> None:
        """A secondary refreshes its zone when the clock jumps past the SOA's refresh time."""
        with Bind(ZONES, clock=clock) as primary, KnotSecondary(primary, clock=clock) as secondary:
            assert "zone is up-to-date" not in secondary.log
            clock.advance(3 * HOUR)
            assert eventually(lambda: "zone is up-to-date" in secondary.log)

    def test_watch_on_the_clock(self, clock: SteppedClock) -> None:
        """A watch tells the stepped time, and the clock does not jump while it asks."""
        with Bind(ZONES, clock=clock) as primary:
            with Watch(primary, "example.test", "MX", interval=0.001, clock=clock) as watch:
                for _ in range(20):
                    clock.advance(DAY)
                    time.sleep(0.005)
                last = watch.look()
            assert last.asked - watch.sightings[0].asked > timedelta(days=19)
            assert all(seen.answered - seen.asked < timedelta(hours=1) for seen in watch.sightings)


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether the condition becomes true within five seconds."""
    deadline = time.monotonic() + 5
    while not (reached := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return reached


def runs(process: Path) -> bool:
    """Whether a process, given as its directory below /proc, runs (a zombie does not)."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return "State:\tZ" not in (process / "status").read_text()
    return False  # pragma: no cover: in a container without an init a zombie stays
