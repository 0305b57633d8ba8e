"""What is kept of a processor's answer, for a person who wonders: no secret, no address, no more than a page."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from adapters.gateways.strict_json import read_object
from adapters.gateways.wire_head import Head
from adapters.scrubbing import MASK, scrub
from domain.outcome import NoAnswer

T = TypeVar("T")

KEPT_BYTES = 8 * 1024
# Of people and of their instruments: nobody needs them to understand an answer.
PERSONAL = frozenset(
    (
        "address", "billing_details", "billingdetails", "profile", "shipping", "receipt_email", "email", "name",
        "holdername", "accountholdername", "phone", "customerip", "fingerprint", "client_secret", "accountnumber",
        "routingnumber", "transitnumber", "iban", "dateofbirth", "paymenttoken", "paymenthandletoken", "cardbin",
        "lastdigits_hash", "networktransactionid",
    )
)  # fmt: skip


def mask(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of an answer that may be kept and shown; a very long one only by its first fields."""
    kept: dict[str, Any] = _without_people(scrub(answer))
    if len(json.dumps(kept)) <= KEPT_BYTES:
        return kept
    short: dict[str, Any] = {"cut": True}
    for name, value in kept.items():
        if len(json.dumps({**short, name: value})) <= KEPT_BYTES:
            short[name] = value
    return short


def with_words(answer: T, head: Head, body: bytes) -> T:
    """What is no answer, together with what came back instead: its status, and an object as it may be kept. Of
    anything else only the size is told: it can't be masked without knowing what is in it."""
    if not isinstance(answer, NoAnswer):
        return answer
    said = read_object(body) if head.is_json else None
    told = mask(said) if said is not None else {"bytes": len(body)}
    return replace(answer, raw={"http": head.status, **told})


def _without_people(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: MASK if name.lower() in PERSONAL and held else _without_people(held) for name, held in value.items()
        }
    if isinstance(value, list):
        return [_without_people(one) for one in value]
    return value
