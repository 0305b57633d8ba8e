"""The life of an e-check: a receipt at once, batched at the cut-off, settled or returned, with consequences (E1-E7)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from adapters.database.statements import statement
from adapters.locale import both
from domain.action_item import ItemKind, ItemState
from domain.echeck import EcheckState
from domain.organisation import MerchantAccount
from domain.outcome import LookUp, Pending, Standing
from domain.payment import PaymentState
from domain.presenting import EcheckNotCancellable
from domain.re_presentment import NeverPresentedAgain, PresentedTooOften, must_be_allowed
from domain.retrying import AlreadyRetrying, NewMethodNeeded
from tests.echeck_world import EcheckWorld
from tests.through import Through
from tests.world import ORGANISATION

TUESDAY = date(2026, 11, 24)


def receipt(club: EcheckWorld, payment: str, client: str = "c-1") -> dict[str, Any]:
    with club.books.begin(read_only=True) as tx:
        told = statement(tx, ORGANISATION, client)
    found: dict[str, Any]
    (found,) = [one for one in told["receipts"] if one["id"] == payment and one["kind"] == "payment"]
    return found


def test_E1_it_is_a_receipt_from_creation_marked_as_not_settled(bank: EcheckWorld) -> None:
    id = bank.by_echeck()
    assert bank.balance() == 0
    assert bank.allocated() == 10_000
    assert (receipt(bank, id)["state"], receipt(bank, id)["method"]) == ("not_settled", "echeck")
    assert bank.debited() == 0
    bank.sound()


def test_E2_it_waits_for_the_cut_off_and_is_submitted_once(bank: EcheckWorld) -> None:
    id = bank.by_echeck()
    bank.at(TUESDAY, 16)
    bank.settle_down()
    assert bank.batches() == []
    bank.evening()
    assert bank.echeck(id).state is EcheckState.SUBMITTED
    assert bank.debited() == 10_000
    (batch,) = bank.batches()
    assert (batch.cutoff_on, batch.count, batch.total, batch.state.value) == (TUESDAY, 1, 10_000, "submitted")
    bank.evening()
    assert bank.debited() == 10_000
    bank.sound()


def test_E2_made_after_the_cut_off_it_waits_for_the_next_banking_day(bank: EcheckWorld) -> None:
    bank.at(date(2026, 11, 27))  # Friday evening
    id = bank.by_echeck()
    bank.until(date(2026, 11, 29))
    assert bank.echeck(id).state is EcheckState.PENDING
    bank.until(date(2026, 11, 30))
    assert bank.echeck(id).state is EcheckState.SUBMITTED
    assert bank.batches()[0].cutoff_on == date(2026, 11, 30)


def test_E2_until_it_is_batched_it_can_be_cancelled(bank: EcheckWorld) -> None:
    id = bank.by_echeck()
    assert bank.cancel(id) == {"payment": id, "state": "cancelled"}
    bank.evening()
    assert bank.debited() == 0
    assert bank.balance() == 10_000
    assert bank.allocated() == 0
    assert receipt(bank, id)["state"] == "reversed"
    bank.sound()


def test_E2_after_that_the_answer_is_the_two_line_error(bank: EcheckWorld) -> None:
    id = bank.by_echeck()
    bank.evening()
    with pytest.raises(EcheckNotCancellable) as refused:
        bank.cancel(id)
    assert both(f"refusal.{refused.value.code}") == {
        "en": "You cannot cancel this transaction.\nThe state of the transaction does not allow its cancellation.",
        "fr": "Vous ne pouvez pas annuler cette transaction.\nL'état de la transaction ne permet pas son annulation.",
    }


def test_E3_missed_cut_offs_are_caught_up_in_one_batch(bank: EcheckWorld) -> None:
    ids = [bank.by_echeck(client=f"c-{number}") for number in range(3)]
    bank.at(TUESDAY + timedelta(days=8), 9)
    bank.settle_down()
    assert {bank.echeck(id).state for id in ids} == {EcheckState.SUBMITTED}
    (batch,) = bank.batches()
    assert (batch.count, batch.total) == (3, 30_000)
    bank.sound()


def test_E4_it_settles_and_the_watch_goes_on(bank: EcheckWorld) -> None:
    id = bank.by_echeck()
    bank.until(TUESDAY + timedelta(days=3))
    echeck = bank.echeck(id)
    assert (echeck.state, echeck.settled_on) == (EcheckState.SETTLED, date(2026, 11, 27))
    assert receipt(bank, id)["state"] == "settled"
    assert bank.items() == []
    bank.until(TUESDAY + timedelta(days=100))
    assert bank.echeck(id).next_at is None
    bank.sound()


def test_E5_a_return_reverses_opens_lines_and_makes_an_item(bank: EcheckWorld) -> None:
    id = bank.by_echeck("echeck_nsf")
    bank.until(TUESDAY + timedelta(days=2))
    assert bank.echeck(id).state is EcheckState.RETURNED
    assert bank.payment(id).state is PaymentState.REVERSED
    assert (bank.balance(), bank.allocated()) == (10_000, 0)
    (item,) = bank.items()
    assert (item.kind, item.payment, item.reason, item.network_code) == (
        ItemKind.ECHECK, id, "insufficient_funds", "901",
    )  # fmt: skip
    assert receipt(bank, id)["state"] == "reversed"
    bank.sound()


def test_E5_by_setting_a_fee_is_invoiced_for_want_of_funds(bank: EcheckWorld) -> None:
    bank.club(nsf_fee={"amount": 2_500, "ledger_code": "fees"})
    bank.by_echeck("echeck_nsf")
    bank.until(TUESDAY + timedelta(days=3))
    assert bank.balance() == 12_500
    assert [posting.amount for posting in bank.postings(kind="invoice")] == [10_000, 2_500]
    bank.sound()


def test_E4_a_late_return_reverses_a_settled_echeck(bank: EcheckWorld) -> None:
    id = bank.by_echeck("echeck_unauthorised_late")
    bank.until(TUESDAY + timedelta(days=44))
    assert bank.echeck(id).state is EcheckState.SETTLED
    bank.until(TUESDAY + timedelta(days=46))
    echeck = bank.echeck(id)
    assert (echeck.state, echeck.network_code) == (EcheckState.RETURNED, "917")
    (item,) = bank.items()
    assert (item.reason, item.reason_class) == ("revoked", "stop_plan")
    assert bank.balance() == 10_000
    bank.sound()


def test_E6_canada_allows_one_more_presentment_and_refuses_the_next(bank: EcheckWorld) -> None:
    id = bank.by_echeck("echeck_nsf")
    bank.until(TUESDAY + timedelta(days=2))
    item = bank.item(id)
    told = bank.retry(item.id)
    assert told is not None
    assert told["state"] == "retrying"
    again = str(told["payment"])
    assert bank.items()[0].state is ItemState.RETRYING
    assert (bank.balance(), bank.allocated()) == (0, 10_000)
    bank.sound()
    bank.until(TUESDAY + timedelta(days=7))
    assert bank.echeck(again).state is EcheckState.RETURNED
    (after,) = bank.items()
    assert (after.id, after.state, after.payment, after.attempts) == (item.id, ItemState.OPEN, id, 2)
    with pytest.raises(PresentedTooOften):
        bank.retry(item.id)
    bank.sound()


def test_E6_the_united_states_allow_two_more(american: EcheckWorld) -> None:
    id = american.by_echeck("echeck_nsf")
    american.until(TUESDAY + timedelta(days=3))
    item = american.item(id)
    assert item.network_code == "R01"
    for times in (2, 3):
        american.retry(item.id)
        american.until(american.today() + timedelta(days=6))
        assert american.items()[0].attempts == times
    with pytest.raises(PresentedTooOften):
        american.retry(item.id)
    american.sound()


def test_E6_unauthorised_is_never_presented_again_and_its_method_is_dead(bank: EcheckWorld) -> None:
    id = bank.by_echeck("echeck_unauthorised_late")
    bank.until(TUESDAY + timedelta(days=46))
    item = bank.item(id)
    with pytest.raises(NewMethodNeeded):
        bank.retry(item.id)
    echeck = bank.echeck(id)
    with pytest.raises(NeverPresentedAgain):
        must_be_allowed(
            network="eft", code=echeck.network_code, presented=1, first_on=TUESDAY, today=TUESDAY, amount=1,
            first_amount=1,
        )  # fmt: skip


def test_A5_another_account_or_a_card_is_no_re_presentment(bank: EcheckWorld) -> None:
    id = bank.by_echeck("echeck_nsf")
    bank.until(TUESDAY + timedelta(days=2))
    item = bank.item(id)
    bank.retry(item.id, payment_method=bank.card("tok_approve"))
    bank.settle_down()
    assert bank.items()[0].state is ItemState.RESOLVED
    assert (bank.balance(), bank.captured()) == (0, 10_000)
    bank.sound()


def test_A5_a_retry_by_another_account_resolves_its_item_once_it_has_settled(bank: EcheckWorld) -> None:
    id = bank.by_echeck("echeck_nsf")
    bank.until(TUESDAY + timedelta(days=2))
    told = bank.retry(bank.item(id).id, payment_method=bank.account_on_file("echeck_settle"))
    assert told is not None
    bank.until(TUESDAY + timedelta(days=8))
    assert bank.items()[0].state is ItemState.RESOLVED
    assert bank.echeck(str(told["payment"])).presented == 1
    bank.sound()


def test_A3_what_is_under_way_is_not_asked_for_again(bank: EcheckWorld) -> None:
    id = bank.by_echeck("echeck_nsf")
    bank.until(TUESDAY + timedelta(days=2))
    item = bank.item(id)
    bank.retry(item.id)
    with pytest.raises(AlreadyRetrying):
        bank.retry(item.id)


def test_I5_an_unauthorised_return_of_an_instalment_stops_its_plan(bank: EcheckWorld) -> None:
    bank.client()
    invoice = bank.invoice(30_000)
    dates = [TUESDAY + timedelta(days=days) for days in (1, 60, 90)]
    first, *rest = bank.plan(bank.account_on_file("echeck_unauthorised_late"), invoice, 30_000, dates)
    bank.until(TUESDAY + timedelta(days=1))
    assert bank.echeck(first).state is EcheckState.SUBMITTED
    bank.until(TUESDAY + timedelta(days=48))
    assert bank.payment(first).state is PaymentState.REVERSED
    assert [bank.payment(id).state for id in rest] == [PaymentState.HELD] * 2
    (item,) = bank.items()
    assert (item.kind, item.payment) == (ItemKind.INSTALMENT, first)
    bank.sound()


def test_I5_want_of_funds_changes_nothing_for_the_next_instalment(bank: EcheckWorld) -> None:
    bank.client()
    invoice = bank.invoice(30_000)
    dates = [TUESDAY + timedelta(days=days) for days in (1, 8, 15)]
    ids = bank.plan(bank.account_on_file("echeck_nsf"), invoice, 30_000, dates)
    for days in (8, 15, 20):
        bank.until(TUESDAY + timedelta(days=days))
    assert [bank.echeck(id).state for id in ids] == [EcheckState.RETURNED] * 3
    assert len(bank.items()) == 3
    assert bank.balance() == 30_000
    bank.sound()


def test_R2_the_available_credit_is_less_unsettled_echecks(bank: EcheckWorld) -> None:
    bank.client()
    bank.pay(5_000, payment_method=bank.account_on_file())
    account = bank.books.run(lambda tx: tx.account(ORGANISATION, "c-1"))
    assert (account.balance, account.unsettled, account.available) == (-5_000, 5_000, 0)
    bank.until(TUESDAY + timedelta(days=4))
    account = bank.books.run(lambda tx: tx.account(ORGANISATION, "c-1"))
    assert (account.unsettled, account.available) == (0, 5_000)


def test_E4_no_verdict_in_ten_banking_days_makes_an_item_and_the_watch_goes_on(bank: EcheckWorld) -> None:
    id = bank.by_echeck()
    bank.evening()

    class Silent(Through):
        def status(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Standing]:
            return [Pending()] * len(questions)

    honest, bank.gateway = bank.gateway, Silent(bank.gateway)
    bank.until(date(2026, 12, 8))
    assert bank.items() == []
    bank.until(date(2026, 12, 9))
    (item,) = bank.items()
    assert (item.kind, item.of, item.reason, item.payment) == (ItemKind.IN_DOUBT, "payment", "no_verdict", id)
    bank.sound()
    bank.until(date(2026, 12, 12))
    assert len(bank.items()) == 1
    bank.gateway = honest
    bank.day()
    assert bank.echeck(id).state is EcheckState.SETTLED
    assert bank.items()[0].state is ItemState.RESOLVED
    bank.sound()
