"""`POST /v1/webhooks/{o}/{merchant_account}`: what processors say by themselves, verified on the bytes as they came."""

import hashlib
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy.exc import IntegrityError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.gateways.hooks import HOOKS
from adapters.scrubbing import scrub_text
from adapters.web.commands import Raw
from adapters.web.errors import Problem
from adapters.web.items import ItemId
from domain.hearing import UNREADABLE
from domain.organisation import MerchantAccount
from domain.processor_event import NotGenuine, NotReadable, ProcessorEvent, ReportedState, ReportKind
from domain.use_cases.keep_reports import keep_reports

router = APIRouter(prefix="/v1/webhooks")
MAX_HOOK = 256 * 1024  # bytes; processors send a few kilobytes
KEPT_TEXT = 4_000  # characters of what can't be read
TRIES = 2  # of keeping, when the same event comes twice at the same instant


@router.post("/{organisation}/{merchant_account}")
def accept_webhook(request: Request, organisation: ItemId, merchant_account: ItemId, body: Raw) -> Response:
    """Kept once, looked into later. 200 also for one that was kept before, and for one that is signed and can't be
    read: sending it again would not help. 400 for what the processor did not sign, or long ago."""
    app: App = request.app.state.app
    if len(body) > MAX_HOOK:
        raise Problem(413, "too_large")
    account, now = app.books.run(
        lambda tx: (tx.find(MerchantAccount, organisation=organisation, id=merchant_account), tx.now), read_only=True
    )
    verify_and_read = HOOKS.get(account.processor) if account is not None else None
    if account is None or verify_and_read is None:
        raise Problem(404, "not_found")
    secrets = app.settings.webhook_secrets(organisation, str(account.settings.get("credentials") or account.id))
    try:
        events = verify_and_read(dict(request.headers), body, secrets, now)
    except NotGenuine as error:
        app.log("webhook.not_genuine", organisation=organisation, merchant_account=merchant_account, why=error.why)
        raise Problem(400, "webhook_not_genuine", field=error.why) from None
    except NotReadable as error:
        events = [_unreadable(body, str(error), now)]
    fresh = _keep(app, account, events)
    return JSONResponse({"received": len(events), "new": fresh})


def _keep(app: App, account: MerchantAccount, events: list[ProcessorEvent]) -> int:
    def keep(tx: BookTransaction) -> int:
        return keep_reports(tx, organisation=account.organisation, account=account.id, events=events)

    for trial in range(1, TRIES + 1):
        try:
            return app.books.run(keep)
        except IntegrityError:  # another process kept it at this very moment
            if trial == TRIES:
                raise
    raise AssertionError("unreachable")


def _unreadable(body: bytes, why: str, now: datetime) -> ProcessorEvent:
    text = scrub_text(body[:KEPT_TEXT].decode("utf-8", "replace"))
    return ProcessorEvent(
        event_id=f"unreadable-{hashlib.sha256(body).hexdigest()[:32]}", kind=ReportKind.OTHER,
        state=ReportedState.PENDING, code=UNREADABLE, occurred_at=now, raw={"why": why, "body": text},
    )  # fmt: skip
