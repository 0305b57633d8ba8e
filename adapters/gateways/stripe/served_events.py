"""The webhooks that the simulated Stripe would have sent by now, signed as Stripe signs."""

import hmac
import json
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Any

from adapters.gateways.filing import Filed
from adapters.gateways.simulator_rules import Operation
from adapters.gateways.stripe.served_answers import dispute, disputed, shape

STATES = {
    "succeeded": "payment_intent.succeeded",
    "processing": "payment_intent.processing",
    "requires_payment_method": "payment_intent.payment_failed",
}


def events_of(filed: Filed, of: Filed | None, today: date) -> Iterator[dict[str, Any]]:
    """One after the other, as they happened."""
    if filed.known.operation == Operation.REFUND:
        thing = shape(filed, of, today)
        yield _event("refund.created", filed, {**thing, "status": "succeeded"})
        if thing["status"] == "failed":
            yield _event("refund.failed", filed, thing)
        return
    thing = shape(filed, of, today)
    if filed.is_echeck and thing["status"] != "processing":
        yield _event(STATES["processing"], filed, {**thing, "status": "processing"})
    yield _event(STATES[thing["status"]], filed, thing)
    if disputed(filed, today):
        yield _event("charge.dispute.created", filed, dispute(filed, today))


def sign(body: bytes, secret: str, at_s: int) -> dict[str, str]:
    signature = hmac.new(secret.encode(), b"%d.%s" % (at_s, body), sha256).hexdigest()
    return {"Stripe-Signature": f"t={at_s},v1={signature}"}


def _event(type_: str, filed: Filed, thing: dict[str, Any]) -> dict[str, Any]:
    id_ = f"evt_{sha256(json.dumps([type_, filed.id]).encode()).hexdigest()[:24]}"
    return {
        "id": id_,
        "object": "event",
        "type": type_,
        "created": filed.at_s,
        "livemode": False,
        "data": {"object": thing},
    }
