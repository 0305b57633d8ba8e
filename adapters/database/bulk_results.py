"""What came of a bulk act: its sums, and each row with its item as it stands now."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, func, literal_column, select

from adapters.database.books import BookTransaction
from adapters.database.center_tables import bulk_rows
from adapters.database.tables import action_items, clients
from domain.action_item import ItemState
from domain.bulk_act import BulkAct, RowState


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """`states` counts the rows; `why` tells by code how many were passed over, with their money; `outcomes` counts
    those that were done by the state of their item now."""

    states: dict[str, int] = field(default_factory=dict)
    why: Sequence[tuple[str, int, int]] = ()
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def passed_over(self) -> int:
        return self.states.get(RowState.PASSED_OVER, 0)

    @property
    def done(self) -> int:
        return self.states.get(RowState.DONE, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`item_state` and `reason` are of the item now."""

    position: int
    item: str
    payment: str
    client: str
    amount: int
    state: RowState
    code: str
    item_state: ItemState
    reason: str
    ended_at: datetime | None


_SAME = and_(action_items.c.organisation == bulk_rows.c.organisation, action_items.c.id == bulk_rows.c.item)


def sums(tx: BookTransaction, act: BulkAct) -> Sums:
    row = bulk_rows.c
    counted = (
        select(row.state, row.code, action_items.c.state, func.count(), func.sum(row.amount))
        .select_from(bulk_rows.join(action_items, _SAME))
        .where(row.organisation == act.organisation, row.bulk == act.id)
        .group_by(row.state, row.code, action_items.c.state)
    )
    states: dict[str, int] = defaultdict(int)
    outcomes: dict[str, int] = defaultdict(int)
    why: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for state, code, now, number, amount in tx.connection.execute(counted).all():
        states[state] += number
        if state == RowState.DONE:
            outcomes[now] += number
        if code:
            why[code] = (why[code][0] + number, why[code][1] + int(amount))
    told = sorted(((code, *both) for code, both in why.items()), key=lambda one: (-one[1], one[0]))
    return Sums(states=dict(states), outcomes=dict(outcomes), why=told)


def results(tx: BookTransaction, act: BulkAct, *, after: int, only: str, limit: int) -> list[Result]:
    """`only` those that were passed over, or those whose retry failed again."""
    row, item = bulk_rows.c, action_items.c
    mine = and_(clients.c.organisation == item.organisation, clients.c.id == item.client)
    wanted = (
        select(
            row.position, row.item, item.payment, clients.c.name, row.amount, row.state, row.code, item.state,
            item.reason, row.ended_at,
        )
        .select_from(bulk_rows.join(action_items, _SAME).join(clients, mine))
        .where(row.organisation == act.organisation, row.bulk == act.id, row.position > after)
    )  # fmt: skip
    if only == "passed_over":
        wanted = wanted.where(row.state == literal_column("'passed_over'"))
    elif only == "failed":
        wanted = wanted.where(row.state == literal_column("'done'"), item.state == ItemState.OPEN)
    found = tx.connection.execute(wanted.order_by(row.position).limit(limit)).all()
    return [
        Result(
            position=position, item=id, payment=payment, client=name, amount=amount, state=RowState(state), code=code,
            item_state=ItemState(now), reason=reason, ended_at=ended_at,
        )
        for position, id, payment, name, amount, state, code, now, reason, ended_at in found
    ]  # fmt: skip
