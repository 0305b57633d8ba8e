"""When an answer of the simulator's dialect is believed: well formed, about our key, our amount, our currency."""

import re
from datetime import date
from typing import Any

from adapters.gateways.strict_json import read_object
from adapters.gateways.wire_head import Head
from domain.outcome import (
    About,
    Approved,
    Cancellation,
    Cancelled,
    Charge,
    Debit,
    Declined,
    Listed,
    LookUp,
    NoAnswer,
    NotFound,
    Pending,
    RefundOrder,
    Returned,
    Settled,
)

Asked = Charge | Debit | RefundOrder | Cancellation | LookUp
Stood = Pending | Settled | Returned | Cancelled | NotFound | NoAnswer

_CODE = re.compile(r"[a-z0-9_]{1,64}")
_REFERENCE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LINE = (str, str, str, int, str, bool)


def judge_outcome(asked: Asked, head: Head, body: bytes) -> Approved | Declined | NoAnswer:
    """Of a charge, a debit, a refund, a cancellation."""
    if head.status != 200:
        return NoAnswer(why=_why_not(asked.key, head, body))
    return _read_verdict(asked, head, body)


def judge_look_up(asked: LookUp, head: Head, body: bytes) -> Approved | Declined | NotFound | NoAnswer:
    """Not found only in the simulator's own words about our key: a 404 of anybody else says nothing."""
    if head.status == 404:
        answer = _read_object(head, body)
        if answer is None or answer.get("answer") != "not_found":
            return NoAnswer(why="malformed")
        return NotFound() if answer.get("key") == asked.key else NoAnswer(why="mismatch")
    if head.status != 200:
        return NoAnswer(why=_why_not(asked.key, head, body))
    return _read_verdict(asked, head, body)


def judge_status(asked: LookUp, head: Head, body: bytes) -> Stood:
    if head.status != 200:
        found = judge_look_up(asked, head, body)
        return found if isinstance(found, NotFound | NoAnswer) else NoAnswer(why="malformed")
    answer = _read_object(head, body)
    if answer is None:
        return NoAnswer(why="malformed")
    if (answer.get("key"), answer.get("amount"), answer.get("currency")) != (
        asked.key, asked.amount_minor, asked.currency,
    ):  # fmt: skip
        return NoAnswer(why="mismatch")
    on, code, network_code = _date(answer.get("on")), answer.get("code"), answer.get("network_code")
    match answer.get("answer"):
        case "pending":
            return Pending()
        case "cancelled":
            return Cancelled()
        case "settled" if on is not None:
            return Settled(on=on)
        case "returned" if on is not None and type(code) is str and type(network_code) is str and _CODE.fullmatch(code):
            return Returned(code=code, network_code=network_code[:16], on=on)
        case _:
            return NoAnswer(why="malformed")


def judge_list(on: str, head: Head, body: bytes) -> list[Listed] | NoAnswer:
    """A page of a list: all of its lines are readable, or it is no list."""
    answer = _read_object(head, body) if head.status == 200 else None
    if answer is None or answer.get("answer") != "listed" or answer.get("key") != on:
        return NoAnswer(why="malformed")
    lines = answer.get("lines")
    if type(lines) is not list or not all(_is_line(line) for line in lines):
        return NoAnswer(why="malformed")
    return [
        Listed(key=key, reference=reference, about=About(about), amount_minor=amount, currency=currency,
               cancelled=cancelled)
        for key, reference, about, amount, currency, cancelled in lines
    ]  # fmt: skip


def _is_line(line: object) -> bool:
    return type(line) is list and tuple(type(part) for part in line) == _LINE and line[2] in set(About)


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if type(value) is str else None
    except ValueError:
        return None


def _why_not(key: str, head: Head, body: bytes) -> str:
    match head.status:
        case 408:
            return "timeout"
        case 409:
            answer = _read_object(head, body)
            ours = answer is not None and answer.get("answer") == "conflict" and answer.get("key") == key
            return "conflict" if ours else "malformed"
        case 429:
            return "server_error"
        case status if status >= 500:
            return "server_error"
        case status if status < 300:
            return "malformed"
        case _:
            return "gateway_bug"  # redirected, refused, no such path: not the server that we know


def _read_verdict(asked: Asked, head: Head, body: bytes) -> Approved | Declined | NoAnswer:
    answer = _read_object(head, body)
    if answer is None:
        return NoAnswer(why="malformed")
    key, amount, currency = answer.get("key"), answer.get("amount"), answer.get("currency")
    reference = answer.get("reference")
    if type(key) is not str or type(amount) is not int or type(currency) is not str:
        return NoAnswer(why="malformed")
    if type(reference) is not str or not _REFERENCE.fullmatch(reference):
        return NoAnswer(why="malformed")
    refused = answer.get("answer") == "declined" and isinstance(asked, Cancellation)  # perhaps for want of a charge
    if key != asked.key or (not refused and (amount, currency) != (asked.amount_minor, asked.currency)):
        return NoAnswer(why="mismatch")
    match answer.get("answer"):
        case "approved":
            return Approved(reference=reference, amount_minor=amount, currency=currency)
        case "declined":
            code, network_code = answer.get("code"), answer.get("network_code")
            if type(code) is not str or type(network_code) is not str or not _CODE.fullmatch(code):
                return NoAnswer(why="malformed")
            return Declined(code=code, network_code=network_code[:16], reference=reference)
        case _:
            return NoAnswer(why="malformed")


def _read_object(head: Head, body: bytes) -> dict[str, Any] | None:
    """None for whatever is not JSON without doubt (see `strict_json`)."""
    return read_object(body) if head.is_json else None
