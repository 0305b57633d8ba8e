"""Sheets: what a spreadsheet of each language reads as it was meant, and never carries out."""

from datetime import date
from decimal import Decimal

import pytest

from adapters.database.statements import RECEIVED, UPCOMING
from adapters.sheets import money, sheet
from adapters.tables_told import state_word
from domain.refund import RefundState


def test_a_sheet_in_english_has_commas_and_points():
    text = sheet(["Date", "Amount"], [[date(2026, 11, 24), money(-123_450, "CAD")]], language="en")
    assert text == "Date,Amount\r\n2026-11-24,-1234.50\r\n"


def test_a_sheet_in_french_has_semicolons_and_decimal_commas():
    text = sheet(["Date", "Montant"], [[date(2026, 11, 24), money(-123_450, "CAD")]], language="fr")
    assert text == "Date;Montant\r\n2026-11-24;-1234,50\r\n"


def test_a_mark_may_say_that_it_is_unicode():
    assert sheet(["Été"], [], language="fr", bom=True).encode() == b"\xef\xbb\xbf\xc3\x89t\xc3\xa9\r\n"


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_begins_like_a_formula_is_text(evil):
    [_, cell] = sheet(["a"], [[evil]], language="en").split("\r\n", 1)
    assert cell.strip('"').startswith("'")


@pytest.mark.parametrize("state", [*RefundState, *UPCOMING.values(), *RECEIVED.values(), "held"])
def test_B13_every_state_on_a_statement_has_words(state):
    assert state_word(state, "en")
    assert state_word(state, "fr")


def test_numbers_and_nothing_are_left_alone():
    assert sheet(["a", "b", "c"], [[Decimal("-1.00"), None, 3]], language="en") == "a,b,c\r\n-1.00,,3\r\n"
