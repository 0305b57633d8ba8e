"""Answers as bytes, well formed unless told otherwise."""

import json
from typing import Any

from domain.outcome import Charge


def approval(charge: Charge, **changes: Any) -> dict[str, Any]:
    answer = {
        "answer": "approved",
        "key": charge.key,
        "amount": charge.amount_minor,
        "currency": charge.currency,
        "reference": "sim_0011223344556677",
    }
    return {**answer, **changes}


def response(
    body: bytes | dict[str, Any], status: str = "200 OK", kind: str = "application/json", *headers: str
) -> bytes:
    body = json.dumps(body).encode() if isinstance(body, dict) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
