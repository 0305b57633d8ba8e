"""What Paysafe's answers mean: believed only in full, about our reference, our amount and our currency."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from adapters.gateways.kept import mask
from adapters.gateways.paysafe.reasons import reason
from adapters.gateways.strict_json import read_object
from adapters.gateways.wire_head import Head
from domain.bank_return import RETURNS, meaning
from domain.outcome import ALREADY_SETTLED, NOT_SETTLED, Approved, Cancellation, Declined, NoAnswer, NotSent, Outcome

DUPLICATE = "5031"  # this merchantRefNum was used before: what became of it is to be looked up
NOT_HERE = ("5269", "3407", "3201", "2004")  # there is no such thing
REFUSED_US = (401, 403)
BUSY = "3417"  # another request about the same settlement is under way
TOO_LATE = "3415"
UNKNOWN_CHARGE = "unknown_charge"

# Why a refund is not done, where it is not about a card.
REFUND_CODES = {
    "3406": NOT_SETTLED,
    "3402": "exceeds_refundable",
    "3403": "exceeds_refundable",
    "3404": "exceeds_refundable",
    "3405": "refund_declined",
    "3412": "merchant_account_error",
    "3418": "exceeds_refundable",
    "3419": "refund_declined",
    "3421": "refund_declined",
    "3422": "refund_declined",
}
BANK = ("ACH", "EFT", "BACS", "SEPA", "PAD")
UNDER_WAY = ("RECEIVED", "INITIATED", "PENDING", "PROCESSING")
GONE = ("FAILED", "ERRORED", "CANCELLED", "EXPIRED")


class Duplicate(NamedTuple):
    """Paysafe has seen this reference before."""


class Thing(NamedTuple):
    """An object of Paysafe's, as far as we read it."""

    id: str
    key: str
    amount: int | None
    currency: str
    status: str
    code: str  # of an error, or of a bank's return
    at: datetime | None  # of its status
    sent_on: date | None
    bank: bool  # as far as it says how it was paid
    raw: Mapping[str, Any]


Things = Sequence[Thing] | NoAnswer | NotSent
Asked = Any  # Charge | Debit | RefundOrder: with key, amount_minor, currency


def judge_taken(asked: Asked, head: Head, body: bytes, *, card: bool) -> Outcome | Duplicate:
    """The answer to a charge or a debit. A debit is taken on long before its money moves; a card is charged or not."""
    answer = read_object(body) if head.is_json else None
    if head.status not in (200, 201) or answer is None:
        return _refused(asked, head, answer, lambda code: reason(code))
    thing = read_thing(answer)
    if thing is None or not thing.currency:
        return NoAnswer(why="malformed")
    if answer.get("settleWithAuth") is False:
        return NoAnswer(why="mismatch")  # authorised only: no money has moved
    return verdict(asked, thing, card=card)


def judge_refund(asked: Asked, head: Head, body: bytes) -> Outcome | Duplicate:
    answer = read_object(body) if head.is_json else None
    if head.status not in (200, 201) or answer is None:
        return _refused(asked, head, answer, lambda code: REFUND_CODES.get(code) or _of_refund(code))
    thing = read_thing(answer)
    return NoAnswer(why="malformed") if thing is None else verdict(asked, thing, card=False)


def judge_cancelled(asked: Cancellation, head: Head, body: bytes) -> Outcome:
    """A cancellation has no reference of its own: what is cancelled is named by Paysafe's id."""
    answer = read_object(body) if head.is_json else None
    if head.status not in (200, 201) or answer is None:
        code = error_code(answer)
        if code == TOO_LATE:
            return Declined(code=ALREADY_SETTLED, network_code=code, raw=mask(answer or {}))
        if code in NOT_HERE:
            return Declined(code=UNKNOWN_CHARGE, network_code=code, raw=mask(answer or {}))
        refused = _refused(asked, head, answer, lambda code: reason(code))
        return NoAnswer(why="conflict") if isinstance(refused, Duplicate) else refused
    if type(answer.get("id")) is not str or type(answer.get("status")) is not str:
        return NoAnswer(why="malformed")
    if answer["id"] != asked.of_reference or _amount(answer.get("amount", asked.amount_minor)) != asked.amount_minor:
        return NoAnswer(why="mismatch")
    if answer["status"].upper() != "CANCELLED":
        return NoAnswer(why="malformed")
    return _approved(asked, asked.of_reference, mask(answer))


def read_list(things: str, head: Head, body: bytes) -> list[Thing] | NoAnswer:
    """A page of a list, or a look-up by our reference. Nothing is there only when Paysafe says so itself."""
    answer = read_object(body) if head.is_json else None
    if head.status == 404 and error_code(answer) in NOT_HERE:
        return []
    if head.status != 200 or answer is None:
        return NoAnswer(why=why_not(head, answer))
    found = answer.get(things)
    if type(found) is not list:
        return NoAnswer(why="malformed")
    read = [read_thing(one) if type(one) is dict else None for one in found]
    return NoAnswer(why="malformed") if None in read else [one for one in read if one is not None]


