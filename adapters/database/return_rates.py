"""Return rates of merchant accounts over the last sixty days, as a network counts them, and those that are too high."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Date, bindparam, text

from adapters.database.books import BookTransaction
from domain.days import local_date
from domain.organisation import Organisation
from domain.return_rates import WINDOW, ReturnRate, rates


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRates:
    """`since` and `until` are business dates, both included."""

    organisation: str
    account: str
    since: date
    until: date
    rates: tuple[ReturnRate, ...]

    def document(self) -> dict[str, Any]:
        told = {
            one.watched.value: {
                "returned": one.returned, "basis_points": one.basis_points, "limit": one.limit, "over": one.over,
            }
            for one in self.rates
        }  # fmt: skip
        return {
            "organisation": self.organisation, "merchant_account": self.account, "from": self.since.isoformat(),
            "to": self.until.isoformat(), "debits": self.rates[0].debits, "rates": told,
        }  # fmt: skip


def return_rates(tx: BookTransaction, organisation: str) -> list[AccountRates]:
    """Every merchant account with debits in the window; a retried e-check is a debit each time. Raises NotKnown."""
    owner = tx.get(Organisation, id=organisation)
    until = local_date(tx.now, owner.timezone)
    since = until - WINDOW
    debits: dict[str, int] = defaultdict(int)
    returned: dict[str, dict[str, int]] = defaultdict(dict)
    wanted = text(_COUNTED).bindparams(bindparam("since", since, Date), organisation=organisation)
    for account, code, sent, back in tx.connection.execute(wanted).all():
        debits[account] += sent
        if back:
            returned[account][code] = back
    return [
        AccountRates(
            organisation=organisation, account=account, since=since, until=until,
            rates=rates(debits[account], returned[account]),
        )
        for account in sorted(debits)
    ]  # fmt: skip


def high_rates(tx: BookTransaction, organisation: str | None = None) -> list[tuple[AccountRates, ReturnRate]]:
    """The warnings, of one organisation or of all."""
    owners = [organisation] if organisation is not None else [one.id for one in tx.all(Organisation, order_by="id")]
    return [
        (account, rate)
        for owner in owners
        for account in return_rates(tx, owner)
        for rate in account.rates
        if rate.over
    ]  # fmt: skip


# What a processor refused when it was handed over was never a debit of the network: it has no date of submission.
_COUNTED = """
    SELECT merchant_account, network_code,
        sum(CASE WHEN submitted_on >= :since THEN 1 ELSE 0 END),
        sum(CASE WHEN state = 'returned' AND returned_on >= :since THEN 1 ELSE 0 END)
    FROM echecks WHERE organisation = :organisation AND submitted_on IS NOT NULL
        AND (submitted_on >= :since OR returned_on >= :since)
    GROUP BY merchant_account, network_code ORDER BY merchant_account"""
