"""What the catalogue knows of one service, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mailsync.desired.model import Layer, Place
from mailsync.desired.tree import Node

Confidence = Literal["official", "observed", "single", "template", "knowledge", "own"]
"""How well a record is known.

official: the vendor's own page says it. observed: seen in several public zones. single: one
write-up by somebody who did it. template: a Domain Connect template. knowledge: generally known, no
source opened. own: the value is the user's.
"""

CONFIDENCES: Mapping[Confidence, str] = {
    "official": "the vendor's own page",
    "observed": "seen in several public zones",
    "single": "one write-up by somebody who did it",
    "template": "a Domain Connect template",
    "knowledge": "generally known; no source was opened",
    "own": "the value is yours",
}

InputKind = Literal[
    "host",
    "name",
    "label",
    "mx",
    "spf",
    "dkim",
    "ipv4",
    "ipv6",
    "word",
    "text",
    "number",
    "flag",
]
"""What an input may be; `inputs` reads each."""

RecordKey = Literal[
    "mx", "spf", "dkim", "autodiscover", "srv", "verification", "hosts", "ptr", "records"
]
"""The keys of a zone file that a service may fill."""

Verdict = Literal["fail", "softfail", "neutral"]
"""What ``all`` of an SPF record says, from the strictest on."""

Stage = Literal["prepare", "switch", "settle"]

BEHIND = "behind"
"""The input of every service that takes mail: which other service in front hands it over."""

Given = Mapping[str, tuple[str, ...]]
"""The inputs of one use, by name; one that is given as ``none`` has no value."""


@dataclass(frozen=True, slots=True)
class Clause:
    """Whether an input is given, or is one of ``values`` where there are any."""

    name: str
    values: tuple[str, ...] = ()

    def holds(self, given: Given) -> bool:
        """Judge it on the inputs of one use."""
        found = given.get(self.name)
        return found is not None and (not self.values or any(v in self.values for v in found))


@dataclass(frozen=True, slots=True)
class Condition:
    """When something is asked for: all of the one, and none of the other. Empty is always."""

    met: tuple[Clause, ...] = ()
    unmet: tuple[Clause, ...] = ()

    def holds(self, given: Given) -> bool:
        """Judge it on the inputs of one use."""
        return all(test.holds(given) for test in self.met) and not any(
            test.holds(given) for test in self.unmet
        )


ALWAYS = Condition()


@dataclass(frozen=True, slots=True)
class Input:
    """What only the user knows: what it is, and where the vendor shows it.

    ``choices``: the words that it may be. ``like``: globs of which it fits one. ``otherwise``:
    its value where the user gives none. ``listed``: one or several. ``required`` holds only where
    ``when`` does.
    """

    name: str
    kind: InputKind
    what: str
    where: str
    place: Place
    required: bool = False
    when: Condition = ALWAYS
    choices: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    otherwise: str | None = None
    listed: bool = False
    example: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One record: a key of the zone file and its value there, with placeholders.

    ``each``: the list input of which every value makes a record of its own.
    """

    key: RecordKey
    node: Node
    when: Condition = ALWAYS
    each: str | None = None
    confidence: Confidence = "own"
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What only a person can do, before a stage; see `mailsync.desired.model.Task`."""

    id: str
    stage: Stage
    text: str
    place: Place
    when: Condition = ALWAYS
    blocks: bool = True
    source: str = ""


@dataclass(frozen=True, slots=True)
class Constraints:
    """What the vendor demands of records that are not its own.

    ``exclusive_mx``: no other MX beside its own. ``lowest_preference``: none with a lower number.
    ``dns_host``: who has to serve the zone; its name servers are of these ``name_servers`` (globs).
    """

    exclusive_mx: bool = False
    lowest_preference: bool = False
    dns_host: str = ""
    name_servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recognition:
    """Globs by which live values are known to be the service's; `recognition` compares.

    ``mx`` and ``dkim`` and ``autodiscover`` are names without the final dot, ``spf`` terms,
    ``verification`` whole TXT values.
    """

    mx: tuple[str, ...] = ()
    spf: tuple[str, ...] = ()
    dkim: tuple[str, ...] = ()
    verification: tuple[str, ...] = ()
    autodiscover: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """All that is known of one service.

    ``names``: as its vendor writes it, the first is shown. ``names_ja``: in Japanese. ``layer``:
    what it does where it takes mail; ``sends_as``: what it is where it takes none. ``strictest``:
    the strictest ``all`` that the vendor's own SPF record has.
    """

    id: str
    names: tuple[str, ...]
    layer: Layer
    place: Place
    names_ja: tuple[str, ...] = ()
    sends_as: Layer | None = None
    strictest: Verdict = "softfail"
    inputs: tuple[Input, ...] = ()
    records: tuple[Asked, ...] = ()
    constraints: Constraints = field(default_factory=Constraints)
    steps: tuple[Step, ...] = ()
    traps: tuple[str, ...] = ()
    recognition: Recognition = field(default_factory=Recognition)
    sources: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name that is shown."""
        return self.names[0]

    @property
    def takes_mail(self) -> bool:
        """Whether it may ask for an MX of the domain."""
        return any(record.key == "mx" for record in self.records)

    def input(self, name: str) -> Input | None:
        """Give an input by its name."""
        return next((one for one in self.inputs if one.name == name), None)
