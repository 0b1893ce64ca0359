from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.desired.services.samples import KEY, read

MAIL: dict[str, Any] = {
    "providerId": "mailer.example",
    "serviceId": "mail",
    "variableDescription": "%mxhost%: the host that takes mail; %token%: from the panel",
    "records": [
        {"type": "MX", "host": "@", "pointsTo": "%mxhost%.mailer.example", "priority": "10"},
        {"type": "SPFM", "host": "", "spfRules": "include:spf.mailer.example"},
        {"type": "TXT", "host": "@", "data": "mailer=%token%", "groupId": "verification"},
        {"type": "CNAME", "host": "k1._domainkey", "pointsTo": "k1.mailer.example"},
        {"type": "CNAME", "host": "autodiscover", "pointsTo": "auto.mailer.example."},
    ],
}


def one(record: dict[str, Any]) -> dict[str, Any]:
    """Give a template of one record."""
    return {"providerId": "a", "serviceId": "b", "records": [record]}


class Template:
    """A template file beside a zone file."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.zone = str(directory / "z.yaml")

    def write(self, content: object) -> None:
        """Write the template; a text as it is."""
        text = content if isinstance(content, str) else json.dumps(content)
        (self.directory / "t.json").write_text(text)

    def wishes(self, item: str, rest: str = "") -> dict[str, tuple[str, ...]]:
        """Give what a file that names it wishes for."""
        desired, errors = self.read(item, rest)
        assert errors == []
        return {f"{w.kind} {w.name} {w.type}": w.values for w in desired.wishes}

    def read(self, item: str, rest: str = "") -> Any:
        """Read a file that names it."""
        text = f"services:\n- {{template: ./t.json, {item}}}\n{rest}"
        desired, errors = read(text, name=self.zone)
        return desired, [error.removeprefix(f"{self.zone}:") for error in errors]


@pytest.fixture
def template(tmp_path: Path) -> Template:
    """A directory for a zone file and a template beside it."""
    return Template(tmp_path)


def test_template_is_a_service(template: Template) -> None:
    """A vendor's template with values fills the keys of the file, and is used like a service."""
    template.write(MAIL)
    assert template.wishes("mxhost: mx7, token: abc") == {
        "mx example.com. MX": ("10 mx7.mailer.example.",),
        "spf example.com. TXT": ('"v=spf1 include:spf.mailer.example ~all"',),
        "verification example.com. TXT": ('"mailer=abc"',),
        "dkim k1._domainkey.example.com. CNAME": ("k1.mailer.example.",),
        "autodiscover autodiscover.example.com. CNAME": ("auto.mailer.example.",),
    }
    (use,) = template.read("mxhost: mx7, token: abc")[0].services
    assert (use.service, use.layer, use.exclusive) == ("mailer.example.mail", "mailbox", False)
    assert use.mx == ("mx7.mailer.example.",)
    assert str(use.place) == f"{template.zone}:2:4"


def test_template_stands_behind_a_gateway(template: Template) -> None:
    """Behind a gateway a template gives no MX."""
    template.write(MAIL)
    found = template.wishes("mxhost: mx7, token: abc, behind: mailgates}\n- {mailgates: {mx: mgf}")
    assert found["mx example.com. MX"] == ("10 mgf.cybermail.jp.",)


def test_groups_are_chosen(template: Template) -> None:
    """Only the records of the named groups, and only their variables."""
    template.write(MAIL)
    assert template.wishes("token: abc, groups: [verification]") == {
        "verification example.com. TXT": ('"mailer=abc"',)
    }
    told = template.read("token: abc, groups: [verificatoin]")[1]
    assert told == ["2:4: unknown group 'verificatoin': did you mean 'verification'?"]


