"""The simulator's plain JSON dialect over HTTP: how a charge, a refund, a look-up is asked."""

import json
import ssl
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, TypeVar

from adapters.gateways.http_judging import Stood, judge_list, judge_look_up, judge_outcome, judge_status
from adapters.gateways.tokens import read_settings
from adapters.gateways.wire import MAX_CONNECTIONS, Wire
from adapters.gateways.wire_head import Head
from domain.organisation import MerchantAccount
from domain.outcome import (
    Approved,
    Cancellation,
    Charge,
    Debit,
    Declined,
    Finding,
    Listed,
    LookUp,
    NoAnswer,
    NotFound,
    NotSent,
    Outcome,
    RefundOrder,
    Standing,
)
from domain.ports import ListNotAvailable

# An account's settings that the server applies for us.
PASSED_ON = ("latency_ms", "fault_rates", "seed", "refund_before_settlement", "partial_echeck_refund")
MAX_PAGES = 10_000  # of a list: five million lines of one day

A = TypeVar("A", Charge, Debit, RefundOrder, Cancellation)
J = TypeVar("J")


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
        return self._outcomes(account, "/charges", charges, lambda one: f'{_money(one)},"token":{quoted(one.token)}')

    def debit(self, account: MerchantAccount, debits: Sequence[Debit]) -> list[Outcome]:
        return self._outcomes(account, "/debits", debits, lambda one: f'{_money(one)},"token":{quoted(one.token)}')

    def refund(self, account: MerchantAccount, orders: Sequence[RefundOrder]) -> list[Outcome]:
        return self._outcomes(account, "/refunds", orders, lambda one: f'{_money(one)},"of":{quoted(one.of_key)}')

    def cancel(self, account: MerchantAccount, cancellations: Sequence[Cancellation]) -> list[Outcome]:
        return self._outcomes(account, "/voids", cancellations, lambda one: f'"of":{quoted(one.of_key)}')

    def look_up(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Finding]:
        def judge(index: int, head: Head, body: bytes) -> Approved | Declined | NotFound | NoAnswer:
            return judge_look_up(questions[index], head, body)

        return list[Finding](self._ask(account, "/look-ups", questions, lambda _: "", judge))

    def status(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Standing]:
        def judge(index: int, head: Head, body: bytes) -> Stood:
            return judge_status(questions[index], head, body)

        return list[Standing](self._ask(account, "/statuses", questions, lambda _: "", judge))

    def listed(self, account: MerchantAccount, on: date) -> Iterable[Listed]:
        had: list[Listed] = []
        for _ in range(MAX_PAGES):
            page = self._page(account, on.isoformat(), after=len(had))
            if not isinstance(page, list):
                raise ListNotAvailable(page.why)
            if not page:
                return had
            had += page
        raise ListNotAvailable("endless")

    def close(self) -> None:
        self._wire.close()

    def _page(self, account: MerchantAccount, on: str, *, after: int) -> list[Listed] | NoAnswer | NotSent:
        def judge(_: int, head: Head, body: bytes) -> list[Listed] | NoAnswer:
            return judge_list(on, head, body)

        request = self._post("/lists", f'{_account_prefix(account)},"key":{quoted(on)},"after":{after}}}')
        return self._wire.ask([request], judge, deadline_s=read_settings(account.settings).deadline_s)[0]

    def _outcomes(
        self, account: MerchantAccount, path: str, asked: Sequence[A], fields: Callable[[A], str]
    ) -> list[Outcome]:
        def judge(index: int, head: Head, body: bytes) -> Approved | Declined | NoAnswer:
            return judge_outcome(asked[index], head, body)

        return list[Outcome](self._ask(account, path, asked, fields, judge))

    def _ask(
        self,
        account: MerchantAccount,
        path: str,
        asked: Sequence[Any],
        fields: Callable[[Any], str],
        judge: Callable[[int, Head, bytes], J],
    ) -> list[J | NoAnswer | NotSent]:
        prefix = _account_prefix(account)
        requests = []
        for one in asked:
            more = fields(one)
            requests.append(self._post(path, f'{prefix},"key":{quoted(one.key)}{"," if more else ""}{more}}}'))
        return self._wire.ask(requests, judge, deadline_s=read_settings(account.settings).deadline_s)

    def _post(self, path: str, body: str) -> bytes:
        return (
            f"POST {self._wire.path}{path} HTTP/1.1\r\nHost: {self._wire.authority}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode("ascii")


def _money(one: Charge | Debit | RefundOrder) -> str:
    return f'"amount":{one.amount_minor},"currency":{quoted(one.currency)}'


def _account_prefix(account: MerchantAccount) -> str:
    passed_on = {name: account.settings[name] for name in PASSED_ON if name in account.settings}
    settings = f',"settings":{json.dumps(passed_on)}' if passed_on else ""
    return f'{{"organisation":{quoted(account.organisation)},"merchant_account":{quoted(account.id)}{settings}'
