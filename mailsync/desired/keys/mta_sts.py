"""``mta_sts``: that senders deliver over verified TLS only, and to which hosts (RFC 8461).

The policy names the hosts of the file's ``mx`` unless it names its own: `mailsync.desired.zone`
puts the two together when all keys have been read.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsync.desired import reading
from mailsync.desired.context import Context
from mailsync.desired.faults import Faults
from mailsync.desired.model import Place, Wish
from mailsync.desired.patterns import ANY
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Duration, Text, Word
from mailsync.desired.structure import TTL, Either, Field, Fields, Items
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.names import shown
from mailsync.dns.rrset import txt_value
from mailsync.mail import mta_sts
from mailsync.mail.mta_sts import Mode, Policy
from mailsync.mail.mx import parse

MAX_AGE = 604800
"""``max_age`` where the file names none, in seconds: a week."""

_WHAT = "a mapping such as {mode: testing, max_age: 7d}"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a file says of its policy; ``mx`` is None where it follows the file's MX.

    ``record``: the text that announces it already; None where its id is to be derived.
    """

    mode: Mode
    max_age: int
    mx: tuple[str, ...] | None
    place: Place
    record: str | None = None


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``{mode: testing, max_age: 7d, mx: [mx1.example.net]}`` or ``absent``.

    The wish has no value yet where there is a policy: `announced` gives it one.
    """
    key = (f"_mta-sts.{context.domain}", "TXT")
    if isinstance(node, Scalar) and node.told:
        return ()
    ttl = context.own_ttl(node) if isinstance(node, Mapping) else None
    return (context.wish("mta-sts", key, (), node.place, ttl),)


def terms(node: Node | None, faults: Faults) -> Terms | None:
    """Read what a file says of its policy; None where it asks for none."""
    if not isinstance(node, Mapping):
        return None
    before = faults.count()
    word = reading.word(node["mode"], faults, "mode", mta_sts.MODES)
    mode = next((mode for mode in mta_sts.MODES if mode == word), None)
    age = reading.duration(node.get("max_age"), faults, "max_age")
    if age is not None and age > mta_sts.MAX_AGE_MAX:
        faults.add(node.key("max_age").place, "max_age is at most a year (RFC 8461 §3.2)")
    found = node.get("mx")
    patterns = None if found is None else _patterns(found, faults)
    txt = node.get("txt")
    record = None if txt is None else _record(txt, faults)
    if mode is None or faults.count() != before:
        return None
    return Terms(mode, MAX_AGE if age is None else age, patterns, node.place, record)


def announced(said: Terms, wishes: tuple[Wish, ...], domain: str, faults: Faults) -> Policy:
    """Make the policy in the end: the patterns of the file, or the hosts of its MX."""
    mx = next((w.values for w in wishes if w.kind == "mx" and w.name == domain), ())
    hosts = tuple(shown(parse(value).exchange) for value in mx if parse(value).exchange != ".")
    policy = Policy(said.mode, said.max_age, hosts if said.mx is None else said.mx)
    if said.mode != "none" and not policy.mx:
        message = "a policy names the hosts that take mail: name them under 'mx', here or beside"
        faults.add(said.place, message)
    for host in hosts if said.mode != "none" and said.mx is not None else ():
        if not mta_sts.permits(policy, host):
            message = f"the policy's mx does not permit {host}, which takes mail (RFC 8461 §4.1)"
            faults.add(said.place, message, "sts-mx-mismatch")
    return policy


def value(said: Terms, policy: Policy) -> str:
    """Write the TXT value that announces a policy."""
    return txt_value(mta_sts.record(policy) if said.record is None else said.record)


def _record(node: Node, faults: Faults) -> str | None:
    text = reading.text(node, faults, "an MTA-STS record")
    try:
        _ = None if text is None else mta_sts.parse_record(text)
    except mta_sts.BadRecord as error:
        faults.add(node.place, str(error), "sts-record")
        return None
    return text


def _patterns(node: Node, faults: Faults) -> tuple[str, ...]:
    found = []
    for item in reading.items(node, faults, "a host or '*.' before one"):
        text = reading.text(item, faults, "a host")
        if text is not None and not mta_sts.is_pattern(text):
            faults.add(
                item.place, f"{text[:60]!r} is no host, and no '*.' before one (RFC 8461 §4.1)"
            )
        elif text is not None:
            found.append(text)
    return tuple(found)


_NO_PATTERN = rf"{ANY}[^*]{ANY}\*{ANY}|\*(?!\.){ANY}"
_PATTERNS = Items(
    Text("a host", r"[^\s,;]+", no="host, and no '*.' before one (RFC 8461 §4.1)", but=_NO_PATTERN),
    "a host or '*.' before one",
)
SHAPE = Either(
    Absent(),
    Fields(
        _WHAT,
        {
            "mode": Field(
                Word("mode", mta_sts.MODES),
                "testing: senders report what would fail; enforce: they do not deliver then.",
                missing="write 'mode: testing', later enforce",
            ),
            "max_age": Field(
                Duration("max_age"),
                "How long senders go by a policy that they have read; a week if missing.",
            ),
            "mx": Field(_PATTERNS, "The hosts that it permits, if they are not those of 'mx'."),
            "txt": Field(
                Text(
                    "an MTA-STS record",
                    r"v=STSv1[\s\S]*",
                    mta_sts.parse_record,
                    "MTA-STS record",
                    ("v=STSv1; id=20261122;",),
                    rule="sts-record",
                    but=rf"(?!{ANY};\s*id\s*=\s*[A-Za-z0-9]{{1,32}}\s*(?:;|$)){ANY}",
                ),
                "The record under whose id this very policy is announced already; without it "
                "mailsync derives the id from what the policy says. Another policy, another id.",
            ),
            "ttl": TTL,
        },
    ),
)

KEY = Key(
    "mta_sts",
    "That senders deliver only over verified TLS: mode (testing first, then enforce), max_age, and "
    "mx where the policy names other hosts than 'mx' does. 'absent' leaves MTA-STS in its order.",
    read,
    shape=SHAPE,
    example="{mode: testing, max_age: 7d}",
)