RECORDS = [
    (
        {"type": "A", "host": "mail", "pointsTo": "192.0.2.1", "ttl": 60},
        {"host mail.example.com. A": ("192.0.2.1",)},
    ),
    (
        {"type": "AAAA", "host": "mail.example.com.", "pointsTo": "2001:db8::1"},
        {"host mail.example.com. AAAA": ("2001:db8::1",)},
    ),
    (
        {"type": "A", "host": "@", "pointsTo": "192.0.2.1"},
        {"host example.com. A": ("192.0.2.1",)},
    ),
    (
        {"type": "A", "host": "_x.mail", "pointsTo": "192.0.2.1"},
        {"host _x.mail.example.com. A": ("192.0.2.1",)},
    ),
    (
        {"type": "MX", "host": "bounce", "pointsTo": "mx.a.example", "priority": 5},
        {"mx bounce.example.com. MX": ("5 mx.a.example.",)},
    ),
    (
        {"type": "CNAME", "host": "em1", "pointsTo": "@"},
        {"record em1.example.com. CNAME": ("example.com.",)},
    ),
    (
        {"type": "TXT", "host": "s1._domainkey", "data": KEY},
        {"dkim s1._domainkey.example.com. TXT": (f'"{KEY}"',)},
    ),
    (
        {"type": "TXT", "host": "_dmarc", "data": "v=DMARC1; p=none"},
        {"dmarc _dmarc.example.com. TXT": ('"v=DMARC1; p=none"',)},
    ),
    (
        {"type": "TXT", "host": "_smtp._tls", "data": "v=TLSRPTv1; rua=mailto:a@b.example"},
        {"tls-rpt _smtp._tls.example.com. TXT": ('"v=TLSRPTv1; rua=mailto:a@b.example"',)},
    ),
    (
        {"type": "TXT", "host": "@", "data": "v=spf1 include:a.example ?all"},
        {"spf example.com. TXT": ('"v=spf1 include:a.example ?all"',)},
    ),
    (
        {"type": "TXT", "host": "@", "data": "@"},
        {"verification example.com. TXT": ('"example.com"',)},
    ),
    (
        {"type": "TXT", "host": "x", "data": "y"},
        {"record x.example.com. TXT": ('"y"',)},
    ),
    (
        {"type": "SPFM", "host": "x", "spfRules": "mx"},
        {"record x.example.com. TXT": ('"v=spf1 mx ~all"',)},
    ),
    ({"type": "SPFM", "host": "@", "spfRules": ""}, {}),
    (
        {
            "type": "SRV",
            "name": "@",
            "service": "_imaps",
            "protocol": "_tcp",
            "priority": 0,
            "weight": "1",
            "port": 993,
            "target": "imap.a.example",
        },
        {"srv _imaps._tcp.example.com. SRV": ("0 1 993 imap.a.example.",)},
    ),
    (
        {
            "type": "SRV",
            "name": "x",
            "service": "sip",
            "protocol": "tls",
            "priority": 0,
            "weight": 1,
            "port": 443,
            "target": "@",
        },
        {"record _sip._tls.x.example.com. SRV": ("0 1 443 example.com.",)},
    ),
]


@pytest.mark.parametrize(("record", "expected"), RECORDS)
def test_record_becomes_a_key(
    template: Template, record: dict[str, Any], expected: dict[str, tuple[str, ...]]
) -> None:
    """Each type of record fills the key that changes it in its safe order."""
    template.write(one(record))
    assert template.wishes("") == expected


def test_values_of_one_rrset_are_joined(template: Template) -> None:
    """Records of one name and type make one RRset."""
    template.write(
        {
            **one({}),
            "records": [
                {"type": "MX", "host": "x", "pointsTo": f"mx{number}.a.example", "priority": number}
                for number in (1, 2)
            ]
            + [{"type": "A", "host": "mail", "pointsTo": f"192.0.2.{number}"} for number in (1, 2)],
        }
    )
    assert template.wishes("") == {
        "mx x.example.com. MX": ("1 mx1.a.example.", "2 mx2.a.example."),
        "host mail.example.com. A": ("192.0.2.1", "192.0.2.2"),
    }


def test_strictest_all_of_a_template(template: Template) -> None:
    """A template's own SPF record says how strict ``all`` may be."""
    template.write(one({"type": "TXT", "host": "@", "data": "v=spf1 mx -all"}))
    assert template.wishes("") == {"spf example.com. TXT": ('"v=spf1 mx -all"',)}


def test_built_in_variables(template: Template) -> None:
    """%domain%, %host% and %fqdn% are those of the domain that names the template."""
    template.write(one({"type": "TXT", "host": "@", "data": "%domain%,%host%,%fqdn%,%x%"}))
    assert template.wishes("x: '%domain%'") == {
        "verification example.com. TXT": ('"example.com,,example.com,%domain%"',)
    }


