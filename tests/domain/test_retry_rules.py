"""Retry rules against the networks' own (tests/domain/rules/networks.json): their figures are the ceilings (A8)."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.declines import KILLS_METHOD, ReasonClass, class_of
from domain.refusal import Refusal
from domain.retry_rules import (
    MASTERCARD_LIMITS,
    MASTERCARD_REASONS,
    MASTERCARD_WAITS,
    MAY,
    OFFERS,
    VISA_CATEGORIES,
    NetworkLimit,
    RetryTooEarly,
    Tried,
    must_be_within,
    network_of,
    scheduled_retry,
    stricter,
    visa_category,
    visa_limit,
)  # fmt: skip
from tests.domain.builders import NOW, organisation

RULES: dict[str, Any] = json.loads((Path(__file__).parent / "rules" / "networks.json").read_text())
VISA, MASTERCARD = RULES["visa"], RULES["mastercard"]
EDITION = date(2026, 11, 24)
CARD: dict[str, Any] = {"amount": 4_500, "settings": {}, "now": NOW}


def tried(*ago: timedelta, amount: int = 4_500, advice: str = "") -> list[Tried]:
    return [Tried(at=NOW - one, amount=amount, advice=advice) for one in ago]


def hours(count: int) -> list[timedelta]:
    return [timedelta(hours=hour) for hour in range(count, 0, -1)]


def refused(tries: list[Tried], **more: Any) -> str:
    try:
        must_be_within(tries, **{**CARD, "brand": "visa", **more})
    except Refusal as refusal:
        return refusal.code
    return ""


# -- the tables ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(VISA["codes"]))
def test_A8_visa_codes_have_the_categories_of_its_rules(code: str) -> None:
    assert visa_category(code, EDITION) == VISA["codes"][code]


def test_A8_visa_has_no_code_that_its_rules_do_not_have() -> None:
    assert set(VISA_CATEGORIES) <= set(VISA["codes"])
    assert visa_category("zz", EDITION) == VISA["default_category"]


@pytest.mark.parametrize("row", VISA["history"], ids=lambda row: row["from"])
def test_A8_visa_allows_no_more_than_its_ceiling_of_each_day(row: dict[str, Any]) -> None:
    day = date.fromisoformat(row["from"])
    assert visa_limit({OFFERS: 100}, day) == row["max"]
    assert visa_limit({}, day) == 15
    assert visa_limit({OFFERS: 3}, day) == 3
    assert visa_limit({OFFERS: "many"}, day) == 15


def test_A8_a_code_that_joins_a_category_does_so_on_its_day() -> None:
    assert visa_category("83", date(2026, 7, 24)) == 4
    assert visa_category("83", date(2026, 7, 25)) == 2


@pytest.mark.parametrize("advice", sorted(MASTERCARD["advice_codes"]))
def test_A8_mastercards_advice_means_what_its_rules_say(advice: str) -> None:
    said = MASTERCARD["advice_codes"][advice]
    if isinstance(said, dict):
        assert MASTERCARD_WAITS[advice] == timedelta(hours=said["wait_hours"])
    if said == "never":
        assert class_of(MASTERCARD_REASONS[advice]) in KILLS_METHOD
    if said == "update_credentials":
        assert class_of(MASTERCARD_REASONS[advice]) is ReasonClass.FIX_DATA
    if said == "none":
        assert advice not in MASTERCARD_REASONS


def test_A8_mastercards_limits_are_its_own() -> None:
    rules = {rule["id"]: rule for rule in MASTERCARD["limits"]}
    day, month = MASTERCARD_LIMITS
    assert day == (rules["consecutive_declines"]["max_declines"], timedelta(hours=24), False)
    assert month == (rules["declines_same_amount"]["max_declines"], timedelta(days=30), True)


def test_A8_every_class_says_who_may_retry_it() -> None:
    assert set(MAY) == set(ReasonClass)
    assert not any(MAY[one][0] for one in (*KILLS_METHOD, ReasonClass.DUPLICATE, ReasonClass.UNKNOWN))


# -- harder, never milder ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "brand", "network_code", "advice", "becomes"),
    [
        ("do_not_honour", "visa", "46", "", "not_allowed"),
        ("do_not_honour", "mastercard", "46", "", "do_not_honour"),  # the same digits, another network
        ("do_not_honour", "", "46", "", "do_not_honour"),
        ("do_not_honour", "visa", "R0", "", "revoked"),
        ("do_not_honour", "visa", "R1", "", "revoked"),
        ("do_not_honour", "Visa", "05", "R3", "revoked"),
        ("insufficient_funds", "mastercard", "51", "21", "revoked"),
        ("insufficient_funds", "mastercard", "51", "03", "closed_account"),
        ("insufficient_funds", "mastercard", "51", "24", "insufficient_funds"),
        ("lost_card", "mastercard", "41", "01", "lost_card"),
        ("insufficient_funds", "visa", "51", "", "insufficient_funds"),
        ("do_not_honour", "Visa Debit", "46", "", "not_allowed"),
        ("insufficient_funds", "MC", "51", "03", "closed_account"),
        ("insufficient_funds", "Master Card", "51", "21", "revoked"),
    ],
)
def test_A8_a_decline_is_as_hard_as_its_network_says(
    code: str, brand: str, network_code: str, advice: str, becomes: str
) -> None:
    found = stricter(code, brand=brand, network_code=network_code, advice=advice, day=EDITION)
    assert found == becomes


# -- budgets -------------------------------------------------------------------------------------


def test_A8_visa_allows_fifteen_tries_of_an_amount_in_thirty_days() -> None:
    assert refused(tried(*hours(14))) == ""
    assert refused(tried(*hours(15))) == "network_limit"
    assert refused(tried(*hours(15), amount=4_501)) == ""
    assert refused(tried(*hours(14), timedelta(days=30))) == ""
    assert refused(tried(*hours(19)), settings={OFFERS: 50}) == ""
    assert refused(tried(*hours(20)), settings={OFFERS: 50}) == "network_limit"


def test_A8_mastercard_allows_ten_declines_a_day_and_thirty_five_of_an_amount_in_thirty_days() -> None:
    day = tried(*hours(9))
    assert refused(day, brand="mastercard") == ""
    assert refused(tried(*hours(10)), brand="mastercard") == "network_limit"
    assert refused(tried(*hours(10), amount=1), brand="mastercard") == "network_limit"
    spread = tried(*(timedelta(hours=20 * count) for count in range(1, 35)))
    assert refused(spread, brand="mastercard") == ""
    assert refused(spread + tried(timedelta(hours=23, minutes=1)), brand="mastercard") == "network_limit"


def test_A8_a_brand_that_nobody_knows_keeps_every_limit() -> None:
    assert refused(tried(*hours(10)), brand="") == "network_limit"
    assert refused(tried(*(timedelta(days=day) for day in range(1, 16))), brand="") == "network_limit"


def test_A8_a_network_is_known_however_its_brand_is_spelt() -> None:
    spelt = ("VISA", "visa debit", "MC", "MasterCard", "master-card", "Maestro", "amex", "")
    assert [network_of(brand) for brand in spelt] == ["visa"] * 2 + ["mastercard"] * 4 + ["amex", ""]
    assert refused(tried(*hours(10)), brand="MC") == "network_limit"
    assert refused(tried(*hours(14)), brand="VISA Debit") == ""


def test_A8_the_refusal_says_until_when() -> None:
    with pytest.raises(NetworkLimit) as told:
        must_be_within(tried(*hours(16)), brand="visa", **CARD)
    assert told.value.params["until"] == (NOW - timedelta(hours=15) + timedelta(days=30)).isoformat().replace(
        "+00:00", "Z"
    )
    later = datetime.fromisoformat(told.value.params["until"])
    must_be_within(tried(*hours(16)), brand="visa", **{**CARD, "now": later})


@pytest.mark.parametrize(("advice", "wait"), MASTERCARD_WAITS.items())
def test_A8_mastercards_waits_are_waited_for_by_everybody(advice: str, wait: timedelta) -> None:
    early, over = tried(wait - timedelta(seconds=1), advice=advice), tried(wait, advice=advice)
    assert refused(early, brand="mastercard") == "retry_too_early"
    assert refused(over, brand="mastercard") == ""
    assert refused(early, brand="visa") == ""


def test_A8_try_later_binds_the_schedule_and_not_a_person() -> None:
    early = tried(timedelta(hours=71), advice="02")
    assert refused(early, brand="mastercard") == ""
    with pytest.raises(RetryTooEarly):
        must_be_within(early, brand="mastercard", by_schedule=True, **CARD)


@given(st.lists(st.integers(1, 60 * 24 * 40), max_size=60), st.sampled_from(["visa", "mastercard", "", "amex"]))
def test_A8_whatever_is_tried_as_often_as_it_is_allowed_stays_within_every_ceiling(gaps: list[int], brand: str) -> None:
    """Asks whenever time has passed, and tries whenever it is allowed: no window ever holds more than the ceiling."""
    now, made = NOW, [Tried(at=NOW, amount=1)]
    for gap in gaps:
        now += timedelta(minutes=gap)
        try:
            must_be_within(made, brand=brand, amount=1, settings={OFFERS: 20}, now=now)
        except NetworkLimit:
            continue
        made.append(Tried(at=now, amount=1))
    for one in made:
        in_month = sum(one.at <= other.at < one.at + timedelta(days=30) for other in made)
        in_day = sum(one.at <= other.at < one.at + timedelta(hours=24) for other in made)
        if brand != "mastercard":
            assert in_month <= VISA["limits"]["2"]["max_reattempts"]
        if brand != "visa":
            assert in_day <= 10
            assert in_month <= 35


# -- the schedule --------------------------------------------------------------------------------


def on(day: int) -> datetime:
    return NOW + timedelta(days=day)


def planned(reason: str = "later", *, now: datetime = NOW, planned: date | None = None, **days: Any) -> date | None:
    club = organisation(settings={"automatic_retries": days or {"later": [3, 7]}})
    return scheduled_retry(reason, club, failed_at=NOW, planned=planned, now=now)


def test_A8_retries_are_so_many_days_after_the_first_failure() -> None:
    assert planned() == date(2026, 11, 27)
    assert planned(now=on(3)) == date(2026, 12, 1)
    assert planned(now=on(7)) is None
    assert planned("technical") is None


def test_A8_what_is_planned_stays_planned_whatever_a_person_tried() -> None:
    assert planned(now=on(1), planned=date(2026, 11, 27)) == date(2026, 11, 27)
    assert planned(now=on(3), planned=date(2026, 11, 27)) == date(2026, 11, 27)


def test_A8_nothing_is_retried_by_itself_unless_it_is_a_setting_and_a_hard_decline_never() -> None:
    club = organisation()
    assert scheduled_retry("later", club, failed_at=NOW, planned=None, now=NOW) is None
    for hard in ("never", "stop_plan", "duplicate", "unknown"):
        days: dict[str, Any] = {hard: [1]}
        assert planned(hard, **days) is None
