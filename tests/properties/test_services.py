"""Files of services, their inputs and templates of any content: read or refused, nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsync.desired import syntax, zone
from mailsync.desired.faults import Faults
from mailsync.desired.layers import Layers
from mailsync.desired.model import Desired, Place
from mailsync.desired.services import format as service_format
from mailsync.desired.services import placeholders
from mailsync.desired.services.catalogue import Catalogue, shipped
from mailsync.desired.services.recognition import captured

WORDS = st.sampled_from(
    [
        *("mx", "spf", "dkim", "hosts", "records", "if", "unless", "each", "kind", "what", "where"),
        *("required", "choices", "like", "default", "list", "word", "host", "flag", "true", "none"),
        *("absent", "behind", "{mx}", "{a}.{domain}.", "10 {a}.", "10 a.example.", "include:{a}"),
        *("a", "b", "switch", "settle", "text", "mailbox", "relay", "inbound_gateway", "*.example"),
    ]
)
LEAF = WORDS | st.text(max_size=12)
TREES = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
TOP = st.sampled_from(service_format._KEYS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
FIELDS = ("host", "name", "pointsTo", "data", "spfRules", "priority", "weight", "port", "target")
TYPES = ("A", "AAAA", "CNAME", "MX", "TXT", "SPFM", "SRV", "NS", "CAA", "x")
TEXTS = st.sampled_from(
    ["", "@", "a", "a.example.", "%v%", "%domain%", "_dmarc", "s._domainkey", "192.0.2.1", "::1"]
) | st.text(max_size=10)
RECORDS = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES) | st.none()},
    optional={
        **{field: TEXTS | st.integers(-1, 70000) | st.none() for field in FIELDS},
        "service": st.sampled_from(["_imaps", "sip", "", "a b"]),
        "protocol": st.sampled_from(["_tcp", "tls", ""]),
    },
)


def read(item: object, name: str = "z.yaml", own: Path | None = None) -> tuple[Desired, Faults]:
    """Read a zone file that names a service so."""
    faults = Faults()
    text = yaml.safe_dump({"services": item}, allow_unicode=True)
    root = syntax.parse(text.encode("utf-8", "replace"), name, faults)
    layers = Layers(catalogue=Catalogue(own))
    desired, *_ = zone.read("example.com.", root, layers, Place(name, 1, 1), faults)
    for error in faults.errors():
        assert "\n" not in str(error)
    return desired, faults


@given(st.dictionaries(TOP, TREES, max_size=6))
def test_any_service_file_is_read_or_refused(content: dict[str, object]) -> None:
    """A service's file makes a service, or errors of one line each, whatever it holds."""
    faults = Faults()
    text = yaml.safe_dump(content, allow_unicode=True)
    root = syntax.parse(text.encode("utf-8", "replace"), "ours.yaml", faults)
    found = service_format.read(root, "ours", Place("ours.yaml", 1, 1), faults)
    assert (found is None) == bool(faults)


@settings(max_examples=60)
@given(TREES, TREES)
def test_a_service_that_is_right_expands_or_says_why(inputs: object, records: object) -> None:
    """A file that was taken for a service never breaks the zone files that use it."""
    content = {
        "names": ["Ours"],
        "layer": "mailbox",
        "inputs": {"a": {"kind": "word", "what": "w", "where": "w", "default": "b"}},
        "records": records,
    }
    with TemporaryDirectory() as directory:
        text = yaml.safe_dump(content, allow_unicode=True)
        Path(directory, "ours.yaml").write_text(text, encoding="utf-8", errors="replace")
        read([{"ours": inputs}], own=Path(directory))


@given(st.sampled_from(sorted(shipped())), TREES | st.dictionaries(WORDS, TREES))
def test_any_inputs_are_taken_or_refused(name: str, inputs: object) -> None:
    """Whatever a file gives to a service: records, or errors of one line each."""
    read([{name: inputs}, "mail_server"])


@given(JSON | st.text(max_size=60))
def test_any_json_is_a_template_or_refused(content: object) -> None:
    """A file that is named as a template is one, or is told, whatever it holds."""
    with TemporaryDirectory() as directory:
        text = content if isinstance(content, str) else json.dumps(content)
        Path(directory, "t.json").write_text(text, encoding="utf-8", errors="replace")
        _, faults = read([{"template": "t.json"}], f"{directory}/z.yaml")
        assert faults


@given(st.lists(RECORDS, max_size=4), st.none() | TEXTS)
def test_any_records_of_a_template_are_taken_or_refused(
    records: list[dict[str, object]], value: str | None
) -> None:
    """Whatever the records and the value of a variable: keys of the file, or errors."""
    content = {"providerId": "a", "serviceId": "b", "records": records}
    item = {"template": "t.json"} | ({} if value is None else {"v": value})
    with TemporaryDirectory() as directory:
        Path(directory, "t.json").write_text(json.dumps(content))
        read([item], f"{directory}/z.yaml")


VALUES = st.text("abcXYZ019-", min_size=1, max_size=8)


@given(VALUES, VALUES)
def test_what_is_put_in_is_read_back(first: str, second: str) -> None:
    """Expansion and recognition agree: the inputs of a record are found in it again."""
    template = "{a} {b}.{domain}.{a}."
    text = placeholders.filled(template, {"a": first, "b": second, "domain": "example.com"})
    assert captured(template, text, "example.com") == {"a": first, "b": second}
