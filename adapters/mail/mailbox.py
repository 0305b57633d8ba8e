"""The mailbox: what an organisation has sent or is about to send, to be read."""

from dataclasses import dataclass

from sqlalchemy import func, select

from adapters.bootstrap import App
from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.mail_tables import mails
from adapters.mail.composing import AddressNotValid, Composed
from adapters.mail.postman import composed_for, ready
from domain.mail import Mail, MailState
from domain.refusal import NotKnown

SHOWN = 200
OF_A_PAGE = 50
NOBODY = "nobody@example.invalid"  # to whom one is shown that goes to nobody any more
TROUBLE = (MailState.REFUSED, MailState.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A mail with what it says; `address` is empty where it goes to nobody any more."""

    mail: Mail
    address: str
    composed: Composed


def recent(
    tx: BookTransaction, organisation: str | None = None, *, state: str | None = None, limit: int = SHOWN
) -> list[Mail]:  # fmt: skip
    """The newest ones first."""
    wanted = select(*loader.columns(Mail)).order_by(mails.c.planned_at.desc(), mails.c.id).limit(limit)
    if organisation is not None:
        wanted = wanted.where(mails.c.organisation == organisation)
    if state is not None:
        wanted = wanted.where(mails.c.state == state)
    return [loader.build(Mail, row) for row in tx.connection.execute(wanted).all()]


def open_mail(tx: BookTransaction, app: App, organisation: str, id: str) -> Opened:
    """Raises NotKnown for a mail that this organisation does not have (P1)."""
    mail = tx.find(Mail, organisation=organisation, id=id)
    if mail is None:
        raise NotKnown("mail", id=id)
    return opened(tx, app, mail)


def opened(tx: BookTransaction, app: App, mail: Mail) -> Opened:
    try:
        composed = ready(tx, app=app, mail=mail)
    except AddressNotValid:
        composed = None
    address = composed.address if composed else ""
    return Opened(mail=mail, address=address, composed=composed or composed_for(tx, app, mail, NOBODY))


def counted(tx: BookTransaction) -> dict[MailState, int]:
    """How many mails of all organisations are in each state."""
    rows = tx.connection.execute(select(mails.c.state, func.count()).group_by(mails.c.state)).all()
    return {MailState(state): number for state, number in rows}