WRONG = [
    ("{", "", "2:4: '{path}': Expecting"),
    ('{"a": 1, "a": 2}', "", "2:4: '{path}': an object holds the same key twice"),
    ("[" * 100_000, "", "2:4: '{path}': nested too deep for a template"),
    ("[]", "", "2:4: '{path}': no Domain Connect template: it is an object with a list of"),
    ('{"records": []}', "", "2:4: '{path}': no Domain Connect template: providerId and serviceId"),
    ({**one({}), "providerId": "a\x1b"}, "", "2:4: '{path}': no Domain Connect template: provid"),
    ({**one({}), "records": [1]}, "", "2:4: '{path}': records are at most 200 objects"),
    ({**one({}), "records": [{}] * 201}, "", "2:4: '{path}': records are at most 200 objects"),
    (" " * (256 * 1024 + 1), "", "2:4: '{path}': larger than 256 KiB: no template is"),
    (MAIL, "token: a", "2:4: mailer.example.mail needs 'mxhost': the host that takes mail"),
    (MAIL, "mxhost: a, tokne: b", "2:35: unknown variable of mailer.example.mail 'tokne': did"),
    (MAIL, "mxhost: a, token: ä", "2:42: a value of other characters than printable ASCII"),
    (MAIL, "mxhost: a, token: [b]", "2:42: a value is expected here, not a list"),
    (MAIL, "mxhost: a, token: b, domain: c", "2:45: unknown variable of mailer.example.mail"),
    (MAIL, "mxhost: a b, token: c", "2:4: mailer.example.mail, record 1: 'a b.mailer.example.'"),
    (MAIL, "mxhost: a, token: b, behind: x", "2:45: 'x' is not among the services of this domain"),
    ({**MAIL, "hostRequired": True}, "mxhost: a, token: b", "2:4: mailer.example.mail is for a"),
    (one({"type": "NS", "host": "a", "pointsTo": "b.c"}), "", "2:4: a.b, record 1: NS: a deleg"),
    (one({"type": "REDIR301"}), "", "2:4: a.b, record 1: REDIR301: no DNS record redirects"),
    (one({"type": "CAA"}), "", "2:4: a.b, record 1: CAA is not among the types that mailsync"),
    (one({"host": "a"}), "", "2:4: a.b, record 1: type is missing, or no text"),
    (one({"type": "MX", "host": "@", "pointsTo": "a.b"}), "", "2:4: a.b, record 1: priority is"),
    (one({"type": "A", "host": "a", "pointsTo": "x"}), "", "2:4: a.b, record 1: 'x' is no addr"),
    (one({"type": "A", "host": "a", "pointsTo": True}), "", "2:4: a.b, record 1: pointsTo is mis"),
    (one({"type": "AAAA", "host": "a", "pointsTo": "192.0.2.1"}), "", "2:4: a.b, record 1: '192"),
    (one({"type": "CNAME", "host": "@", "pointsTo": "a.b"}), "", "2:4: a.b, record 1: a CNAME at"),
    (one({"type": "CNAME", "host": "a b", "pointsTo": "a.b"}), "", "2:4: a.b, record 1: 'a b' h"),
    (one({"type": "CNAME", "host": "x.other.", "pointsTo": "a.b"}), "", "2:4: a.b, record 1: x.o"),
    (one({"type": "TXT", "host": "_mta-sts", "data": "x"}), "", "2:4: a.b, record 1: an MTA-STS"),
    (one({"type": "TXT", "host": "@", "data": "v=spf1 x"}), "", "2:4: a.b, record 1: 'x' is no"),
    (one({"type": "SPFM", "host": "@", "spfRules": "~mx"}), "", "2:4: a.b, record 1: '~mx' is no"),
    (one({"type": "MX", "host": "@", "pointsTo": "a.b", "priority": "x"}), "", "2:4: 'x a.b.' is"),
]


@pytest.mark.parametrize(("content", "item", "error"), WRONG)
def test_wrong_template_is_told(template: Template, content: object, item: str, error: str) -> None:
    """What cannot be taken from a template is told where the file names it, with the record."""
    template.write(content)
    told = template.read(item)[1]
    expected = error.replace("{path}", str(template.directory / "t.json"))[:60]
    assert any(one.startswith(expected) for one in told), told


def test_missing_template_is_told(template: Template) -> None:
    """A path that leads nowhere is told, and so is one that is no text."""
    assert "there is no such file" in template.read("")[1][0]
    desired, errors = read("services: [{template: [a]}]")
    assert errors == ["z.yaml:1:23: the path of a template is expected here, not a list"]
    assert desired.services == ()
