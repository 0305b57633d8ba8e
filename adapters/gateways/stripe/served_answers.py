"""What the simulated Stripe says: objects as their day makes them, errors in its words, in any order of names."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from adapters.gateways.filing import Filed
from adapters.gateways.served_call import Said, say, say_json
from adapters.gateways.simulator_rules import Operation
from adapters.gateways.standing import COURSES, banking_day
from adapters.gateways.stripe.shapes import KEY
from adapters.gateways.tokens import Answer

GARBAGE = b"\xef\xbb\xbf{'status': succeeded, <html>"  # served as a success: only its reading can tell

# fmt: off
DECLINES: Mapping[str, tuple[str, str, str]] = {
    # of a script         code             decline_code                        advice_code
    "insufficient_funds": ("card_declined", "insufficient_funds",               "try_again_later"),
    "expired_card":       ("expired_card",  "expired_card",                     "confirm_card_data"),
    "lost_card":          ("card_declined", "lost_card",                        "do_not_try_again"),
    "do_not_honour":      ("card_declined", "do_not_honor",                     "try_again_later"),
    "revoked":            ("card_declined", "revocation_of_all_authorizations", "do_not_try_again"),
    "invalid_token":      ("card_declined", "invalid_account",                  "do_not_try_again"),
}
FAILURES = {"closed_account": "expired_or_canceled_card", "refund_declined": "declined"}
DISPUTES = {"revoked": "debit_not_authorized", "insufficient_funds": "insufficient_funds"}
# fmt: on

_DICE = random.Random(5)  # noqa: S311 - disorder, not secrecy


class Speech:
    """Objects carry more than anybody asked for, and references may come expanded."""

    def taken(self, filed: Filed, of: Filed | None, today: date, *, replayed: bool) -> Said:
        headers = ("Idempotent-Replayed: true",) if replayed else ()
        if filed.known.operation == Operation.REFUND and filed.declined:
            return self._refund_refused(filed)
        thing = shape(filed, of, today)
        if not filed.declined:
            return Said(say_json(200, _mixed(thing), *headers))
        error = {**thing["last_payment_error"], "payment_intent": _mixed(thing), "message": "Your card was declined."}
        return Said(say_json(402, {"error": _mixed(error)}, *headers))

    def one(self, filed: Filed, of: Filed | None, today: date) -> Said:
        return Said(say_json(200, _mixed(shape(filed, of, today))))

    def some(self, things: str, filed: Sequence[tuple[Filed, Filed | None]], today: date, *, more: bool) -> Said:
        data = [_mixed(shape(one, of, today)) for one, of in filed]
        return Said(say_json(200, {"object": "list", "url": f"/v1/{things}", "has_more": more, "data": data}))

    def disputes(self, filed: Sequence[Filed], today: date) -> Said:
        data = [_mixed(dispute(one, today)) for one in filed]
        return Said(say_json(200, {"object": "list", "url": "/v1/disputes", "has_more": False, "data": data}))

    def broken(self) -> Said:
        return self.error(500, "api_error", "", "An unknown error occurred")

    def garbage(self) -> Said:
        return Said(say(200, GARBAGE))

    def error(self, status: int, type_: str, code: str, message: str) -> Said:
        return Said(say_json(status, {"error": _mixed({"type": type_, "code": code or None, "message": message})}))

    def _refund_refused(self, filed: Filed) -> Said:
        if filed.known.script.code == "exceeds_refundable":
            error = {"type": "invalid_request_error", "param": "amount", "message": "Refund amount is greater than"}
            return Said(say_json(400, {"error": _mixed(error)}))
        error = {"type": "card_error", "code": "card_declined", "decline_code": "generic_decline"}
        return Said(say_json(402, {"error": _mixed(error)}))


def shape(filed: Filed, of: Filed | None, today: date) -> dict[str, Any]:
    """A payment or a refund as Stripe would show it today."""
    known = filed.known
    common = {
        "id": filed.id,
        "amount": known.amount,
        "currency": known.currency.lower(),
        "created": filed.at_s,
        "metadata": {KEY: filed.asked_as},
        "livemode": False,
    }
    if known.operation == Operation.REFUND:
        return common | {"object": "refund", "payment_intent": of.id if of else None, **_refund_state(filed, today)}
    types = [("acss_debit" if known.currency == "CAD" else "us_bank_account") if _is_debit(filed) else "card"]
    thing = common | {"object": "payment_intent", "payment_method_types": types, **_payment_state(filed, today)}
    thing["amount_received"] = known.amount if thing["status"] == "succeeded" else 0
    thing["latest_charge"] = _charge(filed, today) if filed.moved else None
    return thing


def disputed(filed: Filed, today: date) -> bool:
    """Whether the bank took it back after it had succeeded."""
    return filed.stands(today).answer is Answer.RETURNED and settled_on(filed) is not None


def dispute(filed: Filed, today: date) -> dict[str, Any]:
    verdict = filed.stands(today)
    return {
        "id": f"dp_{filed.id[3:]}",
        "object": "dispute",
        "amount": filed.known.amount,
        "currency": filed.known.currency.lower(),
        "payment_intent": filed.id,
        "charge": f"ch_{filed.id[3:]}",
        "created": _at_s(date.fromisoformat(verdict.on)),
        "reason": DISPUTES.get(verdict.code, "general"),
        "network_reason_code": verdict.network_code,
        "status": "lost",
    }


def settled_on(filed: Filed) -> date | None:
    """The day on which its course settles it, if it does."""
    for turn in COURSES[filed.known.script.course]:
        if turn.answer is Answer.SETTLED:
            return banking_day(filed.on, turn.days) if turn.of_the_bank else filed.on + timedelta(days=turn.days)
    return None


def _is_debit(filed: Filed) -> bool:
    return filed.known.operation == Operation.DEBIT


def _payment_state(filed: Filed, today: date) -> dict[str, Any]:
    if filed.declined:
        script = filed.known.script
        code, decline_code, advice = DECLINES.get(script.code, ("card_declined", "generic_decline", ""))
        error = {"type": "card_error", "code": code, "decline_code": decline_code, "advice_code": advice or None}
        network = {"network_decline_code": script.network_code, "payment_method": {"card": {"brand": "visa"}}}
        return {"status": "requires_payment_method", "last_payment_error": {**error, **network}}
    verdict = filed.stands(today)
    if not _is_debit(filed) or verdict.answer is Answer.SETTLED or disputed(filed, today):
        return {"status": "succeeded"}
    if verdict.answer is Answer.RETURNED:
        code = {"insufficient_funds": "insufficient_funds"}.get(verdict.code, "debit_not_authorized")
        return {
            "status": "requires_payment_method",
            "last_payment_error": {"code": code, "network_decline_code": verdict.network_code},
        }
    return {"status": "processing"}


def _charge(filed: Filed, today: date) -> dict[str, Any]:
    verdict, available = filed.stands(today), settled_on(filed)
    entry = None
    if available is not None and (available <= today or not _is_debit(filed)):
        status = "available" if available <= today else "pending"
        entry = {"id": f"txn_{filed.id[3:]}", "status": status, "available_on": _at_s(available)}
    created = _at_s(date.fromisoformat(verdict.on)) if verdict.answer is Answer.RETURNED else filed.at_s
    return {
        "id": f"ch_{filed.id[3:]}",
        "object": "charge",
        "created": created,
        "balance_transaction": entry,
        "disputed": disputed(filed, today),
    }


def _refund_state(filed: Filed, today: date) -> dict[str, Any]:
    if filed.declined:
        return {"status": "failed", "failure_reason": FAILURES.get(filed.known.script.code, "declined")}
    verdict = filed.stands(today)
    if verdict.answer is Answer.RETURNED:
        return {"status": "failed", "failure_reason": FAILURES.get(verdict.code, "declined")}
    return {"status": "succeeded"}


def _at_s(on: date) -> int:
    return int(datetime.combine(on, time(12), UTC).timestamp())


def _mixed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """In another order each time, with a name that nobody knows."""
    pairs = [*fields.items(), (f"x{_DICE.randrange(16**4):04x}", _DICE.choice(("", None, 7, {"a": []})))]
    _DICE.shuffle(pairs)
    return dict(pairs)
