"""The adapter of Paysafe: charges, e-checks, refunds, cancellations and every question about them, over HTTP."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from adapters.gateways.paysafe import judging, standing
from adapters.gateways.paysafe.asking import PAGE
from adapters.gateways.paysafe.desk import Desk
from adapters.gateways.paysafe.judging import Duplicate, Things
from adapters.gateways.paysafe.terms import Terms, TermsWrong, read_terms
from adapters.gateways.wire import Wire
from domain.organisation import MerchantAccount
from domain.outcome import (
    NOT_SETTLED,
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
    Pending,
    RefundOrder,
    Settled,
    Standing,
)
from domain.ports import ListNotAvailable

MAX_CONNECTIONS = 64  # to Paysafe, from one process
CLOSED = "account_not_usable"
NO_RAIL = "kind_not_configured"
MAX_PAGES = 2_000

logger = logging.getLogger(__name__)

Credentials = Callable[[str, str], str]  # organisation and name -> "user:password"; raises LookupError


class PaysafeGateway:
    """A `Gateway` for all accounts of Paysafe. Safe for several threads at once.

    Whatever is asked carries our key as `merchantRefNum`, which Paysafe takes once in 90 days: a key that it knows
    already is looked up and what is found is adopted. `today` is the processor's date.
    """

    def __init__(
        self, credentials: Credentials, *, today: Callable[[], date], simulator_url: str | None = None
    ) -> None:
        self._credentials = credentials
        self._today = today
        self._simulator_url = simulator_url
        self._guard = threading.Lock()
        self._wires: dict[str, Wire] = {}

    def charge(self, account: MerchantAccount, charges: Sequence[Charge]) -> list[Outcome]:
        desk = self._desk(account)
        if desk is None or desk.cards is None:
            return list[Outcome](_not_sent(charges, CLOSED if desk is None else NO_RAIL))
        rail = desk.cards
        answers = desk.ask(
            charges,
            lambda charge: desk.asker.charge(rail, charge),
            lambda charge, head, body: judging.judge_taken(charge, head, body, card=True),
        )
        return self._adopt(desk, charges, answers, About.CHARGE)

    def debit(self, account: MerchantAccount, debits: Sequence[Debit]) -> list[Outcome]:
        desk = self._desk(account)
        if desk is None or desk.debits is None:
            return list[Outcome](_not_sent(debits, CLOSED if desk is None else NO_RAIL))
        rail = desk.debits
        answers = desk.ask(
            debits,
            lambda debit: desk.asker.debit(rail, debit),
            lambda debit, head, body: judging.judge_taken(debit, head, body, card=False),
        )
        return self._adopt(desk, debits, answers, About.DEBIT)

    def refund(self, account: MerchantAccount, orders: Sequence[RefundOrder]) -> list[Outcome]:
        """Of an e-check by Direct Debit it is a credit that Paysafe links to nothing: so its debit is asked for first,
        and more than that is never sent."""
        desk = self._desk(account)
        if desk is None:
            return list[Outcome](_not_sent(orders, CLOSED))
        outcomes: list[Outcome] = [_may_not(desk, order) or NoAnswer(why="gateway_bug") for order in orders]
        may = [index for index, order in enumerate(orders) if _may_not(desk, order) is None]
        unlinked = [index for index in may if _unlinked(desk, orders[index])]
        questions = [_debit_of(orders[index]) for index in unlinked]
        for index, stands in zip(unlinked, self._stand(desk, questions), strict=True):
            if not isinstance(stands, Settled):
                outcomes[index] = _too_early(stands)
                may.remove(index)
        sent = [orders[index] for index in may]
        answers = desk.ask(sent, lambda order: _write_refund(desk, order), judging.judge_refund)
        for index, outcome in zip(may, self._adopt(desk, sent, answers, About.REFUND), strict=True):
            outcomes[index] = outcome
        return outcomes

    def cancel(self, account: MerchantAccount, cancellations: Sequence[Cancellation]) -> list[Outcome]:
        """A settlement, or a debit where there is no such settlement. Paysafe says itself when it is too late."""
        desk = self._desk(account)
        if desk is None:
            return list[Outcome](_not_sent(cancellations, CLOSED))
        outcomes: list[Outcome] = [Declined(code=judging.UNKNOWN_CHARGE) for _ in cancellations]
        for rail in desk.rails:
            wanted = [
                index
                for index, (one, outcome) in enumerate(zip(cancellations, outcomes, strict=True))
                if one.of_reference and isinstance(outcome, Declined) and outcome.code == judging.UNKNOWN_CHARGE
            ]
            answers = desk.ask(
                [cancellations[index] for index in wanted],
                lambda one, rail=rail: desk.asker.cancel(rail, one.of_reference),  # type: ignore[misc]
                judging.judge_cancelled,
            )
            for index, answer in zip(wanted, answers, strict=True):
                outcomes[index] = answer
        return outcomes

    def look_up(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Finding]:
        desk = self._desk(account)
        if desk is None:
            return list[Finding](_not_sent(questions, CLOSED))
        own = self._own(desk, questions)
        return [standing.find(question, things) for question, things in zip(questions, own, strict=True)]

    def status(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Standing]:
        desk = self._desk(account)
        return list[Standing](_not_sent(questions, CLOSED)) if desk is None else self._stand(desk, questions)

    def listed(self, account: MerchantAccount, on: date) -> Iterable[Listed]:
        """By the dates of Paysafe's own lists."""
        desk = self._desk(account)
        if desk is None:
            raise ListNotAvailable(CLOSED)
        for rail in desk.rails:
            about = About.CHARGE if rail == desk.cards else About.DEBIT
            for things, what in ((rail.charges, about), (rail.refunds, About.REFUND)):
                for page in range(MAX_PAGES):
                    found = standing.page(desk, rail, things, on, page)
                    yield from standing.listed(desk, rail, found, what)
                    if len(found) < PAGE:
                        break
                else:
                    raise ListNotAvailable("endless")

    def close(self) -> None:
        with self._guard:
            wires, self._wires = self._wires, {}
        for wire in wires.values():
            wire.close()

    def _adopt(self, desk: Desk, asked: Sequence[Any], answers: Sequence[Any], about: About) -> list[Outcome]:
        """A key that Paysafe has seen before: what became of it is what it is worth, if it is what we ask for."""
        outcomes: list[Outcome] = [NoAnswer(why="conflict") if type(one) is Duplicate else one for one in answers]
        again = [index for index, one in enumerate(answers) if type(one) is Duplicate]
        questions = [_about(asked[index], about) for index in again]
        for index, question, things in zip(again, questions, self._own(desk, questions), strict=True):
            found = standing.find(question, things)
            if not isinstance(found, NotFound):
                outcomes[index] = found
        return outcomes

    def _own(self, desk: Desk, questions: Sequence[LookUp]) -> list[Things]:
        found: list[Things] = [[] for _ in questions]
        for about, read in (
            ((About.CHARGE, About.DEBIT), desk.charges),
            ((About.REFUND,), desk.refunds),
            ((About.CANCELLATION,), lambda some: desk.named([one.of_reference for one in some])),
        ):
            wanted = [index for index, one in enumerate(questions) if one.about in about]
            for index, things in zip(wanted, read([questions[index] for index in wanted]), strict=True):
                found[index] = things
        return found

    def _stand(self, desk: Desk, questions: Sequence[LookUp]) -> list[Standing]:
        own = self._own(desk, questions)
        settlements = desk.named([standing.settlement_of(desk, *pair) for pair in zip(questions, own, strict=True)])
        return [
            standing.stand(question, things, settled, self._today())
            for question, things, settled in zip(questions, own, settlements, strict=True)
        ]

    def _desk(self, account: MerchantAccount) -> Desk | None:
        """None when the account's settings make no sense or its secret is not here: nothing is sent."""
        try:
            terms: Terms = read_terms(account, simulator_url=self._simulator_url)
            secret = self._credentials(account.organisation, terms.credentials)
        except (TermsWrong, LookupError) as error:
            about = {"organisation": account.organisation, "merchant_account": account.id, "error": str(error)}
            logger.error("gateway.account_not_usable", extra=about)
            return None
        with self._guard:
            wire = self._wires.get(terms.url)
            if wire is None:
                wire = self._wires[terms.url] = Wire(terms.url, max_connections=MAX_CONNECTIONS)
        return Desk(wire, terms, secret, self._today())


