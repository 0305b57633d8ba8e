"""Reports of processors that wait: to be looked into, or for a person."""

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import text

from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.echeck_tables import echecks
from adapters.database.repayment_tables import repayments
from adapters.database.report_tables import reports
from adapters.database.tables import attempts
from domain.attempt import Attempt
from domain.echeck import Echeck
from domain.processor_event import ReportedState, ReportKind
from domain.repayment import Repayment
from domain.report import Report, ReportState

T = TypeVar("T")

MAX_PARKED = 500  # shown to a person


def waiting_reports(tx: BookTransaction, organisation: str, account: str, limit: int) -> list[Report]:
    """Those to be looked into now, locked, the oldest first; of one thing the first only: the next look takes the
    others."""
    key = {"organisation": organisation, "merchant_account": account, "state": ReportState.RECEIVED}
    wanted = loader.selection(Report, key, order_by="received_at id", limit=limit, lock=True)
    rows = tx.connection.execute(wanted.where(reports.c.next_at <= tx.now)).all()
    found = [loader.build(Report, row) for row in rows]
    first = {report.key or report.reference or report.id: report for report in reversed(found)}
    return [report for report in found if first[report.key or report.reference or report.id] is report]


def parked_reports(tx: BookTransaction, organisation: str) -> list[Report]:
    return tx.all(Report, organisation=organisation, state=ReportState.PARKED, order_by="received_at id",
                  limit=MAX_PARKED)  # fmt: skip


def count_differences(tx: BookTransaction, organisation: str) -> int:
    """Open breaks and parked reports together."""
    found = tx.connection.execute(text(_DIFFERENCES), {"organisation": organisation})
    return int(found.scalar_one())


_DIFFERENCES = """SELECT (SELECT count(*) FROM breaks WHERE organisation = :organisation AND state = 'open')
    + (SELECT count(*) FROM reports WHERE organisation = :organisation AND state = 'parked')"""


def attempts_meant(tx: BookTransaction, organisation: str, found: Iterable[Report]) -> dict[str, Attempt]:
    """The attempt that each report is about, locked, by the report's id: known by our key, else by the processor's
    reference of it, or of the payment behind it. A refund is none: one that we don't know is not ours."""
    found = [report for report in found if report.kind is not ReportKind.REFUND]
    keys = sorted({report.key for report in found if report.key})
    by_key = {one.key: one for one in tx.lock_all(Attempt, order_by="key", organisation=organisation, key=keys)}
    meant = {report.id: by_key[report.key] for report in found if report.key in by_key}
    for report in found:
        names = [name for name in (report.of, report.reference) if name]
        if report.id in meant or report.key or not names:
            continue
        said = _named(tx, Attempt, attempts.c.reference, report, names)
        if len(said) == 1:
            meant[report.id] = said[0]
    return meant


def echecks_meant(tx: BookTransaction, organisation: str, found: Iterable[Report]) -> dict[str, Echeck]:
    """The same of e-checks."""
    found = list(found)
    keys = sorted({report.key for report in found if report.key})
    by_key = {one.id: one for one in tx.lock_all(Echeck, order_by="id", organisation=organisation, id=keys)}
    meant = {report.id: by_key[report.key] for report in found if report.key in by_key}
    for report in found:
        names = [name for name in (report.of, report.reference) if name]
        said = _named(tx, Echeck, echecks.c.reference, report, names) if names and not report.key else []
        if len(said) == 1:
            meant[report.id] = said[0]
    return meant


def _named(tx: BookTransaction, thing: type[T], column: Any, report: Report, names: list[str]) -> list[T]:
    """What a processor calls by one of these names, locked; two are more than one can mean. That no name is empty
    is said for the index."""
    key = {"organisation": report.organisation, "merchant_account": report.merchant_account, "reference": names}
    wanted = loader.selection(thing, key, order_by="", limit=2, lock=True).where(column != "")
    return [loader.build(thing, row) for row in tx.connection.execute(wanted).all()]


def repayment_meant(tx: BookTransaction, report: Report) -> Repayment | None:
    """The refund that a report is about, locked."""
    if report.kind is not ReportKind.REFUND or not (report.key or report.reference):
        return None
    if report.key:
        found = tx.lock_all(Repayment, key=report.key, organisation=report.organisation,
                            merchant_account=report.merchant_account)  # fmt: skip
    else:
        found = _named(tx, Repayment, repayments.c.reference, report, [report.reference])
    return found[0] if len(found) == 1 else None


def said_before(tx: BookTransaction, report: Report) -> list[ReportedState]:
    """What other reports about the same thing have brought."""
    if not report.key:
        return []
    others = tx.all(
        Report, organisation=report.organisation, merchant_account=report.merchant_account, key=report.key,
        kind=report.kind, state=ReportState.APPLIED,
    )  # fmt: skip
    return [one.said for one in others]
