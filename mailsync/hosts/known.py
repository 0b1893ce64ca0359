"""What is known of DNS hosts' adapters, as data: from their source, and from the hosts' documents.

Keyed by the package or module that holds the class. What is not known stands as None and is left to
the adapter, which says no in its own words when something is written. `capabilities` looks it up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailsync.dns.ttl import TTL_MAX
from mailsync.plan.live import TtlScope, Write


@dataclass(frozen=True, slots=True)
class Adapter:
    """What is known of an adapter; the fields without a word here are those of `Capability`.

    ``name``: what people call the host, ``class_path``: what mailsync.yaml calls it.
    ``ttl_min_key``: the setting that moves the smallest TTL. ``unless``: a setting, the value with
    which RRsets are written in another way, and that way. ``tlsa``: whether it knows TLSA.
    ``lists_ns``: every listing holds the zone's own NS; one without is a read that failed unsaid.
    ``note``: what a user should know, in a sentence.
    """

    ttl_min: int = 0
    ttl_max: int = TTL_MAX
    settable: bool = True
    ttl_min_key: str = ""
    ttl_scope: TtlScope = "rrset"
    txt_max: int | None = None
    txt_without: str = ""
    txt_garbles: str = ""
    txt_empty: bool = True
    null_mx: bool | None = None
    mx_below: bool = True
    mx_preferences: bool = True
    ptr: bool | None = None
    tlsa: bool | None = None
    write: Write | None = None
    compare_and_set: bool = False
    publish_delay: int | None = None
    unless: tuple[str, str, Write] | None = None
    lists_ns: bool = False
    name: str = ""
    class_path: str = ""
    note: str = ""


ZONE_FILES = "mailsync_providers.zonefile.ZoneFileProvider"
"""Writes files where it runs, and whoever serves them has to be there."""

OURS: Mapping[str, Adapter] = {
    "mailsync_providers.zonefile": Adapter(
        name="zone files",
        class_path=ZONE_FILES,
        write="atomic",
        compare_and_set=True,
        null_mx=True,
        ptr=True,
        tlsa=True,
        note="whatever loads the files has to be run after each apply",
    ),
    "mailsync_providers.rfc2136": Adapter(
        name="RFC 2136",
        class_path="mailsync_providers.rfc2136.Rfc2136Provider",
        write="atomic",
        compare_and_set=True,
        null_mx=True,
        ptr=True,
        tlsa=True,
    ),
    "mailsync_providers.conoha": Adapter(
        name="ConoHa",
        class_path="mailsync_providers.conoha.ConohaProvider",
        ttl_min=60,
        ttl_scope="record",
        write="per-value",
        ptr=False,
        tlsa=False,
        note="whether its API keeps TTLs is not documented: a TTL that does not count is an error",
    ),
    "mailsync_providers.dynu": Adapter(
        name="Dynu",
        class_path="mailsync_providers.dynu.DynuProvider",
        ttl_min=1,
        ttl_scope="record",
        write="per-value",
        ptr=False,
        tlsa=False,
        note="its record of type PTR stands in the forward zone, where nobody asks for it",
    ),
    "mailsync_providers.gehirn": Adapter(
        name="Gehirn DNS",
        class_path="mailsync_providers.gehirn.GehirnProvider",
        ttl_min=30,
        txt_max=64000,
        txt_empty=False,
        write="in-place",
        ptr=False,
        tlsa=False,
    ),
    "mailsync_providers.iij_dpf": Adapter(
        name="IIJ DPF",
        class_path="mailsync_providers.iij_dpf.IijDpfProvider",
        ttl_min=1,
        write="atomic",
        ptr=True,
        tlsa=True,
        note="refuses while somebody else's edits are staged: they would be published along",
    ),
    "mailsync_providers.manual": Adapter(
        name="by hand",
        class_path="mailsync_providers.manual.ManualProvider",
        write="by-hand",
        note="for DNS hosts without an API; what each can do is told where one is configured",
    ),
    "mailsync_providers.mydns": Adapter(
        name="MyDNS.jp",
        class_path="mailsync_providers.mydns.MyDnsProvider",
        settable=False,
        ttl_scope="none",
        write="whole-zone",
        null_mx=False,
        mx_below=False,
        ptr=False,
        tlsa=False,
        note="its API sets no mail records; the web form (web_form: true) is an experiment",
    ),
    "mailsync_providers.sakura_cloud": Adapter(
        name="Sakura Cloud",
        class_path="mailsync_providers.sakura_cloud.SakuraCloudProvider",
        ttl_min=1,
        ttl_scope="record",
        txt_max=500,
        txt_without='"\\',
        null_mx=False,
        write="whole-zone",
        ptr=True,
        tlsa=False,
        note="a DKIM key of 4096 bits does not fit into a TXT: publish a CNAME instead",
    ),
    "mailsync_providers.value_domain": Adapter(
        name="Value-Domain",
        class_path="mailsync_providers.value_domain.ValueDomainProvider",
        ttl_min=1,
        settable=False,
        ttl_scope="zone",
        mx_below=False,
        write="whole-zone",
        ptr=False,
        tlsa=False,
        note="one TTL for the whole zone: lower it in the control panel before a switch",
    ),
    "mailsync_providers.xserver": Adapter(
        name="Xserver",
        class_path="mailsync_providers.xserver.XserverProvider",
        ttl_min=60,
        ttl_max=86400,
        ttl_scope="record",
        mx_preferences=False,
        write="per-value",
        ptr=False,
        tlsa=False,
    ),
}
"""Providers of our own."""

_RECREATES: Write = "delete-then-create"
_CONTROLS = "".join(map(chr, (*range(32), 127)))

OCTODNS: Mapping[str, Adapter] = {
    "octodns_autodns": Adapter(write=_RECREATES, ptr=False, tlsa=False),
    "octodns_azure": Adapter(
        class_path="octodns_azure.AzureProvider",
        ttl_min=1,
        txt_without='"',
        txt_garbles='"',
        txt_empty=False,
        write="in-place",
        ptr=True,
        tlsa=False,
        note="drops a record set's metadata when it writes it; lists Traffic Manager profiles, too",
    ),
    "octodns_bind": Adapter(
        class_path="octodns_bind.Rfc2136Provider",
        write="atomic",
        null_mx=True,
        ptr=True,
        tlsa=True,
        note="refused, it damages foreign texts: mailsync_providers.rfc2136.Rfc2136Provider takes "
        "the same settings",
    ),
    "octodns_cloudflare": Adapter(
        class_path="octodns_cloudflare.CloudflareProvider",
        ttl_min=120,
        ttl_min_key="min_ttl",
        ttl_scope="record",
        txt_without='"\\',
        txt_garbles='"\\',
        write="per-value",
        ptr=True,
        tlsa=True,
        note="Email Routing serves MX that its records do not show; after an error its adapter "
        "pauses for retry_period, 300 seconds",
    ),
    "octodns_constellix": Adapter(write=_RECREATES, tlsa=False),
    "octodns_desec": Adapter(
        class_path="octodns_desec.DesecProvider",
        ttl_min=3600,
        ttl_max=86400,
        txt_without='"\\' + _CONTROLS,
        txt_garbles='"',
        write="atomic",
        ptr=True,
        tlsa=True,
        note="its smallest TTL is lowered on request",
    ),
    "octodns_digitalocean": Adapter(write=_RECREATES, ptr=False, tlsa=False),
    "octodns_dnsimple": Adapter(write=_RECREATES, tlsa=False),
    "octodns_dnsmadeeasy": Adapter(write=_RECREATES, tlsa=False),
    "octodns_easydns": Adapter(write=_RECREATES, ptr=False, tlsa=False),
    "octodns_edgedns": Adapter(write="in-place", ptr=True, tlsa=True),
    "octodns_gandi": Adapter(ttl_min=300, write=_RECREATES, tlsa=True),
    "octodns_gcore": Adapter(write="in-place", tlsa=False),
    "octodns_googlecloud": Adapter(
        class_path="octodns_googlecloud.GoogleCloudProvider",
        txt_without='"\\' + _CONTROLS,
        txt_garbles='"',
        write="atomic",
        compare_and_set=True,
        ptr=True,
        tlsa=False,
    ),
    # The old DNS Console API; the Cloud API changes an RRset in place.
    "octodns_hetzner": Adapter(
        class_path="octodns_hetzner.HetznerProvider",
        ttl_min=60,
        txt_without='"\\' + _CONTROLS,
        txt_garbles='"',
        lists_ns=True,
        write=_RECREATES,
        unless=("backend", "hcloud", "in-place"),
        tlsa=True,
        note="use backend: hcloud, the old API deletes an MX to change it",
    ),
    "octodns_mythicbeasts": Adapter(write=_RECREATES, ptr=False, tlsa=False),
    "octodns_ns1": Adapter(write="in-place", ptr=True, tlsa=True),
    "octodns_ovh": Adapter(write=_RECREATES, tlsa=False),
    "octodns_powerdns": Adapter(
        class_path="octodns_powerdns.PowerDnsProvider",
        txt_without='"\\',
        write="atomic",
        null_mx=True,
        ptr=True,
        tlsa=True,
        note="rewriting an RRset turns on the records in it that were switched off",
    ),
    "octodns_rackspace": Adapter(ttl_min=300, tlsa=False),
    "octodns_route53": Adapter(
        class_path="octodns_route53.Route53Provider",
        txt_without='"\\' + _CONTROLS,
        txt_garbles='"',
        write="atomic",
        publish_delay=60,
        ptr=True,
        tlsa=False,
        note="get_zones_by_name: true keeps it from listing every zone",
    ),
    "octodns_scaleway": Adapter(tlsa=False),
    "octodns_selectel": Adapter(ttl_min=60, write="in-place", ptr=False, tlsa=False),
    "octodns_selectel.v1": Adapter(ttl_min=60, write=_RECREATES, ptr=False, tlsa=False),
    "octodns_transip": Adapter(ttl_min=120, write="whole-zone", ptr=False, tlsa=True),
    "octodns_ultra": Adapter(write="in-place"),
}
"""octoDNS' own."""

ADAPTERS: Mapping[str, Adapter] = {**OURS, **OCTODNS}
