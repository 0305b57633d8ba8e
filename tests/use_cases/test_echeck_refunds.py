"""Money of an e-check that goes back: once it has settled, by the night, never called back, and after all returned."""

from datetime import date, timedelta

import pytest

from adapters.locale import both
from domain.payment import PaymentState
from domain.refund import RefundState
from domain.refunding import EcheckInFullOnly, EcheckNotSettled, EcheckRefundFixed
from domain.use_cases.register import register_organisation
from tests.echeck_world import EcheckWorld
from tests.world import ACCOUNT, ORGANISATION

TUESDAY = date(2026, 11, 24)
S = RefundState
ON_SQLITE = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)  # variations of what both have shown


def on_account(bank: EcheckWorld, token: str = "echeck_settle") -> str:
    """An e-check of 100 on the account of a client who owes nothing; answers the payment's id."""
    bank.client()
    told = bank.pay(10_000, payment_method=bank.account_on_file(token))
    assert told is not None
    return str(told["payment"])


def given_back(bank: EcheckWorld) -> int:
    return sum(line["amount"] for line in bank.journal() if line["effect"] == "refunded")


def account(bank: EcheckWorld, **settings: object) -> None:
    """Other settings for the merchant account."""
    one = {"id": ACCOUNT, "processor": "simulator", "kinds": ("card", "echeck"), "settings": settings}
    bank.books.run(lambda tx: register_organisation(tx, organisation=ORGANISATION, given={}, accounts=[one], by="test"))


def test_E7_it_goes_back_once_it_has_settled_by_the_next_night_and_is_never_called_back(bank: EcheckWorld) -> None:
    payment = on_account(bank)
    bank.paid(amount=10_000)  # other credit, so that nothing but the settlement is missing
    for _ in range(3):
        with pytest.raises(EcheckNotSettled):
            bank.refund(payment, 4_000)
        bank.evening() if bank.today() == TUESDAY else bank.day()
    bank.until(TUESDAY + timedelta(days=3))

    refund = bank.refund(payment, 4_000)
    with pytest.raises(EcheckRefundFixed) as refused:
        bank.call_back(refund)
    assert "e-check" in both(f"refusal.{refused.value.code}")["en"]
    assert "chèque électronique" in both(f"refusal.{refused.value.code}")["fr"]
    assert given_back(bank) == 0
    bank.day()
    assert (bank.refunded(refund).state, given_back(bank)) == (S.SUBMITTED, 4_000)
    (asked,) = bank.repayments()
    assert (asked.of_key, asked.of_reference) == (bank.echeck(payment).id, bank.echeck(payment).reference)
    bank.until(TUESDAY + timedelta(days=7))
    assert (bank.refunded(refund).state, given_back(bank)) == (S.SETTLED, 4_000)
    bank.sound()


@ON_SQLITE
def test_E7_in_full_only_where_the_account_says_so(bank: EcheckWorld) -> None:
    payment = on_account(bank)
    bank.until(TUESDAY + timedelta(days=3))
    account(bank, partial_echeck_refund=False)
    with pytest.raises(EcheckInFullOnly):
        bank.refund(payment, 4_000)
    refund = bank.refund(payment, 10_000)
    bank.day()
    assert (bank.refunded(refund).state, given_back(bank)) == (S.SUBMITTED, 10_000)
    bank.sound()


@ON_SQLITE
def test_R7_so_many_banking_days_after_it_was_handed_over_where_the_account_says_so(bank: EcheckWorld) -> None:
    account(bank, echeck_refund_earliest=2)
    payment = on_account(bank)
    bank.evening()
    with pytest.raises(EcheckNotSettled):
        bank.refund(payment, 10_000)
    bank.until(TUESDAY + timedelta(days=2))
    refund = bank.refund(payment, 10_000)
    bank.day()
    assert (bank.refunded(refund).state, given_back(bank)) == (S.SUBMITTED, 10_000)
    bank.sound()


@ON_SQLITE
def test_E5_a_late_return_after_its_refund_leaves_the_client_owing_what_was_given_back(bank: EcheckWorld) -> None:
    payment = on_account(bank, "echeck_unauthorised_late")
    bank.until(TUESDAY + timedelta(days=5))
    sent = bank.refund(payment, 3_000)
    bank.day()
    assert bank.refunded(sent).state is S.SUBMITTED
    bank.until(TUESDAY + timedelta(days=46))
    assert bank.payment(payment).state is PaymentState.REVERSED
    assert bank.refunded(sent).state is S.SETTLED
    assert bank.balance() == 3_000
    assert [item.payment for item in bank.items()] == [payment]
    bank.sound()


@ON_SQLITE
def test_E5_a_return_before_its_refund_was_sent_calls_it_off(bank: EcheckWorld) -> None:
    account(bank, echeck_refund_earliest=1)
    payment = on_account(bank, "echeck_nsf")
    bank.until(TUESDAY + timedelta(days=1))
    refund = bank.refund(payment, 10_000)
    bank.tomorrow()
    bank.poll()
    assert bank.payment(payment).state is PaymentState.REVERSED
    bank.settle_down()
    assert (bank.refunded(refund).state, given_back(bank), bank.balance()) == (S.CANCELLED, 0, 0)
    bank.sound()
