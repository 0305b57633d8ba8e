"""The scripted course of what the simulator took on, day by day (CONTRACT section 5)."""

from datetime import date

import pytest

from adapters.gateways.standing import COURSES, banking_day, stand
from adapters.gateways.tokens import REFUNDS, TOKENS, Answer

MONDAY = date(2026, 11, 23)


def verdicts(course: str, currency: str = "CAD") -> list[tuple[int, str, str]]:
    """(days later, verdict, network's code) whenever it changes."""
    seen: list[tuple[int, str, str]] = []
    for days in range(61):
        told = stand(course, MONDAY, date.fromordinal(MONDAY.toordinal() + days), currency)
        if not seen or seen[-1][1:] != (told.answer, told.network_code):
            seen.append((days, told.answer, told.network_code))
    return seen


def test_every_course_that_a_token_names_is_there() -> None:
    assert {script.course for script in (*TOKENS.values(), *REFUNDS.values())} == set(COURSES)


def test_E4_echeck_settle_is_settled_on_banking_day_3() -> None:
    assert verdicts("settle") == [(0, Answer.PENDING, ""), (3, Answer.SETTLED, "")]


@pytest.mark.parametrize(("currency", "code"), [("USD", "R01"), ("CAD", "901")])
def test_E5_echeck_nsf_is_returned_on_banking_day_2_with_the_networks_code(currency: str, code: str) -> None:
    assert verdicts("nsf", currency) == [(0, Answer.PENDING, ""), (2, Answer.RETURNED, code)]


def test_E4_echeck_unauthorised_late_is_settled_and_returned_on_calendar_day_45() -> None:
    assert [(days, answer) for days, answer, _ in verdicts("unauthorised_late")] == [
        (0, Answer.PENDING),
        (3, Answer.SETTLED),
        (45, Answer.RETURNED),
    ]


def test_the_bank_does_not_work_at_weekends() -> None:
    friday = date(2026, 11, 27)
    assert banking_day(friday, 1) == date(2026, 11, 30)
