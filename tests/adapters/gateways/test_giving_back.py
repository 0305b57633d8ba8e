"""Refunds, cancellations, e-checks and lists of the simulator's contract, the same in process and over HTTP."""

from dataclasses import replace
from datetime import date

import pytest

from domain.outcome import (
    NOT_SETTLED,
    About,
    Approved,
    Cancellation,
    Cancelled,
    Charge,
    Debit,
    Declined,
    Finding,
    LookUp,
    NoAnswer,
    NotFound,
    Outcome,
    Pending,
    RefundOrder,
)
from tests.adapters.gateways.conftest import Desk, about, charge_of, noon

TODAY = noon().date()


def paid(desk: Desk, token: str = "tok_approve", **settings: object) -> Charge:
    charge = charge_of(token)
    (answer,) = desk.gateway.charge(desk.account(**settings), [charge])
    assert isinstance(answer, Approved)
    return charge


def order_of(charge: Charge, amount: int | None = None, *, number: int = 1) -> RefundOrder:
    return RefundOrder(
        key=f"{charge.key}r{number}", of_key=charge.key, of_reference="", amount_minor=amount or charge.amount_minor,
        currency=charge.currency, charged_minor=charge.amount_minor, token=charge.token,
    )  # fmt: skip


def cancellation_of(charge: Charge, *, number: int = 1) -> Cancellation:
    return Cancellation(
        key=f"{charge.key}r{number}", of_key=charge.key, of_reference="", amount_minor=charge.amount_minor,
        currency=charge.currency,
    )  # fmt: skip


def about_that(asked: RefundOrder | Cancellation) -> LookUp:
    kind = About.REFUND if isinstance(asked, RefundOrder) else About.CANCELLATION
    return LookUp(
        key=asked.key, amount_minor=asked.amount_minor, currency=asked.currency, about=kind, of_key=asked.of_key
    )


def test_R1_a_refund_in_full_or_in_part_is_taken_on_and_found_and_more_is_declined(desk: Desk):
    account, charge = desk.account(), paid(desk)
    orders = [order_of(charge, 3000, number=1), order_of(charge, 1501, number=2), order_of(charge, 1500, number=3)]

    answers = desk.gateway.refund(account, orders)

    assert [type(one) for one in answers] == [Approved, Declined, Approved]
    assert said(answers[1]) == Declined(code="exceeds_refundable")
    found = desk.gateway.look_up(account, [about_that(order) for order in orders])
    assert [type(one) for one in found] == [Approved, Declined, Approved]
    assert desk.effects()[:4] == ["captured", "refunded", "none", "refunded"]


def test_a_repeated_refund_moves_nothing_and_one_with_another_amount_is_a_conflict(desk: Desk):
    account, order = desk.account(), order_of(paid(desk), 1000)

    first, second = desk.gateway.refund(account, [order])[0], desk.gateway.refund(account, [order])[0]

    assert first == second
    assert desk.gateway.refund(account, [replace(order, amount_minor=2000)]) == [NoAnswer(why="conflict")]
    assert desk.effects() == ["captured", "refunded", "none", "none"]


# fmt: off
TABLE = [
    # token of the charge           effect      answer                                  look-up
    ("tok_approve",               "refunded", Approved,                               Approved),
    ("tok_refund_fails",          "none",     Declined(code="refund_declined",
                                                       network_code="05"),            Declined),
    ("tok_refund_card_closed",    "none",     Declined(code="closed_account",
                                                       network_code="46"),            Declined),
    ("tok_refund_timeout_after",  "refunded", NoAnswer(why="timeout"),                Approved),
    ("tok_refund_timeout_before", "none",     NoAnswer(why="timeout"),                NotFound),
    ("tok_refund_500",            "none",     NoAnswer(why="server_error"),           NotFound),
    ("tok_refund_garbage",        "none",     NoAnswer(why="malformed"),              NotFound),
]
# fmt: on


def like(answer: Outcome | Finding, expected: object) -> bool:
    if isinstance(expected, type):
        return isinstance(answer, expected)
    return said(answer) == expected


def said(answer: Outcome | Finding) -> Outcome | Finding:
    """A decline without the reference, which differs each time."""
    return replace(answer, reference="") if isinstance(answer, Declined) else answer


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_F23_the_token_of_the_charge_decides_about_its_refund(desk: Desk, row):
    token, effect, answer, finding = row
    account = desk.account(deadline_s=0.3)
    order = order_of(paid(desk, token))

    assert like(desk.gateway.refund(account, [order])[0], answer)
    assert desk.effects()[1] == effect
    assert like(desk.gateway.look_up(account, [about_that(order)])[0], finding)


