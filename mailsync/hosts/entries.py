"""How each DNS host is written down under ``providers`` in mailsync.yaml, for `mailsync init`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from mailsync.errors import MailsyncError
from mailsync.hosts.known import ADAPTERS

FILL_IN = "fill in"
"""What the comment of a setting begins with whose value is a stand-in."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry of a DNS host: its name, its class, its settings as lines of YAML.

    No line holds a secret, only ``env/NAME``. ``package``: what is to be installed for it, with the
    version that mailsync's tests run with.
    """

    name: str
    class_path: str
    lines: tuple[str, ...]
    package: str = ""

    @property
    def to_fill_in(self) -> tuple[str, ...]:
        """The settings whose values only the user knows, by key."""
        return tuple(line.partition(":")[0] for line in self.lines if f"# {FILL_IN}" in line)


_SETTINGS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "mailsync_providers.zonefile": (
        "local",
        ("directory: ./live  # one master file per zone: live/ZONE.zone",),
    ),
    "mailsync_providers.rfc2136": (
        "primary",
        (
            "host: 192.0.2.53  # fill in: the primary name server",
            "key_name: mailsync  # fill in: the TSIG key, which needs transfers and updates",
            "key_secret: env/TSIG_SECRET  # base64",
            "key_algorithm: hmac-sha256",
        ),
    ),
    "mailsync_providers.conoha": (
        "conoha",
        (
            "user_id: env/CONOHA_USER_ID  # the API user's id, 32 digits, not its name",
            "password: env/CONOHA_PASSWORD",
            "tenant_id: env/CONOHA_TENANT_ID",
            "region: c3j1",
        ),
    ),
    "mailsync_providers.dynu": ("dynu", ("api_key: env/DYNU_API_KEY",)),
    "mailsync_providers.gehirn": (
        "gehirn",
        ("token: env/GEHIRN_TOKEN", "secret: env/GEHIRN_SECRET"),
    ),
    "mailsync_providers.iij_dpf": ("dpf", ("token: env/DPF_TOKEN",)),
    "mailsync_providers.mydns": (
        "mydns",
        (
            "masterid: env/MYDNS_MASTERID",
            "password: env/MYDNS_PASSWORD",
            "web_form: true  # an experiment: the API sets no mail records",
            "ttl: 300  # fill in: what the servers say, dig +norecurse @ns0.mydns.jp",
        ),
    ),
    "mailsync_providers.sakura_cloud": (
        "sakura",
        (
            "token: env/SAKURACLOUD_ACCESS_TOKEN",
            "secret: env/SAKURACLOUD_ACCESS_TOKEN_SECRET",
        ),
    ),
    "mailsync_providers.value_domain": ("valuedomain", ("token: env/VALUE_DOMAIN_TOKEN",)),
    "mailsync_providers.xserver": (
        "xserver",
        (
            "api_key: env/XSERVER_API_KEY",
            "servername: xs123456.xsrv.jp  # fill in: the server's initial domain",
        ),
    ),
    "octodns_azure": (
        "azure",
        (
            "sub_id: env/AZURE_SUBSCRIPTION_ID",
            "resource_group: dns  # fill in: the resource group that holds the zones",
            "directory_id: env/AZURE_DIRECTORY_ID",
            "client_id: env/AZURE_APPLICATION_ID",
            "key: env/AZURE_AUTHENTICATION_KEY",
        ),
    ),
    "octodns_cloudflare": (
        "cloudflare",
        (
            "token: env/CLOUDFLARE_TOKEN",
            "retry_count: 0  # an error ends the run; the next one goes on",
        ),
    ),
    "octodns_desec": ("desec", ("token: env/DESEC_TOKEN",)),
    "octodns_googlecloud": (
        "googlecloud",
        (
            # No credentials_file: that is a path, and Google's login step for GitHub sets this
            # variable to it by itself.
            "project: dns  # fill in: the project; credentials: GOOGLE_APPLICATION_CREDENTIALS",
        ),
    ),
    "octodns_hetzner": (
        "hetzner",
        (
            "token: env/HETZNER_TOKEN  # of the Cloud API",
            "backend: hcloud  # the old API deletes an MX to change it",
        ),
    ),
    "octodns_powerdns": (
        "powerdns",
        ("host: 127.0.0.1  # fill in: where its API listens", "api_key: env/POWERDNS_API_KEY"),
    ),
    "octodns_route53": (
        "route53",
        (
            "access_key_id: env/AWS_ACCESS_KEY_ID",
            "secret_access_key: env/AWS_SECRET_ACCESS_KEY",
            "get_zones_by_name: true  # not every zone is listed",
        ),
    ),
}

PACKAGES: Mapping[str, str] = {
    "octodns_azure": "octodns-azure==1.2.0",
    "octodns_cloudflare": "octodns-cloudflare==1.2.0",
    "octodns_desec": "octodns-desec==1.3.0",
    "octodns_googlecloud": "octodns-googlecloud==1.1.0",
    "octodns_hetzner": "octodns-hetzner==2.0.0",
    "octodns_powerdns": "octodns-powerdns==1.2.0",
    "octodns_route53": "octodns-route53==1.3.1",
}
"""What is installed for a class of such a package, in the version that the tests run with."""

PANELS = (
    "generic",
    "interlink",
    "kagoya",
    "lolipop",
    "muumuu",
    "onamae",
    "sakura",
    "synology-ddns",
)
"""The forms on the web that `mailsync_providers.manual` describes."""

_ALSO = {
    "byhand": "generic",
    "manual": "generic",
    # Its own provider overwrites what somebody else wrote meanwhile.
    "bind": "rfc2136",
}


def entries() -> dict[str, Entry]:
    """Give the entries that can be written, each by the name that `mailsync init --host` takes."""
    found = {}
    for key, (name, lines) in _SETTINGS.items():
        short = key.removeprefix("mailsync_providers.").removeprefix("octodns_")
        found[short] = Entry(name, ADAPTERS[key].class_path, lines, PACKAGES.get(key, ""))
    manual = ADAPTERS["mailsync_providers.manual"].class_path
    for panel in PANELS:
        lines = (f"host: {panel}", "language: both  # of the steps: ja, en, both")
        found[panel] = Entry("panel" if panel == "generic" else panel, manual, lines)
    return found


def entry(host: str) -> Entry:
    """Give the entry of a DNS host, by any name that `mailsync providers` or its docs have for it.

    Raises `MailsyncError` for a host that nobody knows, and for one whose settings are not known.
    """
    known = entries()
    names = {_plain(short): short for short in known}
    for key, adapter in ADAPTERS.items():
        short = key.removeprefix("mailsync_providers.").removeprefix("octodns_")
        names.setdefault(_plain(adapter.name or short), short)
        names.setdefault(_plain(short), short)
    names |= _ALSO
    wanted = _plain(host)
    short = names.get(wanted) or names.get(wanted.removeprefix("octodns"), "")
    if short in known:
        return known[short]
    if short:
        raise MailsyncError(
            f"--host {host}: its settings are not known here: leave --host out, and write its entry"
            f" as the manual of octodns-{short} says"
        )
    near = difflib.get_close_matches(wanted, names, n=1)
    hint = f"did you mean {names[near[0]]}? " if near else ""
    raise MailsyncError(f"--host {host}: {hint}known are {', '.join(sorted(known))}")


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())
