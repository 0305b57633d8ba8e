"""Hearing decides what a processor's report is worth: nothing new, a reason to ask, or one for a person."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import assert_never

from domain.attempt import Attempt, AttemptState
from domain.decision import Change, Decision, New, move
from domain.echeck import Echeck, EcheckState
from domain.event import Event
from domain.processor_event import FINALITY, ProcessorEvent, ReportedState, ReportKind
from domain.report import AGAIN, PATIENCE, REPORT, Report, ReportState

Mint = Callable[[str], str]
GOOD = (ReportedState.SUCCEEDED, ReportedState.SETTLED, ReportedState.GIVEN_BACK)
UNREADABLE = "not_readable"  # signed, and nobody can make sense of it
BAD = (ReportedState.FAILED, ReportedState.CANCELLED, ReportedState.TAKEN_BACK)


class Worth(Enum):
    """What is to be done about a report of a charge."""

    NOTHING = "nothing"  # we know it already, or know better
    LOOK_UP = "look_up"  # our own question goes first: its answer is believed, not the report
    WAIT = "wait"  # somebody is asking at this moment
    ASK = "ask"  # it contradicts what is booked: only the processor's own answer counts


def kept(
    event: ProcessorEvent, *, organisation: str, account: str, known: Iterable[str], now: datetime, mint: Mint
) -> Decision:
    """A report the first time that its event comes; nothing when it is among the `known` events."""
    if event.event_id in known:
        return ()
    report = Report(
        organisation=organisation, id=mint("rep_"), merchant_account=account, event_id=event.event_id,
        kind=event.kind, said=event.state, key=event.key, reference=event.reference, of=event.of,
        amount=event.amount_minor, currency=event.currency, code=event.code, network_code=event.network_code,
        occurred_at=event.occurred_at, raw=event.raw, received_at=now, changed_at=now,
    )  # fmt: skip
    if event.code == UNREADABLE:
        aside = replace(report, state=ReportState.PARKED, why=UNREADABLE, code="")
        return (New(thing=aside), _told(report, "report.parked", now, why=UNREADABLE))
    return (New(thing=replace(report, next_at=now)), _told(report, "report.received", now))


def worth(report: Report, attempt: Attempt, later: Iterable[ReportedState]) -> Worth:
    """`later` are the states that reports about the same thing have brought before: an older one changes nothing."""
    if any(FINALITY[one] > FINALITY[report.said] for one in later):
        return Worth.NOTHING
    gone = report.kind in (ReportKind.CHARGEBACK, ReportKind.BANK_RETURN)
    match attempt.state:
        case AttemptState.SUBMITTING:
            return Worth.WAIT
        case AttemptState.APPROVED if gone:
            return Worth.ASK
        case AttemptState.UNKNOWN | AttemptState.IN_DOUBT if attempt.worker is not None:
            return Worth.WAIT
        case AttemptState.UNKNOWN | AttemptState.IN_DOUBT:
            return Worth.LOOK_UP
        case AttemptState.APPROVED:
            return Worth.ASK if report.said in BAD else Worth.NOTHING
        case _:
            return Worth.ASK if report.said in GOOD else Worth.NOTHING


def worth_of_echeck(report: Report, echeck: Echeck, later: Iterable[ReportedState]) -> Worth:
    """The same of an e-check. It is told as succeeded while it is under way, so that only its settlement, and
    whatever is bad, is news."""
    if any(FINALITY[one] > FINALITY[report.said] for one in later):
        return Worth.NOTHING
    news = report.said is ReportedState.SETTLED or report.said in BAD
    match echeck.state:
        case EcheckState.PENDING | EcheckState.BATCHED:
            return Worth.WAIT  # it is being handed over at this moment
        case EcheckState.UNKNOWN:
            return Worth.WAIT if echeck.worker is not None else Worth.LOOK_UP
        case EcheckState.SUBMITTED:
            return Worth.LOOK_UP if news else Worth.NOTHING
        case EcheckState.SETTLED:
            return Worth.LOOK_UP if report.said in BAD else Worth.NOTHING
        case EcheckState.RETURNED:
            never_taken = echeck.submitted_on is None and report.said in GOOD
            return Worth.LOOK_UP if never_taken or report.said is ReportedState.GIVEN_BACK else Worth.NOTHING
        case EcheckState.CANCELLED:
            return Worth.NOTHING
        case _:
            assert_never(echeck.state)


def apply(report: Report, *, payment: str | None, why: str, now: datetime) -> Decision:
    step = move(REPORT, report, "apply", payment=payment, why=why, next_at=None, changed_at=now)
    return (step, _told(report, "report.applied", now, payment=payment, why=why))


def wait(report: Report, *, why: str, now: datetime) -> Decision:
    """Looked into again a little later; for long it is not: then a person does."""
    if now - report.received_at >= PATIENCE:
        return park(report, why=why, now=now)
    key = {"organisation": report.organisation, "id": report.id}
    return (Change(thing=Report, key=key, put={"next_at": now + AGAIN, "why": why}),)


def park(report: Report, *, why: str, now: datetime) -> Decision:
    step = move(REPORT, report, "park", why=why, next_at=None, changed_at=now)
    return (step, _told(report, "report.parked", now, why=why))


def dismiss(report: Report, *, by: str, reason: str, now: datetime) -> Decision:
    step = move(REPORT, report, "dismiss", by=by, note=reason, changed_at=now)
    return (step, _told(report, "report.dismissed", now, by=by, reason=reason))


def _told(report: Report, type_: str, now: datetime, *, by: str = "system", **data: object) -> New:
    said = {"report": report.id, "kind": report.kind.value, "said": report.said.value, "key": report.key}
    return New(
        thing=Event(
            organisation=report.organisation, type=type_, subject=f"report:{report.id}", sequence=1, at=now, by=by,
            public=False, data={**said, "merchant_account": report.merchant_account, **data},
            before={"state": report.state.value},
        )
    )  # fmt: skip
