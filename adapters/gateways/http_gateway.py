"""The simulator's plain JSON dialect over HTTP: how a charge is asked, and when an answer is believed."""

import json
import re
import ssl
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from adapters.gateways.strict_json import read_object
from adapters.gateways.tokens import read_settings
from adapters.gateways.wire import MAX_CONNECTIONS, Wire
from adapters.gateways.wire_head import Head
from domain.organisation import MerchantAccount
from domain.outcome import Approved, Charge, Declined, Finding, LookUp, NoAnswer, NotFound, Outcome

PASSED_ON = ("latency_ms", "fault_rates", "seed")  # an account's settings that the server applies for us

_CODE = re.compile(r"[a-z0-9_]{1,64}")
_REFERENCE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class HttpSimulatorGateway:
    """A `Gateway` that asks a simulator served over HTTP (see `served`). Safe for several threads at once."""

    def __init__(
        self,
        base_url: str,
        *,
        max_connections: int = MAX_CONNECTIONS,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._wire = Wire(base_url, max_connections=max_connections, ssl_context=ssl_context)

    def charge(self, account: MerchantAccount, charges: Sequence[Charge]) -> list[Outcome]:
        prefix = _account_prefix(account)
        requests = [
            self._post(
                "/charges",
                f'{prefix},"key":{quoted(charge.key)},"amount":{charge.amount_minor}'
                f',"currency":{quoted(charge.currency)},"token":{quoted(charge.token)}}}',
            )
            for charge in charges
        ]

        def judge(index: int, head: Head, body: bytes) -> Approved | Declined | NoAnswer:
            return judge_charge(charges[index], head, body)

        deadline_s = read_settings(account.settings).deadline_s
        return list[Outcome](self._wire.ask(requests, judge, deadline_s=deadline_s))

    def look_up(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Finding]:
        prefix = _account_prefix(account)
        requests = [self._post("/look-ups", f'{prefix},"key":{quoted(question.key)}}}') for question in questions]

        def judge(index: int, head: Head, body: bytes) -> Approved | Declined | NotFound | NoAnswer:
            return judge_look_up(questions[index], head, body)

        deadline_s = read_settings(account.settings).deadline_s
        return list[Finding](self._wire.ask(requests, judge, deadline_s=deadline_s))

    def close(self) -> None:
        self._wire.close()

    def _post(self, path: str, body: str) -> bytes:
        return (
            f"POST {self._wire.path}{path} HTTP/1.1\r\nHost: {self._wire.authority}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode("ascii")


def _account_prefix(account: MerchantAccount) -> str:
    passed_on = {name: account.settings[name] for name in PASSED_ON if name in account.settings}
    settings = f',"settings":{json.dumps(passed_on)}' if passed_on else ""
    return f'{{"organisation":{quoted(account.organisation)},"merchant_account":{quoted(account.id)}{settings}'


def judge_charge(asked: Charge, head: Head, body: bytes) -> Approved | Declined | NoAnswer:
    """Approved only by a well-formed answer about our key, our amount and our currency."""
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


def _read_verdict(asked: Charge | LookUp, head: Head, body: bytes) -> Approved | Declined | NoAnswer:
    answer = _read_object(head, body)
    if answer is None:
        return NoAnswer(why="malformed")
    key, amount, currency = answer.get("key"), answer.get("amount"), answer.get("currency")
    reference = answer.get("reference")
    if type(key) is not str or type(amount) is not int or type(currency) is not str:
        return NoAnswer(why="malformed")
    if type(reference) is not str or not _REFERENCE.fullmatch(reference):
        return NoAnswer(why="malformed")
    if key != asked.key or amount != asked.amount_minor or currency != asked.currency:
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
