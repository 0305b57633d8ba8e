"""A real SMTP server on loopback that behaves as it is told: greylists, drops, refuses, is down."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(slots=True)
class Arrived:
    """A mail that the server took; `answered` is False where the answer was lost on its way."""

    to: str
    sender: str
    message: EmailMessage
    answered: bool = True

    @property
    def text(self) -> str:
        return str(cast(EmailMessage, self.message.get_body(("plain",))).get_content())

    @property
    def html(self) -> str:
        return str(cast(EmailMessage, self.message.get_body(("html",))).get_content())


@dataclass(slots=True)
class MailServer:
    """`greylists`: the first try of each address is put off. `refuses`: addresses that it does not know.
    `drops`: so many mails are read to the end and then the line goes dead, `keeps`: having taken them."""

    port: int = 0
    greylists: bool = False
    refuses: set[str] = field(default_factory=set)
    full: set[str] = field(default_factory=set)
    drops: int = 0
    keeps: bool = False
    overloaded: bool = False
    box: list[Arrived] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    _running: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._running = Controller(self, hostname="127.0.0.1", port=self.port, server_hostname="test")
        self._running.start()

    def stop(self) -> None:
        if self._running is not None:
            self._running.stop()
            self._running = None

    def to(self, address: str) -> list[Arrived]:
        return [one for one in self.box if one.to == address]

    def distinct(self, address: str) -> list[str]:
        """What a reader's mailbox shows: a repetition has the same Message-ID."""
        return sorted({str(one.message["Message-ID"]) for one in self.to(address)})

    # -- what aiosmtpd calls ---------------------------------------------------------------------

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[Any]
    ) -> str:
        self.asked[address] += 1
        if self.overloaded:
            return "421 4.3.2 too many connections"
        if address in self.refuses:
            return "550 5.1.1 no such user"
        if address in self.full:
            return "452 4.2.2 mailbox full"
        if self.greylists and self.asked[address] == 1:
            return "450 4.7.1 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = cast(bytes, envelope.original_content)
        message = message_from_bytes(raw, policy=policy.default)
        arrived = Arrived(envelope.rcpt_tos[0], str(envelope.mail_from), message)
        if self.drops:
            self.drops -= 1
            arrived.answered = False
            if self.keeps:
                self.box.append(arrived)
            cast(Any, server).transport.abort()
            return "451 gone"
        self.box.append(arrived)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def mail_server() -> Iterator[MailServer]:
    made = MailServer(port=free_port())
    made.start()
    try:
        yield made
    finally:
        made.stop()
