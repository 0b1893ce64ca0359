import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsync.errors import HostError, MailsyncError
from mailsync.hosts.loading import load_host
from mailsync.plan.live import Capability
from tests.contracts.memory import MemoryProvider, stored

MEMORY = "tests.contracts.memory.MemoryProvider"
ZONE_FILES = "mailsync_providers.zonefile.ZoneFileProvider"


class TokenProvider(MemoryProvider):
    """Says its token in whatever goes wrong."""

    def __init__(self, id: str, token: str, *, region: str = "", **kwargs: object) -> None:  # noqa: A002
        if token == "wrong-token":
            raise RuntimeError(f"{token} at https://api.example/?token={token}")
        super().__init__(id, "empty", **kwargs)
        self.token = token

    def populate(self, zone: object, target: bool = False, lenient: bool = False) -> bool:
        self.log.warning("populate: %s", self.token)
        raise RuntimeError(f"403 for {self.token}")


class PoppingProvider(MemoryProvider):
    """Takes its settings apart."""

    def __init__(self, id: str, zone_settings: dict[str, str]) -> None:  # noqa: A002
        super().__init__(id, zone_settings.pop("store"))


class LooseProvider(MemoryProvider):
    """Raises a `TypeError` that is about none of its arguments."""

    def __init__(self, id: str) -> None:  # noqa: A002
        raise TypeError("unsupported operand")


