"""Money: whole minor units, divided and rounded exactly."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.invoice import TaxRate, spread_rebates, taxes_on
from domain.money import MAX_AMOUNT_MINOR, decimal_text, fill, fraction_of, half_even, split_evenly

amounts = st.integers(min_value=0, max_value=MAX_AMOUNT_MINOR)
signed = st.integers(min_value=-MAX_AMOUNT_MINOR, max_value=MAX_AMOUNT_MINOR)


@pytest.mark.parametrize(("rate", "tax"), [("7.5", 112), ("8.5", 128), ("5", 75), ("9.975", 150), ("0", 0)])
def test_B6_a_tax_on_15_dollars_is_rounded_half_even_to_the_cent(rate: str, tax: int) -> None:
    assert [one.amount for one in taxes_on(1_500, (TaxRate(code="TAX", rate=rate),))] == [tax]


def test_B6_gst_and_qst_are_both_taxes_on_the_price() -> None:
    taxes = taxes_on(10_000, (TaxRate(code="GST", rate="5"), TaxRate(code="QST", rate="9.975")))
    assert [(tax.code, tax.amount) for tax in taxes] == [("GST", 500), ("QST", 998)]


def test_B6_a_compound_tax_is_taken_on_the_price_and_the_taxes_before_it() -> None:
    taxes = taxes_on(10_000, (TaxRate(code="GST", rate="5"), TaxRate(code="QST", rate="9.975", compound=True)))
    assert [tax.amount for tax in taxes] == [500, 1_047]  # 9.975 % of 105.00 is 10.47375


@given(signed)
def test_B6_the_tax_on_a_rebate_is_the_tax_on_the_price_with_the_other_sign(amount: int) -> None:
    rates = (TaxRate(code="GST", rate="5"), TaxRate(code="QST", rate="9.975"))
    assert [tax.amount for tax in taxes_on(-amount, rates)] == [-tax.amount for tax in taxes_on(amount, rates)]


@given(signed, st.integers(min_value=1, max_value=10_000))
def test_B6_rounding_is_to_the_nearest_cent_and_ties_go_to_the_even_one(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    rounded = half_even(exact)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert rounded % 2 == 0


def test_B6_a_percentage_is_exact_where_a_float_is_not() -> None:
    assert fraction_of(99_999_999_99, "9.975") == 997_500_000


def test_I2_100_dollars_in_three_gives_the_first_one_the_cent() -> None:
    assert split_evenly(10_000, 3) == [3_334, 3_333, 3_333]


@given(amounts, st.integers(min_value=1, max_value=500))
def test_F104_parts_sum_exactly_and_only_the_first_ones_take_a_cent_more(total: int, count: int) -> None:
    parts = split_evenly(total, count)
    assert (len(parts), sum(parts)) == (count, total)
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= 1


def test_B12_money_fills_lines_from_first_to_last() -> None:
    assert fill(5_000, [3_000, 0, 1_500, 9_000]) == [3_000, 0, 1_500, 500]


@given(amounts, st.lists(signed, max_size=20))
def test_B12_no_line_takes_more_than_it_owes_and_none_is_passed_over(amount: int, rooms: list[int]) -> None:
    parts = fill(amount, rooms)
    owed = [max(room, 0) for room in rooms]
    assert all(0 <= part <= room for part, room in zip(parts, owed, strict=True))
    assert sum(parts) == min(amount, sum(owed))
    short = next((position for position, part in enumerate(parts) if part < owed[position]), len(parts))
    assert not any(parts[short + 1 :])


def test_B2_a_rebate_is_taken_off_the_line_before_it() -> None:
    assert spread_rebates([10_000, 5_000, -2_000, 3_000]) == [10_000, 3_000, 0, 3_000]


def test_B2_a_rebate_that_exceeds_the_lines_before_it_is_taken_off_those_after_it() -> None:
    assert spread_rebates([1_000, -2_500, 3_000]) == [0, 0, 1_500]


@given(st.lists(signed, min_size=1, max_size=20).filter(lambda totals: sum(totals) >= 0))
def test_B2_rebates_keep_the_sum_and_leave_no_line_below_zero_or_above_its_price(totals: list[int]) -> None:
    payable = spread_rebates(totals)
    assert sum(payable) == sum(totals)
    assert all(0 <= part <= max(total, 0) for part, total in zip(payable, totals, strict=True))


@pytest.mark.parametrize(("amount", "text"), [(4_500, "45.00"), (5, "0.05"), (-199, "-1.99"), (0, "0.00")])
def test_B3_an_amount_is_written_in_plain_digits(amount: int, text: str) -> None:
    assert decimal_text(amount, "CAD") == text
