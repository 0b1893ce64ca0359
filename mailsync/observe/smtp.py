"""What a mail server says to a sender: banner, EHLO, STARTTLS, and whom it takes mail for.

The dialogue ends after RCPT: RSET, QUIT, never DATA. Nothing is sent to anybody.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mailsync.dns.names import shown
from mailsync.mail.certificate import BadCertificate, Certificate, read
from mailsync.mail.smtp_reply import Reply, explained, is_closing, is_greylisting, verdict
from mailsync.observe.dialogue import Broken, Dialogue, Garbled, Handshake, NoTls, Unreached
from mailsync.plan.model import GateState

SECONDS_MAX = 30.0
"""How long a look at one address may take as a whole.

A sender waits five minutes for a banner (RFC 5321 §4.5.3.2.1); most servers that hold back do so
for some seconds.
"""

_RECIPIENTS_MAX = 10
_CHAIN_MAX = 10
_ADDRESS_OCTETS = 254


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """One address of a mail server. ``host``: its absolute name, as the MX has it."""

    host: str
    address: str
    port: int = 25

    def __str__(self) -> str:
        """Write name and address; the port only where it is not 25."""
        port = "" if self.port == 25 else f":{self.port}"
        address = f"[{self.address}]" if port and ":" in self.address else self.address
        return f"{shown(self.host)} ({address}{port})"


@dataclass(frozen=True, slots=True)
class Tls:
    """What came of STARTTLS.

    ``state``: ``absent`` (not offered), ``refused`` or ``broken`` (offered, and it did not come
    about, as ``detail`` says), ``stalled`` (the same, and it may be otherwise next time),
    ``secured``. ``trust``: why no known root vouches for the chain, in OpenSSL's words; empty when
    one does. ``chain``: as presented, the server's own first.
    """

    state: Literal["absent", "refused", "broken", "stalled", "secured"] = "absent"
    detail: str = ""
    version: str = ""
    cipher: str = ""
    trust: str = ""
    chain: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said of one recipient; None: it was not asked, or did not answer."""

    recipient: str
    reply: Reply | None = None

    @property
    def state(self) -> GateState:
        """``pass`` when it takes the recipient, ``fail`` when it never does, else ``unknown``."""
        if self.reply is None:
            return "unknown"
        said = verdict(self.reply)
        return "pass" if said == "accepted" else "fail" if said == "refused" else "unknown"

    @property
    def is_greylisted(self) -> bool:
        """Tell whether it takes the recipient later, once it knows the sender."""
        return self.reply is not None and is_greylisting(self.reply)

    @property
    def detail(self) -> str:
        """Say it in words."""
        return "was not answered" if self.reply is None else explained(self.reply)


@dataclass(frozen=True, slots=True)
class Session:
    """All that one look at one address gave.

    ``problem``: why the dialogue ended early, in words after the server's name; else empty.
    ``garbled``: what came was no SMTP. ``reached``: a connection came about; ``no_route``: none
    could, as this machine has no such addresses. ``banner``, ``hello`` and ``mail`` are the replies
    to the connection, EHLO and MAIL FROM:<>; ``extensions`` are EHLO's keywords, upper case.
    """

    endpoint: Endpoint
    reached: bool = False
    problem: str = ""
    garbled: bool = False
    no_route: bool = False
    banner: Reply | None = None
    hello: Reply | None = None
    extensions: tuple[str, ...] = ()
    tls: Tls | None = None
    mail: Reply | None = None
    answers: tuple[Answer, ...] = ()

    def answer(self, recipient: str) -> Answer:
        """Give what was said of a recipient."""
        return next((a for a in self.answers if a.recipient == recipient), Answer(recipient))

    def takes(self, recipient: str) -> tuple[GateState, str]:
        """Say whether it takes mail for a recipient, as far as RCPT can tell, and why, in words.

        A server that greets with a refusal takes none. One that refuses the null sender could not
        be asked.
        """
        if self.banner is not None and verdict(self.banner) != "accepted":
            state: GateState = "fail" if verdict(self.banner) == "refused" else "unknown"
            return state, f"greets with: {explained(self.banner)}"
        if self.mail is not None and verdict(self.mail) != "accepted":
            return "unknown", f"answers MAIL FROM:<> with: {explained(self.mail)}"
        answer = self.answer(recipient)
        if answer.reply is None and self.problem:
            return "unknown", self.problem
        return answer.state, answer.detail


