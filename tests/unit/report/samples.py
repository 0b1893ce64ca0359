"""Plans as mailsync makes them, for every report's golden files and tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailsync.dns.rrset import RRset, txt_value
from mailsync.lint.model import Finding
from mailsync.observe.interface import Heard
from mailsync.plan.model import Change, DomainPlan, Gate, Hold, Plan, Stage
from mailsync.report.status import DomainStatus, Visible

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
"""Sunday noon in Tokyo."""

SWITCH_AT = datetime(2026, 12, 5, 13, 0, tzinfo=UTC)
"""Saturday night, 22:00 in Tokyo."""

_RSA = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"


def _key(letter: str) -> str:
    modulus = "".join(f"{letter}{number:03d}" for number in range(85))
    return txt_value(f"v=DKIM1; k=rsa; p={_RSA}{modulus}QIDAQAB")


def _mx(ttl: int, *values: str, name: str = "example.co.jp.") -> RRset:
    return RRset(name, "MX", ttl, values)


def _txt(ttl: int, *texts: str, name: str = "example.co.jp.") -> RRset:
    return RRset(name, "TXT", ttl, tuple(txt_value(text) for text in texts))


_FOREIGN = ("google-site-verification=Zx81Qd", "MS=ms12345678", "apple-domain-verification=k2")
_SPF_OLD = "v=spf1 ip4:192.0.2.0/28 include:_spf.old.example -all"
_SPF_BOTH = (
    "v=spf1 ip4:192.0.2.0/28 include:_spf.old.example include:spf.protection.outlook.com"
    " include:spf.mgf.cybermail.jp -all"
)
_SPF_NEW = "v=spf1 include:spf.protection.outlook.com include:spf.mgf.cybermail.jp -all"
_GATES = (
    Gate("authority", "pass", "the parent lists ns1.example.net. and ns2.example.net."),
    Gate("smtp-accepts", "unknown", "mgf.cybermail.jp: port 25 is not reachable from here"),
)


def _staged_stages(now: datetime) -> tuple[Stage, ...]:
    old_mx = ("10 mx1.old.example.", "20 mx2.old.example.")
    prepare = Stage(
        "prepare",
        "due",
        now,
        gates=_GATES[:1],
        changes=(
            Change(_mx(86400, *old_mx), _mx(300, *old_mx), "lower the TTL ahead of the switch"),
            Change(
                _txt(3600, _SPF_OLD, *_FOREIGN),
                _txt(3600, _SPF_BOTH, *_FOREIGN),
                "the old and the new service may both send until the switch has settled",
            ),
            Change(
                None,
                RRset("s2026._domainkey.example.co.jp.", "TXT", 3600, (_key("n"),)),
                "verifiers must know the new key before anything is signed with it",
            ),
        ),
    )
    switch = Stage(
        "switch",
        "held",
        SWITCH_AT,
        holds=(
            Hold(
                now + timedelta(days=1, minutes=5),
                "resolvers may hold the answer with TTL 86400 until then",
                "example.co.jp. MX",
            ),
            Hold(SWITCH_AT, "the time that the file sets (cutover.at)", "example.co.jp. MX"),
        ),
        gates=_GATES,
        changes=(
            Change(
                _mx(300, *old_mx),
                _mx(300, "10 mgf.cybermail.jp."),
                "mail goes to MAILGATES Σ from now on",
            ),
        ),
    )
    settled = SWITCH_AT + timedelta(days=10)
    settle = Stage(
        "settle",
        "held",
        settled,
        holds=(
            Hold(settled, "soak: 10 d after the switch", "example.co.jp. MX"),
            Hold(settled, "soak: 10 d after the switch", "example.co.jp. TXT"),
            Hold(now, "a reason about no RRset", ""),
        ),
        changes=(
            Change(
                _txt(3600, _SPF_BOTH, *_FOREIGN),
                _txt(3600, _SPF_NEW, *_FOREIGN),
                "nothing is sent through the old service any more",
            ),
            Change(
                RRset("old._domainkey.example.co.jp.", "TXT", 3600, (_key("o"),)),
                None,
                "no signature of the old key is on its way any more",
            ),
            Change(
                _mx(300, "10 mgf.cybermail.jp."),
                _mx(3600, "10 mgf.cybermail.jp."),
                "no way back is wanted: the TTL goes up again",
            ),
        ),
    )
    return (prepare, switch, settle)


STAGED = DomainPlan(
    "example.co.jp",
    "example.co.jp",
    ("cloudflare",),
    "changes",
    _staged_stages(NOW),
    old_service_until=SWITCH_AT + timedelta(minutes=10),
    findings=(
        Finding(
            "mx-mixed-services",
            "warning",
            "during the cutover mail arrives at two services; both must know the same recipients",
            "zones/example.co.jp.yaml:3:5",
        ),
        Finding("unmanaged-kind", "info", "dmarc is not named here and is left as it is", ""),
    ),
    timezone="Asia/Tokyo",
)
"""The whole cutover, on its first day."""

_WAITING_SWITCH = datetime(2026, 11, 22, 4, 5, 17, tzinfo=UTC)

WAITING = DomainPlan(
    "example.jp",
    "example.jp",
    ("bind",),
    "waiting",
    (
        Stage("prepare", "done", NOW - timedelta(days=1)),
        Stage(
            "switch",
            "held",
            _WAITING_SWITCH,
            holds=(
                Hold(
                    _WAITING_SWITCH,
                    "ns2.example.jp. (192.0.2.54) does not serve it yet: TTL 3600",
                    "mx1.example.jp. A",
                ),
            ),
            gates=(Gate("smtp-accepts", "pass", "mx1.example.jp answers 220"),),
            changes=(
                Change(
                    RRset("mx1.example.jp.", "A", 300, ("192.0.2.10",)),
                    RRset("mx1.example.jp.", "A", 300, ("198.51.100.25",)),
                    "the mail server's new address",
                ),
            ),
        ),
    ),
    old_service_until=_WAITING_SWITCH + timedelta(minutes=10),
    timezone="Asia/Tokyo",
)
"""Prepared; a secondary lags."""

CONVERGED = DomainPlan(
    "example.org", "example.org", ("cloudflare", "bind"), "converged", timezone="Asia/Tokyo"
)
CONVERGED_NOTED = DomainPlan(
    "example.com",
    "example.com",
    ("bind",),
    "converged",
    findings=(Finding("dmarc-none", "warning", "p=none asks for nothing (RFC 9989)", ""),),
    timezone="Asia/Tokyo",
)

ERROR = DomainPlan(
    "news.example.jp",
    "example.jp",
    ("bind",),
    "error",
    findings=(
        Finding(
            "old-until-too-early",
            "error",
            "the old service ends at 2026-11-23 00:00 UTC, but mail may go there until 2026-11-24"
            " 03:05 UTC: the TTL would have had to be lowered by 2026-11-20 23:55 UTC",
            "zones/example.jp.yaml:31:7",
        ),
    ),
    timezone="Asia/Tokyo",
)

ROLLBACK = DomainPlan(
    "example.co.jp",
    "example.co.jp",
    ("cloudflare",),
    "changes",
    (
        Stage(
            "switch",
            "due",
            NOW,
            gates=(Gate("smtp-accepts", "fail", "mx1.old.example. 451 try later"),),
        ),
        Stage(
            "switch",
            "due",
            NOW,
            changes=(
                Change(
                    _mx(300, "10 mgf.cybermail.jp."),
                    _mx(300, "10 mx1.old.example.", "20 mx2.old.example."),
                    "back to the way it was",
                ),
            ),
        ),
    ),
    old_service_until=NOW + timedelta(minutes=10, seconds=20),
    timezone="Asia/Tokyo",
)
"""`git revert` just after the switch. (One gate fails, to show it.)"""

PARKED = DomainPlan(
    "example.net",
    "example.net",
    ("local",),
    "changes",
    (
        Stage(
            "prepare",
            "due",
            NOW,
            changes=(
                Change(None, _mx(3600, "0 .", name="example.net."), "no mail here (RFC 7505)"),
                Change(
                    _txt(300, "v=spf1 mx -all", name="example.net."),
                    _txt(3600, "v=spf1 -all", name="example.net."),
                    "nobody sends from here",
                ),
                Change(
                    None,
                    _txt(3600, "v=DMARC1; p=reject", name="_dmarc.example.net."),
                    "nobody sends from here",
                ),
            ),
        ),
    ),
    timezone="Europe/Berlin",
)

HOSTILE_TEXT = (
    "\x1b[31mred\x1b[0m \x9b5m \u202eevil\u202c | `tick` ``` <script>alert(1)</script>"
    " </details> @admin #1 [link](https://evil.example) ![i](x) \r\n# heading\r\n```\n| a |"
)
HOSTILE = DomainPlan(
    "example.net",
    "example.net",
    (HOSTILE_TEXT,),
    "changes",
    (
        Stage(
            "prepare",
            "due",
            NOW,
            holds=(Hold(NOW + timedelta(hours=2), HOSTILE_TEXT, HOSTILE_TEXT),),
            gates=(Gate(HOSTILE_TEXT, "fail", HOSTILE_TEXT),),
            changes=(
                Change(
                    RRset(HOSTILE_TEXT, HOSTILE_TEXT, 300, (HOSTILE_TEXT, "``` kept")),
                    RRset(HOSTILE_TEXT, HOSTILE_TEXT, 60, (HOSTILE_TEXT + "!", "``` kept")),
                    HOSTILE_TEXT,
                ),
            ),
        ),
    ),
    findings=(
        Finding(HOSTILE_TEXT, "error", HOSTILE_TEXT, HOSTILE_TEXT),
        Finding(HOSTILE_TEXT, "info", HOSTILE_TEXT, HOSTILE_TEXT),
    ),
)

PLANS = {
    "staged": Plan(NOW, (STAGED,)),
    "waiting": Plan(NOW, (WAITING, CONVERGED)),
    "converged": Plan(NOW, (CONVERGED,)),
    "error": Plan(NOW, (ERROR, CONVERGED_NOTED)),
    "rollback": Plan(NOW, (ROLLBACK,)),
    "parked": Plan(NOW, (PARKED,)),
    "many": Plan(NOW, (STAGED, CONVERGED, WAITING, CONVERGED_NOTED, ERROR, PARKED)),
    "hostile": Plan(NOW, (HOSTILE,)),
    "none": Plan(NOW),
}
"""By the name of their golden files."""

_KEY = ("example.co.jp.", "MX")
STATUSES = (
    DomainStatus(
        STAGED,
        (
            Visible(("example.co.jp.", "MX"), _mx(300, "10 mgf.cybermail.jp.")),
            Visible(
                ("example.co.jp.", "MX"),
                _mx(86400, "10 mx1.old.example.", "20 mx2.old.example."),
                until=NOW + timedelta(hours=23, seconds=1),
            ),
            Visible(("example.co.jp.", "MX"), None, unseen=True, until=NOW + timedelta(hours=3)),
            Visible(("s2026._domainkey.example.co.jp.", "TXT"), _txt(60, "v=DKIM1; p=")),
            Visible(
                ("s2026._domainkey.example.co.jp.", "TXT"), None, until=NOW + timedelta(minutes=9)
            ),
            Visible(("example.co.jp.", "TXT"), _txt(3600, _SPF_BOTH)),
        ),
        (
            Heard("ns1.example (192.0.2.53)", "server", _KEY, _mx(300, "10 mgf.cybermail.jp.")),
            Heard("ns2.example (192.0.2.54)", "server", _KEY, None, "does not answer"),
            Heard("1.1.1.1", "resolver", _KEY, _mx(86311, "10 mx1.old.example.")),
            Heard("\x1b[31m8.8.8.8", "resolver", _KEY, None),
        ),
    ),
    DomainStatus(WAITING),
    DomainStatus(CONVERGED, (Visible(("example.org.", "MX"), _mx(3600, "10 mx.example.org.")),)),
    DomainStatus(ERROR),
)
