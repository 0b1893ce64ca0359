import pytest

from mailsync.dns.ttl import TTL_MAX
from mailsync.errors import MailsyncError
from mailsync.hosts.capabilities import Adapter, adapter, capability
from mailsync.plan.live import Capability

WHERE = "capabilities.local"


@pytest.mark.parametrize(
    ("module", "settings", "ttl_min", "recreates"),
    [
        ("octodns_cloudflare", {}, 120, False),
        ("octodns_cloudflare.provider", {}, 120, False),
        ("octodns_cloudflare", {"min_ttl": 60}, 60, False),
        ("octodns_cloudflare", {"min_ttl": "60"}, 60, False),
        ("octodns_cloudflare", {"min_ttl": "low"}, 120, False),
        ("octodns_cloudflare_other", {}, 0, False),
        ("octodns_desec", {"min_ttl": 60}, 3600, False),
        ("octodns_gandi", {}, 300, True),
        ("octodns_hetzner", {}, 60, True),
        ("octodns_hetzner", {"backend": "dnsapi"}, 60, True),
        ("octodns_hetzner", {"backend": "hcloud"}, 60, False),
        ("octodns_selectel", {}, 60, False),
        ("octodns_selectel.v1.provider", {}, 60, True),
        ("octodns_route53", {}, 0, False),
        ("mailsync_providers.zonefile", {}, 0, False),
    ],
)
def test_adapter(module: str, settings: dict[str, object], ttl_min: int, recreates: bool) -> None:
    """What is known of an adapter goes by its package, and by the settings that change it."""
    known = adapter([module, "octodns.provider.base", "builtins"], settings)
    assert (known.ttl_min, known.write == "delete-then-create") == (ttl_min, recreates)


def test_derived_class() -> None:
    """A user's own subclass is known by the class that it extends."""
    known = adapter(["ours.providers", "octodns_ovh", "octodns.provider.base"], {})
    assert known.write == "delete-then-create"


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (None, Capability(ttl_min=120, write=None)),
        ({}, Capability(ttl_min=120, write=None)),
        ({"ttl": "fixed"}, Capability(settable=False, ttl_min=120, write=None)),
        ({"ttl": "settable", "min_ttl": 60}, Capability(ttl_min=60, write=None)),
        ({"min_ttl": "5m", "max_ttl": "1d"}, Capability(ttl_min=300, ttl_max=86400, write=None)),
        ({"write": "in-place"}, Capability(ttl_min=120)),
        (Capability(ttl_min=7), Capability(ttl_min=7)),
    ],
)
def test_override(override: dict[str, object] | Capability | None, expected: Capability) -> None:
    """mailsync.yaml has the last word; how an adapter writes is not guessed."""
    assert capability(Adapter(ttl_min=120), override, where=WHERE) == expected
    assert expected.ttl_max <= TTL_MAX


@pytest.mark.parametrize(
    ("override", "why"),
    [
        ({"minttl": 60}, "unknown key 'minttl'"),
        ({"ttl": "frozen"}, "ttl: 'frozen' is neither"),
        ({"min_ttl": "low"}, "min_ttl: 'low' is no duration"),
        ({"max_ttl": None}, "max_ttl: 'None' is no duration"),
        ({"max_ttl": True}, "max_ttl: True is no duration"),
        ({"max_ttl": 60}, "min_ttl: 120 s is more than max_ttl, 60 s"),
    ],
)
def test_bad_override(override: dict[str, object], why: str) -> None:
    """A mistake in `capabilities` is one line that names the DNS host and the key."""
    with pytest.raises(MailsyncError, match=rf"^capabilities\.local: {why}"):
        capability(Adapter(ttl_min=120), override, where=WHERE)
