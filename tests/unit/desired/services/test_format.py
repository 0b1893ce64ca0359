from __future__ import annotations

import pytest

from mailsync.desired import syntax
from mailsync.desired.faults import Faults
from mailsync.desired.model import Place
from mailsync.desired.services import format as service_format
from mailsync.desired.services.model import Clause, Condition, Service

HEAD = "names: [Ours]\nlayer: mailbox\n"
RECORDS = "records: [{mx: 10 mx.our.example.}]\n"
INPUT = "inputs: {a: {kind: word, what: it, where: there}}\n"
LIST = "inputs: {a: {kind: word, what: it, where: there, list: true}}\n"


def read(text: str) -> tuple[Service | None, list[str]]:
    """Read the file of the service ``ours``."""
    faults = Faults()
    root = syntax.parse(text.encode(), "ours.yaml", faults)
    found = service_format.read(root, "ours", Place("ours.yaml", 1, 1), faults)
    return found, [str(error).removeprefix("ours.yaml:") for error in faults.errors()]


def good(text: str) -> Service:
    """Read a file in which nothing is wrong."""
    found, errors = read(text)
    assert errors == []
    assert found is not None
    return found


def test_smallest_service() -> None:
    """A service is its names, its layer and a record."""
    found = good(HEAD + RECORDS)
    assert (found.id, found.name, found.names_ja, found.layer) == ("ours", "Ours", (), "mailbox")
    assert found.takes_mail
    (record,) = found.records
    assert (record.key, record.confidence, record.source) == ("mx", "own", "")


def test_all_that_a_service_may_say() -> None:
    """Every part of the format is read."""
    found = good(
        """
service: ours
names: {en: [Ours, Old Name], ja: [うちの]}
layer: inbound_gateway
sends_as: outbound_gateway
spf_all: fail
inputs:
  way: {kind: word, what: which, where: there, choices: [in, out], default: in, example: in}
  host: {kind: host, what: it, where: there, required: true, if: {way: in}, like: ["*.EXAMPLE"]}
  tokens: {kind: word, what: all, where: there, list: true, unless: [behind, {way: [out]}]}
records:
  - {mx: "10 {host}.", if: {way: in}, confidence: official, source: "https://x", note: n}
  - {dkim: {"{tokens}": {cname: "{tokens}.{domain}.our.example."}}, each: tokens}
  - {spf: ["include:spf.our.example", mx]}
constraints: {exclusive_mx: true, lowest_preference: true, dns_host: Ours,
  name_servers: ["*.NS.ours.example."]}
tasks:
  prepare: {first: do it for {domain}}
  switch:
    second: {text: "tell {behind}", if: behind, blocks: false, source: "https://y"}
traps: it goes wrong
recognise: {mx: ["*.our.example"], spf: ["include:spf.our.example"]}
sources: ["https://x"]
""".replace("do it for {domain}", '"do it for {domain}"')
    )
    assert (found.names, found.names_ja) == (("Ours", "Old Name"), ("うちの",))
    assert (found.sends_as, found.strictest) == ("outbound_gateway", "fail")
    way, host, tokens = found.inputs
    assert (way.choices, way.otherwise, way.example) == (("in", "out"), "in", "in")
    assert host.like == ("*.example",)
    assert host.when == Condition((Clause("way", ("in",)),))
    assert tokens.when == Condition((), (Clause("behind"), Clause("way", ("out",))))
    assert [record.each for record in found.records] == [None, "tokens", None]
    assert found.records[0].when.unmet == (Clause("behind"),)
    assert [(step.id, step.stage, step.blocks) for step in found.steps] == [
        ("first", "prepare", True),
        ("second", "switch", False),
    ]
    assert found.constraints.dns_host == "Ours"
    assert found.constraints.name_servers == ("*.ns.ours.example",)
    assert found.traps == ("it goes wrong",)
    assert found.recognition.mx == ("*.our.example",)


