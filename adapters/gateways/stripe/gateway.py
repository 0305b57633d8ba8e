"""The adapter of Stripe: PaymentIntents off session, refunds and every question about them, by its own SDK."""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, TypeVar

import stripe

from adapters.gateways.stripe import judging
from adapters.gateways.stripe.desk import Desk, of
from adapters.gateways.stripe.terms import TermsWrong, read_terms
from adapters.gateways.wire import Wire
from domain.organisation import MerchantAccount
from domain.outcome import (
    ALREADY_SETTLED,
    About,
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

MAX_THREADS = 32  # to Stripe, from one process: its SDK is synchronous, one call a thread
CLOSED = "account_not_usable"

logger = logging.getLogger(__name__)

Credentials = Callable[[str, str], str]  # organisation and name -> secret key; raises LookupError
A = TypeVar("A")
R = TypeVar("R")


class StripeGateway:
    """A `Gateway` for all accounts of Stripe. Safe for several threads at once.

    Our key is the idempotency key, which Stripe remembers for a day, and travels in `metadata`, by which it is
    found for ever. A card payment can't be cancelled once it succeeded: it is refunded. `today` is the processor's
    date.
    """

    def __init__(
        self, credentials: Credentials, *, today: Callable[[], date], simulator_url: str | None = None
    ) -> None:
        self._credentials = credentials
        self._today = today
        self._simulator_url = simulator_url
        self._guard = threading.Lock()
        self._wires: dict[str, Wire] = {}
        self._threads: tuple[int, ThreadPoolExecutor] | None = None

    def charge(self, account: MerchantAccount, charges: Sequence[Charge]) -> list[Outcome]:
        return self._each(account, charges, _pay)

    def debit(self, account: MerchantAccount, debits: Sequence[Debit]) -> list[Outcome]:
        return self._each(account, debits, _pay)

    def refund(self, account: MerchantAccount, orders: Sequence[RefundOrder]) -> list[Outcome]:
        return self._each(account, orders, _refund)

    def cancel(self, account: MerchantAccount, cancellations: Sequence[Cancellation]) -> list[Outcome]:
        """Never: what has succeeded is refunded, and a debit is on its way as soon as it is asked for."""
        return [Declined(code=ALREADY_SETTLED) for _ in cancellations]

    def look_up(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Finding]:
        return self._each(account, questions, _find)

    def status(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Standing]:
        today = self._today()
        return self._each(account, questions, lambda desk, question: _stand(desk, question, today))

    def listed(self, account: MerchantAccount, on: date) -> Iterable[Listed]:
        desk = self._desk(account)
        if desk is None:
            raise ListNotAvailable(CLOSED)
        try:
            return [line for line in (judging.listed(thing, on) for thing in desk.of_day(on)) if line is not None]
        except stripe.StripeError as error:
            raise ListNotAvailable(of(error).why) from None

    def close(self) -> None:
        with self._guard:
            wires, self._wires = self._wires, {}
            threads, self._threads = self._threads, None
        for wire in wires.values():
            wire.close()
        if threads is not None and threads[0] == os.getpid():
            threads[1].shutdown()

    def _each(self, account: MerchantAccount, asked: Sequence[A], do: Callable[[Desk, A], Any]) -> list[Any]:
        """All of them, as many at once as there are threads."""
        desk = self._desk(account)
        if desk is None:
            return [NotSent(why=CLOSED) for _ in asked]

        def one(thing: A) -> Any:
            try:
                return do(desk, thing)
            except Exception:  # our own bug must not decide about money
                logger.exception("gateway.answer_not_judged")
                return NoAnswer(why="gateway_bug")

        return [one(thing) for thing in asked] if len(asked) == 1 else list(self._pool().map(one, asked))

    def _pool(self) -> ThreadPoolExecutor:
        """The threads of this process: after a fork, the parent's are not here."""
        with self._guard:
            if self._threads is None or self._threads[0] != os.getpid():
                made = ThreadPoolExecutor(max_workers=MAX_THREADS, thread_name_prefix="encaisse-stripe")
                self._threads = (os.getpid(), made)
            return self._threads[1]

    def _desk(self, account: MerchantAccount) -> Desk | None:
        """None when the account's settings make no sense or its secret is not here: nothing is sent."""
        try:
            terms = read_terms(account, simulator_url=self._simulator_url)
            secret = self._credentials(account.organisation, terms.credentials)
        except (TermsWrong, LookupError) as error:
            about = {"organisation": account.organisation, "merchant_account": account.id, "error": str(error)}
            logger.error("gateway.account_not_usable", extra=about)
            return None
        with self._guard:
            wire = self._wires.get(terms.url)
            if wire is None:
                wire = self._wires[terms.url] = Wire(terms.url, max_connections=MAX_THREADS)
        return Desk(wire, terms, secret)


def _pay(desk: Desk, asked: Charge | Debit) -> Outcome:
    try:
        thing = desk.pay(asked)
    except stripe.StripeError as error:
        return judging.judge_error(asked, error)
    card = isinstance(asked, Charge)
    return _call_off(desk, asked, thing, card=card) or judging.judge_payment(asked, thing, card=card)


def _call_off(desk: Desk, asked: Any, thing: Any, *, card: bool) -> Outcome | None:
    """A payment that waits for the client could still succeed behind our back: it is called off, or unknown."""
    if not judging.needs_action(asked, thing):
        return None
    try:
        return judging.judge_payment(asked, desk.call_off(str(thing["id"])), card=card)
    except stripe.StripeError as error:
        return of(error) if isinstance(of(error), NoAnswer) else NoAnswer(why="timeout")


def _refund(desk: Desk, order: RefundOrder) -> Outcome:
    if not order.of_reference:
        return NotSent(why="no_reference")
    if order.amount_minor > order.charged_minor:
        return Declined(code="exceeds_refundable")
    try:
        return judging.judge_refund(order, desk.give_back(order))
    except stripe.StripeError as error:
        return judging.judge_refund_error(order, error)


def _find(desk: Desk, question: LookUp) -> Finding:
    try:
        if question.about is About.CANCELLATION:
            return Declined(code=ALREADY_SETTLED)
        if question.about is About.REFUND:
            refunds = desk.refunds_of(question)
            if len(refunds) > 1:
                return NoAnswer(why="conflict")
            return judging.judge_refund(question, refunds[0]) if refunds else NotFound()
        card = question.about is About.CHARGE
        things = desk.payments_of(question)
        waiting = _call_off(desk, question, things[0], card=card) if len(things) == 1 else None
        if isinstance(waiting, NotSent):
            return NoAnswer(why="timeout")
        return waiting or judging.find_payment(question, things, card=card)
    except stripe.StripeError as error:
        return of(error)


def _stand(desk: Desk, question: LookUp, today: date) -> Standing:
    try:
        if question.about is About.REFUND:
            return judging.stand_refund(question, desk.refunds_of(question), today)
        things = desk.payments_of(question)
        found = judging.find_payment(question, things, card=question.about is About.CHARGE)
        if isinstance(found, NotFound | NoAnswer | NotSent):
            return found
        thing = desk.payment(found.reference)
        charge = thing.get("latest_charge")
        disputed = isinstance(charge, dict) and charge.get("disputed") is True
        return judging.stand_payment(question, thing, desk.disputes_of(found.reference) if disputed else [], today)
    except stripe.StripeError as error:
        return of(error)
