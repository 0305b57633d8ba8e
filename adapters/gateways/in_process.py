"""The simulator as a gateway in the same process: no sockets, the same answers, the same waits."""

import time
from collections.abc import Iterable, Sequence
from datetime import date

from adapters.gateways.simulator import Simulator
from adapters.gateways.simulator_rules import Operation, Reply, Request
from adapters.gateways.tokens import Answer, read_settings
from domain.organisation import MerchantAccount
from domain.outcome import (
    About,
    Approved,
    Cancellation,
    Cancelled,
    Charge,
    Debit,
    Declined,
    Finding,
    Listed,
    LookUp,
    NoAnswer,
    NotFound,
    Outcome,
    Pending,
    RefundOrder,
    Returned,
    Settled,
    Standing,
)

Asked = Charge | Debit | RefundOrder | Cancellation | LookUp


class SimulatedGateway:
    """A `Gateway` over a simulator. Safe to call from several threads.

    With `clock_is_real=False` nothing is waited for: silence is `NoAnswer` at once. The simulator is the
    caller's to close.
    """

    def __init__(self, simulator: Simulator, *, clock_is_real: bool = True) -> None:
        self._simulator = simulator
        self._clock_is_real = clock_is_real

    def charge(self, account: MerchantAccount, charges: Sequence[Charge]) -> list[Outcome]:
        return self._outcomes(Operation.CHARGE, account, charges)

    def debit(self, account: MerchantAccount, debits: Sequence[Debit]) -> list[Outcome]:
        return self._outcomes(Operation.DEBIT, account, debits)

    def refund(self, account: MerchantAccount, orders: Sequence[RefundOrder]) -> list[Outcome]:
        return self._outcomes(Operation.REFUND, account, orders)

    def cancel(self, account: MerchantAccount, cancellations: Sequence[Cancellation]) -> list[Outcome]:
        return self._outcomes(Operation.VOID, account, cancellations)

    def look_up(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Finding]:
        deadline_s = read_settings(account.settings).deadline_s
        replies = self._answer(Operation.LOOK_UP, account, questions)
        return [_read(reply, question, deadline_s) for question, reply in zip(questions, replies, strict=True)]

    def status(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Standing]:
        deadline_s = read_settings(account.settings).deadline_s
        replies = self._answer(Operation.STATUS, account, questions)
        return [_stand(reply, question, deadline_s) for question, reply in zip(questions, replies, strict=True)]

    def listed(self, account: MerchantAccount, on: date) -> Iterable[Listed]:
        had: list[Listed] = []
        while lines := self._simulator.perform([_list_request(account, on, after=len(had))])[0].lines:
            had += [
                Listed(key=line.key, reference=line.reference, about=About(line.about), amount_minor=line.amount,
                       currency=line.currency, cancelled=line.cancelled)
                for line in lines
            ]  # fmt: skip
        return had

    def _outcomes(
        self,
        operation: Operation,
        account: MerchantAccount,
        asked: Sequence[Charge | Debit | RefundOrder | Cancellation],
    ) -> list[Outcome]:
        deadline_s = read_settings(account.settings).deadline_s
        outcomes: list[Outcome] = []
        for one, reply in zip(asked, self._answer(operation, account, asked), strict=True):
            finding = _read(reply, one, deadline_s)
            # It is never answered "not found"; if it were, that would be a bug of the simulator.
            outcomes.append(NoAnswer(why="gateway_bug") if isinstance(finding, NotFound) else finding)
        return outcomes

    def _answer(self, operation: Operation, account: MerchantAccount, asked: Sequence[Asked]) -> list[Reply]:
        """Performs the batch, then waits once for the slowest answer, the deadline at most."""
        if not asked:
            return []
        settings = read_settings(account.settings)
        pair = (account.organisation, account.id)
        requests = [_in_words(one, Request(operation, *pair, one.key, settings=settings)) for one in asked]
        self._simulator.concurrency.begin(pair, len(requests))
        try:
            return self._performed(requests, settings.deadline_s)
        finally:
            self._simulator.concurrency.end(pair, len(requests))

    def _performed(self, requests: Sequence[Request], deadline_s: float) -> list[Reply]:
        asked_at = time.monotonic()
        replies = self._simulator.perform(requests)
        if self._clock_is_real:
            slowest_s = min(deadline_s, max(reply.after_s for reply in replies))
            left_s = slowest_s - (time.monotonic() - asked_at)
            if left_s > 0:
                time.sleep(left_s)
        return replies


def _in_words(one: Asked, request: Request) -> Request:
    match one:
        case Charge() | Debit():
            return request._replace(amount=one.amount_minor, currency=one.currency, token=one.token)
        case RefundOrder():
            return request._replace(amount=one.amount_minor, currency=one.currency, of=one.of_key)
        case Cancellation():
            return request._replace(of=one.of_key)
        case LookUp():
            return request


def _list_request(account: MerchantAccount, on: date, *, after: int) -> Request:
    return Request(Operation.LIST, account.organisation, account.id, on.isoformat(), amount=after)


def _read(reply: Reply, asked: Asked, deadline_s: float) -> Approved | Declined | NotFound | NoAnswer:
    if reply.after_s >= deadline_s:
        return NoAnswer(why="timeout")
    match reply.script.answer:
        case Answer.APPROVED | Answer.DECLINED:
            return _read_verdict(reply, asked)
        case Answer.NOT_FOUND:
            return NotFound()
        case Answer.SILENCE:
            return NoAnswer(why="timeout")
        case Answer.SERVER_ERROR:
            return NoAnswer(why="server_error")
        case Answer.CONFLICT:
            return NoAnswer(why="conflict")
        case _:
            return NoAnswer(why="malformed")


def _read_verdict(reply: Reply, asked: Asked) -> Approved | Declined | NoAnswer:
    script = reply.script
    refused = script.answer is Answer.DECLINED and isinstance(asked, Cancellation)  # perhaps for want of a charge
    if not refused and (reply.amount, reply.currency) != (asked.amount_minor, asked.currency):
        return NoAnswer(why="mismatch")
    if script.answer is Answer.DECLINED:
        return Declined(code=script.code, network_code=script.network_code, reference=reply.reference)
    return Approved(reference=reply.reference, amount_minor=asked.amount_minor, currency=asked.currency)


def _stand(reply: Reply, asked: LookUp, deadline_s: float) -> Standing:
    if reply.after_s >= deadline_s:
        return NoAnswer(why="timeout")
    answer, script = reply.script.answer, reply.script
    if answer is Answer.NOT_FOUND:
        return NotFound()
    if (reply.amount, reply.currency) != (asked.amount_minor, asked.currency):
        return NoAnswer(why="mismatch")
    match answer:
        case Answer.PENDING:
            return Pending()
        case Answer.CANCELLED:
            return Cancelled()
        case Answer.SETTLED:
            return Settled(on=date.fromisoformat(reply.on))
        case Answer.RETURNED:
            return Returned(code=script.code, network_code=script.network_code, on=date.fromisoformat(reply.on))
        case _:
            return NoAnswer(why="malformed")
