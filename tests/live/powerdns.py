"""PowerDNS with SQLite: an authoritative server that is written to by its HTTP API."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from .machine import Port, ProgramMissingError
from .server import Server

SCHEMA = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
KEY = "laboratory-api-key"


class PowerDns(Server):
    """Serves the given zones, each a master file; `api` is where its HTTP API is, with `KEY`."""

    program = "pdns_server"
    package = "pdns-server"

    def __init__(self, zones: Mapping[str, str]) -> None:
        super().__init__()
        self._zones = dict(zones)
        self._api_port = Port(self.address)

    @property
    def api_port(self) -> int:
        """The HTTP API's port."""
        return self._api_port.number

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the API, as somebody else would."""
        answer = self.request(method, f"/api/v1/servers/localhost{path}", KEY, body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def request(self, method: str, path: str, key: str, body: Any = None) -> requests.Response:
        """Give the API's answer, whatever it is."""
        return requests.request(
            method,
            f"http://{self.address}:{self.api_port}{path}",
            headers={"X-API-Key": key},
            json=body,
            timeout=5,
        )

    def start(self) -> None:
        """Start, and load the zones the first time."""
        super().start()
        zones, self._zones = self._zones, {}
        for zone, text in zones.items():
            self.call("POST", "/zones", {"name": f"{zone}.", "kind": "Native", "zone": text})

    def rrsets(self, zone: str) -> list[dict[str, Any]]:
        """What the API shows of a zone."""
        found: list[dict[str, Any]] = self.call("GET", f"/zones/{zone}.")["rrsets"]
        return found

    def replace(self, name: str, rdtype: str, ttl: int, *values: str) -> None:
        """Make this RRset the one of that name and type; without values: remove it."""
        records = [{"content": value, "disabled": False} for value in values]
        kind = "REPLACE" if values else "DELETE"
        rrset = {"name": name, "type": rdtype, "ttl": ttl, "changetype": kind, "records": records}
        zones = [zone["name"] for zone in self.call("GET", "/zones")]
        zone = max((one for one in zones if f".{name}".endswith(f".{one}")), key=len)
        self.call("PATCH", f"/zones/{zone}", {"rrsets": [rrset]})

    def _data(self) -> dict[Path, str]:
        if not SCHEMA.exists():
            raise ProgramMissingError(str(SCHEMA), "pdns-backend-sqlite3")
        database = sqlite3.connect(self.directory / "pdns.sqlite3")
        database.executescript(SCHEMA.read_text())
        database.close()
        return {}

    @property
    def _configuration_file(self) -> Path:
        return self.directory / "pdns.conf"

    def _arguments(self, configuration: Path) -> list[str]:
        return [f"--config-dir={configuration.parent}"]

    def _configuration(self) -> str:
        return f"""
launch=gsqlite3
gsqlite3-database={self.directory}/pdns.sqlite3
local-address={self.address}
local-port={self.port}
socket-dir={self.directory}
api=yes
api-key={KEY}
webserver=yes
webserver-address={self.address}
webserver-port={self.api_port}
webserver-allow-from=127.0.0.0/8
daemon=no
guardian=no
disable-syslog=yes
security-poll-suffix=
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
"""

    def _is_ready(self) -> bool:
        try:
            self.call("GET", "")
        except requests.RequestException:
            return False
        return True

    def _remove(self) -> None:
        super()._remove()
        self._api_port.release()
