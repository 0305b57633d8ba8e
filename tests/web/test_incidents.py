"""An incident as people and services see it, and what they are told when they ask for a charge meanwhile."""

import pytest

from adapters.gateways.in_process import SimulatedGateway
from domain.caring import ProcessorNotAnswering
from domain.use_cases.act_on_item import retry_item
from tests.held_back import wait_until_told
from tests.use_cases.outage import owe_many, unreachable
from tests.world import ACCOUNT, ORGANISATION

ACCOUNTS = f"/v1/organisations/{ORGANISATION}/merchant-accounts"


@pytest.fixture
def away(office):
    """A processor that has not answered for a while, with 30 charges that wait for it."""
    world = office.world
    world.account(concurrency=20)
    owe_many(world, 55)
    with unreachable() as gone:
        world.gateway = gone
        world.night()
    return office


def test_the_action_center_says_it_in_a_line_in_both_languages(away):
    for who, words in (
        ("luc", ("The simulator (merchant account main) has not answered since", "charges wait and go by themselves")),
        ("marie", ("Le simulateur (compte marchand main) ne répond pas depuis", "débits attendent et partiront")),
    ):
        page = away.at_work(who).page.words
        for one in words:
            assert one in page


def test_a_service_reads_it(away):
    (told,) = away.service().get(ACCOUNTS).json()["merchant_accounts"]
    assert (told["merchant_account"], told["processor"], told["concurrency"]) == (ACCOUNT, "simulator", 20)
    assert (told["breaker"]["state"], told["breaker"]["misses"] >= 20, told["waiting"]) == ("open", True, 35)
    assert told["breaker"]["since"] < told["breaker"]["next_at"]
    wait_until_told(away.world.engine)
    types = [one["type"] for one in away.service().get("/v1/events").json()["events"]]
    assert types.count("breaker.opened") == 1


def test_whoever_waits_for_a_charge_is_told_at_once_that_nothing_was_asked(away):
    world = away.world
    world.client("c-77")
    card = world.card(client="c-77")
    with pytest.raises(ProcessorNotAnswering) as refusal:
        world.pay(1_000, client="c-77", payment_method=card)
    assert refusal.value.params["merchant_account"] == ACCOUNT
    world.pay(1_000, client="c-77", offline="cash")


def test_a_retry_is_refused_and_its_item_stays_open(office):
    item = office.failed()
    world = office.world
    owe_many(world, 25)
    with unreachable() as gone:
        world.gateway = gone
        world.night()
        with pytest.raises(ProcessorNotAnswering):
            world.books.run(lambda tx: retry_item(tx, organisation=ORGANISATION, item=item.id, by="luc"))
    assert world.item(item.payment).state == "open"


def test_all_is_well_again(away):
    away.world.gateway = SimulatedGateway(away.world.simulator, clock_is_real=False)
    for _ in range(20):
        away.world.wait(seconds=15)
        away.world.work()
    (told,) = away.service().get(ACCOUNTS).json()["merchant_accounts"]
    assert (told["breaker"]["state"], told["waiting"]) == ("closed", 0)
    assert "has not answered" not in away.at_work("luc").page.words
