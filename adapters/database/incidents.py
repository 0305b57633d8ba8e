"""Merchant accounts as they are now: limits, what is at the processor, and incidents that are under way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.shown import instant_or_none
from domain.care import Care, CareState, limits_of
from domain.organisation import MerchantAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A processor that does not answer: one for all that waits for it. `next_at` is None while it is tried."""

    organisation: str
    account: str
    processor: str
    since: datetime
    next_at: datetime | None
    waiting: int


def incidents(tx: BookTransaction, organisation: str | None = None) -> list[Incident]:
    """Those under way, the oldest first; of all organisations without one."""
    key: dict[str, Any] = {"state": [CareState.OPEN, CareState.HALF_OPEN]}
    if organisation is not None:
        key["organisation"] = organisation
    found = []
    for care in tx.all(Care, order_by="since", **key):
        account = tx.get(MerchantAccount, organisation=care.organisation, id=care.id)
        found.append(
            Incident(
                organisation=care.organisation, account=care.id, processor=account.processor,
                since=care.since or tx.now, next_at=care.not_before if care.state is CareState.OPEN else None,
                waiting=_waiting(tx, care.organisation, care.id),
            )
        )  # fmt: skip
    return found


def accounts_told(tx: BookTransaction, organisation: str) -> list[dict[str, Any]]:
    """`/v1/organisations/{o}/merchant-accounts`."""
    owned = loader.load(
        tx.connection, MerchantAccount, {"organisation": organisation}, order_by="id", limit=1_000, lock=False
    )
    return [_told(tx, account) for account in owned]


def _told(tx: BookTransaction, account: MerchantAccount) -> dict[str, Any]:
    care, limits = tx.care(account.organisation, account.id), limits_of(account)
    return {
        "merchant_account": account.id,
        "processor": account.processor,
        "kinds": list(account.kinds),
        "concurrency": limits.concurrency,
        "rate_per_s": limits.rate_per_s,
        "breaker": {
            "on": limits.breaker, "state": care.state.value, "misses": care.misses,
            "since": instant_or_none(care.since),
            "next_at": instant_or_none(care.not_before) if care.state is CareState.OPEN else None,
        },
        "in_flight": tx.in_flight_through(account.organisation, account.id),
        "waiting": _waiting(tx, account.organisation, account.id),
    }  # fmt: skip


def _waiting(tx: BookTransaction, organisation: str, account: str) -> int:
    found = tx.connection.execute(text(_WAITING), {"organisation": organisation, "account": account})
    return int(found.scalar_one())


# What was due and has not been sent: charges, and e-checks of a batch.
_WAITING = """SELECT (SELECT count(*) FROM payments p
    WHERE p.organisation = :organisation AND p.merchant_account = :account
    AND (p.queue = 'now' OR (p.queue = 'night' AND p.due_on <= (
        SELECT max(r.business_date) FROM runs r WHERE r.organisation = :organisation AND r.kind = 'night'))))
    + (SELECT count(*) FROM echecks e WHERE e.organisation = :organisation AND e.merchant_account = :account
        AND e.state = 'batched' AND e.next_at IS NOT NULL)"""
