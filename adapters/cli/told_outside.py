"""Webhooks as a terminal shows them: addresses with their counts, and deliveries that failed."""

from sqlalchemy import select

from adapters.bootstrap import App
from adapters.cli import show
from adapters.database import loader
from adapters.database.tables import deliveries
from adapters.locale import say
from adapters.outgoing.endpoints import listed
from adapters.scrubbing import scrub_text
from domain.webhook import Delivery, DeliveryState

MAX_SHOWN = 1_000


def show_endpoints(app: App, organisation: str | None, *, as_json: bool, language: str) -> None:
    found = app.books.run(lambda tx: listed(tx, organisation), read_only=True)
    rows = []
    for one, counts in found:
        numbers = {state.value: counts.get(state.value, 0) for state in DeliveryState}
        if as_json:
            show.document({
                "webhook": one.id, "organisation": one.organisation, "url": scrub_text(one.url),
                "types": list(one.types), "created_at": show.instant(one.created_at),
                "disabled_at": show.instant(one.disabled_at), "disabled_why": one.disabled_why, "deliveries": numbers,
            })  # fmt: skip
        state = say("cli.disabled", language) if one.disabled_at is not None else ""
        rows.append([one.id, one.organisation, scrub_text(one.url), ", ".join(one.types), *map(str, numbers.values()),
                     state])  # fmt: skip
    if not as_json:
        names = [say(f"cli.delivery.{state.value}", language) for state in DeliveryState]
        show.table(
            "", ["id", say("cli.organisation", language), "URL", "", *names, say("cli.state", language)], rows,
            right=(4, 5, 6),
        )  # fmt: skip


def show_failed(app: App, organisation: str | None, *, as_json: bool, language: str) -> None:
    wanted = select(*loader.columns(Delivery)).where(deliveries.c.state == DeliveryState.FAILED)
    if organisation is not None:
        wanted = wanted.where(deliveries.c.organisation == organisation)
    newest = wanted.order_by(deliveries.c.ended_at.desc(), deliveries.c.id).limit(MAX_SHOWN)
    with app.books.begin(read_only=True) as tx:
        found = [loader.build(Delivery, row) for row in tx.connection.execute(newest).all()]
    if as_json:
        for one in found:
            show.document({
                "delivery": one.id, "organisation": one.organisation, "webhook": one.endpoint,
                "event": str(one.event), "type": one.type, "state": one.state.value, "attempts": one.attempts,
                "status": one.status, "why": one.why, "failed_at": show.instant(one.ended_at),
            })  # fmt: skip
        return
    rows = [
        [one.id, one.endpoint, one.type, str(one.event), say(f"cli.why.{one.why}", language), str(one.status or ""),
         show.instant(one.ended_at) or ""]
        for one in found
    ]  # fmt: skip
    show.table("", ["id", "webhook", "", "", say("cli.reason", language), "", say("cli.date", language)], rows)
