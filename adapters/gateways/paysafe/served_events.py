"""The webhooks that the simulated Paysafe would have sent by now, signed as Paysafe signs: no time, no id."""

import base64
import hmac
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Any

from adapters.gateways.filing import Filed
from adapters.gateways.paysafe.served_answers import shape
from adapters.gateways.simulator_rules import Operation
from adapters.gateways.tokens import Answer

NAMES = {Operation.REFUND: "REFUND", Operation.CREDIT: "SA_CREDIT"}


def events_of(filed: Filed, of: Filed | None, today: date) -> Iterator[dict[str, Any]]:
    """One after the other, as they happened. `of` is not said: nothing in these events links them."""
    name, verdict = NAMES.get(Operation(filed.known.operation), "PAYMENT"), filed.stands(today)
    at = f"{filed.known.at[:19]}Z"
    if filed.declined:
        yield _event(f"{name}_FAILED", filed, today, "FAILED", at)
        return
    if name != "PAYMENT":
        yield _event(f"{name}_PENDING", filed, today, "PENDING", at)
        if verdict.answer is Answer.SETTLED:
            yield _event(f"{name}_COMPLETED", filed, today, "COMPLETED", f"{verdict.on}T09:00:00Z")
        return
    yield _event("PAYMENT_COMPLETED", filed, today, "COMPLETED", at)
    if filed.known.voided:
        yield _event("SETTLEMENT_CANCELLED", filed, today, "CANCELLED", at)
    elif verdict.answer is Answer.SETTLED:
        yield _event("SETTLEMENT_CLEARED", filed, today, "COMPLETED", f"{verdict.on}T09:00:00Z")
    elif verdict.answer is Answer.RETURNED:
        told = _event("PAYMENT_RETURN_COMPLETED", filed, today, "COMPLETED", f"{verdict.on}T09:00:00Z")
        told["payload"] |= {"paymentId": filed.id, "processorCode": verdict.network_code}
        yield told


def sign(body: bytes, secret: str, at_s: int) -> dict[str, str]:
    return {"Signature": base64.b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode("ascii")}


def _event(name: str, filed: Filed, today: date, status: str, at: str) -> dict[str, Any]:
    thing = shape(filed, today) | {"status": status, "statusTime": at, "currencyCode": filed.known.currency}
    return {
        "payload": thing,
        "eventName": name,
        "eventType": name.partition("_")[0],
        "attemptNumber": "1",
        "resourceId": filed.id,
        "eventDate": at,
        "mode": "test",
    }
