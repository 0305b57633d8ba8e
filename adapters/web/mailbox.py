"""The mailbox page: what the organisation has sent or is about to send, and each mail as its reader sees it."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from adapters.database.books import BookTransaction
from adapters.mail.composing import sender_of
from adapters.mail.mailbox import OF_A_PAGE, Opened, open_mail, opened, recent
from adapters.mail.smtp import MAILBOX
from adapters.web.pages import page
from adapters.web.sessions import Person
from adapters.web.visit import OfVisit, Visit

router = APIRouter(prefix="/mailbox")
SEE = "mail.see"
MailId = Annotated[str, Path(pattern=r"^mail_[0-9a-f]{32}$")]


@router.get("")
def show_mailbox(request: Request, visit: OfVisit) -> Response:
    def work(tx: BookTransaction, person: Person) -> list[Opened]:
        return [opened(tx, visit.app, mail) for mail in recent(tx, person.organisation.id, limit=OF_A_PAGE)]

    found = visit.read(SEE, work)
    smtp = visit.app.settings.smtp_url
    kept = "waits" if smtp is None else "kept" if smtp.startswith(MAILBOX) else ""
    return page(request, "mailbox.html", found=found, kept=kept)


@router.get("/{mail}")
def show_mail(request: Request, visit: OfVisit, mail: MailId) -> Response:
    return page(request, "mailbox_mail.html", one=_opened(visit, mail), sender=sender_of(visit.app.settings))


@router.get("/{mail}/html")
def show_html(visit: OfVisit, mail: MailId) -> Response:
    """As a mail program shows it: no script, no picture, nothing from anywhere (see `guard.MAIL_POLICY`)."""
    return HTMLResponse(_opened(visit, mail).composed.html)


def _opened(visit: Visit, mail: str) -> Opened:
    return visit.read(SEE, lambda tx, person: open_mail(tx, visit.app, person.organisation.id, mail))
