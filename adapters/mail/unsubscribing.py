"""Unsubscribing: a signed link that turns one kind of mail off for one administrator (RFC 8058), and on again."""

import base64
import binascii
import hmac
import json
import secrets
from dataclasses import dataclass

from adapters.database import recordset
from adapters.database.books import BookTransaction
from adapters.database.mail_tables import mail_keys
from adapters.settings import Settings
from domain.decision import Change, New
from domain.event import Event
from domain.people import Administrator

KEY_BYTES = 32
KEY = "unsubscribe"
MAX_TOKEN = 600


class LinkNotOurs(Exception):
    """Nobody signed this link here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a link is about; `on`: whether the administrator has such mails now."""

    administrator: Administrator
    opt_in: str

    @property
    def on(self) -> bool:
        return self.opt_in in self.administrator.notifications


def link(tx: BookTransaction, settings: Settings, organisation: str, administrator: str, opt_in: str) -> str:
    """Good for as long as the administrator is there."""
    told = json.dumps([organisation, administrator, opt_in], separators=(",", ":")).encode()
    token = f"{_encoded(told)}.{_encoded(_signature(tx, settings, told))}"
    return f"{settings.public_url.rstrip('/')}/unsubscribe?token={token}"


def make_key(tx: BookTransaction) -> None:
    """The database's part of the key, once. ENCAISSE_SECRET is the other: a copy of one of them signs nothing."""
    row = {"name": KEY, "key": secrets.token_urlsafe(KEY_BYTES)}
    plain = recordset.insert(mail_keys, tuple(row), tx.dialect)
    recordset.run(tx.connection, type(plain)(f"{plain.text} ON CONFLICT (name) DO NOTHING"), [row])


def read(tx: BookTransaction, settings: Settings, token: str) -> Choice:
    """Raises LinkNotOurs."""
    told, _, signed = token[:MAX_TOKEN].partition(".")
    try:
        raw = _decoded(told)
        if not hmac.compare_digest(_decoded(signed), _signature(tx, settings, raw)):
            raise LinkNotOurs
        organisation, administrator, opt_in = json.loads(raw)
    except (ValueError, TypeError, binascii.Error):
        raise LinkNotOurs from None
    found = tx.find(Administrator, organisation=organisation, id=administrator)
    if found is None:
        raise LinkNotOurs
    return Choice(administrator=found, opt_in=opt_in)


def choose(tx: BookTransaction, settings: Settings, token: str, *, on: bool) -> Choice:
    """Turns the mail off, or on again; as often as it is asked for. Raises LinkNotOurs."""
    choice = read(tx, settings, token)
    person = tx.lock(Administrator, organisation=choice.administrator.organisation, id=choice.administrator.id)
    wanted = tuple(one for one in person.notifications if one != choice.opt_in) + ((choice.opt_in,) if on else ())
    if sorted(wanted) == sorted(person.notifications):
        return Choice(administrator=person, opt_in=choice.opt_in)
    told = Event(
        organisation=person.organisation, type="administrator.changed", subject=f"administrator:{person.id}",
        sequence=1, at=tx.now, by=person.id, public=False, data={"notifications": list(wanted)},
        before={"notifications": list(person.notifications)},
    )  # fmt: skip
    key = {"organisation": person.organisation, "id": person.id}
    tx.write([(Change(thing=Administrator, key=key, put={"notifications": wanted}), New(thing=told))])
    return read(tx, settings, token)


def _signature(tx: BookTransaction, settings: Settings, told: bytes) -> bytes:
    kept = tx.connection.execute(mail_keys.select().where(mail_keys.c.name == KEY)).first()
    if kept is None:
        raise LinkNotOurs
    return hmac.digest(f"{settings.secret} {kept.key}".encode(), b"unsubscribe " + told, "sha256")


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
