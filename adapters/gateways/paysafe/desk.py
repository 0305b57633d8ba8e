"""One merchant account at Paysafe: each question asked of the right API, in batches."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar

from adapters.gateways.kept import with_words
from adapters.gateways.paysafe import judging
from adapters.gateways.paysafe.asking import Asker, Rail, card_rail, debit_rail
from adapters.gateways.paysafe.judging import Thing, Things
from adapters.gateways.paysafe.terms import Terms
from adapters.gateways.wire import Wire
from adapters.gateways.wire_head import Head
from domain.outcome import About, LookUp, NoAnswer, NotSent

A = TypeVar("A")
J = TypeVar("J")


class Desk:
    """`cards` and `debits` are the APIs that this account has."""

    def __init__(self, wire: Wire, terms: Terms, secret: str, today: date) -> None:
        self._wire = wire
        self._today = today
        self.terms = terms
        self.asker = Asker(terms, authority=wire.authority, credentials=secret)
        self.cards = card_rail(terms)
        self.debits = debit_rail(terms)

    @property
    def rails(self) -> list[Rail]:
        """Each once, cards first."""
        return list(dict.fromkeys(rail for rail in (self.cards, self.debits) if rail is not None))

    def ask(
        self, asked: Sequence[A], write: Callable[[A], bytes], judge: Callable[[A, Head, bytes], J]
    ) -> list[J | NoAnswer | NotSent]:
        def read(index: int, head: Head, body: bytes) -> J:
            return with_words(judge(asked[index], head, body), head, body)

        return self._wire.ask([write(one) for one in asked], read, deadline_s=self.terms.deadline_s)

    def charges(self, questions: Sequence[LookUp]) -> list[Things]:
        """What is known under each question's key as a charge or a debit."""
        return self._each(questions, lambda one: self._charge_rail(one), lambda rail: rail.charges)

    def refunds(self, questions: Sequence[LookUp]) -> list[Things]:
        """Under each question's key as a refund: of a card, or as a credit of its own."""
        found = self._each(questions, lambda _: self.cards, lambda rail: rail.refunds)
        if self.debits is None or self.debits == self.cards:
            return found
        credits = self._each(questions, lambda _: self.debits, lambda rail: rail.refunds)
        return [_both(one, other) for one, other in zip(found, credits, strict=True)]

    def named(self, references: Sequence[str], *, as_settlement: bool = True) -> list[Things]:
        """What has each of these ids: a settlement, else a debit. Nothing where the reference is empty."""
        found: list[Things] = [[] for _ in references]
        for rail in self.rails:
            things = "settlements" if rail.settles else rail.charges
            wanted = [index for index, one in enumerate(references) if one and _nothing(found[index])]
            answers = self.ask(
                [references[index] for index in wanted],
                lambda reference, rail=rail, things=things: self.asker.read(rail, things, reference),  # type: ignore[misc]
                lambda _, head, body: judging.read_one(head, body),
            )
            for index, answer in zip(wanted, answers, strict=True):
                found[index] = answer
        return found

    def _charge_rail(self, question: LookUp) -> Rail | None:
        return self.debits if question.about is About.DEBIT else self.cards

    def _each(
        self, questions: Sequence[LookUp], rail_of: Callable[[LookUp], Rail | None], things_of: Callable[[Rail], str]
    ) -> list[Things]:
        found: list[Things] = [[] for _ in questions]
        for rail in self.rails:
            wanted = [index for index, one in enumerate(questions) if rail_of(one) == rail]
            answers = self._find(rail, things_of(rail), [questions[index] for index in wanted])
            for index, answer in zip(wanted, answers, strict=True):
                found[index] = answer
        return found

    def _find(self, rail: Rail, things: str, questions: Sequence[LookUp]) -> list[Any]:
        def judge(question: LookUp, head: Head, body: bytes) -> Sequence[Thing] | NoAnswer:
            found = judging.read_list(things, head, body)
            if isinstance(found, NoAnswer):
                return found
            ours = [one for one in found if one.key == question.key]
            return NoAnswer(why="mismatch") if found and not ours else ours

        return self.ask(questions, lambda one: self.asker.find(rail, things, one.key, today=self._today), judge)


def _nothing(found: Things) -> bool:
    return not isinstance(found, NoAnswer | NotSent) and not found


def _both(one: Things, other: Things) -> Things:
    """What was found at either; without both answers, nothing is sure."""
    if isinstance(one, NoAnswer | NotSent):
        return one
    if isinstance(other, NoAnswer | NotSent):
        return one or other
    return [*one, *other]