def test_F26_the_second_send_of_a_refund_goes_through_after_a_500_and_moves_once(desk: Desk):
    account, order = desk.account(), order_of(paid(desk, "tok_refund_500"))

    answers = [desk.gateway.refund(account, [order])[0] for _ in range(3)]

    assert [type(one) for one in answers] == [NoAnswer, Approved, Approved]
    assert desk.effects() == ["captured", "none", "refunded", "none"]


def test_B9_a_charge_is_cancelled_in_full_once_and_stands_as_cancelled(desk: Desk):
    account, charge = desk.account(), paid(desk)

    (answer,) = desk.gateway.cancel(account, [cancellation_of(charge)])
    (again,) = desk.gateway.cancel(account, [cancellation_of(charge, number=2)])

    assert isinstance(answer, Approved)
    assert answer.amount_minor == charge.amount_minor
    assert isinstance(again, Declined)
    assert again.code == "already_voided"
    assert isinstance(desk.gateway.look_up(account, [about_that(cancellation_of(charge))])[0], Approved)
    assert desk.gateway.status(account, [about(charge)]) == [Cancelled()]
    assert [one for one in desk.effects() if one != "none"] == ["captured", "voided"]


def test_a_charge_that_never_was_can_be_neither_cancelled_nor_refunded(desk: Desk):
    charge = charge_of("tok_approve")
    (cancelled,) = desk.gateway.cancel(desk.account(), [cancellation_of(charge)])
    (refunded,) = desk.gateway.refund(desk.account(), [order_of(charge, number=2)])
    assert [said(cancelled), said(refunded)] == [Declined(code="unknown_charge")] * 2


def test_R7_a_refund_before_the_settlement_is_declined_where_the_account_says_so(desk: Desk):
    account, charge = desk.account(refund_before_settlement=False), paid(desk)

    (answer,) = desk.gateway.refund(account, [order_of(charge)])

    assert said(answer) == Declined(code=NOT_SETTLED)
    assert desk.gateway.status(account, [about(charge)]) == [Pending()]


def test_E7_an_echeck_is_debited_and_refunded_in_full_only_where_the_account_says_so(desk: Desk):
    account = desk.account(partial_echeck_refund=False)
    debit = Debit(key=charge_of("x").key, amount_minor=4500, currency="CAD", token="echeck_settle")

    (answer,) = desk.gateway.debit(account, [debit])
    order = RefundOrder(
        key=f"{debit.key}r1", of_key=debit.key, of_reference="", amount_minor=100, currency="CAD", charged_minor=4500,
        token=debit.token, kind="echeck",
    )  # fmt: skip
    (refused,) = desk.gateway.refund(account, [order])

    assert isinstance(answer, Approved)
    assert said(refused) == Declined(code="in_full_only")
    assert desk.effects()[0] == "debited"


def test_what_was_never_asked_stands_nowhere(desk: Desk):
    assert desk.gateway.status(desk.account(), [about(charge_of("tok_approve"))]) == [NotFound()]


def test_the_list_of_a_date_has_what_moved_on_it_and_what_was_cancelled_since(desk: Desk):
    account, kept, cancelled = desk.account(), paid(desk), paid(desk)
    desk.gateway.refund(account, [order_of(kept, 1000)])
    desk.gateway.cancel(account, [cancellation_of(cancelled)])
    desk.gateway.charge(account, [charge_of("tok_lost_card")])
    today = date.fromisoformat(desk.lines()[0]["at"][:10])

    listed = {one.key: (one.about, one.amount_minor, one.cancelled) for one in desk.gateway.listed(account, today)}

    assert listed == {
        kept.key: (About.CHARGE, 4500, False),
        cancelled.key: (About.CHARGE, 4500, True),
        f"{kept.key}r1": (About.REFUND, 1000, False),
    }
    assert list(desk.gateway.listed(account, date(2020, 1, 1))) == []


def test_a_long_list_is_had_page_by_page(desk: Desk):
    charges = [charge_of("tok_approve") for _ in range(1_001)]
    desk.gateway.charge(desk.account(), charges)
    today = date.fromisoformat(desk.lines()[0]["at"][:10])

    assert {one.key for one in desk.gateway.listed(desk.account(), today)} == {one.key for one in charges}
