"""CardPointe's answers as values: what each field means, and nothing that had to be guessed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from adapters.gateways.cardpointe.amounts import UnreadableAmount, read_amount


class Unreadable(ValueError):
    """A field that does not say without doubt what it means; its name is the text."""


class Status(StrEnum):
    """`respstat`: the verdict. The pair of `respproc` and `respcode` is only the reason."""

    APPROVED = "A"
    TEMPORARY = "B"
    DECLINED = "C"


class Standing(StrEnum):
    """`setlstat` of an inquiry: how far a transaction has come; in lower case, as its spelling varies."""

    AUTHORIZED = "authorized"
    QUEUED = "queued for capture"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    VOIDED = "voided"
    DECLINED = "declined"
    ZERO_AMOUNT = "zero amount"
    FORMAT_ERROR = "format error"
    TOKEN_DECRYPT = "token decrypt"  # noqa: S105 - a state, not a secret
    PIN_DEBIT = "pin debit"
    UNDER_REVIEW = "amount under review"


NOT_FOUND = ("PPS", "29")

_RETREF = re.compile(r"[A-Za-z0-9._-]{1,50}")
_PROCESSOR = re.compile(r"[A-Z0-9]{2,8}")
_CODE = re.compile(r"[A-Za-z0-9]{1,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer to an authorisation, capture, void, refund or inquiry. `amount` is in minor units."""

    status: Status
    processor: str
    code: str
    text: str = ""
    retref: str = ""
    order_id: str = ""
    token: str = field(default="", repr=False)
    amount: int | None = None
    currency: str = ""
    standing: Standing | None = None
    batch: str = ""
    auth_code: str = ""
    voidable: bool | None = None
    refundable: bool | None = None
    authorised_on: str = ""  # YYYYMMDD
    settled_on: str = ""
    category: str = ""
    advice: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)  # as it was sent

    @property
    def reason(self) -> tuple[str, str]:
        return self.processor, self.code

    @property
    def is_not_found(self) -> bool:
        return self.status is Status.DECLINED and self.reason == NOT_FOUND


def read_answer(fields: Mapping[str, Any]) -> Answer:
    """Raises Unreadable with the name of the first field that needs a guess. Unknown fields are passed over."""
    status = _text(fields, "respstat")
    if status not in tuple(Status):
        raise Unreadable("respstat")
    return Answer(
        status=Status(status),
        processor=_matching(fields, "respproc", _PROCESSOR),
        code=_matching(fields, "respcode", _CODE),
        text=_text(fields, "resptext"),
        retref=_matching(fields, "retref", _RETREF) if fields.get("retref") else "",
        order_id=_text(fields, "orderId") or _text(fields, "orderid"),
        token=_text(fields, "token") or _text(fields, "account"),
        amount=_amount(fields),
        currency=_text(fields, "currency"),
        standing=_standing(fields),
        batch=_text(fields, "batchid"),
        auth_code=_text(fields, "authcode").strip(),
        voidable=_flag(fields, "voidable"),
        refundable=_flag(fields, "refundable"),
        authorised_on=_text(fields, "authdate")[:8],
        settled_on=_text(fields, "settledate")[:8],
        category=_text(fields, "declineCategory"),
        advice=_text(fields, "merchAdviceCode"),
        fields=fields,
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if type(value) is not str:
        raise Unreadable(name)
    return value


def _matching(fields: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = _text(fields, name)
    if not pattern.fullmatch(value):
        raise Unreadable(name)
    return value


def _amount(fields: Mapping[str, Any]) -> int | None:
    if fields.get("amount") is None:
        return None
    try:
        return read_amount(fields["amount"])
    except UnreadableAmount:
        raise Unreadable("amount") from None


def _standing(fields: Mapping[str, Any]) -> Standing | None:
    text = _text(fields, "setlstat").strip().lower()
    if text and text not in tuple(Standing):
        raise Unreadable("setlstat")
    return Standing(text) if text else None


def _flag(fields: Mapping[str, Any], name: str) -> bool | None:
    value = _text(fields, name)
    if value not in ("", "Y", "N"):
        raise Unreadable(name)
    return value == "Y" if value else None
