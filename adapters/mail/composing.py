"""Composing: a planned mail as the message that goes out, with headers that nothing can be smuggled into."""

import re
from dataclasses import dataclass, replace
from datetime import date
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from textwrap import wrap

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from adapters.mail.digests import Digest
from adapters.mail.letters import Desk, Letter, write
from adapters.settings import Settings
from adapters.wording import Wording
from domain.mail import Mail, MailKind
from domain.notifying import People
from domain.people import Client

FOLDER = Path(__file__).parent / "templates"
WIDTH = 76  # of a line of plain text
MAX_SUBJECT = 200
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
# As a mail server takes them unquoted; letters beyond ASCII need a server that speaks SMTPUTF8.
LOCAL = re.compile(r"[^\s\x00-\x20\x7f\"(),:;<>@\[\\\].]+(\.[^\s\x00-\x20\x7f\"(),:;<>@\[\\\].]+)*")
DOMAIN = re.compile(r"\w([\w-]*\w)?(\.\w([\w-]*\w)?)*")


class AddressNotValid(Exception):
    """No mail server would know what to do with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A mail in both its shapes. `address` is where it goes."""

    address: str
    letter: Letter
    text: str
    html: str
    message: EmailMessage


def letter_of(
    mail: Mail,
    people: People,
    client: Client | None,
    digest: Digest | None,
    *,
    public_url: str,
    unsubscribe: str = "",
    way_in: str = "",
) -> tuple[Letter, Wording]:
    """What a mail says, in the reader's language and the organisation's time."""
    owner = people.organisation
    w = Wording(language=mail.language, timezone=owner.timezone, currency=owner.currency, now=mail.planned_at)
    desk = Desk(
        w=w, organisation=owner.name, contact=people.billing_contact, name=client.name if client else "",
        public_url=public_url, digest=digest, way_in=way_in,
    )  # fmt: skip
    return replace(write(mail, desk), unsubscribe=unsubscribe), w


def compose(
    mail: Mail, address: str, people: People, client: Client | None, digest: Digest | None, *, settings: Settings,
    unsubscribe: str = "", way_in: str = "",
) -> Composed:  # fmt: skip
    """Raises AddressNotValid."""
    letter, w = letter_of(
        mail, people, client, digest, public_url=settings.public_url, unsubscribe=unsubscribe, way_in=way_in
    )  # fmt: skip
    context = {"letter": letter, "w": w, "organisation": people.organisation.name}
    text = _environment().get_template("letter.txt").render(context)
    html = _environment().get_template("letter.html").render(context)
    message = _headed(mail, address, letter, people, settings)
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = w.html  # last: setting the content takes it away
    message.set_boundary(f"={mail.id}=")  # the same mail is the same bytes
    return Composed(address=address, letter=letter, text=text, html=html, message=message)


def _headed(
    mail: Mail, address: str, letter: Letter, people: People, settings: Settings
) -> EmailMessage:  # fmt: skip
    sender = sender_of(settings)
    message = EmailMessage(policy=SMTP)
    message["From"] = _named(people.organisation.name, sender)
    message["To"] = _named("", address)
    message["Subject"] = one_line(letter.subject)[:MAX_SUBJECT]
    message["Date"] = format_datetime(mail.planned_at)
    message["Message-ID"] = message_id(mail, settings)
    if people.billing_contact and mail.whose[0] == "client":
        message["Reply-To"] = _named("", people.billing_contact)
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    return message


def message_id(mail: Mail, settings: Settings) -> str:
    """One for each recipient and event or window, however often it is sent."""
    return f"<{mail.id}@{sender_of(settings).rpartition('@')[2]}>"


def sender_of(settings: Settings) -> str:
    return parseaddr(settings.mail_from)[1] or settings.mail_from


def one_line(text: str) -> str:
    """Without what ends a header's line or turns its direction (header injection)."""
    return " ".join(UNSEEN.sub(" ", text).split())


def _named(name: str, address: str) -> Address:
    """A domain beyond ASCII as it is asked of DNS."""
    local, _, domain = address.rpartition("@")
    try:
        if not LOCAL.fullmatch(local) or not DOMAIN.fullmatch(domain):
            raise ValueError(address)
        return Address(display_name=one_line(name), username=local, domain=domain.encode("idna").decode())
    except (ValueError, IndexError, UnicodeError) as error:
        raise AddressNotValid(address) from error


def envelope_address(address: str) -> str:
    """For the server; raises AddressNotValid."""
    return _named("", address).addr_spec


def digest_date(mail: Mail) -> date | None:
    return date.fromisoformat(str(mail.facts["date"])) if mail.kind is MailKind.DIGEST else None


def _wrapped(text: str, indent: int = 0) -> str:
    space = " " * indent
    lines = wrap(
        text, WIDTH, initial_indent=space, subsequent_indent=space, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters["wrapped"] = _wrapped
    made.filters["kept_together"] = _kept_together
    return made


def _kept_together(text: str) -> Markup:
    """Long ids may break anywhere on a small screen."""
    return Markup("<wbr>").join(escape(part) for part in re.split(r"(?<=[_.-])", text))
