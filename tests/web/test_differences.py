"""Differences with processors on the screen and for services, and the days that are compared by the timetable."""

from datetime import timedelta

import pytest

from adapters.reconciling import plan_comparisons, reconcile
from domain.reconciliation import Comparison, ComparisonState
from tests.use_cases.outage import unreachable
from tests.use_cases.test_reconciliation import NIGHT, charge_elsewhere
from tests.web.test_processor_webhooks import desk, event, post  # noqa: F401 - a fixture
from tests.world import ORGANISATION

OWN = f"/v1/organisations/{ORGANISATION}"


@pytest.fixture
def apart(desk):  # noqa: F811
    """One break, and one report that nobody could place."""
    world = desk.world
    world.owing()
    world.night()
    charge_elsewhere(world, "stranger", 1234)
    reconcile(desk.app, NIGHT)
    post(desk, event(desk, "charge.captured", "of-another-system"))
    desk.work()
    return desk


def test_a_person_sees_both_in_words_and_closes_each_with_a_reason(apart):
    browser = apart.at_work("luc")
    assert "2 differences with processors wait for somebody." in browser.page.words
    assert "2 écarts avec des processeurs attendent" in apart.at_work("marie").page.words
    browser.open("/differences")
    for words in (
        "The processor took money that nobody here asked for.", "at the processor $12.34", "here nothing", "stranger",
        "It is about a payment that was not asked for here.", "of-another-system",
    ):  # fmt: skip
        assert words in browser.page.words
    for _ in range(2):
        browser.press("Close with this reason", reason="asked them")
        assert browser.status == 200
    assert "The books of the processors and ours agree." in browser.page.words
    assert apart.service().get(f"{OWN}/breaks").json() == {"breaks": []}


def test_nothing_closes_without_a_reason_or_without_the_permission(apart):
    browser = apart.at_work("luc")
    browser.open("/differences")
    browser.press("Close with this reason", reason="  ")
    assert browser.status == 409
    apart.person("eve", "failed_payment")
    assert "Close with this reason" not in apart.at_work("eve").open("/differences").words


def test_services_read_both(apart):
    service = apart.service()
    (found,) = service.get(f"{OWN}/breaks").json()["breaks"]
    assert (found["kind"], found["key"], found["amount_there"], found["date"]) == (
        "missing_here", "stranger", 1234, NIGHT.isoformat(),
    )  # fmt: skip
    (parked,) = service.get(f"{OWN}/processor-reports").json()["reports"]
    assert (parked["why"], parked["key"]) == ("unknown_key", "of-another-system")
    types = [one["type"] for one in service.get("/v1/events").json()["events"]]
    assert types.count("break.opened") == 1


def comparisons(office) -> list[Comparison]:
    found: list[Comparison] = office.world.books.run(lambda tx: tx.all(Comparison, order_by="on"))
    return found


def test_the_timetable_compares_yesterday_once_it_is_over_and_asks_again_for_a_list_that_it_could_not_have(office):
    world = office.world
    world.owing()
    world.night()
    assert plan_comparisons(office.app) == 0, "04:00 in Montréal: not yet"
    world.wait(hours=3)
    assert plan_comparisons(office.app) == 1
    assert plan_comparisons(office.app) == 0
    well = world.gateway
    with unreachable() as gone:
        world.gateway = gone
        office.work()
        assert [(one.state, one.tries) for one in comparisons(office)] == [(ComparisonState.WAITING, 1)]
    world.gateway = well
    world.wait(hours=1)
    office.work()
    world.wait(days=1)
    assert plan_comparisons(office.app) == 1
    office.work()
    found = comparisons(office)
    assert [one.state for one in found] == [ComparisonState.COMPARED] * 2
    assert [one.listed for one in found] == [0, 1]


def test_the_date_of_an_open_break_is_compared_anew_each_day(apart):
    world = apart.world
    world.wait(days=2, hours=3)
    assert plan_comparisons(apart.app) == 2
    apart.work()
    assert {one.on for one in comparisons(apart)} == {NIGHT, NIGHT + timedelta(days=1)}
