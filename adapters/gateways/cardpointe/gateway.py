"""The adapter of CardPointe: charges, e-checks, refunds, voids and every question about them, over HTTP."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from adapters.gateways.cardpointe import judging
from adapters.gateways.cardpointe.answers import Answer
from adapters.gateways.cardpointe.answers import Standing as Stands
from adapters.gateways.cardpointe.asking import Asker
from adapters.gateways.cardpointe.settling import Reports, list_chargebacks, list_day, stand
from adapters.gateways.cardpointe.terms import Terms, TermsWrong, read_terms
from adapters.gateways.kept import with_words
from adapters.gateways.wire import Wire
from adapters.gateways.wire_head import Head
from domain.organisation import MerchantAccount
from domain.outcome import (
    ALREADY_SETTLED,
    About,
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

MAX_CONNECTIONS = 64  # to one site of CardPointe
REPORTS_S = 600.0  # how long funding reports that were read are good for
AT_ONCE = 20  # of a long list of questions
VOID_TRIES = 3  # by order id, when CardPointe is silent: it asks for that itself
CLOSED = "account_not_usable"
UNKNOWN_CHARGE = "unknown_charge"  # a cancellation of what CardPointe has never seen: there is nothing to cancel

logger = logging.getLogger(__name__)

Credentials = Callable[[str, str], str]  # organisation and name -> "user:password"; raises LookupError
A = TypeVar("A")
J = TypeVar("J")
Records = list[Answer] | NoAnswer | NotSent


class CardPointeGateway:
    """A `Gateway` for all accounts of CardPointe. Safe for several threads at once.

    A charge is found by our order id, which is its key; CardPointe doesn't mind an order id that comes twice, so a
    key is sent once (`WhenNotFound.NEW_ATTEMPT`). `today` is the date of the processor, for funding reports.
    """

    def __init__(
        self, credentials: Credentials, *, today: Callable[[], date], simulator_url: str | None = None
    ) -> None:
        self._credentials = credentials
        self._today = today
        self._simulator_url = simulator_url
        self._guard = threading.Lock()
        self._wires: dict[str, Wire] = {}
        self._reports: dict[tuple[str, str, str, date], tuple[float, Reports]] = {}

    def charge(self, account: MerchantAccount, charges: Sequence[Charge]) -> list[Outcome]:
        desk = self._desk(account)
        return list[Outcome](desk.ask(charges, Asker.charge, judging.judge_charge) if desk else _closed(charges))

    def debit(self, account: MerchantAccount, debits: Sequence[Debit]) -> list[Outcome]:
        desk = self._desk(account)
        return list[Outcome](desk.ask(debits, Asker.debit, judging.judge_charge) if desk else _closed(debits))

    def refund(self, account: MerchantAccount, orders: Sequence[RefundOrder]) -> list[Outcome]:
        desk = self._desk(account)
        return list[Outcome](desk.ask(orders, Asker.refund, judging.judge_refund) if desk else _closed(orders))

    def cancel(self, account: MerchantAccount, cancellations: Sequence[Cancellation]) -> list[Outcome]:
        """By order id where CardPointe's number was never heard, and then up to three times: it is safe to repeat."""
        desk = self._desk(account)
        if desk is None:
            return list[Outcome](_closed(cancellations))
        answers = desk.ask(cancellations, Asker.void, judging.judge_void)
        for _ in range(VOID_TRIES - 1):
            silent = [
                index for index, answer in enumerate(answers)
                if isinstance(answer, NoAnswer) and answer.why != "mismatch" and not cancellations[index].of_reference
            ]  # fmt: skip
            again = desk.ask([cancellations[index] for index in silent], Asker.void, judging.judge_void)
            for index, answer in zip(silent, again, strict=True):
                answers[index] = answer
        return [Declined(code=UNKNOWN_CHARGE) if isinstance(one, NotFound) else one for one in answers]

    def look_up(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Finding]:
        desk = self._desk(account)
        if desk is None:
            return list[Finding](_closed(questions))
        own, charges = desk.records(questions), desk.charges(questions)
        return [_find(question, records, of) for question, records, of in zip(questions, own, charges, strict=True)]

    def status(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Standing]:
        desk = self._desk(account)
        if desk is None:
            return list[Standing](_closed(questions))
        own, charges = desk.records(questions), desk.charges(questions)
        reports = self._reports_of(account, desk)
        return [
            stand(question, records, of, reports) for question, records, of in zip(questions, own, charges, strict=True)
        ]

    def _reports_of(self, account: MerchantAccount, desk: "_Desk") -> Reports:
        """Read once for all that is asked in a row: a night asks about its e-checks a few at a time."""
        today, now = self._today(), time.monotonic()
        key = (account.organisation, account.id, desk.merchant, today)
        with self._guard:
            fresh = {one: kept for one, kept in self._reports.items() if kept[0] > now and kept[1].complete}
            self._reports = fresh | {key: fresh.get(key) or (now + REPORTS_S, Reports(desk.funding, today))}
            return self._reports[key][1]

    def listed(self, account: MerchantAccount, on: date) -> Iterable[Listed]:
        desk = self._desk(account)
        if desk is None:
            raise ListNotAvailable(CLOSED)
        moved = list(list_day(on, settlement=desk.settlement, inquire=desk.by_retref))
        return [*moved, *list_chargebacks(on, desk.funding)]

    def close(self) -> None:
        with self._guard:
            wires, self._wires = self._wires, {}
        for wire in wires.values():
            wire.close()

    def _desk(self, account: MerchantAccount) -> "_Desk | None":
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
                wire = self._wires[terms.url] = Wire(terms.url, max_connections=MAX_CONNECTIONS)
        return _Desk(wire, terms, secret)


