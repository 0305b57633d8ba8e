"""Where a charge, an e-check or a refund stands at CardPointe, and what moved on one of its dates."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from adapters.gateways.cardpointe.answers import Answer, Unreadable
from adapters.gateways.cardpointe.answers import Standing as Stands
from adapters.gateways.cardpointe.reasons import reason_of
from adapters.gateways.cardpointe.reports import (
    REJECTED,
    BatchLine,
    FundingLine,
    read_batches,
    read_chargebacks,
    read_funding,
)
from domain.bank_return import RETURNS
from domain.outcome import (
    About,
    Cancelled,
    Listed,
    LookUp,
    NoAnswer,
    NotFound,
    NotSent,
    Pending,
    Returned,
    Settled,
    Standing,
)
from domain.ports import ListNotAvailable

WATCHED_DAYS = 100  # unauthorised returns come within 60 days, within 90 in Canada
CODE_LAG = timedelta(days=5)  # funding names a bank's reason some days after the rejection
GONE = (Stands.DECLINED, Stands.VOIDED)  # nothing of its amount is left
FUNDING_LAG = 7  # days in which a funding report may still come
UNCODED = "declined"  # rejected, and nobody said why

logger = logging.getLogger(__name__)

Records = list[Answer] | NoAnswer | NotSent


class Reports:
    """Returns by the funding reports of the days since a settlement, read once when they are first needed.

    A return after the settlement is nowhere else, and a report is asked for by its date: whatever was missed while
    nobody asked is still there. Several threads may ask: one reads, the others wait for what it finds.
    """

    def __init__(self, read: Callable[[Sequence[date]], list[Any]], today: date) -> None:
        self._read = read
        self.today = today
        self._since = today + timedelta(days=1)
        self._complete = True
        self._returns: dict[str, FundingLine] = {}
        self._guard = threading.Lock()

    def return_of(self, retref: str, since: date) -> FundingLine | None:
        with self._guard:
            self._reach(max(since, self.today - timedelta(days=WATCHED_DAYS)))
            return self._returns.get(retref)

    @property
    def complete(self) -> bool:
        """Whether every report that was needed could be read."""
        return self._complete

    def _reach(self, since: date) -> None:
        days = [since + timedelta(days=number) for number in range((self._since - since).days)]
        self._since = min(self._since, since)
        for on, page in zip(days, self._read(days), strict=True):
            try:
                lines = read_funding(page) if not isinstance(page, NoAnswer | NotSent) else None
            except Unreadable as field:
                logger.error("gateway.report_unreadable", extra={"report": f"funding {on}", "field": str(field)})
                lines = None
            if lines is None:
                self._complete = False
                continue
            self._returns |= {line.parent or line.retref: line for line in lines if line.return_code}


def stand(question: LookUp, records: Records, charge: Records, reports: Reports) -> Standing:
    if not isinstance(records, list):
        return records
    if not records:
        return _stand_unfiled(question, charge)
    if len(records) > 1:
        records = [one for one in records if one.standing not in GONE] or records[-1:]
    if len(records) > 1:
        return NoAnswer(why="conflict")
    if records[0].standing not in GONE and records[0].amount != question.amount_minor:
        return NoAnswer(why="mismatch")
    return _stand(question, records[0], reports)


def _stand(question: LookUp, record: Answer, reports: Reports) -> Standing:
    match record.standing:
        case Stands.VOIDED:
            return Cancelled()
        case Stands.AUTHORIZED | Stands.QUEUED | Stands.UNDER_REVIEW:
            return Pending()
        case Stands.ACCEPTED:
            return _settled(question, record, reports)
        case Stands.REJECTED:
            return _rejected(record, reports)
        case Stands.DECLINED:
            on = _day(record.authorised_on) or reports.today
            return Returned(code=reason_of(record), network_code=f"{record.processor}/{record.code}", on=on)
        case _:
            return NoAnswer(why="malformed")


def _stand_unfiled(question: LookUp, charge: Records) -> Standing:
    """A refund that CardPointe made a void of is on what was voided, without a record of its own."""
    if question.about is not About.REFUND:
        return NotFound()
    if not isinstance(charge, list):
        return charge
    voided = [one for one in charge if one.standing is Stands.VOIDED]
    on = _day(voided[0].authorised_on) if voided else None
    return Settled(on=on) if on else NotFound()


def _settled(question: LookUp, record: Answer, reports: Reports) -> Standing:
    on = _day(record.settled_on) or _day(record.authorised_on)
    if on is None:
        return NoAnswer(why="malformed")
    if question.about is About.DEBIT and (line := reports.return_of(record.retref, on)):
        return _returned(line)
    return Settled(on=on)


def _rejected(record: Answer, reports: Reports) -> Standing:
    on = _day(record.settled_on) or _day(record.authorised_on)
    if on is None:
        return NoAnswer(why="malformed")
    if line := reports.return_of(record.retref, on):
        return _returned(line)
    if not reports.complete:
        return NoAnswer(why="server_error")
    return Pending() if reports.today - on < CODE_LAG else Returned(code=UNCODED, on=on)


def _returned(line: FundingLine) -> Returned:
    return Returned(code=_word(line.return_code), network_code=line.return_code, on=line.on)


def _word(code: str) -> str:
    return RETURNS[code][0] if code in RETURNS else UNCODED


def list_chargebacks(on: date, funding: Callable[[Sequence[date]], list[Any]]) -> Iterator[Listed]:
    """From the funding reports up to a date: one may come days late, and each is read on several days. One that can't
    be had today is had tomorrow."""
    days = [on - timedelta(days=number) for number in range(FUNDING_LAG)]
    for day, page in zip(days, funding(days), strict=True):
        if isinstance(page, NoAnswer | NotSent):
            continue
        try:
            lines = read_chargebacks(page)
        except Unreadable as field:
            logger.error("gateway.report_unreadable", extra={"report": f"funding {day}", "field": str(field)})
            continue
        for line in lines:
            yield Listed(
                key="", reference=line.retref, about=About.CHARGE, amount_minor=abs(line.amount), currency="",
                taken_back=True, network_code=line.code,
            )  # fmt: skip


def list_day(
    on: date,
    *,
    settlement: Callable[[date], Any],
    inquire: Callable[[Sequence[str]], list[Records]],
) -> Iterator[Listed]:
    """By the batches of a date; whatever a line leaves out is asked for. Raises ListNotAvailable."""
    page = settlement(on)
    if isinstance(page, NoAnswer | NotSent):
        raise ListNotAvailable(page.why)
    try:
        lines = read_batches(page)
    except Unreadable as field:
        raise ListNotAvailable(f"unreadable {field}") from None
    records = inquire([line.retref for line in lines])
    for line, record in zip(lines, records, strict=True):
        if not isinstance(record, list):
            raise ListNotAvailable(record.why)
        if record:
            yield _listed(line, record[0])


def _listed(line: BatchLine, record: Answer) -> Listed:
    """Our order id and the currency are in the record; that it is a refund shows in its sign."""
    amount = line.amount if line.amount is not None else record.amount
    if amount is None:
        raise ListNotAvailable("no amount")
    refund = amount < 0 or record.auth_code == "REFUND"
    about = About.REFUND if refund else About.DEBIT if record.processor in ("PSTR", "BPAY") else About.CHARGE
    return Listed(
        key=line.order_id or record.order_id,
        reference=line.retref,
        about=about,
        amount_minor=abs(amount),
        currency=record.currency,
        cancelled=record.standing is Stands.VOIDED or line.letter == REJECTED,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:8]) if text else None
    except ValueError:
        return None
