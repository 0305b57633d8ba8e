"""Keys of services: revoked at once, limited in how often they ask, answered in the asked language."""

import pytest

from adapters.cli.access import create_key, key_id, list_keys, revoke_key
from adapters.web.rates import Rates
from domain.event import Event
from tests.web.office import Office
from tests.world import ORGANISATION


def make(office: Office, name: str = "shop") -> str:
    return office.world.books.run(lambda tx: create_key(tx, name, [ORGANISATION]))


def test_a_revoked_key_lets_nobody_in_and_the_act_is_kept(office):
    key, other = make(office), make(office, "till")
    assert office.service(key=key).get("/v1/events").status_code == 200
    [mine] = [one for one in office.world.books.run(list_keys) if one.name == "shop"]
    office.world.books.run(lambda tx: revoke_key(tx, key_id(mine)))
    assert office.service(key=key).get("/v1/events").status_code == 401
    assert office.service(key=other).get("/v1/events").status_code == 200
    [told] = office.world.books.run(lambda tx: tx.all(Event, type="service_key.revoked"))
    assert told.by.startswith("cli:")
    assert told.data["name"] == "shop"


def test_a_key_that_asks_too_often_is_told_when_to_come_back(small_office):
    office = Office(small_office.world, requests_per_second=0.1)
    service, other = office.service(), office.service()
    answers = [service.get("/v1/events") for _ in range(2)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert answers[-1].json()["code"] == "too_many_requests"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 10
    assert other.get("/v1/events").status_code == 200


def test_a_bucket_fills_with_time_and_never_overflows():
    rates = Rates(2)
    assert [rates.take("k", 0.0) for _ in range(10)] == [0.0] * 10
    assert rates.take("k", 0.0) == pytest.approx(0.5)
    assert rates.take("k", 0.5) == 0.0
    assert rates.take("k", 0.5) > 0
    assert sum(rates.take("k", 1_000.0) == 0.0 for _ in range(20)) == 10
    assert Rates(0).take("k", 0.0) == 0.0


@pytest.mark.parametrize(("asked", "spoken"), [("fr-CA,fr;q=0.9", "fr"), ("en", "en"), ("de", "en"), ("", "en")])
def test_a_problem_is_in_the_asked_language_and_in_both(small_office, asked, spoken):
    answer = small_office.service(key="wrong").get("/v1/events", headers={"accept-language": asked})
    told = answer.json()
    assert answer.headers["content-language"] == spoken
    assert told["detail"] == told["message"][spoken]
    assert set(told["message"]) == {"en", "fr"}