def probe(
    endpoint: Endpoint,
    recipients: Sequence[str] = (),
    *,
    seconds: float = SECONDS_MAX,
    helo: str = "",
    roots: str | None = None,
) -> Session:
    """Look at one address; never raises, whatever the server does, and ends within ``seconds``.

    ``recipients``: addresses to ask RCPT for, in order, at most ten. ``helo``: the name to say in
    EHLO; else the own address as a literal (RFC 5321 §4.1.3). ``roots``: a PEM file of trusted
    roots; None takes the system's.
    """
    until = time.monotonic() + seconds
    wanted = tuple(dict.fromkeys(filter(_is_askable, recipients)))[:_RECIPIENTS_MAX]
    look = _Look(endpoint, wanted, until, helo, roots)
    found = look.at("verified")
    if found.tls is not None and found.tls.trust:
        # As senders without a policy do: TLS with whomever. It also shows the chain.
        trust, again = found.tls.trust, look.at("any")
        if again.tls is not None:
            found = replace(again, tls=replace(again.tls, trust=trust))
    if found.tls is not None and found.tls.state in {"broken", "stalled"}:
        # As senders do, too: without TLS.
        again = look.at("plain")
        if again.reached:
            found = replace(again, tls=found.tls)
    return found


def _is_askable(recipient: str) -> bool:
    """Tell whether an address can stand in a command as it is: one line, no brackets, ASCII."""
    plain = recipient.isascii() and recipient.isprintable() and not set(recipient) & set('<> "\\')
    return plain and "@" in recipient and len(recipient) <= _ADDRESS_OCTETS


@dataclass(frozen=True, slots=True)
class _Look:
    endpoint: Endpoint
    recipients: tuple[str, ...]
    until: float
    helo: str
    roots: str | None

    def at(self, way: Literal["verified", "any", "plain"]) -> Session:
        """Hold one dialogue, with TLS in one of three ways."""
        told = _Told(self.endpoint)
        try:
            dialogue = Dialogue(self.endpoint.address, self.endpoint.port, self.until)
        except Unreached as error:
            return Session(self.endpoint, problem=str(error), no_route=error.no_route)
        told.reached = True
        try:
            self._hold(dialogue, told, way)
        except NoTls as error:
            state: Literal["broken", "stalled"] = "stalled" if error.passing else "broken"
            told.tls = Tls(state, str(error), trust=str(error) if error.untrusted else "")
            told.problem = str(error)
        except Broken as error:
            told.problem, told.garbled = str(error), isinstance(error, Garbled)
        finally:
            dialogue.close()
        return told.session()

    def _hold(self, dialogue: Dialogue, told: _Told, way: str) -> None:
        told.banner = dialogue.reply()
        if verdict(told.banner) != "accepted":
            dialogue.leave()
            return
        self._greet(dialogue, told)
        if way != "plain":
            told.tls = Tls()
            if "STARTTLS" in told.extensions:
                self._secure(dialogue, told, verified=way == "verified")
        told.mail = dialogue.ask("MAIL FROM:<>")
        if verdict(told.mail) == "accepted":
            self._ask_all(dialogue, told)
        dialogue.leave()

    def _greet(self, dialogue: Dialogue, told: _Told) -> None:
        name = self.helo or _literal(dialogue.own_address)
        told.hello = dialogue.ask(f"EHLO {name}")
        if verdict(told.hello) != "accepted":
            told.hello = dialogue.ask(f"HELO {name}")
        told.extensions = tuple(
            line.split(" ", 1)[0].upper() for line in told.hello.lines[1:] if line
        )

    def _secure(self, dialogue: Dialogue, told: _Told, *, verified: bool) -> None:
        reply = dialogue.ask("STARTTLS")
        if verdict(reply) != "accepted":
            told.tls = Tls("refused", explained(reply))
            return
        made = dialogue.secure(self.endpoint.host, roots=self.roots, verified=verified)
        told.tls = _secured(made)
        self._greet(dialogue, told)  # what was said in the clear counts no more (RFC 3207 §4.2)

    def _ask_all(self, dialogue: Dialogue, told: _Told) -> None:
        for recipient in self.recipients:
            reply = dialogue.ask(f"RCPT TO:<{recipient}>")
            told.answers.append(Answer(recipient, reply))
            if is_closing(reply):
                return


class _Told:
    """What the server has told so far: kept, however the dialogue ends."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.reached = False
        self.problem = ""
        self.garbled = False
        self.banner: Reply | None = None
        self.hello: Reply | None = None
        self.extensions: tuple[str, ...] = ()
        self.tls: Tls | None = None
        self.mail: Reply | None = None
        self.answers: list[Answer] = []

    def session(self) -> Session:
        return Session(
            endpoint=self._endpoint,
            reached=self.reached,
            problem=self.problem,
            garbled=self.garbled,
            banner=self.banner,
            hello=self.hello,
            extensions=self.extensions,
            tls=self.tls,
            mail=self.mail,
            answers=tuple(self.answers),
        )


def _secured(made: Handshake) -> Tls:
    chain, detail = [], ""
    for der in made.chain[:_CHAIN_MAX]:
        try:
            chain.append(read(der))
        except BadCertificate as error:
            detail = str(error)
            break
    return Tls("secured", detail, made.version, made.cipher, chain=tuple(chain))


def _literal(address: str) -> str:
    """Write an address as EHLO takes it where there is no name (RFC 5321 §4.1.3)."""
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
