"""The records of a Domain Connect template as keys of a zone file."""

from __future__ import annotations

from collections.abc import Mapping as ByName

from mailsync.desired import reading
from mailsync.desired.model import Place
from mailsync.desired.services.demand import Entry, Key
from mailsync.desired.services.inputs import joinable
from mailsync.desired.services.model import Verdict
from mailsync.desired.tree import Mapping, Node, Scalar, Sequence
from mailsync.dns.names import BadName, absolute, is_at_or_below, is_host, shown, whole
from mailsync.mail import spf, srv

_KEY_BELOW = "._domainkey"
_NO_KEY = {
    "NS": "a delegation is made at the DNS host",
    "APEXCNAME": "a CNAME at the domain itself leaves no room for MX (RFC 2181 §10.1)",
    "REDIR301": "no DNS record redirects a web site",
    "REDIR302": "no DNS record redirects a web site",
}


class BadRecord(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The record cannot be one here; the message says why."""


class Records:
    """Takes records one by one, variables filled in; gives them as entries of a zone file.

    ``domain`` is absolute; all entries stand at ``place``.
    """

    def __init__(self, domain: str, place: Place) -> None:
        self._domain = domain
        self._place = place
        self._entries: list[Entry] = []
        self._mx: list[Entry] = []
        self._rrsets: dict[tuple[str, str], list[Node]] = {}
        self.strictest: Verdict = "softfail"

    @property
    def takes_mail(self) -> bool:
        """Whether there is an MX of the domain among them."""
        return bool(self._mx)

    def entries(self, *, mx: bool) -> tuple[Entry, ...]:
        """Give all that were taken; those of the domain's MX only if asked for."""
        whole = (
            Entry("records", self._mapping({name: self._rrset(rdtype, values)}))
            for (name, rdtype), values in self._rrsets.items()
        )
        return (*(self._mx if mx else ()), *self._entries, *whole)

    def add(self, record: ByName[str, object]) -> None:
        """Take a record. Raises `BadRecord`."""
        rdtype = self._field(record, "type").upper()
        if rdtype in _NO_KEY:
            raise BadRecord(f"{rdtype}: {_NO_KEY[rdtype]}")
        take = {
            "A": self._address,
            "AAAA": self._address,
            "CNAME": self._cname,
            "MX": self._exchange,
            "TXT": self._text,
            "SPFM": self._senders,
            "SRV": self._service,
        }.get(rdtype)
        if take is None:
            raise BadRecord(f"{rdtype[:40]} is not among the types that mailsync takes from one")
        take(record)

    def _address(self, record: ByName[str, object]) -> None:
        name = self._owner(record, "host")
        address = self._field(record, "pointsTo")
        rdtype = self._field(record, "type").upper()
        if not reading.is_address(address) or (":" in address) != (rdtype == "AAAA"):
            raise BadRecord(f"{address[:60]!r} is no address for {rdtype}")
        if name and is_host(f"{name}."):
            self._put(
                "hosts", self._mapping({name: Sequence((self._scalar(address),), self._place)})
            )
        else:
            self._rrsets.setdefault((name, rdtype), []).append(self._scalar(address))

    def _cname(self, record: ByName[str, object]) -> None:
        name, target = self._owner(record, "host"), self._target(record, "pointsTo")
        if not name:
            raise BadRecord("a CNAME at the domain itself leaves no room for MX (RFC 2181 §10.1)")
        if name.endswith(_KEY_BELOW):
            keyed = self._mapping({"cname": self._scalar(target)})
            self._put("dkim", self._mapping({name.removesuffix(_KEY_BELOW): keyed}))
        elif name == "autodiscover":
            self._put("autodiscover", self._scalar(target))
        else:
            self._rrsets.setdefault((name, "CNAME"), []).append(self._scalar(target))

    def _exchange(self, record: ByName[str, object]) -> None:
        name, target = self._owner(record, "host"), self._target(record, "pointsTo")
        preference = self._field(record, "priority")
        if not name:
            self._mx.append(Entry("mx", self._scalar(f"{preference} {target}")))
            return
        fields = {"preference": self._scalar(preference), "exchange": self._scalar(target)}
        self._rrsets.setdefault((name, "MX"), []).append(self._mapping(fields))

    def _text(self, record: ByName[str, object]) -> None:
        name, text = self._owner(record, "host"), self._field(record, "data")
        keys: dict[str, Key] = {"_dmarc": "dmarc", "_smtp._tls": "tls_rpt"}
        if text in {"", "@"}:
            text = shown(self._domain)
        if name == "_mta-sts":
            raise BadRecord("an MTA-STS id goes with a policy: write it under 'mta_sts'")
        if name.endswith(_KEY_BELOW):
            keyed = {name.removesuffix(_KEY_BELOW): self._scalar(text)}
            self._put("dkim", self._mapping(keyed))
        elif name in keys:
            self._put(keys[name], self._scalar(text))
        elif not name and spf.is_spf(text):
            self._sender_record(text)
        elif not name:
            self._put("verification", self._scalar(text))
        else:
            self._rrsets.setdefault((name, "TXT"), []).append(self._scalar(text))

    def _sender_record(self, text: str) -> None:
        try:
            record = spf.parse(text)
        except spf.BadSpf as error:
            raise BadRecord(str(error)) from None
        self._join(" ".join(map(str, record.mechanisms)))
        verdicts: dict[str | None, Verdict] = {"-": "fail", "?": "neutral"}
        self.strictest = verdicts.get(record.all, "softfail")

    def _senders(self, record: ByName[str, object]) -> None:
        name, rules = self._owner(record, "host"), self._field(record, "spfRules")
        if not name:
            self._join(rules)
            return
        text = self._scalar(f"v=spf1 {rules} ~all")
        self._rrsets.setdefault((name, "TXT"), []).append(text)

    def _join(self, terms: str) -> None:
        try:
            found = joinable(terms)
        except ValueError as error:
            raise BadRecord(str(error)) from None
        if found:
            self._put("spf", self._scalar(" ".join(map(str, found))))

    def _service(self, record: ByName[str, object]) -> None:
        name = self._owner(record, "name")
        service, protocol = (
            self._field(record, key).lower().removeprefix("_") for key in ("service", "protocol")
        )
        fields = [self._field(record, key) for key in ("priority", "weight", "port")]
        target = self._target(record, "target")
        if not name and protocol == "tcp" and service in srv.SERVICES:
            value = Sequence((self._scalar(" ".join([*fields, target])),), self._place)
            self._put("srv", self._mapping({service: value}))
            return
        owner = ".".join(filter(None, (f"_{service}", f"_{protocol}", name)))
        words = ("priority", "weight", "port", "target")
        values = dict(zip(words, map(self._scalar, [*fields, target]), strict=True))
        self._rrsets.setdefault((owner, "SRV"), []).append(self._mapping(values))

    def _owner(self, record: ByName[str, object], field: str) -> str:
        """Read where a record stands: a name relative to the domain, empty for the domain."""
        text = str(record.get(field) or "").strip()
        if text in {"", "@"}:
            return ""
        try:
            name = absolute(text[:300], self._domain)
        except BadName as error:
            raise BadRecord(str(error)) from None
        if not is_at_or_below(name, self._domain):
            raise BadRecord(f"{shown(name)} lies outside {shown(self._domain)}")
        return "" if name == self._domain else name.removesuffix(f".{self._domain}")

    def _target(self, record: ByName[str, object], field: str) -> str:
        """Read a name that is pointed to: always absolute."""
        text = self._field(record, field)
        try:
            return self._domain if text in {"", "@"} else whole(text[:300])
        except BadName as error:
            raise BadRecord(str(error)) from None

    def _field(self, record: ByName[str, object], field: str) -> str:
        value = record.get(field)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise BadRecord(f"{field} is missing, or no text")
        return str(value).strip()

    def _put(self, key: Key, node: Node) -> None:
        self._entries.append(Entry(key, node))

    def _rrset(self, rdtype: str, values: list[Node]) -> Node:
        listed = Sequence(tuple(values), self._place)
        return self._mapping({"type": self._scalar(rdtype), "values": listed})

    def _scalar(self, text: str) -> Scalar:
        return Scalar(text, self._place, quoted=True)

    def _mapping(self, fields: ByName[str, Node]) -> Mapping:
        entries = tuple((self._scalar(key), node) for key, node in fields.items())
        return Mapping(entries, self._place)
