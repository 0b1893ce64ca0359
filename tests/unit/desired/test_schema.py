"""The JSON Schemas of the files: what they refuse, accept and explain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import jsonschema  # type: ignore[import-untyped]  # it has no types of its own
import pytest

from mailsync.desired import registry, schema, settings
from mailsync.desired.structure import ANYTHING, Field, Fields
from tests.readme import page
from tests.unit.desired.instances import instance, refusals, validator
from tests.unit.desired.reads import errors, good
from tests.unit.desired.test_mistakes import ADDRESSES, MISTAKES, RECORDS, SEVEN

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
File = Literal["zone", "config"]
BOTH: tuple[File, ...] = ("zone", "config")

REFUSED = """
mxx: 10 mx1
ttl: soon
ttl: [1]
ttl: 99999999999
mx: absent
mx: []
mx:
mx: mx1
mx: {preference: 65536, host: mx1}
mx: {preference: 10}
mx: {host: mx1, preference: 10, prio: 1}
services: []
services: {fastmail: {mx: 1}}
services: [{fastmail: {}, icloud: {}}]
services: [google_workspace: {mx: pop}]
hosts: mx1
hosts: {mx1: fe80}
hosts: {mx1: {}}
hosts: {a b: 192.0.2.1}
spf: p=none
spf: [v=spf1 -all]
spf: {}
spf: {all: reject}
spf: {includes: a.example, all: fail}
spf: {include: [], all: fail}
dkim: {s1: {ttl: 5m}}
dkim: {s1: {txt: v=DKIM1; p=, cname: c}}
tlsa: {mx1: {ttl: 1h}}
bimi: {default: {ttl: 5m}}
autoconfig: {target: a, addresses: 192.0.2.1}
records: {www: {type: A}}
records: {www: {type: A, absent: false}}
records: {www: {type: A, value: 192.0.2.1, values: [192.0.2.2]}}
hosts: {mx1: 192.0.2.256}
hosts: {mx1: [192.0.2.1, 192.0.2.1]}
prune: [dkim, dkim]
acknowledge: [ttl, ttl]
dkim: {s1: p}
dkim: {s 1: absent}
dkim: {s1: {cnme: c}}
dmarc: p=none
dmarc: {p: rejekt}
dmarc: {p: none, pct: 101}
dmarc: {p: none, ramp: {strict: 30d}}
mta_sts: testing
mta_sts: {max_age: 7d}
mta_sts: {mode: strict}
tls_rpt: tls@example.com
tls_rpt: {ttl: 1h}
tlsa: {mx1: {pm: a}}
tlsa: {mx1: 3 1 abc}
srv: {smtp: 0 1 25 mx1}
srv: {imaps: 993 mx1}
ptr: {mx1: 192.0.2.1}
verification: []
verification: [{a: b}]
autodiscover: []
autodiscover: {ttl: 5}
records: {www: x}
records: {www: {value: 192.0.2.1}}
records: {www: {type: B, value: x}}
records: {www: {type: A, value: '2001:db8::1'}}
records: {www: {type: A, absent: yes}}
records: {www: {type: SRV, value: {priority: 1, weight: 1, port: 1}}}
records: {www: {type: MX, value: 10 mx1}}
mail: off
profile: [a]
prune: [mx]
prune: [dkmi]
acknowledge: A b
acknowledge: [mx-mixed-service]
domains: [a b]
subdomains: {news: }
subdomains: {news: {mx: mx1}}
subdomains: {news: {domains: [a.example]}}
cutover: soon
cutover: {aat: x}
cutover: {at: 2026-12-05}
cutover: {window: weekend}
cutover: {tasks: {a: yes}}
cutover: {lead: long}
""".strip().splitlines()

CONFIG_REFUSED = """
zonez: x
zones: []
notify: {}
providers: {p: {token: x}}
targets: []
defaults: 5
defaults: {mxx: 1}
defaults: {domains: [a.example]}
profiles: {}
profiles: {a: none}
profiles: {a: {profile: b}}
profiles: {a: {subdomains: {b: {mx: mx1}}}}
journal: {directory: x}
journal: {store: gti}
journal: {store: git, branch: -x}
observe: []
observe: {time: 5}
capabilities: {p: {ttl: maybe}}
lint: {severity: {mx-mixed-service: off}}
""".strip().splitlines()


MANY = f"spf: {{ip4: [{', '.join(ADDRESSES)}], all: fail, split: true}}"
FIFTY = f"spf: {{ip4: [{', '.join(ADDRESSES[:50])}], include: {SEVEN}, all: fail, split: 255}}"
TEN = f"spf: {{ip4: [{', '.join(ADDRESSES[:10])}], include: {SEVEN}, all: fail, split: 150}}"
HEX = "ab" * 32
BEYOND_A_SCHEMA = {
    "the zone's name is the file's, and names are compared as DNS compares them": [
        "mx: 10 mx1.example.com",
        "mx: [10 mx1, 20 MX1]",
        "hosts: {mx1: ['2001:db8::1', '2001:DB8:0::1']}",
        "hosts: {mx1.example.net.: 192.0.2.1}",
        "hosts: {mx1.example.com: 192.0.2.1}",
        "hosts: {m: 192.0.2.1, m.example.com.: 192.0.2.2}",
        "spf: {include: [a.example, a.example.], all: fail}",
        "dkim: {_domainkey: {ns: a.example.net.}, s1: {cname: b.example.net.}}",
        "records: {sub: {type: NS, value: a.example.net.}, a.sub: {type: A, value: 192.0.2.1}}",
        "verification: [a, {a: absent}]",
        "verification: a\nrecords: {'': {type: TXT, value: b}}",
        f"tlsa: {{mx.example.net.: 3 1 1 {HEX}}}",
        "mx: [10 mx.example.net.]\nmta_sts: {mode: enforce, mx: [a.example]}",
    ],
    "a service of the file, or of its profile, may say the rest": [
        "mx: {ttl: 5}",
        "spf: {mx: true}",
        "verification: {ttl: 5}",
        "mta_sts: {mode: enforce}",
    ],
    "YAML's core schema makes a number of it, or drops the quotes": [
        "mx: {preference: 010, host: mx1}",
        "verification: absent",
    ],
    "a record is counted, evaluated or decoded as a whole": [
        MANY,
        FIFTY,
        TEN,
        "mail: none\nspf: v=spf1 mx -all",
        "mx: 0 .\nspf: v=spf1 redirect=r.example",
        "dkim: {s1: v=DKIM1; p=AAAA}",
    ],
    "another file is read": [
        "dkim: {s1: {pem: /nowhere/key.pem}}",
        "dkim: {s1: {pem: /dev/null}}",
        "dkim: {s1: {pem: /dev}}",
        "tlsa: {mx1: {pem: /nowhere/key.pem}}",
        "tlsa: {mx1: [{pem: /nowhere/key.pem}, auto]}",
    ],
    "time is reckoned, by this machine's time zones": [
        "mta_sts: {mode: testing, max_age: 2000d, mx: [a.example]}",
        "dmarc: {p: none, ramp: {quarantine: 2027-02-01, reject: 2027-01-01}}",
        "cutover: {at: '0001-01-01T00:00+01:00'}",
        "cutover: {old_until: '0001-01-01', timezone: Asia/Tokyo}",
        "cutover: {timezone: Asia/Tokio}",
        "cutover: {timezone: Asia}",
        "cutover: {timezone: Europe/Berlin, at: 2026-03-29T02:30}",
        "cutover: {timezone: Europe/Berlin, at: 2026-10-25T02:30}",
    ],
}
"""Mistakes of which only the loader can tell, by the reason."""


@pytest.mark.parametrize("text", REFUSED)
def test_mistakes_that_editors_show(text: str) -> None:
    """What is no such file by its shape is refused by the loader and by the schema."""
    assert errors(text) != []
    assert refusals(text) != []


@pytest.mark.parametrize("text", CONFIG_REFUSED)
def test_mistakes_in_the_configuration_that_editors_show(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same of mailsync.yaml."""
    from mailsync import config
    from mailsync.desired import files
    from mailsync.errors import FileErrors

    monkeypatch.chdir(tmp_path)
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "a.example.yaml").write_text("profile: a" if "profiles" in text else "")
    least = {"providers": "providers: {p: {class: a.B}}", "targets": "targets: {'*': p}"}
    whole = "\n".join([text, *(line for key, line in least.items() if key not in text)])
    assert refusals(whole, "config") != []
    Path("mailsync.yaml").write_text(whole)
    with pytest.raises(FileErrors):
        raise FileErrors(files.load(config.load()).errors or [])


