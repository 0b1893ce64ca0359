"""mailsync.yaml: what it may say, and what is told when it says something else."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from mailsync import config
from mailsync.config import FileStore, GitStore
from mailsync.desired import files, settings
from mailsync.errors import FileErrors, MailsyncError
from mailsync.hosts.capabilities import Adapter, capability
from mailsync.plan.live import Capability, TtlScope, Write

ROOT = Path(__file__).parents[2]
LEAST = "providers: {p: {class: a.B}}\ntargets: {'*': p}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str) -> config.Config:
    """Read a mailsync.yaml of this text."""
    Path("mailsync.yaml").write_text(text)
    return config.load()


def errors(text: str) -> list[str]:
    """What is wrong with a mailsync.yaml of this text."""
    with pytest.raises(FileErrors) as caught:
        load(text)
    return [str(error) for error in caught.value.errors]


def test_the_least_that_is_needed(here: Path) -> None:
    """Providers and targets are enough; all else has a default, relative to the file."""
    found = load(LEAST)
    assert found.base == here
    assert found.zones == here / "zones"
    assert found.journal == FileStore(here / ".mailsync")
    assert found.observe == config.Observe("auto", 60)
    assert (found.defaults, found.capabilities) == (None, {})
    assert [(t.pattern, t.hosts) for t in found.targets] == [("*", ("p",))]


def test_paths_are_relative_to_the_file(here: Path) -> None:
    """A file that is named from elsewhere means what it means at home."""
    (here / "conf").mkdir()
    text = f"{LEAST}zones: ../z\njournal: {{store: file, directory: j}}\n"
    (here / "conf" / "m.yaml").write_text(text)
    found = config.load("conf/m.yaml")
    assert found.file == Path("conf/m.yaml")
    assert found.zones == here / "conf" / ".." / "z"
    assert found.journal == FileStore(here / "conf" / "j")
    assert load(f"{LEAST}zones: /etc/zones").zones == Path("/etc/zones")


def test_settings_are_read_as_octodns_means_them(here: Path) -> None:
    """Numbers and booleans are such; what only looks like one stays text, and so do secrets."""
    found = load("""
targets: {"*": [p]}
providers:
  p:
    class: octodns_cloudflare.CloudflareProvider
    token: env/CLOUDFLARE_TOKEN
    account: 00123
    key: 1_000
    quoted: "123"
    number: -5
    factor: 1.5
    version: 1.2.3
    strict_supports: true
    off_switch: False
    nothing: ~
    list: [1, a]
    nested: {port: 53, "1": x}
""")
    assert found.providers["p"] == {
        "class": "octodns_cloudflare.CloudflareProvider",
        "token": "env/CLOUDFLARE_TOKEN",
        "account": "00123",
        "key": "1_000",
        "quoted": "123",
        "number": -5,
        "factor": 1.5,
        "version": "1.2.3",
        "strict_supports": True,
        "off_switch": False,
        "nothing": None,
        "list": [1, "a"],
        "nested": {"port": 53, "1": "x"},
    }


def test_targets_keep_their_order(here: Path) -> None:
    """The first match wins, so order is kept; names are brought to their one form."""
    found = load("""
providers: {a: {class: x.Y}, b: {class: x.Z}}
targets:
  Example.JP.: a
  \u4f8b.example: [a, b]
  "*.example": [b]
