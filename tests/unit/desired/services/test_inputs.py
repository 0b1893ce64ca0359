from __future__ import annotations

from pathlib import Path

import pytest

from mailsync.desired.faults import Faults
from mailsync.desired.model import Place
from mailsync.desired.services.catalogue import Catalogue
from mailsync.desired.services.expansion import expand
from mailsync.desired.tree import Mapping
from tests.unit.desired.services.samples import KEY, errors, wishes

OWN = """
names: [Ours]
layer: relay
inputs:
  host: {kind: host, what: a host, where: the panel}
  name: {kind: name, what: a name, where: the panel}
  label: {kind: label, what: a label, where: the panel}
  mx: {kind: mx, what: an MX, where: the panel, list: true}
  spf: {kind: spf, what: SPF terms, where: the panel}
  key: {kind: dkim, what: a key, where: the panel}
  four: {kind: ipv4, what: an address, where: the panel}
  six: {kind: ipv6, what: an address, where: the panel}
  word: {kind: word, what: a word, where: the panel, list: true}
  text: {kind: text, what: a text, where: the panel}
  number: {kind: number, what: a number, where: the panel}
  flag: {kind: flag, what: a flag, where: the panel}
  one: {kind: word, what: one of them, where: the panel, choices: [a, b]}
  like: {kind: host, what: a host, where: the panel, like: ["mx*.our.example", "*.other.example"]}
records:
  - {mx: "{mx}", each: mx}
  - {spf: "{spf}", if: spf}
  - {dkim: {s1: {cname: "{host}."}}, if: host}
  - {dkim: {s2: {cname: "{name}."}}, if: name}
  - {dkim: {s3: "{key}"}, if: key}
  - {dkim: {"{word}": {cname: "{word}.our.example."}}, each: word}
  - {hosts: {"{label}": "{four}"}, if: [label, four]}
  - {hosts: {"{label}": "{six}"}, if: [label, six]}
  - {verification: "{text}", if: text}
  - {srv: {imaps: "0 {number} 993 imap.our.example."}, if: number}
  - {autodiscover: auto.our.example., if: flag}
  - {verification: "one={one}", if: one}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A directory with a service that has an input of every kind."""
    (tmp_path / "ours.yaml").write_text(OWN)
    return tmp_path


def zone(inputs: str) -> str:
    """Write a zone file that gives these inputs."""
    return f"services:\n- ours: {{{inputs}}}\n"


RIGHT = [
    ("host: a.our.example", "dkim s1._domainkey.example.com. CNAME", ("a.our.example.",)),
    ("host: A.Our.Example.", "dkim s1._domainkey.example.com. CNAME", ("a.our.example.",)),
    ("host: here", "dkim s1._domainkey.example.com. CNAME", ("here.example.com.",)),
    ("name: _a.our.example", "dkim s2._domainkey.example.com. CNAME", ("_a.our.example.",)),
    ("mx: 10 a.our.example", "mx example.com. MX", ("10 a.our.example.",)),
    ("mx: [10 a.b, 20 here]", "mx example.com. MX", ("10 a.b.", "20 here.example.com.")),
    ("spf: a:b.example mx", "spf example.com. TXT", ('"v=spf1 mx a:b.example ~all"',)),
    (f'key: "{KEY}"', "dkim s3._domainkey.example.com. TXT", (f'"{KEY}"',)),
    ("label: mail, four: 192.0.2.1", "host mail.example.com. A", ("192.0.2.1",)),
    ("label: mail.example.com, four: 192.0.2.1", "host mail.example.com. A", ("192.0.2.1",)),
    ("label: a, six: '2001:DB8::1'", "host a.example.com. AAAA", ("2001:db8::1",)),
    ("word: [x, Y.z]", "dkim x._domainkey.example.com. CNAME", ("x.our.example.",)),
    ("text: 'A={domain} %'", "verification example.com. TXT", ('"A={domain} %"',)),
    ("text: absent", "verification example.com. TXT", ('"absent"',)),
    ("number: 7", "srv _imaps._tcp.example.com. SRV", ("0 7 993 imap.our.example.",)),
    ("flag: true", "autodiscover autodiscover.example.com. CNAME", ("auto.our.example.",)),
    ("one: b", "verification example.com. TXT", ('"one=b"',)),
    ("like: mx1.our.example, flag: true", "autodiscover autodiscover.example.com. CNAME", None),
]


@pytest.mark.parametrize(("inputs", "key", "values"), RIGHT)
def test_input_is_read(own: Path, inputs: str, key: str, values: tuple[str, ...] | None) -> None:
    """An input of each kind is read, as vendors show it, and stands in the record."""
    kind, name, rdtype = key.split()
    found = wishes(zone(inputs), own)[kind, name, rdtype]
    if key.startswith("verification"):
        assert set(values or ()) <= set(found)
    elif values is not None:
        assert found == values


