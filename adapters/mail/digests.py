"""Digests: once a day, the failures since the last one, to whoever may know of them and asked to (N1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy import and_, func, select

from adapters.bootstrap import App
from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.mail_tables import failures
from adapters.database.tables import action_items, organisations, runs
from adapters.logs import log_failure
from adapters.mail.knowing import people_of
from adapters.mail.planning import keep, plan_all
from domain.action_item import ItemState
from domain.days import end_of, last_digest, local_date
from domain.decision import New
from domain.event import Event
from domain.mail import Failure, MailKind
from domain.notifying import Notice, audience, plan
from domain.organisation import Organisation
from domain.run import DIGEST, Run

SHOWN = 200  # failures in one mail; nobody reads further, and the page has them all
MAX_ORGANISATIONS = 10_000
CLOSED = (ItemState.RESOLVED, ItemState.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What the mail of a day says: the first SHOWN failures by client, and what there is in all."""

    failures: tuple[Failure, ...]
    closed: frozenset[str]  # items that need nobody any more
    count: int
    total: int


def start_digests(app: App, *, through: date | None = None, organisation: str | None = None) -> int:
    """Plans the digests that are due by now, days that were missed as one; answers how many mails were planned."""
    due = app.books.run(partial(_due, through=through, organisation=organisation), read_only=True)
    if not due:
        return 0
    plan_all(app)
    planned = 0
    for owner in due:
        try:
            planned += app.books.run(partial(_take, organisation=owner, through=through))
        except Exception as error:  # the others have their digests
            log_failure("digest.not_started", error, organisation=owner)
    return planned


def digests_due(app: App, *, through: date | None = None, organisation: str | None = None) -> list[str]:
    """Organisations whose digest should have been made by now."""
    return app.books.run(partial(_due, through=through, organisation=organisation), read_only=True)


def _due(tx: BookTransaction, *, through: date | None, organisation: str | None) -> list[str]:
    newest = (
        select(runs.c.organisation, func.max(runs.c.business_date)).where(runs.c.kind == DIGEST)
    ).group_by(runs.c.organisation)  # fmt: skip
    made = {row[0]: row[1] for row in tx.connection.execute(newest).all()}
    key = {} if organisation is None else {"id": organisation}
    found = []
    for owner in tx.all(Organisation, order_by="id", limit=MAX_ORGANISATIONS, **key):
        try:
            if _date_due(owner, made.get(owner.id), tx.now, through) is not None:
                found.append(owner.id)
        except Exception as error:  # a time zone that nobody knows: the others have their digests
            log_failure("digest.not_started", error, organisation=owner.id)
    return found


def _date_due(owner: Organisation, made: date | None, now: datetime, through: date | None) -> date | None:
    """The newest digest that is due and not made; none for days before the organisation was there."""
    newest = last_digest(owner, now)
    if through is not None:
        newest = min(newest, through)
    if made is not None:
        return newest if newest > made else None
    began = local_date(min(owner.created_at, now), owner.timezone)
    return newest if newest >= began or owner.created_at > now else None


def _take(tx: BookTransaction, *, organisation: str, through: date | None) -> int:
    """The run of the day, once; what failed until the end of that day goes to whoever is to be told. With nobody
    to tell it waits for the next digest."""
    owner = tx.lock(Organisation, id=organisation)
    ran = tx.all(Run, organisation=organisation, kind=DIGEST)
    day = _date_due(owner, max((run.business_date for run in ran), default=None), tx.now, through)
    if day is None:
        return 0
    run = Run(organisation=organisation, kind=DIGEST, business_date=day, started_at=tx.now, finished_at=tx.now)
    people = people_of(tx, organisation)
    told = audience(Notice(kind=MailKind.DIGEST, about=day.isoformat(), facts={}), people)
    count = _mark(tx, organisation, day, end_of(day, owner.timezone)) if told else 0
    facts = {"date": day.isoformat(), "count": count}
    notice = Notice(kind=MailKind.DIGEST, about=day.isoformat(), facts=facts)
    planned = plan(organisation, notice, told, now=tx.now) if count else []
    keep(tx, planned)
    tx.write([(New(thing=run), *(_written(run, mail.id, count) for mail in planned))])
    return len(planned)


def _mark(tx: BookTransaction, organisation: str, day: date, until: datetime) -> int:
    """The failures that this digest tells; answers how many."""
    mine = and_(failures.c.organisation == organisation, failures.c.digest.is_(None), failures.c.failed_at < until)
    return tx.connection.execute(failures.update().where(mine).values(digest=day)).rowcount


def _written(run: Run, mail: str, count: int) -> New:
    return New(
        thing=Event(
            organisation=run.organisation, type="digest.written", subject=f"notification:{mail}", sequence=0,
            at=run.started_at, public=False,
            data={"notification": mail, "date": run.business_date.isoformat(), "count": count},
        )
    )  # fmt: skip


def read_digest(tx: BookTransaction, organisation: str, day: date) -> Digest:
    """What a mail of that day shows."""
    mine = and_(failures.c.organisation == organisation, failures.c.digest == day)
    totals = select(func.count(), func.coalesce(func.sum(failures.c.amount), 0)).where(mine)
    count, total = tx.connection.execute(totals).one()
    order = (failures.c.client_name, failures.c.client, failures.c.failed_at, failures.c.item)
    first = select(*loader.columns(Failure)).where(mine).order_by(*order).limit(SHOWN)
    found = [loader.build(Failure, row) for row in tx.connection.execute(first).all()]
    return Digest(failures=tuple(found), closed=_closed(tx, organisation, found), count=count, total=int(total))


def _closed(tx: BookTransaction, organisation: str, found: Sequence[Failure]) -> frozenset[str]:
    wanted = select(action_items.c.id).where(
        action_items.c.organisation == organisation, action_items.c.id.in_([one.item for one in found]),
        action_items.c.state.in_(CLOSED),
    )  # fmt: skip
    return frozenset(tx.connection.execute(wanted).scalars())


def nobody_to_tell(tx: BookTransaction, organisation: str | None = None) -> list[str]:
    """Organisations in which no digest would reach anybody."""
    wanted = select(organisations.c.id).order_by(organisations.c.id)
    if organisation is not None:
        wanted = wanted.where(organisations.c.id == organisation)
    notice = Notice(kind=MailKind.DIGEST, about="", facts={})
    every = tx.connection.execute(wanted.limit(MAX_ORGANISATIONS)).scalars().all()
    return [id for id in every if not audience(notice, people_of(tx, id))]


def untold(tx: BookTransaction) -> dict[str, int]:
    """How many failures of each organisation no digest has told yet."""
    wanted = select(failures.c.organisation, func.count()).where(failures.c.digest.is_(None))
    return {row[0]: row[1] for row in tx.connection.execute(wanted.group_by(failures.c.organisation)).all()}