""")
    assert [(t.pattern, t.hosts) for t in found.targets] == [
        ("example.jp", ("a",)),
        ("xn--fsq.example", ("a", "b")),
        ("*.example", ("b",)),
    ]


@pytest.mark.parametrize(
    ("text", "nameservers", "timeout"),
    [
        ("observe: none", "none", 60),
        ("observe: {nameservers: auto, timeout: 2m}", "auto", 120),
        ("observe: {timeout: 5}", "auto", 5),
        (
            (
                "observe: [192.0.2.53, '192.0.2.54:5300', '[::1]:53', '[2001:db8::1]', '::2', "
                "ns.example.net, 'ns.example.net.:54']"
            ),
            (
                ("192.0.2.53", 53),
                ("192.0.2.54", 5300),
                ("::1", 53),
                ("2001:db8::1", 53),
                ("::2", 53),
                ("ns.example.net", 53),
                ("ns.example.net.", 54),
            ),
            60,
        ),
        ("observe: {nameservers: 127.0.0.1:5353}", (("127.0.0.1", 5353),), 60),
    ],
)
def test_observe(here: Path, text: str, nameservers: object, timeout: int) -> None:
    """Name servers are found by the delegation, named, or not asked at all."""
    assert load(LEAST + text).observe == config.Observe(nameservers, timeout)  # type: ignore[arg-type]


def test_git_journal(here: Path) -> None:
    """A journal may be a branch, of the repository where mailsync.yaml is unless said."""
    assert load(f"{LEAST}journal: {{store: git}}").journal == GitStore(here / ".")
    text = "journal: {store: git, directory: /srv/dns, branch: log/mail, remote: upstream}"
    assert load(LEAST + text).journal == GitStore(Path("/srv/dns"), "log/mail", "upstream")


def test_severities(here: Path) -> None:
    """What lint's findings are to be is set by the id of their rule, octoDNS' among them."""
    text = "lint: {severity: {spf-ptr: error, mx-missing: off, octodns-mail: info}}"
    assert load(LEAST + text).severities == (
        ("mx-missing", "off"),
        ("octodns-mail", "info"),
        ("spf-ptr", "error"),
    )
    assert load(LEAST).severities == ()


def test_capabilities(here: Path) -> None:
    """What a DNS host can do may be said; durations come out in seconds."""
    text = "capabilities: {p: {ttl: fixed, min_ttl: 5m, max_ttl: 1d}}"
    assert load(LEAST + text).capabilities == {
        "p": {"ttl": "fixed", "min_ttl": 300, "max_ttl": 86400}
    }
    assert load(f"{LEAST}capabilities: {{p: {{min_ttl: 60}}}}").capabilities == {
        "p": {"min_ttl": 60}
    }
    text = (
        "capabilities: {p: {types: [A, MX], ttl_scope: zone, txt_max: 255, null_mx: false, "
        "mx_below: false, ptr: true, write: in-place, publish_delay: 1m}}"
    )
    said = load(LEAST + text).capabilities["p"]
    expected = Capability(
        ttl_scope="zone",
        types=frozenset({"A", "MX"}),
        txt_max=255,
        null_mx=False,
        mx_below=False,
        ptr=True,
        publish_delay=60,
    )
    assert capability(Adapter(), said, where="p") == expected
    assert set(settings.WRITES) == set(get_args(Write)) - {"by-hand"}
    assert set(settings.TTL_SCOPES) == set(get_args(TtlScope))


def test_no_file_says_what_to_do(here: Path) -> None:
    """Without a mailsync.yaml the error says how to get to one."""
    with pytest.raises(MailsyncError, match=r"there is no mailsync\.yaml: .* -c FILE"):
        config.load()


def test_an_empty_file_says_what_is_missing(here: Path) -> None:
    """A file without content misses the two keys that are needed."""
    assert [error.partition(";")[0][:40] for error in errors("")] == [
        "mailsync.yaml:1:1: providers is missing:",
        "mailsync.yaml:1:1: targets is missing: w",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zones: []", "3:8: a directory is expected here, not a list"),
        ("zonez: x", "3:1: unknown key 'zonez': did you mean 'zones'?"),
        ("notify: {}", "3:9: an empty mapping: write a webhook or an e-mail address"),
        ("notify: {news: [ran]}", "3:9: nobody is told: write a webhook or an e-mail address"),
        ("notify: {webhook: x}", "3:19: 'x' is no URL: write env/NAME"),
        ("notify: {email: {to: a@b.example}}", "3:17: from is missing: write an address"),
        ("profiles: {}", "3:11: an empty mapping: write the name of a profile and its keys"),
        ("profiles: {a: none}", "3:15: keys of a zone file are expected here, not a text"),
        ("defaults: 5", "3:11: keys of a zone file are expected here, not a text"),
        ("journal: x", "3:10: a journal is expected here, not a text"),
        ("journal: {directory: x}", "3:10: store is missing"),
        ("journal: {store: gti}", "3:18: unknown store (file, git) 'gti': did you mean 'git'?"),
        ("journal: {store: file, branch: x}", "3:24: branch goes with 'store: git'"),
        ("journal: {store: git, branch: -x}", "3:31: '-x' is no name of a branch"),
        (
            "journal: {store: git, remote: 'a..b'}",
            "3:31: 'a..b' is no name of a branch or a remote",
        ),
        ("journal: {store: git, branch: []}", "3:31: a name is expected here"),
        ("observe: []", "3:10: an empty list"),
        ("observe: [[]]", "3:11: auto, none, or a list of servers"),
        ("observe: delegation_", "3:10: 'delegation_' is no server"),
        ("observe: '192.0.2.1:0'", "3:10: '192.0.2.1:0' is no server"),
        ("observe: '192.0.2.1:65536'", "3:10: '192.0.2.1:65536' is no server"),
        ("observe: '[192.0.2.1]:53'", "3:10: '[192.0.2.1]:53' is no server"),
        ("observe: '[ns.example]:53'", "3:10: '[ns.example]:53' is no server"),
        ("observe: 'a b'", "3:10: 'a b' is no server"),
        ("observe: '::g'", "3:10: '::g' is no server"),
        ("observe: [192.0.2.1, '192.0.2.1:53']", "3:22: 192.0.2.1:53 stands twice"),
        (
            "observe: {nameserver: auto}",
            "3:11: unknown key 'nameserver': did you mean 'nameservers'?",
        ),
        ("observe: {timeout: soon}", "3:20: 'soon' is no duration"),
        ("capabilities: {q: {ttl: fixed}}", "3:16: unknown provider 'q'"),
        (
            "lint: {severity: {spf-pt: off}}",
            "3:19: unknown finding (mailsync lint --list) 'spf-pt': did you mean",
        ),
        (
            "lint: {severity: {spf-ptr: fatal}}",
            "3:28: unknown severity (error, warning, info, off)",
        ),
        ("lint: {severities: {}}", "3:8: unknown key 'severities': did you mean 'severity'?"),
        ("lint: off", "3:7: lint is expected here, not a text"),
        (
            "capabilities: {p: {ttl: fix}}",
            "3:25: unknown value (fixed, settable) 'fix': did you mean",
        ),
        ("capabilities: {p: {tll: fixed}}", "3:20: unknown key 'tll': did you mean 'ttl'?"),
        ("capabilities: {p: {write: atom}}", "3:27: unknown value (atomic, in-place,"),
        ("capabilities: {p: {null_mx: no}}", "3:29: "),
        ("capabilities: {p: {txt_max: -1}}", "3:29: "),
        ("capabilities: {p: {types: [mx]}}", "3:28: 'mx' is no type"),
        ("capabilities: {p: 5}", "3:19: the name of a provider and what it can do is expected"),
        ("capabilities: {p: {min_ttl: x}}", "3:29: 'x' is no duration"),
    ],
)
def test_mistakes(here: Path, text: str, message: str) -> None:
    """One mistake is one line, with its place and what to write instead."""
    (error,) = errors(LEAST + text)
    assert error.startswith(f"mailsync.yaml:{message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("providers: {p: 5}\ntargets: {'*': p}", "1:16: a name and the settings"),
        (
            "providers: {p: {token: x}}\ntargets: {'*': p}",
            "1:16: class is missing: write octoDNS' class path",
        ),
        ("providers: {p: {class: a.B, x: no}}\ntargets: {'*': p}", "1:32: no is read in two ways"),
        (
            "providers: {cloud: {class: a.B}}\ntargets: {'*': clod}",
            "2:16: unknown provider 'clod': did",
        ),
        ("providers: {p: {class: a.B}}\ntargets: {'*': [p, p]}", "2:20: p stands twice"),
        ("providers: {p: {class: a.B}}\ntargets: {'*': []}", "2:16: an empty list"),
        ("providers: {p: {class: a.B}}\ntargets: {'*': [[]]}", "2:17: the name of a provider is"),
        ("providers: {p: {class: a.B}}\ntargets: {'*/x': p}", "2:11: '*/x' is no glob"),
        ("providers: {p: {class: a.B}}\ntargets: {'a b': p}", "2:11: 'a b.' holds a character"),
        ("providers: {p: {class: a.B}}\ntargets: []", "2:10: a zone (or a glob, such as '*')"),
        ("[", "2:1: no valid YAML"),
    ],
)
def test_mistakes_in_providers_and_targets(here: Path, text: str, message: str) -> None:
    """What serves no zone, or is no provider, is told where it stands."""
    (error,) = errors(f"{text}\n")
    assert error.startswith(f"mailsync.yaml:{message}")


def test_a_list_is_no_configuration(here: Path) -> None:
    """A file of another shape is told as such."""
    assert errors("- a")[0] == "mailsync.yaml:1:1: mailsync.yaml is a mapping of keys, not a list"


def test_the_example_of_the_readme_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The three domains of the example are right, and each shows another way to keep mail."""
    monkeypatch.chdir(ROOT)
    found = config.load()
    loaded = files.load(found)
    assert [str(error) for error in loaded.errors] == []
    by_domain = {desired.domain: desired for desired in loaded.desired}
    assert list(by_domain) == ["example.co.jp.", "example.jp.", "example.net."]
    assert by_domain["example.net."].no_mail
    assert by_domain["example.jp."].kinds == {"mx", "hosts", "spf", "dkim", "dmarc"}
    assert ("10 mgf.cybermail.jp.",) in {wish.values for wish in by_domain["example.co.jp."].wishes}
    assert {desired.cutover.timezone for desired in loaded.desired} == {"Asia/Tokyo"}
    assert {path.name for path in (ROOT / "live").iterdir()} == {
        f"{domain}zone" for domain in by_domain
    }