@pytest.mark.parametrize("inputs", ["spf: none", "flag: false", "like: a.other.example"])
def test_nothing_is_asked_for(own: Path, inputs: str) -> None:
    """An input that is none, or that no record uses, makes no record."""
    assert wishes(zone(inputs), own) == {}


WRONG = [
    ("hots: a", "unknown input of ours 'hots': did you mean 'host'?"),
    ("host: 192.0.2.1", "ours: host: '192.0.2.1' is an address: write the name of a host"),
    ("host: _a.b", "ours: host: '_a.b' is no host's name: letters, digits, hyphens"),
    ("host: a b", "ours: host: 'a b' holds a character that no name here may hold"),
    (f"host: {'a' * 300}", "ours: host: '"),
    ("host: [a.b]", "ours: host is one value, not a list"),
    ("host: {a: b}", "a host is expected here, not a mapping"),
    ("host: ''", "ours: host: an empty name"),
    ("label: '@'", "ours: label: '@' is no name in example.com: write such as mail"),
    ("label: a.other.", "ours: label: 'a.other.' is no name below example.com: write such as mail"),
    ("label: example.com", "ours: label: 'example.com' is no name below example.com"),
    ("mx: mx1", "ours: mx: 'mx1' is no MX: write a preference and a host"),
    ("mx: 10 192.0.2.1", "ours: mx: '192.0.2.1' is an address"),
    ("mx: 70000 a.b", "ours: mx: '70000 a.b' is no MX"),
    ("mx: [10 a.b, 10 A.B.]", "'10 A.B.' stands twice"),
    ("mx: []", "an empty list: write an MX, or leave out the key"),
    ("spf: v=spf1 mx -all", "ours: spf: 'v=spf1' is no term that joins others"),
    ("spf: -mx", "ours: spf: '-mx' is no term that joins others"),
    ("spf: redirect=a.b", "ours: spf: 'redirect=a.b' is no term that joins others"),
    ("spf: foo", "ours: spf: 'foo' is no term of SPF"),
    ("key: abc", "ours: key: 'abc' is no tag=value"),
    ("four: 2001:db8::1", "ours: four: '2001:db8::1' is no IPv4 address"),
    ("six: 192.0.2.1", "ours: six: '192.0.2.1' is no IPv6 address"),
    ("six: 'fe80::1%eth0'", "ours: six: 'fe80::1%eth0' is no IPv6 address"),
    ("four: x", "ours: four: 'x' is no IPv4 address"),
    ("word: [a b]", "ours: word: 'a b' is no word of letters"),
    ("text: ä", "ours: text: '\\xe4' is no text of at most 4096 printable characters"),
    ("number: 07", "ours: number: '07' is no number from 0 to 65535"),
    ("number: 65536", "ours: number: '65536' is no number"),
    ("flag: yes", "unknown value (true, false) 'yes'"),
    ("one: c", "unknown one of ours (a, b) 'c'"),
    (
        "like: mx1.her.example",
        "ours: like: 'mx1.her.example' does not look like mx*.our.example",
    ),
    ("behind: ours", "ours takes no mail: it stands behind nothing"),
    ("behind: [a]", "the service in front is expected here, not a list"),
]


@pytest.mark.parametrize(("inputs", "error"), WRONG)
def test_wrong_input_is_told(own: Path, inputs: str, error: str) -> None:
    """An input that cannot be is told where it stands, in one line."""
    told = errors(zone(inputs), own)
    assert any(f": {error}" in one for one in told), told
    assert all("\n" not in one for one in told)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("services: []", "1:11: an empty list: write a service, such as 'fastmail'"),
        ("services: [[a]]", "1:12: a service, such as 'fastmail' or 'microsoft365: {mx: …}' is"),
        ("services: [~]", "1:12: a service, such as"),
        ("services: [{a: {}, b: {}}]", "1:12: each item of services is one service: write a"),
        ("services: [fastmail: x]", "1:22: the inputs of fastmail are a mapping, such as"),
        ("mail: none\nservices: [fastmail]", "2:1: services stand beside 'mail: none': drop one"),
    ],
)
def test_misshapen_services_are_told(text: str, error: str) -> None:
    """What is no service is told."""
    told = errors(text)
    assert any(one.startswith(f"z.yaml:{error}") for one in told), told


def test_service_without_inputs() -> None:
    """A service that needs nothing is its name, with or without a colon."""
    assert wishes("services: [fastmail]") == wishes("services:\n- fastmail:\n")


def test_file_without_services_stays_as_it_is() -> None:
    """Who names no service gets the very keys back."""
    said = Mapping((), Place("z.yaml", 1, 1))
    assert expand(said, "example.com.", "example.com.", Catalogue(), Faults()).said is said