def read_one(head: Head, body: bytes) -> list[Thing] | NoAnswer:
    """An object by Paysafe's id; none when there is no such thing."""
    answer = read_object(body) if head.is_json else None
    if head.status == 404 and error_code(answer) in NOT_HERE:
        return []
    if head.status != 200 or answer is None:
        return NoAnswer(why=why_not(head, answer))
    thing = read_thing(answer)
    return NoAnswer(why="malformed") if thing is None else [thing]


def read_thing(answer: Mapping[str, Any]) -> Thing | None:
    """None when a part that money hangs on can't be read."""
    id_, key, status = answer.get("id"), answer.get("merchantRefNum"), answer.get("status")
    amount, currency = _amount(answer.get("amount")), answer.get("currencyCode", "")
    if not all(type(value) is str for value in (id_, key, status, currency)) or not id_ or not status:
        return None
    if amount is None:
        return None
    return Thing(
        id=str(id_),
        key=str(key),
        amount=amount,
        currency=str(currency).upper(),
        status=str(status).upper(),
        code=_return_code(answer) or error_code(answer),
        at=_instant(answer, "statusTime", "updatedTime", "txnTime"),
        sent_on=at.date() if (at := _instant(answer, "txnTime")) else None,
        bank=answer.get("paymentType") in BANK,
        raw=mask(answer),
    )


def verdict(asked: Asked, thing: Thing, *, card: bool) -> Approved | Declined | NoAnswer:
    """What an object says about what was asked. Only a completed card payment is paid; HELD waits for a person."""
    if not agrees(asked, thing):
        return NoAnswer(why="mismatch")
    if thing.status in GONE:
        told = meaning(thing.code) if not card and taken_back(thing) else reason(thing.code)
        return Declined(code=told, network_code=thing.code[:16], reference=thing.id, raw=thing.raw)
    if thing.status == "COMPLETED" or (not card and thing.status in UNDER_WAY):
        return _approved(asked, thing.id, thing.raw)
    return NoAnswer(why="timeout" if thing.status in (*UNDER_WAY, "HELD") else "malformed")


def agrees(asked: Asked, thing: Thing) -> bool:
    return (
        thing.key == asked.key
        and thing.amount == asked.amount_minor
        and thing.currency in ("", asked.currency)  # a refund is in its settlement's currency and doesn't say it
    )


def error_code(answer: Mapping[str, Any] | None) -> str:
    """Of an error body, or empty: then it is not Paysafe that speaks."""
    error = answer.get("error") if answer else None
    code = error.get("code") if type(error) is dict else None
    return str(code) if type(code) in (str, int) else ""


def why_not(head: Head, answer: Mapping[str, Any] | None) -> str:
    match head.status:
        case 408:
            return "timeout"
        case status if status >= 500 or status == 429:
            return "server_error"
        case status if status < 300:
            return "malformed"
        case _:
            return "gateway_bug"  # redirected, refused, no such path: not the server that we know


def _refused(asked: Asked, head: Head, answer: dict[str, Any] | None, read: Any) -> Outcome | Duplicate:
    """No money moved only when Paysafe says in its own words why not."""
    code = error_code(answer)
    if answer is None or not code or head.status >= 500 or head.status in (408, 429) or head.status < 400:
        return NoAnswer(why=why_not(head, answer))
    if answer.get("merchantRefNum", asked.key) != asked.key:
        return NoAnswer(why="mismatch")
    if code == DUPLICATE:
        return Duplicate()
    if code == BUSY:
        return NoAnswer(why="conflict")
    if head.status in REFUSED_US:
        return NotSent(why="credentials_refused")  # nothing was done, and the same key may be sent again
    told = str(read(code))
    if told == "declined" and head.status != 402:
        told = "merchant_account_error"  # not the issuer's word: something in what we ask, or in the account
    id_ = answer.get("id")
    return Declined(code=told, network_code=code[:16], reference=id_ if type(id_) is str else "", raw=mask(answer))


def _of_refund(code: str) -> str:
    return UNKNOWN_CHARGE if code in NOT_HERE else reason(code)


def _approved(asked: Asked, reference: str, raw: Mapping[str, Any]) -> Approved:
    return Approved(reference=reference, amount_minor=asked.amount_minor, currency=asked.currency, raw=raw)


def _amount(value: Any) -> int | None:
    """An integer; some documented samples carry it as a text."""
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return value if type(value) is int else None


def _return_code(answer: Mapping[str, Any]) -> str:
    """A bank's, wherever it is said: the documents disagree."""
    for name in ("returnCode", "reasonCode", "processorCode"):
        value = answer.get(name)
        if type(value) is str and value:
            return value
    return ""


def _instant(answer: Mapping[str, Any], *names: str) -> datetime | None:
    for name in names:
        value = answer.get(name)
        try:
            at = datetime.fromisoformat(value) if type(value) is str else None
        except ValueError:
            continue
        if at is not None:
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def taken_back(thing: Thing) -> bool:
    """Whether it is a bank that said no, after it was taken on: its codes are no errors of Paysafe's."""
    return thing.code.upper() in RETURNS


def on_of(thing: Thing, today: date) -> date:
    return thing.at.date() if thing.at else today
