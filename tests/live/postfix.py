"""Postfix, as sender and as the company's mail servers, old and new, counted at both ends."""

import os
import pwd
import re
import shutil
import signal
import smtplib
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from .clock import SteppedClock
from .machine import find_program, public_directory
from .network import Network

STARTS_WITHIN: Final = 10.0
_ID: Final = re.compile(rb"^X-Id: (\S+)\r?$", re.MULTILINE)

_MASTER: Final = """\
smtp      inet  n       -       n       -       -       smtpd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       1       1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
virtual   unix  -       n       n       -       -       virtual
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
"""

_DAEMONS: Final = "/usr/lib/postfix/sbin"
_QUEUES: Final = ("maildrop", "incoming", "active", "deferred")
_DIRECTORIES: Final = {
    "mail": "nobody",
    "data": "postfix",
    "spool": "root",
    "spool/pid": "root",
    **{
        f"spool/{name}": "postfix"
        for name in (*_QUEUES, "bounce", "defer", "trace", "hold", "corrupt", "private", "public")
    },
}


class Postfix:
    """One Postfix of its own on an address, port 25, that keeps mail for some domains as files.

    A context manager. Root runs it, as it must; its mail belongs to `nobody`.
    """

    def __init__(
        self,
        network: Network,
        name: str,
        address: str,
        domains: Sequence[str] = (),
        *,
        clock: SteppedClock | None = None,
        **settings: str,
    ) -> None:
        self.name, self.address = name, address
        self._network, self._clock = network, clock
        self._domains = tuple(domains)
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.directory: Path
        find_program("postqueue", "postfix")

    def __enter__(self) -> Self:
        self.directory = public_directory("postfix")
        for name, owner in _DIRECTORIES.items():
            (self.directory / name).mkdir()
            shutil.chown(self.directory / name, owner)
        (self.directory / "master.cf").write_text(_MASTER)
        self._configure()
        try:
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            print(f"--- {self.name}, end of the log:", *self.log.splitlines()[-30:], sep="\n")
        self.stop()
        self._remove()

    @property
    def log(self) -> str:
        """All that it has logged."""
        path = self.directory / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start, and wait for its banner."""
        master = self._network.command(
            find_program("setpriv", "util-linux"),
            "--pdeathsig",
            "KILL",
            "--",
            f"{_DAEMONS}/master",
            "-c",
            self.directory,
        )
        self._process = subprocess.Popen(
            master,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                smtplib.SMTP(self.address, 25, timeout=2).quit()
            except OSError:
                assert time.monotonic() < deadline, f"{self.name} does not start:\n{self.log}"
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Stop: whoever connects is refused a connection."""
        if self._process is None:
            return
        self._process.terminate()
        self._process.wait(STARTS_WITHIN)
        self._process = None

    def refuse(self) -> None:
        """From now on take no mail for any domain: what it knows nothing of, it refuses (554)."""
        (domain, *_), self._domains = self._domains, ()
        self._reload(domain, takes=False)

    def serve(self, domain: str) -> None:
        """From now on take mail for a domain."""
        self._domains = (domain,)
        self._reload(domain, takes=True)

    def _reload(self, domain: str, *, takes: bool) -> None:
        self._configure()
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)
        # Processes from before go on to the end of what they are about.
        deadline = time.monotonic() + STARTS_WITHIN
        while self.takes(f"postmaster@{domain}") != takes:
            assert time.monotonic() < deadline, f"{self.name} does not reload:\n{self.log}"
            time.sleep(0.02)

    def takes(self, recipient: str) -> bool:
        """Whether it takes a recipient from a stranger now."""
        with smtplib.SMTP(self.address, 25, timeout=5) as session:
            session.ehlo()
            session.mail("")
            code, _ = session.rcpt(recipient)
        return code == 250

    def flush(self) -> None:
        """Try everything in the queue again, now."""
        subprocess.run(
            self._network.command(find_program("postqueue", "postfix"), "-c", self.directory, "-f"),
            check=True,
            env=self._environment(),
        )

    def queued(self) -> int:
        """How many messages wait in the queue."""
        return sum(
            path.is_file()
            for queue in _QUEUES
            for path in (self.directory / "spool" / queue).rglob("*")
        )

    def received(self) -> Counter[str]:
        """How often each message, by its X-Id, was delivered here."""
        found: Counter[str] = Counter()
        for path in (self.directory / "mail").rglob("new/*"):
            match = _ID.search(path.read_bytes())
            found[match[1].decode() if match else f"bounce {path.name}"] += 1
        return found

    def _configure(self) -> None:
        settings = {
            "compatibility_level": "3.6",
            "queue_directory": f"{self.directory}/spool",
            "data_directory": f"{self.directory}/data",
            "daemon_directory": _DAEMONS,
            "command_directory": "/usr/sbin",
            "mail_owner": "postfix",
            "setgid_group": "postdrop",
            "myhostname": f"{self.name}.test",
            "inet_interfaces": self.address,
            "inet_protocols": "ipv4",
            "smtp_bind_address": self.address,
            "mydestination": "",
            "mynetworks": "127.0.0.254/32",
            "local_transport": "error:no local mail here",
            "alias_maps": "",
            "virtual_mailbox_domains": " ".join(self._domains),
            "virtual_mailbox_base": f"{self.directory}/mail",
            "virtual_mailbox_maps": "static:inbox/",
            "virtual_uid_maps": f"static:{pwd.getpwnam('nobody').pw_uid}",
            "virtual_gid_maps": f"static:{pwd.getpwnam('nobody').pw_gid}",
            "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
            "smtpd_peername_lookup": "no",
            "smtpd_client_connection_count_limit": "0",
            "smtp_tls_security_level": "",
            "maillog_file": f"{self.directory}/log",
            "maillog_file_prefixes": str(self.directory),
            "import_environment": "MAIL_CONFIG TZ LD_PRELOAD MAILSYNC_STEPCLOCK",
            **self._settings,
        }
        text = "".join(f"{name} = {value}\n" for name, value in settings.items())
        path = self.directory / "main.cf"
        path.write_text(text)
        # Every daemon waits until the file has been left alone for two seconds.
        os.utime(path, (0, 0))

    def _environment(self) -> dict[str, str]:
        stepped = self._clock.environment() if self._clock is not None else {}
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC", **stepped}

    def _remove(self) -> None:
        shutil.rmtree(self.directory)


def message(number: int, sender: str, recipient: str) -> EmailMessage:
    """A message that is known by its number wherever it turns up."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, recipient, f"message {number}"
    made["X-Id"] = str(number)
    made.set_content("Hello.\n")
    return made
