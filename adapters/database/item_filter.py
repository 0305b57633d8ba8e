"""Which items a person asked to see: a tab, filters, what was typed into the search box; as conditions of a query."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists, literal_column, or_, select

from adapters.database.books import BookTransaction
from adapters.database.tables import SETTLED, UNSETTLED, action_items, attempts, clients, payment_methods, refunds
from domain.action_item import ItemKind, ItemState
from domain.days import end_of, instant
from domain.declines import ReasonClass

CLOSED_SHOWN_FOR = timedelta(days=30)
PART_OF_ID = 6  # letters of the end of a payment id that find it: rows show the last ten
MAX_FOUND = 500  # clients or cards that a search names one by one; more of them are looked for among the items
WAITING = (ItemState.OPEN, ItemState.RETRYING)
CLOSED = (ItemState.RESOLVED, ItemState.REJECTED)
END_OF_ID = re.compile(r"[a-f]*[0-9][0-9a-f]*")  # of an id that we gave


class Tab(StrEnum):
    ALL = "all"
    INSTALMENTS = "instalments"
    SUBSCRIPTIONS = "subscriptions"
    ECHECKS = "echecks"
    REFUNDS = "refunds"
    EXPIRING_CARDS = "expiring_cards"
    IN_DOUBT = "in_doubt"
    RETRYING = "retrying"
    CLOSED = "closed"


# fmt: off
TABS: dict[Tab, tuple[tuple[ItemState, ...], tuple[ItemKind, ...]]] = {  # states and kinds; no kinds: all of them
    Tab.ALL:            (WAITING,               ()),
    Tab.INSTALMENTS:    (WAITING,               (ItemKind.INSTALMENT,)),
    Tab.SUBSCRIPTIONS:  (WAITING,               (ItemKind.SUBSCRIPTION,)),
    Tab.ECHECKS:        (WAITING,               (ItemKind.ECHECK,)),
    Tab.REFUNDS:        (WAITING,               (ItemKind.REFUND,)),
    Tab.EXPIRING_CARDS: (WAITING,               (ItemKind.EXPIRING_CARD,)),
    Tab.IN_DOUBT:       (WAITING,               (ItemKind.IN_DOUBT,)),
    Tab.RETRYING:       ((ItemState.RETRYING,), ()),
    Tab.CLOSED:         (CLOSED,                ()),
}
# fmt: on
ECHECK = "echeck"  # beside the brands of cards, as a method to filter by


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """`words` is what was typed, `amount` (minor units) what it reads as; `reason` a class of reasons or a reason,
    `method` a brand or `echeck`, `owner` a client by id or name; `since` and `until` are local dates of failing."""

    tab: Tab = Tab.ALL
    words: str = ""
    amount: int | None = None
    kind: str = ""
    reason: str = ""
    account: str = ""
    method: str = ""
    since: date | None = None
    until: date | None = None
    least: int | None = None
    most: int | None = None
    owner: str = ""
    attempts: int | None = None
    ids: tuple[str, ...] = ()


def matching(tx: BookTransaction, organisation: str, timezone: str, wanted: Filter) -> ColumnElement[bool]:
    """On columns of action_items alone, whatever was asked for."""
    asked = [*_of_tab(tx, wanted.tab), *_of_fields(wanted), *_of_days(wanted, timezone)]
    if wanted.owner:
        named = _of_client(tx, organisation, wanted.owner)
        asked.append(or_(action_items.c.client == wanted.owner, named))
    if wanted.words:
        asked.append(_searched(tx, organisation, wanted))
    return and_(action_items.c.organisation == organisation, *asked)


def _of_tab(tx: BookTransaction, tab: Tab) -> Iterator[ColumnElement[bool]]:
    states, kinds = TABS[tab]
    # As text: a database knows by it which of its partial indexes holds the rows.
    yield literal_column(f"action_items.{SETTLED if tab is Tab.CLOSED else UNSETTLED}")
    if states not in (WAITING, CLOSED):
        yield action_items.c.state.in_(states)
    if tab is Tab.CLOSED:
        yield action_items.c.changed_at > tx.now - CLOSED_SHOWN_FOR
    if kinds:
        yield action_items.c.kind.in_(kinds)


def _of_fields(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    item = action_items.c
    if wanted.kind:
        yield or_(item.kind == wanted.kind, item.of == wanted.kind)
    if wanted.reason:
        yield (item.reason_class if wanted.reason in set(ReasonClass) else item.reason) == wanted.reason
    if wanted.account:
        yield item.merchant_account == wanted.account
    if wanted.method:
        yield _paid_by(wanted.method)
    if wanted.attempts is not None:
        yield item.attempts == wanted.attempts
    if wanted.least is not None:
        yield item.amount >= wanted.least
    if wanted.most is not None:
        yield item.amount <= wanted.most
    if wanted.ids:
        yield item.id.in_(wanted.ids)


def _of_days(wanted: Filter, timezone: str) -> Iterator[ColumnElement[bool]]:
    if wanted.since is not None:
        yield action_items.c.failed_at >= instant(wanted.since, time(0), timezone)
    if wanted.until is not None:
        yield action_items.c.failed_at < end_of(wanted.until, timezone)


def _paid_by(method: str) -> ColumnElement[bool]:
    what = payment_methods.c.kind == ECHECK if method == ECHECK else payment_methods.c.brand == method
    return exists(
        select(1).where(
            payment_methods.c.organisation == action_items.c.organisation,
            payment_methods.c.id == action_items.c.payment_method,
            what,
        )
    )


def _searched(tx: BookTransaction, organisation: str, wanted: Filter) -> ColumnElement[bool]:
    """Ids exactly, a processor's reference, a part of the client's name or address, the last four, the amount."""
    words, item = wanted.words, action_items.c
    found = [item.payment == words, item.id == words, item.client == words, _of_client(tx, organisation, words)]
    if len(words) == 4 and words.isdecimal():
        cards = select(payment_methods.c.id).where(
            payment_methods.c.organisation == organisation, payment_methods.c.last4 == words
        )
        ids = tx.connection.execute(cards.limit(MAX_FOUND + 1)).scalars().all()
        found.append(_any_of(item.payment_method, ids, cards))
    referred = False
    for table in (attempts, refunds):
        found_by: ColumnElement[bool] = literal_column(f"{table.name}.reference <> ''")  # as the index of attempts says
        named = select(table.c.payment).where(
            table.c.organisation == organisation, table.c.reference == words, found_by
        )
        ids = [id for id in tx.connection.execute(named.limit(MAX_FOUND)).scalars() if id]
        found += [item.payment.in_(ids)] if ids else []
        referred = referred or bool(ids)
    if not referred and len(words) >= PART_OF_ID and END_OF_ID.fullmatch(words):
        found.append(item.payment.endswith(words, autoescape=True))
    if wanted.amount is not None:
        found.append(item.amount == wanted.amount)
    return or_(*found)


def _of_client(tx: BookTransaction, organisation: str, words: str) -> ColumnElement[bool]:
    """Few clients are named by their ids, which an index finds; for many the items are gone through."""
    # SQLite folds the case of ASCII only: É and é are met by trying the ways in which names are typed.
    others = () if words.isascii() else (words.lower(), words.upper(), words.title(), words.capitalize())
    spellings = {words, *others}
    like = [clients.c.name.icontains(one, autoescape=True) for one in sorted(spellings)]
    if "@" in words:
        like = [clients.c.email.icontains(words, autoescape=True)]
    named = select(clients.c.id).where(clients.c.organisation == organisation, or_(*like))
    ids = tx.connection.execute(named.limit(MAX_FOUND + 1)).scalars().all()
    return _any_of(action_items.c.client, ids, named)


def _any_of(column: ColumnElement[str], ids: Collection[str], asked: object) -> ColumnElement[bool]:
    return column.in_(asked if len(ids) > MAX_FOUND else list(ids))  # type: ignore[arg-type]
