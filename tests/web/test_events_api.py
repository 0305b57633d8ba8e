"""`/v1/events`: public events of the organisations of a key, in the order of commits, page by page."""

import threading
from typing import Any

import pytest

from domain.decision import New
from domain.event import Event
from tests.held_back import wait_until_told
from tests.web.office import Office
from tests.world import ORGANISATION


def tell(office: Office, *numbers: int, organisation: str = ORGANISATION, public: bool = True) -> None:
    def write(tx: Any) -> None:
        tx.write([
            tuple(
                New(thing=Event(
                    organisation=organisation, type="invoice.created", subject=f"invoice:{number}", sequence=1,
                    at=tx.now, public=public, data={"number": number},
                ))
                for number in numbers
            )
        ])  # fmt: skip

    office.world.books.run(write)


def numbers(told: dict[str, Any]) -> list[int]:
    return [event["data"]["number"] for event in told["events"] if "number" in event["data"]]


def test_events_are_read_page_by_page_in_the_order_of_commits(office):
    tell(office, *range(5))
    tell(office, *range(5, 12))
    wait_until_told(office.world.engine)
    service, address, seen, told = office.service(), "/v1/events?limit=5", [], {}
    while address:
        told = service.get(address).json()
        seen += numbers(told)
        address = told["next"]
    assert seen == list(range(12))
    tell(office, 12)
    wait_until_told(office.world.engine)
    assert numbers(service.get(f"/v1/events?after={told['cursor']}").json()) == [12]


def test_an_event_has_the_shape_of_the_stream(office):
    tell(office, 1)
    wait_until_told(office.world.engine)
    [event] = office.service().get("/v1/events").json()["events"]
    assert event.pop("id").isdigit()
    assert event.pop("time").endswith("Z")
    assert event == {
        "specversion": "1.0", "source": "encaisse", "type": "invoice.created", "subject": "invoice:1", "sequence": 1,
        "organisation": ORGANISATION, "data": {"number": 1},
    }  # fmt: skip


def test_P1_strangers_and_what_is_not_public_are_not_told(office):
    office.world.organisation("other")
    tell(office, 1)
    tell(office, 2, public=False)
    tell(office, 3, organisation="other")
    wait_until_told(office.world.engine)
    assert numbers(office.service().get("/v1/events").json()) == [1]
    assert numbers(office.service("other").get("/v1/events").json()) == [3]
    assert numbers(office.service(ORGANISATION, "other").get("/v1/events").json()) == [1, 3]
    assert office.service("nobody").get("/v1/events").json() == {"events": [], "next": None, "cursor": ""}


def test_nothing_is_passed_over_while_a_transaction_is_open(office):
    if office.world.engine.dialect.name == "sqlite":
        return  # writers stand in line
    written, go = threading.Event(), threading.Event()

    def slow(tx: Any) -> None:
        event = Event(
            organisation=ORGANISATION, type="invoice.created", subject="invoice:1", sequence=1, at=tx.now,
            data={"number": 1},
        )  # fmt: skip
        tx.write([(New(thing=event),)])
        written.set()
        go.wait(10)

    thread = threading.Thread(target=lambda: office.world.books.run(slow))
    thread.start()
    written.wait(10)
    tell(office, 2)
    first = office.service().get("/v1/events").json()
    go.set()
    thread.join()
    wait_until_told(office.world.engine)
    assert numbers(first) == []
    assert sorted(numbers(office.service().get(f"/v1/events?after={first['cursor']}").json())) == [1, 2]


@pytest.mark.parametrize("query", ["after=x", "after=1", "after=99999999999999999999.1", "limit=0", "limit=1001"])
def test_a_cursor_that_is_not_ours_is_told_so(small_office, query):
    answer = small_office.service().get(f"/v1/events?{query}")
    assert (answer.status_code, answer.json()["field"]) == (422, query.partition("=")[0])


def test_a_place_that_nobody_reached_yet_is_the_end(office):
    answer = office.service().get("/v1/events?after=9223372036854775807.9223372036854775807")
    assert answer.json()["events"] == []
