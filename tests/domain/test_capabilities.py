"""The table of capabilities (PRODUCT section 9), as it is printed there, and how an account's settings change it."""

import pytest

from domain.capabilities import (
    CAPABILITIES,
    BeforeSettlement,
    RefundsLeave,
    SameDay,
    WhenNotFound,
    capability_for,
)
from domain.organisation import MerchantAccount

# fmt: off
PRODUCT = {
    #             cards  e-checks        refunds    before settlement    same day        part when not found
    "cardpointe": (True,  ("ach",),       "nightly", "void",              "until_batched", False, "new_attempt"),
    "paysafe":    (True,  ("ach", "eft"), "nightly", "cancel_settlement", "until_batched", True,  "same_key"),
    "stripe":     (True,  ("ach", "pad"), "nightly", "yes",               "no",            True,  "same_key_for_a_day"),
    "nacha":      (False, ("ach",),       "nightly", "wait",              "no",            True,  "person"),
    "cpa005":     (False, ("eft",),       "nightly", "wait",              "no",            True,  "person"),
    "simulator":  (True,  ("ach", "eft"), "nightly", "yes",               "yes",           True,  "same_key"),
}
# fmt: on


def account(processor: str = "simulator", /, **settings: object) -> MerchantAccount:
    return MerchantAccount(organisation="ymca", id="main", processor=processor, kinds=("card",), settings=settings)


@pytest.mark.parametrize("processor", PRODUCT)
def test_R7_the_table_says_of_each_processor_what_the_product_says(processor: str) -> None:
    row = CAPABILITIES[processor]
    assert PRODUCT[processor] == (
        row.cards, row.echecks, row.refunds_leave, row.refund_before_settlement, row.void_same_day,
        row.partial_echeck_refund, row.when_not_found,
    )  # fmt: skip
    assert row.echeck_refund_earliest == "settled"


def test_R7_every_processor_of_the_product_is_in_the_table_and_no_other() -> None:
    assert set(CAPABILITIES) == set(PRODUCT)


def test_R7_the_simulator_is_set_by_the_test() -> None:
    settings = {"refunds_leave": "at_once", "refund_before_settlement": False, "void_same_day": False}
    row = capability_for(account(**settings, partial_echeck_refund=False, echeck_refund_earliest=5))
    assert row.refunds_leave is RefundsLeave.AT_ONCE
    assert row.refund_before_settlement is BeforeSettlement.VOID
    assert row.void_same_day is SameDay.NO
    assert (row.partial_echeck_refund, row.echeck_refund_earliest) == (False, 5)
    assert row.when_not_found is WhenNotFound.SAME_KEY


def test_R7_the_row_of_a_real_processor_is_not_for_a_setting_to_change() -> None:
    said = account("cardpointe", partial_echeck_refund=True, refunds_leave="at_once")
    assert capability_for(said) is CAPABILITIES["cardpointe"]


@pytest.mark.parametrize(
    "settings",
    [
        {"refunds_leave": "weekly"},
        {"refund_before_settlement": "no"},
        {"void_same_day": 1},
        {"echeck_refund_earliest": "soon"},
        {"echeck_refund_earliest": -1},
    ],
)
def test_R7_a_setting_that_makes_no_sense_is_an_error(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        capability_for(account(**settings))
