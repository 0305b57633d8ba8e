"""A person has looked into a break, or a report that was parked: it closes with their reason."""

from domain import hearing
from domain.ports import Transaction
from domain.reconciliation import Break, BreakState
from domain.refusal import Refusal
from domain.report import Report, ReportState
from domain.retrying import ReasonNeeded
from domain.steps.find_breaks import resolve_break


class AlreadySettled(Refusal):
    """Somebody, or a later list, was first."""

    code = "already_settled"


def settle_break(tx: Transaction, *, organisation: str, break_: str, by: str, reason: str) -> None:
    found = tx.lock(Break, organisation=organisation, id=break_)
    if found.state is not BreakState.OPEN:
        raise AlreadySettled("break", break_=break_)
    resolve_break(tx, found, by=by, reason=reason)


def dismiss_report(tx: Transaction, *, organisation: str, report: str, by: str, reason: str) -> None:
    if not reason.strip():
        raise ReasonNeeded("reason")
    found = tx.lock(Report, organisation=organisation, id=report)
    if found.state is not ReportState.PARKED:
        raise AlreadySettled("report", report=report)
    tx.write([hearing.dismiss(found, by=by, reason=reason, now=tx.now)])
