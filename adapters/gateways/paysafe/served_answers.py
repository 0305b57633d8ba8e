"""What the simulated Paysafe says: objects as their day makes them, errors in its words, in any order of names."""

import random
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from adapters.gateways.filing import Filed
from adapters.gateways.served_call import Said, say, say_json
from adapters.gateways.simulator_rules import Operation, Reply
from adapters.gateways.tokens import Answer

GARBAGE = b"\xef\xbb\xbf{'status': COMPLETED, <html>"  # served as a success: only its reading can tell

# fmt: off
ERRORS: Mapping[str, tuple[str, str]] = {
    # of a script         Paysafe's code, its message
    "insufficient_funds": ("3022", "The card has been declined due to insufficient funds."),
    "expired_card":       ("3012", "The card has expired."),
    "lost_card":          ("3016", "The bank has requested that you retrieve the card."),
    "do_not_honour":      ("3009", "Your request has been declined by the issuing bank."),
    "revoked":            ("3057", "The issuing bank asks not to try again."),
    "invalid_token":      ("5502", "The payment token is not active."),
    "not_settled":        ("3406", "The settlement you are attempting to refund has not been batched yet."),
    "already_settled":    ("3415", "It is no longer pending."),
    "exceeds_refundable": ("3402", "The requested refund amount exceeds the remaining settlement amount."),
    "already_refunded":   ("3404", "The settlement has already been fully refunded."),
    "already_voided":     ("3419", "The settlement cannot be refunded."),
    "refund_declined":    ("3422", "The refund was declined."),
    "closed_account":     ("3421", "The refund authorisation was declined."),
}
# fmt: on

_DICE = random.Random(5)  # noqa: S311 - disorder, not secrecy


class Speech:
    """Amounts are integers; a refund doesn't say its currency."""

    def taken(self, filed: Filed, today: date) -> Said:
        """The answer to what was just asked: an object, or the object of a refusal with its error."""
        status = 402 if filed.declined else 200
        fields = shape(filed, today)
        if filed.declined:
            for name in ("status", "amount", "txnTime", "currencyCode"):
                fields.pop(name, None)  # a declined answer lacks them
        return Said(say_json(status, _mixed(fields)))

    def one(self, filed: Filed, today: date, *, settlement: bool) -> Said:
        return Said(say_json(200, _mixed(shape(filed, today, settlement=settlement))))

    def some(self, things: str, filed: Sequence[Filed], today: date, *, settlement: bool = False) -> Said:
        found = [_mixed(shape(one, today, settlement=settlement)) for one in filed]
        return Said(say_json(200, _mixed({things: found, "links": []})))

    def cancelled(self, filed: Filed, today: date) -> Said:
        return Said(say_json(200, _mixed({"id": filed.id, "status": "CANCELLED", "txnTime": f"{today}T12:00:00Z"})))

    def duplicate(self) -> Said:
        return self.error(409, "5031", "The transaction you have submitted has already been processed.")

    def refused(self, reply: Reply) -> Said:
        code, message = ERRORS.get(reply.script.code, ("3009", "Your request has been declined."))
        return self.error(402, code, message)

    def invalid(self, field: str) -> Said:
        return self.error(400, "5068", f"Field error(s): {field}")

    def broken(self) -> Said:
        return self.error(500, "1007", "An internal error occurred.")

    def garbage(self) -> Said:
        return Said(say(200, GARBAGE))

    def ready(self) -> Said:
        return Said(say_json(200, {"status": "READY"}))

    def error(self, status: int, code: str, message: str) -> Said:
        links = [{"rel": "errorinfo", "href": f"https://developer.paysafe.com/en/support/error-codes/#{code}"}]
        body = {"error": {"code": code, "message": message, "links": links}}
        return Said(say_json(status, _mixed(body), f"X-Application-Status-Code: {code}"))


def shape(filed: Filed, today: date, *, settlement: bool = False) -> dict[str, Any]:
    """A transaction as Paysafe would show it today."""
    known = filed.known
    fields: dict[str, Any] = {
        "id": filed.id,
        "merchantRefNum": filed.key,
        "amount": known.amount,
        "currencyCode": known.currency,
        "txnTime": f"{known.at[:19]}Z",
        "dupCheck": True,
        "paymentType": ("ACH" if known.currency == "USD" else "EFT") if filed.is_echeck else "CARD",
    }
    if filed.declined:
        code, message = ERRORS.get(known.script.code, ("3009", "declined"))
        return fields | {"status": "FAILED", "error": {"code": code, "message": message}, "riskReasonCode": [1059]}
    if known.operation == Operation.REFUND:
        del fields["currencyCode"]
    return fields | _stand(filed, today, settlement=settlement)


def _stand(filed: Filed, today: date, *, settlement: bool) -> dict[str, Any]:
    """A card payment is completed at once, its settlement by its batch; a debit is one thing, completed when it has
    been sent and failed when it comes back, even after that."""
    known = filed.known
    verdict = filed.stands(today)
    if known.operation == Operation.CHARGE and not settlement:
        settlements = [{"id": filed.id, "status": _status(filed, today), "amount": known.amount}]
        return {"status": "COMPLETED", "settleWithAuth": True, "authCode": "108161", "settlements": settlements}
    fields: dict[str, Any] = {"status": _status(filed, today)}
    if verdict.on and not known.voided:
        fields["statusTime"] = f"{verdict.on}T09:00:00Z"
    if verdict.answer is Answer.RETURNED and not known.voided:
        fields["returnCode"] = verdict.network_code
    return fields


def _status(filed: Filed, today: date) -> str:
    if filed.known.voided:
        return "CANCELLED"
    match filed.stands(today).answer:
        case Answer.SETTLED:
            return "COMPLETED"
        case Answer.RETURNED:
            return "FAILED"
        case _:
            return "PENDING" if filed.on == today else "PROCESSING"


def _mixed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """In another order each time, with a name that nobody knows."""
    pairs = [*fields.items(), (f"x{_DICE.randrange(16**4):04x}", _DICE.choice(("", None, 7, {"a": []})))]
    _DICE.shuffle(pairs)
    return dict(pairs)
