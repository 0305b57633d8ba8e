"""No third place: what a stop, a rejection or money from elsewhere leaves behind is charged, shown or cancelled."""

from datetime import date
from typing import Any

from domain.action_item import ItemState
from domain.payment import PaymentState
from domain.use_cases.act_on_item import reject_item, retry_item
from domain.use_cases.plan_instalments import cancel_instalments, change_instalments
from domain.use_cases.register import register_payment_method
from tests.world import ORGANISATION, World

MARIE: dict[str, Any] = {"organisation": ORGANISATION, "by": "marie"}
DATES = [date(2026, 11, 25), date(2026, 12, 25), date(2027, 1, 25)]
S = PaymentState


def states(club: World, ids: list[str]) -> list[PaymentState]:
    return [club.payment(id).state for id in ids]


def stopped(club: World) -> list[str]:
    """A plan of three whose first charge said that the authorisation is revoked."""
    ids = club.plan(club.card("tok_revoked", id="pm-revoked"), club.invoice(30_000), 30_000, DATES)
    club.night()
    assert states(club, ids) == [S.FAILED, S.HELD, S.HELD]
    return ids


def test_I5_a_new_method_for_what_is_held_lets_the_plan_go_on(club: World) -> None:
    ids = stopped(club)
    good = club.card("tok_approve")
    club.books.run(
        lambda tx: change_instalments(
            tx, **MARIE, instalments=ids[1:], day=None, amount=None, payment_method=good
        )
    )  # fmt: skip
    club.night(days=70)
    assert states(club, ids) == [S.FAILED, S.PAID, S.PAID]


def test_I5_what_is_held_behind_a_rejected_item_fails_on_its_own_date_with_its_own_item(club: World) -> None:
    ids = stopped(club)
    item = club.item(ids[0]).id
    club.books.run(lambda tx: reject_item(tx, **MARIE, item=item, reason="will pay in cash"))
    assert states(club, ids) == [S.FAILED, S.SCHEDULED, S.SCHEDULED]
    club.night(days=31)
    assert states(club, ids) == [S.FAILED, S.FAILED, S.SCHEDULED]
    assert [one.reason for one in club.items(payment=ids[1])] == ["revoked"]
    assert sum(line["operation"] == "charge" for line in club.journal()) == 1  # nothing was sent again


def test_I5_a_revoked_card_that_is_replaced_under_its_own_id_can_be_retried(club: World) -> None:
    ids = stopped(club)
    club.books.run(
        lambda tx: register_payment_method(
            tx, organisation=ORGANISATION, payment_method="pm-revoked", given={"token": "tok_approve"}, by="shop"
        )
    )
    item = club.item(ids[0]).id
    club.books.run(lambda tx: retry_item(tx, **MARIE, item=item))
    club.work()
    assert states(club, ids) == [S.PAID, S.SCHEDULED, S.SCHEDULED]


def test_I8_cash_lowers_the_last_instalment_although_an_earlier_one_has_no_verdict_yet(club: World) -> None:
    invoice = club.invoice(30_000)
    ids = club.plan(club.card("tok_timeout_after_charge"), invoice, 30_000, DATES)
    club.night()
    assert club.payment(ids[0]).state is S.UNKNOWN
    club.pay(5_000, offline="cash", invoice=invoice)
    club.climb()
    assert [club.payment(id).amount for id in ids] == [10_000, 10_000, 5_000]


def test_A9_a_failed_instalment_that_is_paid_in_cash_resolves_its_item(club: World) -> None:
    invoice = club.invoice(10_000)
    (failed,) = club.plan(club.card("tok_insufficient_funds"), invoice, 10_000, DATES[:1])
    club.night()
    club.pay(4_000, offline="cash", invoice=invoice)
    assert (club.item(failed).amount, club.item(failed).state) == (6_000, ItemState.OPEN)
    club.pay(6_000, offline="cash", invoice=invoice)
    assert club.item(failed).state is ItemState.RESOLVED
    assert club.payment(failed).state is S.CANCELLED
    assert club.balance() == 0


def test_I3_amounts_may_change_as_long_as_the_plan_sums_to_what_is_open(club: World) -> None:
    invoice = club.invoice(30_000)
    ids = club.plan(club.card(), invoice, 30_000, DATES)
    club.books.run(lambda tx: cancel_instalments(tx, **MARIE, instalments=[ids[2]]))
    club.books.run(
        lambda tx: change_instalments(
            tx, **MARIE, instalments=[ids[1]], day=None, amount=20_000, payment_method=None
        )
    )  # fmt: skip
    assert club.payment(ids[1]).amount == 20_000
