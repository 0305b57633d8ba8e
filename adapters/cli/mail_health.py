"""What the doctor finds of mail: the server, what waits or was refused, and organisations with nobody to tell."""

import smtplib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from adapters.database.migrate import is_current
from adapters.database.tables import merchant_accounts
from adapters.mail.composing import AddressNotValid, envelope_address, sender_of
from adapters.mail.digests import nobody_to_tell, untold
from adapters.mail.mailbox import TROUBLE, counted
from adapters.mail.smtp import MAILBOX, SmtpServer, SmtpUrlNotValid
from adapters.scrubbing import scrub_text
from adapters.settings import Settings
from domain.capabilities import CAPABILITIES
from domain.mail import MailState

TIMEOUT_S = 5.0
Found = tuple[str, bool, dict[str, Any]]  # (what was looked at, whether somebody must do something, its words)


def look(settings: Settings) -> Iterator[Found]:
    """Whether a mail that is due would arrive."""
    kept = _kept(settings)
    if settings.smtp_url is None:
        yield from _without(kept)
    elif settings.smtp_url.startswith(MAILBOX):
        yield "mail_box", False, {}
    else:
        yield _server(settings)
        try:
            envelope_address(sender_of(settings))
        except AddressNotValid:
            yield "mail_sender", True, {}
    if kept is None:
        return
    refused = sum(kept["mails"].get(state, 0) for state in TROUBLE)
    if refused:
        yield "mail_refused", True, {"count": refused}
    if kept["nobody"]:
        count = sum(kept["untold"].get(id, 0) for id in kept["nobody"])
        yield "nobody_to_tell", count > 0, {"count": count, "organisations": ", ".join(kept["nobody"])}


def _without(kept: dict[str, Any] | None) -> Iterator[Found]:
    """Trouble only where real clients wait for it: a simulation may do without."""
    real = kept is not None and kept["real"]
    waiting = kept["mails"].get(MailState.WAITING, 0) if kept is not None else 0
    if waiting:
        yield "mail_waiting", real, {"count": waiting}
    else:
        yield "mail_none", real, {}


def _server(settings: Settings) -> Found:
    try:
        SmtpServer.read(settings.smtp_url or "").connect(TIMEOUT_S).quit()
    except SmtpUrlNotValid:
        return "mail_server", True, {"why": "ENCAISSE_SMTP_URL"}
    except (smtplib.SMTPException, OSError) as error:
        return "mail_server", True, {"why": scrub_text(str(error) or type(error).__name__)}
    return "mail_server", False, {}


def _kept(settings: Settings) -> dict[str, Any] | None:
    """What the database says; None when it says nothing, which is found elsewhere."""
    from adapters.bootstrap import build

    path = settings.database_path
    if path is not None and not path.exists():
        return None
    app = build(settings, role="doctor")
    try:
        if not is_current(settings.database_url):
            return None
        with app.books.begin(read_only=True) as tx:
            processors = tx.connection.execute(select(merchant_accounts.c.processor).distinct()).scalars().all()
            known = [CAPABILITIES.get(processor) for processor in processors]
            return {
                "mails": counted(tx), "nobody": nobody_to_tell(tx), "untold": untold(tx),
                "real": any(one is None or one.real for one in known),
            }  # fmt: skip
    except DBAPIError:
        return None
    finally:
        app.close()