@pytest.fixture(autouse=True)
def empty_store() -> Iterator[None]:
    """A store without zones."""
    with stored("empty", {}):
        yield


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, rf"class: write the provider's class with its package, such as `class: {ZONE_FILES}`"),
        ({"class": "Cloudflare"}, r"class: write .* not 'Cloudflare'"),
        ({"class": 5}, r"class: write .* not 5"),
        (
            {"class": "octodns_not_there.Provider"},
            r"class: octodns_not_there is not installed: `pip install octodns-not-there`",
        ),
        ({"class": "mailsync_providers.bind.X"}, "class: mailsync_providers has no module"),
        ({"class": ".X"}, "class: "),
        ({"class": f"{MEMORY}s"}, "class: .* has no MemoryProviders: did you mean MemoryProvider?"),
        ({"class": "octodns.record.Record"}, "is no octoDNS provider that can be written to"),
        ({"class": "octodns_bind.AxfrSource"}, "is no octoDNS provider that can be written to"),
        ({"class": "tests.contracts.memory.stored"}, "is no octoDNS provider"),
        ({"class": "octodns_bind.ZoneFileProvider"}, rf"cannot be used: .* use {ZONE_FILES}"),
        ({"class": "octodns_bind.Rfc2136Provider"}, "cannot be used: .* with the same settings"),
        ({"class": "octodns_bind.BindProvider"}, "cannot be used: .* with the same settings"),
        ({"class": "octodns_bind.ZoneFileSource"}, rf"cannot be used: .* use {ZONE_FILES}"),
        ({"class": MEMORY}, "MemoryProvider needs store: add to this entry"),
        ({"class": MEMORY, "stor": "empty"}, "MemoryProvider needs store"),
        ({"class": ZONE_FILES, "directry": "x", "directory": "y"}, "did you mean directory?"),
        (
            {"class": MEMORY, "store": "empty", "strict_support": True},
            "strict_support: MemoryProvider has no such setting: did you mean strict_supports?",
        ),
        ({"class": MEMORY, "store": "empty", "zzz": 1}, "zzz: MemoryProvider has no such setting$"),
        ({"class": MEMORY, "store": "other"}, "MemoryProvider: KeyError: 'other'"),
        ({"class": f"{__name__}.LooseProvider"}, "LooseProvider: TypeError: unsupported operand"),
        ({"class": MEMORY, "store": "env/NOT_SET"}, "store: the environment variable NOT_SET"),
        (
            {"class": f"{__name__}.TokenProvider", "token": "env/TOKEN"},
            r"TokenProvider: RuntimeError: \$TOKEN at https://api\.example/$",
        ),
    ],
)
def test_mistakes(settings: dict[str, object], message: str, tmp_path: Path) -> None:
    """A mistake in a provider's entry is one line: which entry, which key, what to do."""
    with pytest.raises(MailsyncError, match=rf"^providers\.cloud: .*{message}") as caught:
        load_host("cloud", settings, tmp_path, environment={"TOKEN": "wrong-token"})
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, HostError)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import not_installed_sdk", "needs not_installed_sdk, which is not installed: `pip"),
        ("1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
    ],
)
def test_broken_package(
    code: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider's package that does not import says what it lacks, or how it fails."""
    (tmp_path / "octodns_broken.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MailsyncError, match=message):
        load_host("x", {"class": "octodns_broken.Provider"}, tmp_path)


def test_derived_from_a_refused_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A subclass of a provider that loses records loses them too."""
    (tmp_path / "derived_zone_files.py").write_text(
        "import octodns_bind\nclass Mine(octodns_bind.ZoneFileProvider): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MailsyncError, match=r"derived_zone_files\.Mine cannot be used"):
        load_host("x", {"class": "derived_zone_files.Mine", "directory": "."}, tmp_path)


@pytest.mark.parametrize("directory", ["live", "env/LIVE", "{base}/live"])
def test_directory(directory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zone files' directory is relative to mailsync.yaml, wherever the command runs."""
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "example.test.zone").write_text("@ 60 SOA a. b. 1 2 3 4 5\n@ 60 MX 0 .\n")
    monkeypatch.chdir("/")
    settings: dict[str, object] = {
        "class": ZONE_FILES,
        "directory": directory.format(base=tmp_path),
    }
    host = load_host("local", settings, tmp_path, environment={"LIVE": "live"})
    assert [rrset.values for rrset in host.read("example.test").values()] == [("0 .",)]
    assert settings["class"] == ZONE_FILES


def test_name_and_capability(tmp_path: Path) -> None:
    """A host knows its name, what it can do with TTLs, and the types that its adapter names."""
    settings = {"class": MEMORY, "store": "empty"}
    host = load_host("memory", settings, tmp_path, {"ttl": "fixed"})
    types = frozenset(MemoryProvider.SUPPORTS)
    expected = Capability(settable=False, types=types, write=None)
    assert (host.name, host.capability) == ("memory", expected)
    with pytest.raises(MailsyncError, match=r"^capabilities\.memory: ttl: "):
        load_host("memory", settings, tmp_path, {"ttl": "no"})


def test_settings_stay_whole(tmp_path: Path) -> None:
    """Each provider gets the whole settings, whatever the one before did to its own."""
    settings = {"class": f"{__name__}.PoppingProvider", "zone_settings": {"store": "empty"}}
    host = load_host("popping", settings, tmp_path)
    for _ in range(2):
        with pytest.raises(HostError, match="has no such zone"):
            host.read("example.test")


def test_nothing_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What octoDNS and a provider warn of are debug messages; errors are ours, without secrets."""
    monkeypatch.setenv("TOKEN", "hunter2hunter2")
    host = load_host("t", {"class": f"{__name__}.TokenProvider", "token": "env/TOKEN"}, tmp_path)
    assert "hunter2" not in repr(host)
    with pytest.raises(HostError, match=r"DNS host 't': RuntimeError: 403 for \$TOKEN$"):
        host.read("example.test")
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG]
    with caplog.at_level(logging.DEBUG), pytest.raises(HostError):
        host.read("example.test")
    assert {r.levelname for r in caplog.records if r.name == "TokenProvider[t]"} == {"DEBUG"}


def test_octodns_is_imported_late() -> None:
    """Importing the module that loads hosts imports neither octoDNS nor requests."""
    code = (
        "import sys, mailsync.hosts.loading; "
        "print(sorted({'octodns', 'requests', 'yaml'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