def test_of_the_loaders_mistakes_the_schema_knows_all_that_it_can() -> None:
    """No more is left to the loader than is listed here, with the reason."""
    texts = [*MISTAKES, *(f"records: {{w: {{type: {r}}}}}" for r in RECORDS)]
    only_the_loaders = [text for text in texts if not refusals(text)]
    listed = [text for group in BEYOND_A_SCHEMA.values() for text in group]
    assert sorted(only_the_loaders) == sorted(listed)


def shown(file: File) -> Iterator[Any]:
    """Give every such file that the pages show, and those of the example."""
    for path in PAGES:
        for number, block in enumerate(page.blocks(path.read_text())):
            name = block.word("file") or ""
            lines = "\n".join(block.lines)
            is_config = name == "mailsync.yaml" or "providers:" in block.lines
            is_zone = name.startswith("zones/")
            if "soon" in lines:  # a mistake, shown with what is told of it
                continue
            if block.language == "yaml" and (is_config if file == "config" else is_zone):
                yield pytest.param(lines, id=f"{path.stem}-{number}")
    zones = sorted((*ROOT.glob("zones/*"), *ROOT.glob("tests/fixtures/services/*.yaml")))
    for path in [ROOT / "mailsync.yaml"] if file == "config" else zones:
        yield pytest.param(path.read_text(), id=path.name)


