"""Re-presentment follows the rules of each network (E6)."""

from datetime import date, timedelta

import pytest

from domain.bank_return import DISPUTES, RETURNS, Family, family, meaning
from domain.declines import REASONS
from domain.re_presentment import (
    AmountDiffers,
    NeverPresentedAgain,
    PresentedTooLate,
    PresentedTooOften,
    PresentmentNotAllowed,
    must_be_allowed,
    rule_on,
)
from domain.refusal import Refusal

FIRST = date(2026, 11, 25)


def ask(network: str = "ach", code: str = "R01", presented: int = 1, days: int = 5, amount: int = 100) -> None:
    must_be_allowed(
        network=network, code=code, presented=presented, first_on=FIRST, today=FIRST + timedelta(days=days),
        amount=amount, first_amount=100,
    )  # fmt: skip


@pytest.mark.parametrize("code", ["R01", "R09"])
@pytest.mark.parametrize("presented", [1, 2])
def test_E6_want_of_funds_may_be_presented_twice_more_in_the_united_states(code: str, presented: int) -> None:
    ask(code=code, presented=presented, days=180)


@pytest.mark.parametrize(
    ("refused", "more"),
    [
        (PresentedTooOften, {"presented": 3}),
        (PresentedTooLate, {"days": 181}),
        (AmountDiffers, {"amount": 99}),
        (PresentmentNotAllowed, {"code": "R02"}),
        (PresentmentNotAllowed, {"code": "R08"}),
        (PresentmentNotAllowed, {"code": "R97"}),
        (NeverPresentedAgain, {"code": "R10"}),
        (PresentedTooOften, {"network": "eft", "code": "901", "presented": 2}),
        (PresentedTooLate, {"network": "eft", "code": "901", "days": 31}),
        (PresentmentNotAllowed, {"network": "eft", "code": "905"}),
        (NeverPresentedAgain, {"network": "eft", "code": "917"}),
        (PresentmentNotAllowed, {"network": "eft", "code": "R01"}),
    ],
)
def test_E6_what_the_rules_forbid_is_refused_with_the_rules_reason(
    refused: type[Refusal], more: dict[str, object]
) -> None:
    with pytest.raises(refused):
        ask(**more)  # type: ignore[arg-type]


def test_E6_canada_allows_it_once_within_thirty_days() -> None:
    ask(network="eft", code="901", presented=1, days=30)


@pytest.mark.parametrize("code", [code for code in RETURNS if family(code) is Family.UNAUTHORISED])
def test_E6_unauthorised_is_never_presented_again_and_stops_the_plan(code: str) -> None:
    assert REASONS[meaning(code)] == "stop_plan"
    with pytest.raises(NeverPresentedAgain):
        ask(network="ach" if code[0] == "R" else "eft", code=code)


def test_E5_every_return_code_has_a_reason_of_ours_and_disputes_are_for_people() -> None:
    assert {reason for reason, _ in RETURNS.values()} <= set(REASONS)
    assert not DISPUTES & set(RETURNS)
    unauthorised = {code for code in RETURNS if code[0] == "R" and family(code) is Family.UNAUTHORISED}
    assert unauthorised == {"R05", "R07", "R10", "R11", "R29", "R51"}
    assert {code for code in RETURNS if code[0] == "R" and family(code) is Family.ADMINISTRATIVE} == {
        "R02", "R03", "R04",
    }  # fmt: skip


def test_E6_the_table_is_dated() -> None:
    assert rule_on("ach", FIRST).within_days == 180
    assert rule_on("eft", FIRST).times == 1
