"""MyDNS.jp's members' pages.

Sources: clients of three authors, one for certbot (the path, the fields' names, empty lines, the
page that asks to confirm), one in Go (eight lines of MX, sixteen of records) and one in TypeScript
(``MENU``, ``JOB``, the words of success). The pages themselves were not seen: the markup is made
up, in capitals as the clients match it. Not known: how a host below the zone is written as an MX,
whether names end in a dot; what is shown here is what those clients send.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from copy import deepcopy
from html import escape
from typing import Any, ClassVar

from mailsync.dns.rrset import Key, RRset, canonical
from tests.fakes.dns_api import FakeApi, Request, Response
from tests.fakes.row_api import absolute, quoted, relative, text

MASTER, PASSWORD = "mydns123456", "mydns-pa55word"
TTL = 300

_MX, _RECORDS = 8, 16
_SESSION = "PHPSESSID=0123456789"


class FakeMyDns(FakeApi):
    """``state``: by zone, of which an account has one, its lines of ``mx`` and of ``records``."""

    SECRETS: ClassVar[tuple[str, ...]] = (PASSWORD,)

    def __init__(self) -> None:
        super().__init__()
        self.state = {"zones": {}, "pending": None}
        self.maintenance = False

    def fill(self, zone: str, rrsets: Mapping[Key, RRset]) -> None:
        """Set up the account's one zone, with a delegation to another account."""
        self.state["zones"] = {zone: {"mx": [["", "10"]] * _MX, "records": []}}
        records = [["", "A", "", "mydns123456"] for _ in range(_RECORDS)]
        records[3] = ["child", "DELEGATE", "", "mydns654321"]
        self.state["zones"][zone] = {"mx": [["", "10"] for _ in range(_MX)], "records": records}
        for rrset in rrsets.values():
            self.publish(rrset, zone)

    def publish(self, rrset: RRset, zone: str) -> None:
        """Replace an RRset's lines."""
        content = self.state["zones"][zone]
        if rrset.type == "MX":
            lines = [value.split() for value in rrset.values]
            content["mx"] = [[host.rstrip("."), number] for number, host in lines]
            content["mx"] += [["", "10"] for _ in range(_MX - len(lines))]
            return
        name = relative(zone, rrset.name)
        for line in content["records"]:
            if line[:2] == [name, rrset.type]:
                line[:3] = ["", "A", ""]
        for value in rrset.values:
            free = next(line for line in content["records"] if not line[0])
            said = text(value) if rrset.type == "TXT" else value.rstrip(".")
            free[:3] = [name, rrset.type, said]

    def served(self, zone: str) -> Mapping[Key, RRset]:
        """Read the lines as the name servers do."""
        content = self.state["zones"][zone]
        values: dict[Key, list[str]] = defaultdict(list)
        for host, preference in content["mx"]:
            if host:
                values[zone, "MX"].append(f"{preference} {host}.")
        for name, rdtype, said, _ in content["records"]:
            if name and rdtype != "DELEGATE":
                value = {"TXT": quoted(said), "CNAME": f"{said}."}.get(rdtype, said)
                values[absolute(zone, name), rdtype].append(canonical(rdtype, value))
        return {key: RRset(*key, TTL, tuple(found)) for key, found in values.items()}

    def raw(self, zone: str, but: frozenset[Key]) -> object:
        """Give all other lines that are in use."""
        content = deepcopy(self.state["zones"][zone])
        lines = [
            line
            for line in content["records"]
            if line[0] and (absolute(zone, line[0]), line[1]) not in but
        ]
        return lines, [] if (zone, "MX") in but else content["mx"]

    def exactly(self) -> dict[str, Any]:
        """Leave out what waits to be confirmed."""
        return {**super().exactly(), "pending": None}

    def error(self, status: int, message: str) -> Response:
        """Give a page that says so."""
        return Response(status, f"<HTML><BODY>{escape(message)}</BODY></HTML>")

    def is_write(self, request: Request) -> bool:
        """Logging in and checking change nothing."""
        return isinstance(request.body, dict) and request.body.get("JOB") == "CHANGE"

    def answer(self, request: Request) -> Response:
        """Give a page."""
        if request.path != "/members/" or self.maintenance:
            return Response(200, "<HTML><BODY>Under maintenance</BODY></HTML>")
        body = request.body or {}
        if body.get("MENU") == "100":
            if (body["masterid"], body["masterpwd"]) != (MASTER, PASSWORD):
                return Response(200, _LOGIN)
            return Response(200, self._members(), {"Set-Cookie": f"{_SESSION}; path=/"})
        if _SESSION not in request.headers.get("cookie", ""):
            return Response(200, _LOGIN)
        if body.get("JOB") == "CHECK":
            self.state["pending"] = body
            return Response(200, _CONFIRM)
        if body.get("JOB") == "CHANGE" and self.state["pending"]:
            self._take(self.state["pending"])
            self.state["pending"] = None
            return Response(200, "<HTML><BODY>We accepted your Domain information.</BODY></HTML>")
        return Response(200, self._members())

    def _take(self, form: Mapping[str, str]) -> None:
        content = self.state["zones"][f"{form['DNSINFO[domainname]']}."]
        content["mx"] = [
            [form[f"DNSINFO[mx][{i}]"], form[f"DNSINFO[prio][{i}]"]] for i in range(_MX)
        ]
        names = ("hostname", "type", "content", "delegateid")
        content["records"] = [
            [form[f"DNSINFO[{name}][{i}]"] for name in names] for i in range(_RECORDS)
        ]

    def _members(self) -> str:
        ((zone, content),) = self.state["zones"].items()
        lines = [_hidden("MENU", "300"), _hidden("JOB", "CHECK")]
        lines.append(_input("DNSINFO[domainname]", zone.rstrip(".")))
        for i, (host, preference) in enumerate(content["mx"]):
            lines.append(_input(f"DNSINFO[mx][{i}]", host))
            known = ("10", "20", "30", preference)
            lines.append(_select(f"DNSINFO[prio][{i}]", known, preference))
        for i, (name, rdtype, said, delegate) in enumerate(content["records"]):
            lines.append(_input(f"DNSINFO[hostname][{i}]", name))
            types = ("A", "AAAA", "CNAME", "TXT", "DELEGATE")
            lines.append(_select(f"DNSINFO[type][{i}]", types, rdtype))
            lines.append(_input(f"DNSINFO[content][{i}]", said))
            owners = ("mydns123456", "mydns654321")
            lines.append(_select(f"DNSINFO[delegateid][{i}]", owners, delegate))
        lines.append('<INPUT type="submit" value="CHECK">')
        form = "\n".join(lines)
        other = '<FORM action="/search/"><INPUT name="q" value=""></FORM>'
        return f'<HTML>{other}<FORM method="POST" action="/members/">{form}</FORM></HTML>'


_LOGIN = (
    '<HTML><FORM method="POST" action="/members/"><INPUT name="masterid" value="">'
    '<INPUT type="password" name="masterpwd"><INPUT type="submit" value="LOG IN"></FORM></HTML>'
)
_CONFIRM = (
    '<HTML><FORM method="POST" action="/members/"><INPUT type="hidden" name="MENU" value="300">'
    '<INPUT type="hidden" name="JOB" value="CHANGE"><INPUT type="submit" value="OK">'
    '<INPUT type="submit" name="BACK" value="BACK"></FORM></HTML>'
)


def _hidden(name: str, value: str) -> str:
    return f'<INPUT type="hidden" name="{name}" value="{value}">'


def _input(name: str, value: str) -> str:
    return f'<INPUT type="text" name="{name}" value="{escape(value)}">'


def _select(name: str, known: tuple[str, ...], chosen: str) -> str:
    options = "".join(
        f'<OPTION value="{one}"{" selected" if one == chosen else ""}>{one}'
        for one in dict.fromkeys(known)
    )
    return f'<SELECT name="{name}">{options}</SELECT>'
