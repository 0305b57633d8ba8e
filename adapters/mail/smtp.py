"""SMTP: one message to one address, and what the server answered, as a value."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from types import TracebackType
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

TIMEOUT_S = 20.0  # of each word of the conversation
LOOPBACK = ("127.0.0.1", "::1", "localhost")
PORTS = {"smtp": 25, "smtps": 465}
MAILBOX = "mailbox:"  # instead of a server: kept in the database, to be read on the page, as in the demo
SHOWN = 200  # letters of an answer that are kept
DROPS = 3  # conversations that end in the middle before a server counts as away: one mail may be the reason


class Said(StrEnum):
    TAKEN = "taken"
    LATER = "later"  # this mail, not now: greylisting, a full box
    NEVER = "never"  # this address, not ever
    AWAY = "away"  # the server: nothing of this mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    said: Said
    why: str = ""


class SmtpUrlNotValid(Exception):
    """ENCAISSE_SMTP_URL is not `smtp://` or `smtps://`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """`smtp://user:password@host:587?tls=required` (STARTTLS; `tls=none` without; on loopback that is the rule),
    `smtps://host` (TLS from the first byte)."""

    host: str
    port: int
    implicit_tls: bool
    starttls: bool
    user: str
    password: str

    @classmethod
    def read(cls, url: str) -> "SmtpServer":
        parts = urlsplit(url)
        try:
            port = parts.port or PORTS[parts.scheme]
        except (KeyError, ValueError):
            raise SmtpUrlNotValid(parts.scheme) from None
        if not parts.hostname:
            raise SmtpUrlNotValid("host")
        asked = parse_qs(parts.query).get("tls", [""])[0]
        plain = asked == "none" or (asked == "" and parts.hostname in LOOPBACK)
        return cls(
            host=parts.hostname, port=port, implicit_tls=parts.scheme == "smtps",
            starttls=parts.scheme == "smtp" and not plain, user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )  # fmt: skip

    def connect(self, timeout_s: float = TIMEOUT_S) -> smtplib.SMTP:
        """A conversation up to the first mail; raises what smtplib and the network raise."""
        context = ssl.create_default_context()
        if self.implicit_tls:
            line: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=timeout_s, context=context)
        else:
            line = smtplib.SMTP(self.host, self.port, timeout=timeout_s)
        try:
            line.ehlo_or_helo_if_needed()
            if self.starttls:
                line.starttls(context=context)
            if self.user:
                line.login(self.user, self.password)
        except BaseException:
            line.close()
            raise
        return line


class Carrier(Protocol):
    """Carries several mails, one after the other; closes what it opened."""

    def __enter__(self) -> "Carrier": ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leaves politely."""

    def send(self, sender: str, address: str, message: EmailMessage) -> Answer: ...


class Kept:
    """The carrier of `mailbox:`."""

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, *_: object) -> None: ...

    def send(self, sender: str, address: str, message: EmailMessage) -> Answer:
        return Answer(said=Said.TAKEN)


class SmtpCarrier:
    """One conversation for several mails; a server that went away is not called again before the next ones."""

    def __init__(self, server: SmtpServer, timeout_s: float = TIMEOUT_S) -> None:
        self.server = server
        self.timeout_s = timeout_s
        self._line: smtplib.SMTP | None = None
        self._away = ""
        self._drops = 0

    def __enter__(self) -> "SmtpCarrier":
        return self

    def __exit__(self, *_: object) -> None:
        if self._line is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._line.quit()
            self._line.close()

    def send(self, sender: str, address: str, message: EmailMessage) -> Answer:
        if self._away:
            return Answer(said=Said.AWAY, why=self._away)
        try:
            line = self._line = self._line or self.server.connect(self.timeout_s)
        except (smtplib.SMTPException, OSError) as error:
            self._away = _shown(error)
            return Answer(said=Said.AWAY, why=self._away)
        try:
            return _send(line, sender, address, message)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            return self._not_taken(code, words)
        except smtplib.SMTPResponseException as error:
            ours = isinstance(error, smtplib.SMTPSenderRefused)
            return self._not_taken(error.smtp_code, error.smtp_error, ours=ours)
        except (smtplib.SMTPNotSupportedError, UnicodeError, ValueError) as error:
            return Answer(said=Said.NEVER, why=_shown(error))
        except (smtplib.SMTPException, OSError) as error:  # the line is dead: nobody knows what became of the mail
            return self._dropped(_shown(error))

    def _not_taken(self, code: int, words: bytes | str, *, ours: bool = False) -> Answer:
        """421 closes the conversation; 5xx is about the address, unless it is about us, the sender."""
        told = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        why = f"{code} {told}"[:SHOWN]
        if code == 421 or ours:
            return self._dropped(why)
        if self._line is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._line.rset()
        return Answer(said=Said.NEVER if 500 <= code < 600 else Said.LATER, why=why)

    def _dropped(self, why: str) -> Answer:
        """The next mail has a conversation of its own."""
        if self._line is not None:
            self._line.close()
            self._line = None
        self._drops += 1
        self._away = why if self._drops >= DROPS else ""
        return Answer(said=Said.AWAY, why=why)


def _send(line: smtplib.SMTP, sender: str, address: str, message: EmailMessage) -> Answer:
    line.send_message(message, from_addr=sender, to_addrs=[address])
    return Answer(said=Said.TAKEN)


def _shown(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        told = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        return f"{error.smtp_code} {told}"[:SHOWN]
    return (str(error) or type(error).__name__)[:SHOWN]


def carrier(url: str, timeout_s: float = TIMEOUT_S) -> Carrier:
    """Raises SmtpUrlNotValid."""
    return Kept() if url.startswith(MAILBOX) else SmtpCarrier(SmtpServer.read(url), timeout_s)