@pytest.mark.parametrize("text", list(shown("zone")))
def test_zone_files_that_are_shown_are_right(text: str) -> None:
    """Every zone file of the pages and of the example."""
    assert refusals(text) == []


@pytest.mark.parametrize("text", list(shown("config")))
def test_configurations_that_are_shown_are_right(text: str) -> None:
    """Every mailsync.yaml, or part of one."""
    missing = [one for one in refusals(text, "config") if "required property" not in one]
    assert missing == []


@pytest.mark.parametrize("key", registry.known().values(), ids=lambda key: key.name)
def test_every_key_has_an_example_that_is_right(key: registry.Key) -> None:
    """Both for the loader and for the schema: editors offer it."""
    text = f"{key.name}: {key.example}"
    assert key.example
    assert refusals(text) == []
    if key.name == "profile":
        assert good(text, parked="mail: none").no_mail
    elif key.name == "mta_sts":
        assert good(f"{text}\nmx: 10 mx.example.net.").policy is not None
    else:
        good(text)
    definition = validator("zone").schema["$defs"][f"key-{key.name}"]
    assert definition["defaultSnippets"][0]["label"] == text


@pytest.mark.parametrize("file", BOTH)
def test_schemas_are_schemas(file: File) -> None:
    """Valid by their dialect, with a neutral name, the same each time."""
    found = schema.of(file)
    jsonschema.Draft202012Validator.check_schema(found)
    assert found["$schema"] == schema.DIALECT
    assert found["$id"] == f"urn:mailsync:schema:{file}"
    assert found == schema.of(file)


def parts(of: Any, path: str = "", *, laws: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every schema within one, with its path; the laws, which speak of these, if asked."""
    if isinstance(of, dict):
        yield path, of
        for key, value in of.items():
            if key not in {"defaultSnippets", "examples", "required"} and (laws or key != "allOf"):
                yield from parts(value, f"{path}/{key}", laws=laws)
    elif isinstance(of, list):
        for index, value in enumerate(of):
            yield from parts(value, f"{path}/{index}", laws=laws)


@pytest.mark.parametrize("file", BOTH)
def test_every_key_is_explained_and_no_other_is_taken(file: File) -> None:
    """Each property has a description, by itself or where it is defined."""
    found = schema.of(file)
    for path, part in parts(found):
        if "properties" not in part or path.endswith("/properties"):
            continue
        assert part["additionalProperties"] is not True, path
        for name, one in part["properties"].items():
            elsewhere = found["$defs"].get(one.get("$ref", "").removeprefix("#/$defs/"), {})
            assert "description" in one or "description" in elsewhere, (path, name)


@pytest.mark.parametrize("file", BOTH)
def test_nothing_is_referred_to_that_is_not_there(file: File) -> None:
    """And nothing is defined that nothing refers to."""
    found = schema.of(file)
    referred = {part["$ref"] for _, part in parts(found) if "$ref" in part}
    assert referred == {f"#/$defs/{name}" for name in found["$defs"]}


def test_every_key_has_a_shape() -> None:
    """Nothing is left to the keys to find out that a declaration could say."""
    assert [key.name for key in registry.known().values() if key.shape is ANYTHING] == []
    assert all(isinstance(field, Field) for field in settings.SHAPE.fields.values())
    assert isinstance(settings.SHAPE, Fields)


def test_an_empty_file_is_one() -> None:
    """It asks for nothing yet."""
    assert instance("# to come") is None
    assert refusals("# to come") == []


def test_patterns_are_of_javascript_too() -> None:
    """Editors read them as ECMA-262 does, with the flag u: no other character is escaped there."""
    every = [part for file in BOTH for _, part in parts(schema.of(file), laws=True)]
    found = {part["pattern"] for part in every if isinstance(part.get("pattern"), str)}
    found.update(*(part["patternProperties"] for part in every if "patternProperties" in part))
    assert len(found) > 40
    for pattern in found:
        escaped = set(re.findall(r"\\(.)", re.compile(pattern).pattern))
        assert escaped <= set("dDsSwWbBfnrtvx0123456789^$\\.*+?()[]{}|/-"), pattern
        assert "(?P" not in pattern
