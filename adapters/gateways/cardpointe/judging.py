"""When an answer of CardPointe is believed: about our order, our amount, and saying so in full."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from adapters.gateways.cardpointe.answers import Answer, Standing, Status, Unreadable, read_answer
from adapters.gateways.cardpointe.reasons import is_doubtful, reason_of
from adapters.gateways.cardpointe.reports import NULL_BATCHES
from adapters.gateways.strict_json import read_any
from adapters.gateways.wire_head import Head
from adapters.scrubbing import scrub
from domain.outcome import (
    ALREADY_SETTLED,
    NOT_SETTLED,
    About,
    Approved,
    Cancellation,
    Charge,
    Debit,
    Declined,
    LookUp,
    NoAnswer,
    NotFound,
    NotSent,
    RefundOrder,
)

Verdict = Approved | Declined | NoAnswer | NotSent

TOO_LATE = (("PPS", "27"), ("PPS", "39"))
TOO_EARLY = (("PPS", "28"), ("PSTR", "46"))
NO_LONGER = ("PPS", "25")  # nothing to reverse: perhaps because it is reversed already
TAKEN = (Standing.QUEUED, Standing.ACCEPTED)

# What is kept of an answer: never an account, a name or an address.
KEPT = (
    "respstat", "respproc", "respcode", "resptext", "retref", "orderId", "orderid", "amount", "currency", "authcode",
    "batchid", "setlstat", "avsresp", "cvvresp", "declineCategory", "declineCategoryText", "merchAdviceCode",
    "merchAdviceText", "authdate", "capturedate", "settledate",
)  # fmt: skip

_TOKEN = re.compile(r"9[0-9]{15}")


def read_body(head: Head, body: bytes) -> Any:
    """The decoded body of a 200, NotSent for whom it does not let in, or NoAnswer."""
    if head.status == 401 and head.asks_who:
        return NotSent(why="credentials_refused")  # nothing was done, and the same key may be sent again
    if head.status != 200:
        return NoAnswer(why=why_not(head.status))
    try:
        return read_any(body) if head.is_json else NoAnswer(why="malformed")
    except ValueError:
        return NoAnswer(why="malformed")


def read_page(on: date, head: Head, body: bytes) -> Any:
    """A report of a date. That there are no batches is said as JSON, though it isn't."""
    if head.status == 200 and head.is_json and body == NULL_BATCHES.encode():
        return NULL_BATCHES
    return read_body(head, body)


def why_not(status: int) -> str:
    match status:
        case 408:
            return "timeout"
        case 429:
            return "server_error"
        case status if status >= 500:
            return "server_error"
        case status if status < 300:
            return "malformed"
        case _:
            return "gateway_bug"  # redirected, not let in, no such path


def judge_charge(asked: Charge | Debit, head: Head, body: bytes) -> Verdict:
    answer = _one(read_body(head, body))
    if isinstance(answer, NoAnswer | NotSent):
        return answer
    if answer.order_id not in ("", asked.key) or _is_of_another(answer.token, asked.token):
        return NoAnswer(why="mismatch")
    if is_doubtful(answer):
        return NoAnswer(why="timeout" if answer.code == "62" else "server_error")
    if answer.status is not Status.APPROVED:
        return _declined(answer, asked.brand if isinstance(asked, Charge) else "")
    return _approved(answer, asked.amount_minor, asked.currency)


def judge_refund(asked: RefundOrder, head: Head, body: bytes) -> Verdict:
    answer = _one(read_body(head, body))
    if isinstance(answer, NoAnswer | NotSent):
        return answer
    if answer.order_id not in ("", asked.key):
        return NoAnswer(why="mismatch")
    if is_doubtful(answer):
        return NoAnswer(why="server_error")
    if answer.status is Status.APPROVED:
        return _approved(answer, asked.amount_minor, asked.currency)
    return _declined(answer, code=NOT_SETTLED if answer.reason in TOO_EARLY else "")


def judge_void(asked: Cancellation, head: Head, body: bytes) -> Verdict | NotFound:
    """In full: what is left of the amount is nothing."""
    answer = _one(read_body(head, body))
    if isinstance(answer, NoAnswer | NotSent):
        return answer
    if answer.is_not_found:
        return NotFound()
    if answer.reason == NO_LONGER or is_doubtful(answer):
        return NoAnswer(why="conflict" if answer.reason == NO_LONGER else "server_error")
    if answer.status is not Status.APPROVED:
        return _declined(answer, code=ALREADY_SETTLED if answer.reason in TOO_LATE else "")
    if asked.of_reference and answer.retref != asked.of_reference:
        return NoAnswer(why="mismatch")
    if answer.amount not in (None, 0) or not answer.retref:
        return NoAnswer(why="mismatch")
    return Approved(
        reference=answer.retref, amount_minor=asked.amount_minor, currency=asked.currency, raw=keep(answer.fields)
    )


