"""The plain JSON dialect of the served simulator, its server's side: requests read, answers written."""

import json
from collections.abc import Mapping
from enum import StrEnum
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, assert_never

from adapters.gateways.simulator_rules import Operation, Reply, Request
from adapters.gateways.tokens import DEFAULTS, Answer, read_settings

ID_LIMIT = 128
AMOUNT_LIMIT = 10**15

GARBAGE = "\ufeff{'answer': approved, <html>"  # served as a success: only its reading can tell


class Route(StrEnum):
    """Method and path."""

    CHARGES = "POST /charges"
    DEBITS = "POST /debits"
    REFUNDS = "POST /refunds"
    VOIDS = "POST /voids"
    LOOK_UPS = "POST /look-ups"
    STATUSES = "POST /statuses"
    LISTS = "POST /lists"
    LIVEZ = "GET /livez"
    PEAKS = "GET /peaks"


# fmt: off
_ASKED = {
    # route          operation          must name, besides organisation, merchant account and key
    Route.CHARGES:  (Operation.CHARGE,  ("currency", "token")),
    Route.DEBITS:   (Operation.DEBIT,   ("currency", "token")),
    Route.REFUNDS:  (Operation.REFUND,  ("currency", "of")),
    Route.VOIDS:    (Operation.VOID,    ("of",)),
    Route.LOOK_UPS: (Operation.LOOK_UP, ()),
    Route.STATUSES: (Operation.STATUS,  ()),
    Route.LISTS:    (Operation.LIST,    ("after",)),
}
# fmt: on

_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 409: "Conflict", 411: "Length Required"}
_REASONS |= {413: "Content Too Large", 431: "Request Header Fields Too Large", 500: "Internal Server Error"}


class BadRequest(Exception):
    """A request that makes no sense: nothing is done, nothing is journaled."""


def read_request(route: Route, body: bytes) -> Request:
    operation, names = _ASKED[route]
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("not JSON") from None
    if type(fields) is not dict:
        raise BadRequest("not a JSON object")
    settings = fields.get("settings")
    try:
        return Request(
            operation=operation,
            organisation=_text(fields, "organisation"),
            merchant_account=_text(fields, "merchant_account"),
            key=_text(fields, "key"),
            amount=_after(fields) if "after" in names else _amount(fields) if "currency" in names else 0,
            currency=_text(fields, "currency") if "currency" in names else "",
            token=_text(fields, "token") if "token" in names else "",
            of=_text(fields, "of") if "of" in names else "",
            settings=read_settings(settings) if settings else DEFAULTS,
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise BadRequest(f"settings: {error}") from None


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if type(value) is str and 0 < len(value) <= ID_LIMIT:
        return value
    raise BadRequest(f"{name} must be a text of 1 to {ID_LIMIT} characters")


def _amount(fields: dict[str, Any]) -> int:
    value = fields.get("amount")
    if type(value) is int and 0 < value <= AMOUNT_LIMIT:
        return value
    raise BadRequest("amount must be a positive integer of minor units")


def _after(fields: dict[str, Any]) -> int:
    value = fields.get("after", 0)
    if type(value) is int and 0 <= value <= AMOUNT_LIMIT:
        return value
    raise BadRequest("after must be the number of lines that were had before")


def render(request: Request, reply: Reply) -> bytes:
    """The answer to a request that was performed. Silence is not rendered: it is never sent."""
    script, key = reply.script, quoted(request.key)
    match script.answer:
        case Answer.APPROVED | Answer.DECLINED:
            code = ""
            if script.answer is Answer.DECLINED:
                code = f',"code":"{script.code}","network_code":"{script.network_code}"'
            return _respond(
                200,
                f'{{"answer":"{script.answer.value}","key":{key},"amount":{reply.amount}'
                f',"currency":{quoted(reply.currency or "")},"reference":"{reply.reference}"{code}}}',
            )
        case Answer.PENDING | Answer.SETTLED | Answer.RETURNED | Answer.CANCELLED:
            code = ""
            if script.answer is Answer.RETURNED:
                code = f',"code":"{script.code}","network_code":"{script.network_code}"'
            return _respond(
                200,
                f'{{"answer":"{script.answer.value}","key":{key},"amount":{reply.amount}'
                f',"currency":{quoted(reply.currency or "")},"reference":"{reply.reference}","on":"{reply.on}"{code}}}',
            )
        case Answer.LISTED:
            return _respond(200, json.dumps({"answer": "listed", "key": request.key, "lines": reply.lines}))
        case Answer.NOT_FOUND:
            return _respond(404, f'{{"answer":"not_found","key":{key}}}')
        case Answer.CONFLICT:
            return _respond(409, f'{{"answer":"conflict","key":{key}}}')
        case Answer.SERVER_ERROR | Answer.SILENCE:
            return _respond(500, '{"answer":"server_error"}')
        case Answer.GARBAGE:
            return _respond(200, GARBAGE)
        case unreachable:
            assert_never(unreachable)


def render_peaks(peaks: Mapping[tuple[str, str], int]) -> bytes:
    told = {f"{organisation}/{account}": peak for (organisation, account), peak in peaks.items()}
    return _respond(200, json.dumps({"peaks": told}))


def render_refusal(status: int, why: str) -> bytes:
    answer = "alive" if status == 200 else "refused"
    return _respond(status, f'{{"answer":"{answer}","why":{quoted(why)}}}')


def _respond(status: int, text: str) -> bytes:
    body = text.encode()
    return b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        status,
        _REASONS[status].encode(),
        len(body),
        body,
    )