def _closed(asked: Sequence[Any]) -> list[NotSent]:
    return [NotSent(why=CLOSED)] * len(asked)


class _Desk:
    """One merchant account at its site."""

    def __init__(self, wire: Wire, terms: Terms, secret: str) -> None:
        self._wire = wire
        self._deadline_s = terms.deadline_s
        self.merchant = terms.merchant
        self._asker = Asker(authority=wire.authority, merchant=terms.merchant, credentials=secret)

    def ask(
        self, asked: Sequence[A], write: Callable[[Asker, A], bytes], judge: Callable[[A, Head, bytes], J]
    ) -> list[J | NoAnswer | NotSent]:
        def read(index: int, head: Head, body: bytes) -> J:
            return with_words(judge(asked[index], head, body), head, body)

        requests = [write(self._asker, one) for one in asked]
        return self._wire.ask(requests, read, deadline_s=self._deadline_s)

    def records(self, questions: Sequence[LookUp]) -> list[Records]:
        """What CardPointe has under each question's own key; a void has no key there."""
        keys = [question.key if question.about is not About.CANCELLATION else "" for question in questions]
        return self._some(keys, Asker.inquire_by_order, judging.read_records)

    def charges(self, questions: Sequence[LookUp]) -> list[Records]:
        """The charge that a refund or a cancellation is about: what became of it may be the answer."""
        by_retref = [question.of_reference for question in questions]
        by_order = ["" if question.of_reference else question.of_key for question in questions]
        found = self._some(by_retref, Asker.inquire, judging.read_record)
        others = self._some(by_order, Asker.inquire_by_order, judging.read_records)
        return [one if retref else other for one, other, retref in zip(found, others, by_retref, strict=True)]

    def by_retref(self, retrefs: Sequence[str]) -> list[Records]:
        """A whole day of them, so not all at once: each of these parts has the deadline to itself."""
        found: list[Records] = []
        for start in range(0, len(retrefs), AT_ONCE):
            found += self.ask(retrefs[start : start + AT_ONCE], Asker.inquire, judging.read_record)
        return found

    def funding(self, days: Sequence[date]) -> list[Any]:
        return self.ask(days, Asker.funding, judging.read_page)

    def settlement(self, on: date) -> Any:
        return self.ask([on], Asker.settlement, judging.read_page)[0]

    def _some(
        self,
        asked: Sequence[str],
        write: Callable[[Asker, str], bytes],
        judge: Callable[[str, Head, bytes], Records],
    ) -> list[Records]:
        """Asks what is to be asked; nothing was found where there was no question."""
        found: list[Records] = [[] for _ in asked]
        wanted = [index for index, one in enumerate(asked) if one]
        answers = self.ask([asked[index] for index in wanted], write, judge)
        for index, answer in zip(wanted, answers, strict=True):
            found[index] = answer
        return found


def _find(question: LookUp, records: Records, charge: Records) -> Finding:
    if not isinstance(records, list):
        return records
    if question.about is About.CANCELLATION:
        return _find_void(question, charge)
    if not records and question.about is About.REFUND:
        return _find_void(question, charge, only_voided=True)
    return judging.find(question, records)


def _find_void(question: LookUp, charge: Records, *, only_voided: bool = False) -> Finding:
    """A void is found on what was voided. A refund may have become one, if CardPointe made it so."""
    if not isinstance(charge, list):
        return charge
    voided = [one for one in charge if one.standing is Stands.VOIDED]
    if voided:
        if voided[0].amount not in (None, 0, question.amount_minor):
            return NoAnswer(why="mismatch")
        return Approved(
            reference=voided[0].retref or question.of_reference,
            amount_minor=question.amount_minor,
            currency=question.currency,
        )
    if only_voided:
        return NotFound()
    if any(one.standing in (Stands.ACCEPTED, Stands.REJECTED) for one in charge):
        return Declined(code=ALREADY_SETTLED)
    return NotFound()