MISTAKES = [
    ("[a]", "1:1: a service, a mapping of keys is expected here, not a list"),
    (HEAD, "1:1: records is missing"),
    (RECORDS, "1:1: names is missing"),
    (HEAD + RECORDS + "nmaes: x\n", "4:1: unknown key 'nmaes': did you mean 'names'?"),
    (HEAD + RECORDS + "service: other\n", "4:10: the file is named for 'ours': one service, one"),
    (f"names: {{ja: [x]}}\nlayer: relay\n{RECORDS}", "1:8: en is missing: the name that is shown"),
    (f"names: []\nlayer: relay\n{RECORDS}", "1:8: an empty list: write a name"),
    (f"names: [x]\nlayer: post\n{RECORDS}", "2:8: unknown layer (mailbox, inbound_gateway,"),
    (HEAD + RECORDS + "spf_all: pass\n", "4:10: unknown verdict (fail, softfail, neutral) 'pass'"),
    (
        f"{HEAD}records: [{{spf: mx}}]\nsends_as: relay\n",
        "1:1: sends_as says what it is where it takes no mail: it has no mx at all",
    ),
    (HEAD + "records: x\n", "3:10: a record is expected here, not a text"),
    (HEAD + "records: [{source: x}]\n", "3:11: a record is one of mx, spf, dkim, autodiscover"),
    (HEAD + "records: [{mx: 10 a., spf: mx}]\n", "3:11: a record is one of mx, spf"),
    (HEAD + "records: [{mx: [10 a.]}]\n", "3:16: mx is a text, as in a zone file"),
    (HEAD + "records: [{mx: ten a.}]\n", "3:16: 'ten a.' is no MX value"),
    (HEAD + "records: [{spf: {include: a.b}}]\n", "3:17: spf is terms, as in a zone file"),
    (HEAD + "records: [{spf: [[mx]]}]\n", "3:17: spf is terms, as in a zone file"),
    (HEAD + "records: [{spf: inlcude:a.example}]\n", "3:17: 'inlcude:a.example' is no term of SPF"),
    (HEAD + "records: [{spf: '-all'}]\n", "3:17: '-all' is no term that joins others"),
    (HEAD + "records: [{dkim: x}]\n", "3:18: dkim is a mapping, as in a zone file"),
    (HEAD + "records: [{dkim: {s1: absent}}]\n", "3:18: a service asks for records; it removes"),
    (HEAD + "records: [{mx: '10 {host}.'}]\n", "3:16: unknown input 'host'"),
    (
        HEAD + "records: [{mx: '10 {host.'}]\n",
        "3:16: '10 {host.': a brace is part of a",
    ),
    (HEAD + "records: [{mx: 10 a., confidence: sure}]\n", "3:35: unknown confidence (official,"),
    (HEAD + "records: [{mx: 10 a., each: hosts}]\n", "3:16: each: 'hosts' is no input with 'list:"),
    (HEAD + INPUT + "records: [{mx: '10 {a}.'}]\n", "4:16: a may not be given: make it required"),
    (HEAD + LIST + "records: [{mx: '10 {a}.', if: a}]\n", "4:16: a is a list: write 'each: a'"),
    (HEAD + INPUT + "records: [{mx: 10 x., if: b}]\n", "4:16: unknown input 'b'"),
    (HEAD + RECORDS + "inputs: {A: {kind: word, what: x, where: y}}\n", "4:10: 'A' cannot name an"),
    (
        HEAD + RECORDS + "inputs: {domain: {kind: word, what: x, where: y}}\n",
        "4:10: 'domain'",
    ),
    (HEAD + RECORDS + "inputs: {a: {kind: word, what: x}}\n", "4:10: the input a has no 'where'"),
    (HEAD + RECORDS + "inputs: {a: x}\n", "4:13: an input is expected here, not a text"),
    (
        HEAD + RECORDS + "inputs: {a: {kind: sort, what: x, where: y}}\n",
        "4:20: unknown kind of input",
    ),
    (
        HEAD + RECORDS + "inputs: {a: {kind: word, what: x, where: y, default: b, choices: [c]}}\n",
        "4:10: a: the default is none of the choices",
    ),
    (
        HEAD + RECORDS + "inputs: {a: {kind: number, what: x, where: y, default: ten}}\n",
        "4:10: a: the default: 'ten' is no number from 0 to 65535",
    ),
    (
        HEAD + RECORDS + "inputs: {a: {kind: word, what: x, where: y, default: b, required: true}}",
        "4:10: a has a default: it is not required",
    ),
    (
        HEAD + RECORDS + "inputs: {a: {kind: flag, what: x, where: y, required: true}}\n",
        "4:10: a: a flag is true or not given, and nothing else",
    ),
    (
        HEAD
        + "inputs: {a: {kind: word, what: x, where: y, choices: [b]}}\n"
        + "records: [{mx: 10 x., if: {a: c}}]\n",
        "4:16: 'c' is none of the choices of a",
    ),
    (HEAD + RECORDS + "constraints: {dns_host: Ours}\n", "4:14: dns_host is known by its name"),
    (HEAD + RECORDS + "tasks: {later: {a: b}}\n", "4:9: unknown stage (prepare, switch, settle)"),
    (HEAD + RECORDS + "tasks: {switch: {A_b: c}}\n", "4:18: 'A_b' cannot name a task"),
    (HEAD + RECORDS + "tasks: {switch: {a: c}, settle: {a: d}}\n", "4:34: the task a stands twice"),
    (HEAD + RECORDS + "tasks: {switch: {a: {blocks: true}}}\n", "4:21: the task a has no text"),
    (HEAD + RECORDS + "tasks: {switch: {a: {text: x, blocks: 1}}}\n", "4:39: unknown value (true,"),
    (HEAD + RECORDS + "tasks: {switch: {a: '{host}'}}\n", "4:18: unknown input 'host'"),
    (
        HEAD + LIST + RECORDS + "tasks: {switch: {t: {text: 'x {a}', if: a}}}\n",
        "5:18: the task t cannot show a: it need not be one text",
    ),
    (HEAD + RECORDS + "constraints: {mx: true}\n", "4:15: unknown key 'mx'"),
    (HEAD + RECORDS + "recognise: {ptr: x}\n", "4:13: unknown key 'ptr'"),
    (HEAD + RECORDS + "traps: [|\n  a\n  b\n]\n", "4:9: no valid YAML"),
    (HEAD + RECORDS + "traps:\n- |\n  a\n  b\n", "5:3: a trap, in a sentence of several lines"),
]


@pytest.mark.parametrize(("text", "error"), MISTAKES)
def test_mistake_is_told(text: str, error: str) -> None:
    """A mistake in a service's file is told at its place, in one line."""
    found, errors = read(text)
    assert found is None
    assert any(one.startswith(error) for one in errors), errors
