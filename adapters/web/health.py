"""Is it alive, can it work, how much waits: for whoever keeps it running."""

from functools import cache

from alembic.runtime.migration import MigrationContext
from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.database.migrate import newest
from adapters.database.types import Instant
from adapters.web.errors import Problem
from adapters.web.keys import known_key, sent_key

router = APIRouter()
LOOPBACK = ("127.0.0.1", "::1")
# fmt: off
GAUGES = {  # name -> what it is; each with the query of its value
    "encaisse_action_items":          "Action items by state.",
    "encaisse_action_items_waiting":  "Action items that wait, by reason and its class.",
    "encaisse_attempts_unknown":      "Attempts whose outcome is not known yet.",
    "encaisse_oldest_due_age_seconds": "How long the oldest payment that is due has been waiting.",
    "encaisse_commands_waiting":      "Commands that were accepted and not carried out yet.",
    "encaisse_deliveries_failed":     "Webhook deliveries that nobody took; a person replays them.",
}
# fmt: on


@router.get("/livez")
def live() -> dict[str, str]:
    """The process answers; nobody else is asked."""
    return {"status": "alive"}


@router.get("/readyz")
def ready(request: Request) -> Response:
    """The database can be reached and has the schema that this code was written for."""
    app: App = request.app.state.app
    try:
        with app.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision() == _newest()
    except SQLAlchemyError as error:
        app.log("readiness.failed", error=type(error).__name__)
        return JSONResponse({"status": "database_away"}, 503)
    if not current:
        return JSONResponse({"status": "schema_old"}, 503)
    return JSONResponse({"status": "ready"})


@router.get("/metrics")
def measure(request: Request) -> Response:
    """Prometheus text, of all organisations together; from other hosts only with a service key."""
    app: App = request.app.state.app
    if not _from_here(request) and app.books.run(lambda tx: known_key(tx, sent_key(request)), read_only=True) is None:
        raise Problem(401, "unauthorized")
    lines = app.books.run(_gauges, read_only=True)
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


def _gauges(tx: BookTransaction) -> list[str]:
    def one(sql: str) -> int:
        return int(tx.connection.execute(text(sql)).scalar_one())

    states = tx.connection.execute(text("SELECT state, count(*) FROM action_items GROUP BY state")).all()
    waiting = (
        "SELECT reason, reason_class, count(*) FROM action_items WHERE state IN ('open', 'retrying') "
        "GROUP BY reason, reason_class ORDER BY reason, reason_class"
    )
    reasons = tx.connection.execute(text(waiting)).all()
    due = text("SELECT min(due_at) AS due_at FROM payments WHERE state = 'due'").columns(due_at=Instant)
    oldest = tx.connection.execute(due).scalar_one()
    age = max((tx.now - oldest).total_seconds(), 0) if oldest is not None else 0
    values = {
        "encaisse_action_items": [(f'{{state="{state}"}}', number) for state, number in sorted(states)],
        "encaisse_action_items_waiting": [
            (f'{{reason="{reason}",class="{of}"}}', number) for reason, of, number in reasons
        ],
        "encaisse_attempts_unknown": [
            ("", one("SELECT count(*) FROM attempts WHERE state IN ('unknown', 'in_doubt')"))
        ],
        "encaisse_oldest_due_age_seconds": [("", int(age))],
        "encaisse_commands_waiting": [("", one("SELECT count(*) FROM commands WHERE status = 'accepted'"))],
        "encaisse_deliveries_failed": [("", one("SELECT count(*) FROM deliveries WHERE state = 'failed'"))],
    }
    lines = []
    for name, what in GAUGES.items():
        lines += [f"# HELP {name} {what}", f"# TYPE {name} gauge"]
        lines += [f"{name}{labels} {value}" for labels, value in values[name]]
    return lines


def _from_here(request: Request) -> bool:
    """This machine itself, and not through a proxy that stands on it."""
    forwarded = any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip"))
    return request.client is not None and request.client.host in LOOPBACK and not forwarded


@cache
def _newest() -> str | None:
    return newest()