def read_records(key: str, head: Head, body: bytes) -> list[Answer] | NoAnswer | NotSent:
    """What an inquiry by our order id found, nothing when CardPointe knows none; one object, or a list of them."""
    value = read_body(head, body)
    if isinstance(value, NoAnswer | NotSent):
        return value
    records = [_one(record) for record in (value if type(value) is list else [value])]
    found = [record for record in records if isinstance(record, Answer)]
    if len(found) < len(records):
        return NoAnswer(why="malformed")
    if len(found) == 1 and found[0].is_not_found:
        return [] if found[0].retref in ("", key) else NoAnswer(why="mismatch")
    if any(record.order_id not in ("", key) for record in found):
        return NoAnswer(why="mismatch")
    return found


def read_record(retref: str, head: Head, body: bytes) -> list[Answer] | NoAnswer | NotSent:
    """The same of an inquiry by CardPointe's own number."""
    answer = _one(read_body(head, body))
    if isinstance(answer, NoAnswer | NotSent):
        return answer
    if answer.retref != retref:
        return NoAnswer(why="mismatch")
    return [] if answer.is_not_found else [answer]


def find(asked: LookUp, records: Sequence[Answer]) -> Verdict | NotFound:
    """What became of a charge, an e-check or a refund. Two that took money under one order are nobody's to judge."""
    if not records:
        return NotFound()
    verdicts = [_find_one(asked, record) for record in records]
    taken = [one for one in verdicts if not isinstance(one, Declined)]
    if len(taken) > 1:
        return NoAnswer(why="conflict")
    return taken[0] if taken else verdicts[-1]


def _find_one(asked: LookUp, record: Answer) -> Verdict:
    match record.standing:
        case Standing.QUEUED | Standing.ACCEPTED if record.status is Status.APPROVED:
            return _approved(record, asked.amount_minor, asked.currency)
        case Standing.REJECTED if asked.about is not About.CHARGE and record.status is Status.APPROVED:
            return _approved(record, asked.amount_minor, asked.currency)  # taken on; what came of it, `status` tells
        case Standing.REJECTED | Standing.VOIDED:
            return _declined(record, code="processing_error")
        case Standing.DECLINED:
            return _declined(record, code="issuer_unavailable" if is_doubtful(record) else "")
        case _ if record.status is Status.DECLINED and not is_doubtful(record):
            return _declined(record)
        case _:
            return NoAnswer(why="malformed")  # authorised but not captured, under review: no verdict


def _approved(answer: Answer, amount_minor: int, currency: str) -> Approved | NoAnswer:
    """Part of the amount is not the amount; an answer without a currency is in that of the merchant account."""
    if not answer.retref or answer.amount is None:
        return NoAnswer(why="malformed")
    if answer.amount != amount_minor or answer.currency not in ("", currency):
        return NoAnswer(why="mismatch")
    return Approved(reference=answer.retref, amount_minor=amount_minor, currency=currency, raw=keep(answer.fields))


def _declined(answer: Answer, brand: str = "", *, code: str = "") -> Declined:
    """The pair of processor and code is what a person quotes to CardPointe."""
    return Declined(
        code=code or reason_of(answer, brand),
        network_code=f"{answer.processor}/{answer.code}",
        advice=answer.advice[:8],
        reference=answer.retref,
        raw=keep(answer.fields),
    )


def _one(value: object) -> Answer | NoAnswer | NotSent:
    if isinstance(value, NoAnswer | NotSent):
        return value
    if type(value) is not dict:
        return NoAnswer(why="malformed")
    try:
        return read_answer(value)
    except Unreadable:
        return NoAnswer(why="malformed")


def _is_of_another(said: str, asked: str) -> bool:
    """Only tokens can be compared: an account is said again masked."""
    return bool(_TOKEN.fullmatch(said) and _TOKEN.fullmatch(asked) and said != asked)


def keep(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The raw answer as it may be kept: masked by naming what is shown, and scrubbed all the same."""
    kept: Mapping[str, Any] = scrub({name: fields[name] for name in KEPT if name in fields})
    return kept
