"""The doctor on banks: files that lie here, what banks said that waits for a person, debits that come back."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.exc import DBAPIError

from adapters.cli.doctor import Finding
from adapters.database.books import BookTransaction, DatabaseBooks
from adapters.database.engine import make_engine
from adapters.database.migrate import is_current
from adapters.database.return_rates import high_rates
from adapters.locale import render
from adapters.settings import Settings
from domain.bank_file import BankFile, FileState
from domain.bank_mail import BankRecord, RecordState
from domain.echeck import Echeck
from domain.return_rates import Watched

CHECKS = {
    Watched.UNAUTHORISED: "unauthorised_returns",
    Watched.ADMINISTRATIVE: "administrative_returns",
    Watched.ALL: "all_returns",
}
MOST = 20  # of a kind; a command shows them all


def banks(settings: Settings) -> Iterator[Finding]:
    """Nothing where no e-check was ever made, or the database is away."""
    path = settings.database_path
    if path is not None and not path.exists():
        return
    engine = make_engine(settings.database_url)
    try:
        if not is_current(settings.database_url):
            return
        found = DatabaseBooks(engine, render=render).run(_look, read_only=True)
    except DBAPIError:
        return  # told by the finding about the database
    finally:
        engine.dispose()
    yield from found


def _look(tx: BookTransaction) -> list[Finding]:
    if not tx.all(Echeck, limit=1):
        return []
    found = []
    for file in tx.all(BankFile, order_by="written_at", state=FileState.WRITTEN, limit=MOST):
        if file.why:
            told = {"organisation": file.organisation, "name": file.name, "why": file.why}
            found.append(Finding(check="bank_file", trouble=False, warning=True, params=told))
    parked = len(tx.all(BankRecord, state=RecordState.PARKED, limit=1_000))
    if parked:
        found.append(Finding(check="bank_records", trouble=False, warning=True, params={"count": parked}))
    high = high_rates(tx)
    for account, rate in high[:MOST]:
        params: dict[str, Any] = {
            "organisation": account.organisation, "account": account.account, "returned": rate.returned,
            "debits": rate.debits, "percent": f"{rate.basis_points / 100:.2f}", "limit": f"{rate.limit / 100:g}",
        }  # fmt: skip
        found.append(Finding(check=CHECKS[rate.watched], trouble=False, warning=True, params=params))
    if not high:
        found.append(Finding(check="return_rates", trouble=False, params={}))
    return found
