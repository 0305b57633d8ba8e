"""What Stripe's objects and errors mean: believed only in full, about our key, our amount and our currency."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import stripe

from adapters.gateways.kept import mask
from adapters.gateways.stripe.reasons import reason
from adapters.gateways.stripe.shapes import KEY, brand_of, id_of, map_of, text_of
from adapters.gateways.stripe.transport import Unusable
from domain.outcome import (
    NOT_SETTLED,
    About,
    Approved,
    Cancelled,
    Declined,
    Finding,
    Listed,
    NoAnswer,
    NotFound,
    NotSent,
    Outcome,
    Pending,
    RefundOrder,
    Returned,
    Settled,
    Standing,
)

Thing = Mapping[str, Any]
Asked = Any  # Charge | Debit | RefundOrder | LookUp: with key, amount_minor, currency

TOO_MUCH = ("charge_already_refunded", "amount_too_large")
TOO_EARLY = ("payment_intent_unexpected_state", "charge_not_refundable", "charge_pending")
WITHDRAWN = ("needs_response", "under_review", "lost")  # of a dispute: the money has left
NEEDS_ACTION = "requires_action"


def judge_payment(asked: Asked, thing: Thing, *, card: bool) -> Approved | Declined | NoAnswer:
    """A card is charged when its payment has succeeded; a debit is taken on when it is processing."""
    if not _agrees(asked, thing, "payment_intent"):
        return NoAnswer(why="mismatch", raw=mask(thing))
    match text_of(thing, "status"):
        case "succeeded" if thing.get("amount_received", asked.amount_minor) == asked.amount_minor:
            return _approved(asked, thing)
        case "succeeded":
            return NoAnswer(why="mismatch", raw=mask(thing))
        case "processing":
            return NoAnswer(why="timeout") if card else _approved(asked, thing)
        case "requires_payment_method":
            return _declined(map_of(thing, "last_payment_error"), thing)
        case "canceled":
            return Declined(code=_cancelled_why(thing), reference=text_of(thing, "id"), raw=mask(thing))
        case _:
            return NoAnswer(why="malformed")


def needs_action(asked: Asked, thing: Thing) -> bool:
    """The client would have to act, and nobody is there: such a payment must not stay open."""
    return text_of(thing, "status") == NEEDS_ACTION and _agrees(asked, thing, "payment_intent")


def judge_refund(order: RefundOrder | Asked, thing: Thing) -> Approved | Declined | NoAnswer:
    if not _agrees(order, thing, "refund") or id_of(thing.get("payment_intent")) != order.of_reference:
        return NoAnswer(why="mismatch", raw=mask(thing))
    match text_of(thing, "status"):
        case "succeeded" | "pending" | "requires_action":
            return _approved(order, thing)
        case "failed" | "canceled":
            code = reason(code=text_of(thing, "failure_reason"))
            return Declined(code=code, reference=text_of(thing, "id"), raw=mask(thing))
        case _:
            return NoAnswer(why="malformed")


def judge_error(asked: Asked, error: stripe.StripeError) -> Outcome:
    """Why there is no object: only what Stripe says in its own words is a no."""
    told = _error_of(error)
    if told is None:
        return error.answer if isinstance(error, Unusable) else NoAnswer(why="gateway_bug")
    match error.http_status:
        case 401 | 403:
            return NotSent(why="credentials_refused")  # nothing was done, and the same key may be sent again
        case 409:
            return NoAnswer(why="conflict")
        case 400 if text_of(told, "type") == "idempotency_error":
            return NoAnswer(why="conflict")
        case 402:
            payment = map_of(told, "payment_intent")
            if payment and not _agrees(asked, payment, "payment_intent"):
                return NoAnswer(why="mismatch")
            return _declined(told, payment)
        case 400 | 404:
            code = reason(code=text_of(told, "code"))
            code = "merchant_account_error" if code == "declined" else code
            return Declined(code=code, network_code=text_of(told, "code")[:16], raw=mask(told))
        case _:
            return NoAnswer(why="gateway_bug")


def judge_refund_error(order: RefundOrder, error: stripe.StripeError) -> Outcome:
    told = _error_of(error)
    if told is not None and error.http_status == 400 and text_of(told, "type") != "idempotency_error":
        code = text_of(told, "code")
        if code in TOO_MUCH or text_of(told, "param") == "amount":
            return Declined(code="exceeds_refundable", network_code=code[:16], raw=mask(told))
        if code in TOO_EARLY:
            early = NOT_SETTLED if order.kind == "echeck" else "refund_declined"
            return Declined(code=early, network_code=code[:16], raw=mask(told))
    return judge_error(order, error)


def find_payment(asked: Asked, things: list[Thing], *, card: bool) -> Finding:
    """Among what carries our key. A debit that came back was taken on first."""
    if not things:
        return NotFound()
    if len(things) > 1:
        live = [one for one in things if text_of(one, "status") in ("succeeded", "processing")]
        if len(live) > 1:
            return NoAnswer(why="conflict")  # two under one key are nobody's to adopt
        things = live or things[-1:]
    thing = things[0]
    if not card and text_of(thing, "status") == "requires_payment_method" and id_of(thing.get("latest_charge")):
        return _approved(asked, thing) if _agrees(asked, thing, "payment_intent") else NoAnswer(why="mismatch")
    return judge_payment(asked, thing, card=card)


def stand_payment(asked: Asked, thing: Thing, disputes: list[Thing], today: date) -> Standing:
    """With its latest charge and that one's balance transaction expanded."""
    if not _agrees(asked, thing, "payment_intent"):
        return NoAnswer(why="mismatch")
    charge = map_of(thing, "latest_charge")
    taken = [one for one in disputes if text_of(one, "status") in WITHDRAWN]
    if taken:
        return Returned(
            code=reason(code=text_of(taken[0], "reason")),
            network_code=_network_reason(taken[0])[:16],
            on=_date(taken[0].get("created")) or today,
        )
    match text_of(thing, "status"):
        case "succeeded":
            entry = map_of(charge, "balance_transaction")
            on = _date(entry.get("available_on"))
            return Settled(on=on) if on is not None and on <= today else Pending()
        case "processing":
            return Pending()
        case "canceled":
            return Cancelled()
        case "requires_payment_method":
            error = map_of(thing, "last_payment_error")
            on = _date(charge.get("created")) or _date(thing.get("created")) or today
            told = _declined(error, thing)
            return Returned(code=told.code, network_code=told.network_code, on=on)
        case _:
            return NoAnswer(why="malformed")