def _not_sent(asked: Sequence[Any], why: str) -> list[NotSent]:
    return [NotSent(why=why)] * len(asked)


def _about(asked: Any, about: About) -> LookUp:
    return LookUp(key=asked.key, amount_minor=asked.amount_minor, currency=asked.currency, about=about)


def _rail(desk: Desk, order: RefundOrder) -> Any:
    return desk.cards if order.kind == "card" else desk.debits


def _unlinked(desk: Desk, order: RefundOrder) -> bool:
    rail = _rail(desk, order)
    return rail is not None and not rail.settles


def _may_not(desk: Desk, order: RefundOrder) -> Outcome | None:
    """Why a refund is not even asked for."""
    rail = _rail(desk, order)
    if rail is None:
        return NotSent(why=NO_RAIL)
    if order.amount_minor > order.charged_minor:
        return Declined(code="exceeds_refundable")
    return NotSent(why="no_reference") if rail.settles and not order.of_reference else None


def _write_refund(desk: Desk, order: RefundOrder) -> bytes:
    return desk.asker.refund(_rail(desk, order), order)


def _debit_of(order: RefundOrder) -> LookUp:
    return LookUp(key=order.of_key, amount_minor=order.charged_minor, currency=order.currency, about=About.DEBIT)


def _too_early(stands: Standing) -> Outcome:
    match stands:
        case Pending():
            return Declined(code=NOT_SETTLED)
        case NoAnswer() | NotSent():
            return NotSent(why=stands.why)
        case _:
            return Declined(code=judging.UNKNOWN_CHARGE)
