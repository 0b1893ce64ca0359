"""A company whose mail moves from its old server to a new one, as its administrator has it.

`zone_file` is what its DNS host serves today, `mail_on` what it wishes for. A `Checkout` is the
repository of its desired mail: the files, and the real `mailsync` command run in it, each run a
process of its own, as cron starts it.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from .asking import Askable
from .clock import SteppedClock
from .primary import Primary, Published

ROOT: Final = Path(__file__).parents[2]

DOMAIN: Final = "example.test"
APEX: Final = f"{DOMAIN}."
OLD_HOST, NEW_HOST = f"old.{APEX}", f"new.{APEX}"
OLD_MX, NEW_MX = f"10 {OLD_HOST}", f"10 {NEW_HOST}"

FOREIGN: Final = (
    '"cut " "in odd " "" "places"',
    '"not ASCII: \\195\\169"',
    '"site-verification=AbC;x=\\"1\\""',
)
"""Apex TXT values of other people's: no change of mail may touch an octet of them."""

OLD_SPF, NEW_SPF = "v=spf1 ip4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.2 -all"
DKIM: Final = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def zone_file(ttl: int, *, text_ttl: int | None = None, negative_ttl: int = 300) -> str:
    """The company's zone today; TTLs in seconds, that of the apex TXT the same if not given."""
    text_ttl = ttl if text_ttl is None else text_ttl
    texts = "\n".join(f"@ {text_ttl} TXT {value}" for value in (f'"{OLD_SPF}"', *FOREIGN))
    return f"""\
$TTL {ttl}
@    SOA  ns1 hostmaster 1 4838400 3600 9676800 {negative_ttl}
@    NS   ns1
@    MX   10 old
{texts}
ns1  A    127.0.0.1
old  A    192.0.2.1
www  A    192.0.2.80
"""


def mail_on(host: str, ttl: int) -> str:
    """The file of the company's desired mail: the server `old` or `new`, in the end at this TTL."""
    address = {"old": "192.0.2.1", "new": "192.0.2.2"}[host]
    dkim = f'dkim: {{s2026: "{DKIM}"}}\n' if host == "new" else ""
    return f"""\
ttl: {ttl}
mx: [10 {host}]
hosts: {{{host}: [{address}]}}
spf: {{ip4: [{address}], all: fail}}
{dkim}"""


@dataclass(frozen=True)
class Run:
    """What one run of the command said and how it ended."""

    command: str
    code: int
    stdout: str
    stderr: str

    def __str__(self) -> str:
        return f"$ {self.command}\n{self.stdout}{self.stderr}(exit code {self.code})"

    @property
    def old_service_until(self) -> datetime | None:
        """Until when the old service must keep accepting mail, as printed for the user."""
        said = re.search(
            r"old service must keep accepting mail until \w{3} (\S+ [\d:]+) (\w+)$",
            self.stderr,
            re.MULTILINE,
        )
        if said is None:
            return None
        zone = ZoneInfo({"JST": "Asia/Tokyo"}.get(said[2], said[2]))
        return datetime.fromisoformat(said[1]).replace(tzinfo=zone)