def stand_refund(asked: Asked, things: list[Thing], today: date) -> Standing:
    if not things:
        return NotFound()
    if len(things) > 1:
        return NoAnswer(why="conflict")
    thing = things[0]
    if not _agrees(asked, thing, "refund"):
        return NoAnswer(why="mismatch")
    on = _date(thing.get("created")) or today
    match text_of(thing, "status"):
        case "succeeded":
            return Settled(on=on)
        case "pending" | "requires_action":
            return Pending()
        case "failed":
            return Returned(code=reason(code=text_of(thing, "failure_reason")), on=on)
        case "canceled":
            return Cancelled()
        case _:
            return NoAnswer(why="malformed")


def listed(thing: Thing, on: date) -> Listed | None:
    """A line of the list of a day, if money moved."""
    refund = text_of(thing, "object") == "refund"
    moved = ("succeeded", "pending") if refund else ("succeeded", "processing")
    if text_of(thing, "status") not in moved or _date(thing.get("created")) != on:
        return None
    types, amount = thing.get("payment_method_types"), thing.get("amount")
    bank = isinstance(types, list) and any(one in ("us_bank_account", "acss_debit", "sepa_debit") for one in types)
    return Listed(
        key=text_of(map_of(thing, "metadata"), KEY),
        reference=text_of(thing, "id"),
        about=About.REFUND if refund else About.DEBIT if bank else About.CHARGE,
        amount_minor=amount if type(amount) is int else 0,
        currency=text_of(thing, "currency").upper(),
    )


def has_key(thing: Thing, key: str) -> bool:
    return text_of(map_of(thing, "metadata"), KEY) == key


def _agrees(asked: Asked, thing: Thing, kind: str) -> bool:
    amount = thing.get("amount")
    return (
        text_of(thing, "object") == kind
        and has_key(thing, asked.key)
        and type(amount) is int
        and amount == asked.amount_minor
        and text_of(thing, "currency").upper() == asked.currency
        and bool(text_of(thing, "id"))
    )


def _approved(asked: Asked, thing: Thing) -> Approved:
    return Approved(
        reference=text_of(thing, "id"), amount_minor=asked.amount_minor, currency=asked.currency, raw=mask(thing)
    )


def _declined(error: Thing, thing: Thing) -> Declined:
    told = reason(
        code=text_of(error, "code"),
        decline_code=text_of(error, "decline_code"),
        advice=text_of(error, "advice_code"),
        network_advice=text_of(error, "network_advice_code"),
        brand=brand_of(error),
    )
    code = text_of(error, "network_decline_code") or text_of(error, "decline_code") or text_of(error, "code")
    return Declined(code=told, network_code=code[:16], reference=text_of(thing, "id"), raw=mask(error or thing))


def _cancelled_why(thing: Thing) -> str:
    error = map_of(thing, "last_payment_error")
    return reason(code=text_of(error, "code") or "authentication_required")


def _network_reason(dispute: Thing) -> str:
    card = map_of(map_of(dispute, "payment_method_details"), "card")
    return text_of(dispute, "network_reason_code") or text_of(card, "network_reason_code")


def _error_of(error: stripe.StripeError) -> dict[str, Any] | None:
    body = error.json_body
    return map_of(body, "error") or None if isinstance(body, Mapping) else None


def _date(value: Any) -> date | None:
    try:
        return datetime.fromtimestamp(value, UTC).date() if type(value) is int else None
    except (ValueError, OverflowError, OSError):
        return None
