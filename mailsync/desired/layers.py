"""What a zone file lies upon: the profile that it names, and the defaults of mailsync.yaml.

What a higher layer says hides the same key of a lower one: the file, then its profile, then the
defaults. Only ``cutover`` is merged key by key.
"""

from __future__ import annotations

import collections.abc
from dataclasses import dataclass, field
from functools import reduce

from mailsync.desired import reading, registry, terms
from mailsync.desired.faults import Faults
from mailsync.desired.model import Place
from mailsync.desired.registry import Level
from mailsync.desired.services.catalogue import Catalogue
from mailsync.desired.tree import Mapping, Node

_OF_MAIL = frozenset(
    {
        "mx",
        "hosts",
        "dkim",
        "autodiscover",
        "autoconfig",
        "mta_sts",
        "tlsa",
        "srv",
        "ptr",
        "services",
    }
)
_OF_NO_MAIL = _OF_MAIL | {"spf", "dmarc"}

_INHERITED = frozenset({"ttl", "cutover"})

_PLACES = {
    "file": "a zone file",
    "subdomain": "a subdomain",
    "profile": "a profile",
    "defaults": "the defaults",
}
_NOTHING = Mapping((), Place("", 1, 1))


@dataclass(frozen=True, slots=True)
class Layers:
    """What lies under the zone files of a configuration: keys that they may hold themselves.

    ``catalogue``: the services that they may name.
    """

    defaults: Mapping | None = None
    profiles: collections.abc.Mapping[str, Mapping] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=Catalogue)
    _checked: dict[tuple[str, Level], tuple[Mapping, Faults]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def under(self, file: Mapping, faults: Faults) -> Mapping:
        """Give all that holds for a zone file; every entry keeps its place."""
        file = checked(file, "file", faults)
        defaults = self._below("", "defaults", self.defaults or _NOTHING, faults)
        profile = self._profile(file.get("profile") or defaults.get("profile"), faults)
        return reduce(_over, (profile, defaults), file)

    def under_subdomain(self, keys: Mapping, file: Mapping, faults: Faults) -> Mapping:
        """Give all that holds for a subdomain: its own keys, its profile, the file's terms.

        ``file`` is what `under` gave for its zone file: of that it inherits no records.
        """
        keys = checked(keys, "subdomain", faults)
        inherited = tuple(entry for entry in file if entry[0].text in _INHERITED)
        profile = self._profile(keys.get("profile"), faults)
        return reduce(_over, (profile, Mapping(inherited, file.place)), keys)

    def check(self, faults: Faults) -> None:
        """Tell what is wrong with the layers themselves, whether or not a file lies on them."""
        self._below("", "defaults", self.defaults or _NOTHING, faults)
        for name, profile in self.profiles.items():
            self._below(name, "profile", profile, faults)

    def mention(self, key: str) -> bool:
        """Tell whether any layer under the files has a key."""
        return key in (self.defaults or _NOTHING) or any(
            key in profile for profile in self.profiles.values()
        )

    def _profile(self, node: Node | None, faults: Faults) -> Mapping:
        name = None if node is None else reading.text(node, faults, "the name of a profile")
        if node is None or name is None:
            return _NOTHING
        profile = self.profiles.get(name)
        if profile is None:
            faults.unknown(node.place, "profile", name, self.profiles)
            return _NOTHING
        return self._below(name, "profile", profile, faults)

    def _below(self, name: str, level: Level, keys: Mapping, faults: Faults) -> Mapping:
        """Check a layer that lies under several files, once for all of them."""
        if (name, level) not in self._checked:
            told = Faults()
            self._checked[name, level] = (checked(keys, level, told), told)
        right, told = self._checked[name, level]
        faults.include(told)
        return right


def checked(keys: Mapping, level: Level, faults: Faults) -> Mapping:
    """Check keys by their shapes; give those that are known, and stand where they may."""
    known = registry.known()
    entries = []
    for key, value in keys:
        one = known.get(key.text)
        if one is None:
            faults.unknown(key.place, "key", key.text, sorted(known))
        elif level not in one.levels:
            faults.add(key.place, f"{key.text} does not go into {_PLACES[level]}")
        else:
            entries.append((key, one.shape.checked(value, faults)))
    return Mapping(tuple(entries), keys.place)


def _over(above: Mapping, below: Mapping) -> Mapping:
    """Lay one layer over another.

    One that says ``mail: none`` wants nothing of the mail below it, and one that has mail wants no
    ``mail: none`` from there.
    """
    if not below.entries:
        return above
    dropped = frozenset[str]()
    if "mail" in above:
        dropped = _OF_NO_MAIL
    elif any(key in above for key in _OF_MAIL):
        dropped = frozenset({"mail"})
    entries = []
    for key, node in above:
        under = below.get("cutover") if key.text == "cutover" else None
        entries.append((key, node if under is None else terms.merged(node, under)))
    rest = [e for e in below.entries if e[0].text not in above and e[0].text not in dropped]
    return Mapping((*entries, *rest), above.place)
