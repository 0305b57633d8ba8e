"""Cancelling at the cut-off: every order of the steps of both sessions, exactly one wins and the loser is told (E2)."""

from datetime import date

from domain.banking_days import calendar_of
from domain.echeck import EcheckState
from domain.payment import PaymentState
from domain.use_cases.cancel_payment import cancel_payment
from domain.use_cases.freeze_batch import freeze_batch
from domain.use_cases.start_cutoffs import start_cutoffs
from tests.echeck_world import EcheckWorld
from tests.interleaving import interleave, orders
from tests.use_cases.test_refund_races import doing, honest
from tests.world import ACCOUNT, ORGANISATION


def test_F97_E2_cancelling_and_batching_race_and_exactly_one_wins(bank: EcheckWorld) -> None:
    seen, batched = set(), 0
    bank.client()
    method = bank.account_on_file()
    for order in orders():
        bank.at(_next_banking_day(bank), 10)
        told = bank.pay(1_000, payment_method=method)
        assert told is not None
        id = str(told["payment"])
        bank.at(bank.today())
        bank.books.run(lambda tx: start_cutoffs(tx, organisation=ORGANISATION))
        cancelling = doing(cancel_payment, payment=id, by="marie")
        freezing = doing(freeze_batch, account=ACCOUNT, cutoff_on=bank.today())
        caller, freezer = interleave(bank, order, cancelling, freezing)
        state = bank.echeck(id).state
        if caller.refused:
            assert (caller.refused, state, freezer.answer.count) == (
                "echeck_not_cancellable", EcheckState.BATCHED, 1,
            ), order  # fmt: skip
            batched += 1
        else:
            assert (caller.answer["state"], state, freezer.answer) == ("cancelled", EcheckState.CANCELLED, None), order
            assert bank.payment(id).state is PaymentState.REVERSED
        seen.add(state)
        while bank.hand_over():
            pass
    assert seen == {EcheckState.BATCHED, EcheckState.CANCELLED}
    assert bank.debited() == batched * 1_000
    honest(bank)


def test_F97_E3_two_who_freeze_the_same_cut_off_make_one_batch(bank: EcheckWorld) -> None:
    bank.client()
    method = bank.account_on_file()
    for order in orders()[::4]:
        bank.at(_next_banking_day(bank), 10)
        for _ in range(2):
            bank.pay(1_000, payment_method=method)
        bank.at(bank.today())
        bank.books.run(lambda tx: start_cutoffs(tx, organisation=ORGANISATION))
        freezing = doing(freeze_batch, account=ACCOUNT, cutoff_on=bank.today())
        first, second = interleave(bank, order, freezing, freezing)
        assert sorted(one.answer.count if one.answer else 0 for one in (first, second)) == [0, 2], order
    assert {(batch.count, batch.total) for batch in bank.batches()} == {(2, 2_000)}
    honest(bank)


def _next_banking_day(bank: EcheckWorld) -> date:
    return calendar_of(bank.owner()).after(bank.today())
