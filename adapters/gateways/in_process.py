"""The simulator as a gateway in the same process: no sockets, the same answers, the same waits."""

import time
from collections.abc import Sequence
from typing import assert_never

from adapters.gateways.simulator import Simulator
from adapters.gateways.simulator_rules import Operation, Reply, Request
from adapters.gateways.tokens import Answer, read_settings
from domain.organisation import MerchantAccount
from domain.outcome import Approved, Charge, Declined, Finding, LookUp, NoAnswer, NotFound, Outcome


class SimulatedGateway:
    """A `Gateway` over a simulator. Safe to call from several threads.

    With `clock_is_real=False` nothing is waited for: silence is `NoAnswer` at once. The simulator is the
    caller's to close.
    """

    def __init__(self, simulator: Simulator, *, clock_is_real: bool = True) -> None:
        self._simulator = simulator
        self._clock_is_real = clock_is_real

    def charge(self, account: MerchantAccount, charges: Sequence[Charge]) -> list[Outcome]:
        settings = read_settings(account.settings)
        requests = [
            Request(
                operation=Operation.CHARGE,
                organisation=account.organisation,
                merchant_account=account.id,
                key=charge.key,
                amount=charge.amount_minor,
                currency=charge.currency,
                token=charge.token,
                settings=settings,
            )
            for charge in charges
        ]
        replies = self._answer(requests, settings.deadline_s)
        outcomes: list[Outcome] = []
        for charge, reply in zip(charges, replies, strict=True):
            finding = _read(reply, charge, settings.deadline_s)
            # A charge is never answered "not found"; if it were, that would be a bug of the simulator.
            outcomes.append(NoAnswer(why="gateway_bug") if isinstance(finding, NotFound) else finding)
        return outcomes

    def look_up(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Finding]:
        settings = read_settings(account.settings)
        requests = [
            Request(
                operation=Operation.LOOK_UP,
                organisation=account.organisation,
                merchant_account=account.id,
                key=question.key,
                settings=settings,
            )
            for question in questions
        ]
        replies = self._answer(requests, settings.deadline_s)
        return [_read(reply, question, settings.deadline_s) for question, reply in zip(questions, replies, strict=True)]

    def _answer(self, requests: Sequence[Request], deadline_s: float) -> list[Reply]:
        """Performs the batch, then waits once for the slowest answer, the deadline at most."""
        if not requests:
            return []
        whose = (requests[0].organisation, requests[0].merchant_account)
        self._simulator.concurrency.begin(whose, len(requests))
        try:
            asked_at = time.monotonic()
            replies = self._simulator.perform(requests)
            if self._clock_is_real:
                slowest_s = min(deadline_s, max(reply.after_s for reply in replies))
                left_s = slowest_s - (time.monotonic() - asked_at)
                if left_s > 0:
                    time.sleep(left_s)
            return replies
        finally:
            self._simulator.concurrency.end(whose, len(requests))


def _read(reply: Reply, asked: Charge | LookUp, deadline_s: float) -> Approved | Declined | NotFound | NoAnswer:
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
        case Answer.GARBAGE:
            return NoAnswer(why="malformed")
        case Answer.CONFLICT:
            return NoAnswer(why="conflict")
        case unreachable:
            assert_never(unreachable)


def _read_verdict(reply: Reply, asked: Charge | LookUp) -> Approved | Declined | NoAnswer:
    amount, currency, script = reply.amount, reply.currency, reply.script
    if amount != asked.amount_minor or currency != asked.currency:
        return NoAnswer(why="mismatch")
    if script.answer is Answer.DECLINED:
        return Declined(code=script.code, network_code=script.network_code, reference=reply.reference)
    return Approved(reference=reply.reference, amount_minor=asked.amount_minor, currency=asked.currency)
