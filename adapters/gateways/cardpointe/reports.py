"""CardPointe's reports: batches of the settlement status, funding with returns, and the old deposits."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from adapters.gateways.cardpointe.amounts import UnreadableAmount, read_amount, read_report_amount
from adapters.gateways.cardpointe.answers import Unreadable

NULL_BATCHES = "Null batches"  # sent as JSON, though it isn't: there are none
NO_DEPOSITS = "No deposits match your request"

HOST_STATES = ("", "GB", "MB", "BB", "RB", "EB", "SB", "ND")
ACCEPTED, REJECTED = "Y", "N"
PENDING = ("F", "P", "T", "W", "R")  # letters that say neither; what R means is not published

_RETREF = re.compile(r"[A-Za-z0-9]{1,14}")
_RETURN = re.compile(r"R[0-9]{2}")
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[T ].*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """A transaction in a batch: `letter` is Y (accepted), N (rejected) or one that is no verdict."""

    batch: str
    host_state: str
    retref: str
    letter: str
    order_id: str = ""
    amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingLine:
    """A movement in a funding report; `parent` is the transaction that a refund or a return is about."""

    retref: str
    parent: str
    kind: str
    amount: int
    currency: str
    on: date
    return_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargebackLine:
    """What a card's holder had taken back, in a funding report; `retref` is the transaction's."""

    retref: str
    amount: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositLine:
    """A transaction in a deposit: DEB or REF."""

    retref: str
    action: str
    amount: int


def read_batches(body: object) -> list[BatchLine]:
    """From the decoded body of `settlestat`. Raises Unreadable."""
    if body == NULL_BATCHES:
        return []
    lines = []
    for batch in _objects(body, "batches"):
        state = _text(batch, "hoststat")
        if state not in HOST_STATES:
            raise Unreadable("hoststat")
        for txn in _objects(batch.get("txns"), "txns"):
            letter = _text(txn, "setlstat")
            if letter not in (ACCEPTED, REJECTED, *PENDING):
                raise Unreadable("setlstat")
            lines.append(
                BatchLine(
                    batch=_id(batch, "batchid"),
                    host_state=state,
                    retref=_retref(txn, "retref"),
                    letter=letter,
                    order_id=_text(txn, "salesdoc"),
                    amount=_amount(txn, "setlamount") if txn.get("setlamount") else None,
                )
            )
    return lines


def read_funding(body: object) -> list[FundingLine]:
    """From the decoded body of `funding`. Raises Unreadable."""
    if type(body) is not dict:
        raise Unreadable("funding")
    if body.get("errormsg") == NO_DEPOSITS:
        return []
    if "errormsg" in body:
        raise Unreadable("errormsg")
    lines = []
    for txn in _objects(body.get("txns"), "txns"):
        code = _text(txn, "achreturncode")
        if code and not _RETURN.fullmatch(code):
            raise Unreadable("achreturncode")
        lines.append(
            FundingLine(
                retref=_retref(txn, "retref"),
                parent=_retref(txn, "parentretref") if txn.get("parentretref") else "",
                kind=_text(txn, "type"),
                amount=_report_amount(txn, "amount"),
                currency=_text(txn, "currency"),
                on=_date(txn, "date"),
                return_code=code,
            )
        )
    return lines


def read_chargebacks(body: object) -> list[ChargebackLine]:
    """From the same; merchants that are not set up for them have none. Raises Unreadable."""
    if type(body) is not dict or not body.get("chargebacks"):
        return []
    return [
        ChargebackLine(
            retref=_retref(one, "retref"), amount=_report_amount(one, "amount"), code=_text(one, "reasoncode")[:16]
        )
        for one in _objects(body["chargebacks"], "chargebacks")
    ]  # fmt: skip


def read_deposits(body: object) -> list[DepositLine]:
    """From the decoded body of `deposit`, an endpoint of the past that recordings still show. Raises Unreadable."""
    lines = []
    for deposit in _objects(body, "deposits"):
        for txn in _objects(deposit.get("txns"), "txns"):
            action = _text(txn, "action")
            if action not in ("DEB", "REF"):
                raise Unreadable("action")
            lines.append(
                DepositLine(retref=_retref(txn, "retref"), action=action, amount=_report_amount(txn, "depamnt"))
            )
    return lines


def _objects(value: object, name: str) -> Iterator[Mapping[str, Any]]:
    if type(value) is not list or any(type(one) is not dict for one in value):
        raise Unreadable(name)
    return iter(value)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if type(value) is not str:
        raise Unreadable(name)
    return value


def _id(fields: Mapping[str, Any], name: str) -> str:
    """Ids were integers once and are texts now."""
    value = fields.get(name)
    return str(value) if type(value) is int else _text(fields, name)


def _retref(fields: Mapping[str, Any], name: str) -> str:
    value = _id(fields, name)
    if not _RETREF.fullmatch(value):
        raise Unreadable(name)
    return value


def _amount(fields: Mapping[str, Any], name: str) -> int:
    try:
        return read_amount(fields.get(name))
    except UnreadableAmount:
        raise Unreadable(name) from None


def _report_amount(fields: Mapping[str, Any], name: str) -> int:
    try:
        return read_report_amount(fields.get(name))
    except UnreadableAmount:
        raise Unreadable(name) from None


def _date(fields: Mapping[str, Any], name: str) -> date:
    found = _DATE.fullmatch(_text(fields, name))
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else _no_date(name)
    except ValueError:
        raise Unreadable(name) from None


def _no_date(name: str) -> date:
    raise Unreadable(name)