class Checkout:
    """The directory with mailsync.yaml and zones/, and the command run in it.

    `host` is the provider's entry in mailsync.yaml; `secrets` its environment. With `probing`, mail
    servers are asked before mail is led to them, as is the rule. With `clock`, every
    run lives on that clock.
    """

    def __init__(
        self,
        directory: Path,
        *,
        host: str,
        cutover: str,
        observe: str = "auto",
        probing: bool = False,
        secrets: dict[str, str] | None = None,
        clock: SteppedClock | None = None,
    ) -> None:
        self.directory = directory
        self._secrets = secrets or {}
        self._clock = clock
        (directory / "zones").mkdir(parents=True)
        (directory / "mailsync.yaml").write_text(
            f"""\
zones: ./zones
providers:
  host: {host}
targets:
  "*": [host]
defaults:
  cutover: {cutover if probing else _unprobed(cutover)}
journal: {{store: file, directory: ./.mailsync}}
observe: {observe}
"""
        )

    @classmethod
    def of_servers(
        cls,
        directory: Path,
        primary: Primary,
        *,
        cutover: str,
        asked: Sequence[Askable],
        port: int | None = None,
        patience: str = "20s",
        probing: bool = False,
        clock: SteppedClock | None = None,
    ) -> "Checkout":
        """Mail in a zone that is updated on a primary, and served by all that are `asked`.

        `port`: where updates go, if not straight to the primary. `patience`: how long a run waits
        until all serve what it wrote.
        """
        key = primary.key
        servers = ", ".join(f'"{each.address}:{each.port}"' for each in asked)
        return cls(
            directory,
            host=(
                "{class: mailsync_providers.rfc2136.Rfc2136Provider, "
                f"host: {primary.address}, port: {port or primary.port}, key_name: {key.name}, "
                f"key_secret: env/TSIG_SECRET, key_algorithm: {key.algorithm}, timeout: 5}}"
            ),
            cutover=cutover,
            observe=f"{{nameservers: [{servers}], timeout: {patience}}}",
            probing=probing,
            secrets={"TSIG_SECRET": key.secret},
            clock=clock,
        )

    def wish(self, text: str) -> None:
        """Write the file of the company's desired mail."""
        (self.directory / "zones" / f"{DOMAIN}.yaml").write_text(text)

    @property
    def journal(self) -> bytes:
        """All that the journal holds."""
        files = sorted((self.directory / ".mailsync").glob("*.jsonl"))
        return b"".join(file.read_bytes() for file in files)

    def run(self, *arguments: str, code: int | None = 0) -> Run:
        """Run `mailsync` once, and check its exit code unless `code` is None."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "mailsync", *arguments],
            cwd=self.directory,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        run = Run(shlex.join(["mailsync", *arguments]), done.returncode, done.stdout, done.stderr)
        assert code is None or run.code == code, f"expected exit code {code}\n{run}"
        assert "Traceback" not in run.stderr, run
        return run

    def apply(self) -> Run:
        """Do what is due, as cron does; it must end well."""
        return self.run("apply", "--yes")

    def status(self) -> dict[str, Any]:
        """Where the domain stands, by `mailsync status --format json`."""
        (domain,) = json.loads(self.run("status", "--format", "json").stdout)["domains"]
        assert isinstance(domain, dict)
        return domain

    def git(self, *arguments: str) -> None:
        """Run git in the checkout; it must succeed."""
        nobody = {"GIT_AUTHOR_NAME": "Admin", "GIT_AUTHOR_EMAIL": f"admin@{DOMAIN}"}
        nobody |= {key.replace("AUTHOR", "COMMITTER"): value for key, value in nobody.items()}
        alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        subprocess.run(
            ["git", *arguments],
            cwd=self.directory,
            env={**os.environ, **nobody, **alone},
            check=True,
            capture_output=True,
        )

    def _environment(self) -> dict[str, str]:
        stepped = self._clock.environment() if self._clock is not None else {}
        path = os.pathsep.join([str(ROOT), str(ROOT / "providers")])
        # Hundreds of runs of the same command: measuring each would cost more than it tells.
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
        return {**inherited, "PYTHONPATH": path, "TZ": "UTC", **self._secrets, **stepped}


def _unprobed(cutover: str) -> str:
    """The same terms, but that no mail server is asked: most tests have none."""
    return f"{cutover.removesuffix('}')}, gates: {{smtp-accepts: off}}}}"


def foreign_values(zone: dict[tuple[str, str], Published]) -> tuple[str, ...]:
    """The apex TXT values of other people's, exactly as a zone transfer shows them."""
    return tuple(value for value in zone[APEX, "TXT"].values if "v=spf1" not in value)


def spf_values(zone: dict[tuple[str, str], Published]) -> tuple[str, ...]:
    """The SPF records at the apex."""
    return tuple(value.strip('"') for value in zone[APEX, "TXT"].values if "v=spf1" in value)
