"""`/v1/commands`: taken in once, in order, by whoever may; refusals are problems in both languages."""

import json
from typing import Any

import pytest

from adapters.web.app import MAX_BODY
from adapters.web.commands import MAX_COMMANDS
from domain.people import Client
from tests.world import ORGANISATION

PROBLEM = "application/problem+json"


def command(id: str = "cmd-1", type: str = "client.register", **data: Any) -> dict[str, Any]:
    given = {
        "organisation": ORGANISATION,
        "client": "c-77",
        "name": "Ana",
        "email": "ana@example.org",
        "language": "en",
    }
    return {
        "specversion": "1.0", "id": id, "source": "shop", "type": f"encaisse.{type}.v1", "data": data or given,
    }  # fmt: skip


def test_a_command_is_accepted_with_a_link_and_takes_effect(office):
    service = office.service()
    answer = service.post("/v1/commands", json=command())
    assert answer.status_code == 202
    assert answer.json() == {
        "source": "shop", "id": "cmd-1", "status": "accepted", "href": "/v1/commands/shop/cmd-1",
    }  # fmt: skip
    assert answer.headers["location"] == answer.json()["href"]
    assert service.get(answer.json()["href"]).json()["status"] == "accepted"
    office.work()
    told = service.get(answer.json()["href"]).json()
    assert (told["status"], told["result"]["client"]) == ("done", "c-77")
    assert office.world.books.run(lambda tx: tx.get(Client, organisation=ORGANISATION, id="c-77")).name == "Ana"


def test_the_same_command_again_is_answered_as_before(office):
    service = office.service()
    service.post("/v1/commands", json=command())
    office.work()
    again = service.post("/v1/commands", json=command())
    assert (again.status_code, again.json()["status"]) == (202, "done")
    assert office.world.scalar("SELECT count(*) FROM commands") == 1


def test_another_body_under_the_same_id_is_a_conflict(office):
    service = office.service()
    service.post("/v1/commands", json=command())
    answer = service.post("/v1/commands", json=command(organisation=ORGANISATION, client="c-78"))
    assert answer.status_code == 409
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["code"] == "conflict"
    assert set(answer.json()["message"]) == {"en", "fr"}


def test_a_list_is_taken_in_order_and_a_refused_one_stops_nobody(office):
    service = office.service()
    envelopes = [
        command("a"), command("b", organisation=ORGANISATION, client="c-1", colour="red"), {"no": "envelope"},
        command("c", organisation="other", client="c-1"), command("a"), command("d"),
    ]  # fmt: skip
    answer = service.post("/v1/commands", json=envelopes)
    assert answer.status_code == 202
    told = answer.json()["commands"]
    assert [one["status"] for one in told] == [
        "accepted", "refused", "quarantined", "refused", "accepted", "accepted",
    ]  # fmt: skip
    assert told[1]["error"]["code"] == "unknown_field"
    assert told[1]["error"]["field"] == "colour"
    assert told[3]["error"]["code"] == "forbidden"
    assert told[0]["href"] == told[4]["href"]
    office.work()
    assert [service.get(f"/v1/commands/shop/{id}").json()["status"] for id in ("a", "d")] == ["done", "done"]


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        (command(organisation=ORGANISATION, client="c-1", language="de"), 422, "invalid_value", "language"),
        (command(organisation=ORGANISATION), 422, "field_missing", "client"),
        (command(type="moon.land"), 422, "unknown_type", "type"),
        ({"specversion": "1.0", "id": "x"}, 422, "no_source", None),
        ("text", 422, "not_an_object", None),
        (command(organisation="other", client="c-1"), 403, "forbidden", "organisation"),
    ],
)
def test_what_is_wrong_is_told_with_the_path_of_the_field(office, body, status, code, field):
    answer = office.service().post("/v1/commands", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    document = answer.json()
    assert (document["status"], document["code"], document.get("field")) == (status, code, field)
    assert document["message"]["fr"]


def test_what_is_not_json_is_told_so(small_office):
    service = small_office.service()
    twice = b'{"id": "e-1", "data": {"amount": 100, "amount": 900}}'
    for body in (b"", b"{", b"\xff", b"[" * 100_000, twice):
        answer = service.post("/v1/commands", content=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


def test_no_list_is_longer_than_a_thousand_and_no_body_larger_than_four_megabytes(small_office):
    service = small_office.service()
    answer = service.post("/v1/commands", json=[{}] * (MAX_COMMANDS + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    answer = service.post("/v1/commands", content=b" " * (MAX_BODY + 1))
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"
    answer = service.post("/v1/commands", content=iter([b" " * (MAX_BODY // 2 + 1)] * 2))
    assert answer.status_code == 413


def test_a_single_command_that_is_too_large_is_told_so_like_any_other(small_office):
    answer = small_office.service().post("/v1/commands", json=command(organisation=ORGANISATION, client="c" * 300_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_body_may_begin_with_a_mark_of_its_encoding(small_office):
    body = json.dumps(command()).encode("utf-8-sig")
    assert small_office.service().post("/v1/commands", content=body).status_code == 202


def test_what_json_can_not_say_is_set_apart(small_office):
    body = json.dumps(command(organisation=ORGANISATION, client="c-1", name=float("nan")))
    answer = small_office.service().post("/v1/commands", content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_json")


def test_a_problem_points_into_the_body(small_office):
    answer = small_office.service().post("/v1/commands", json=command(organisation=ORGANISATION, client=["c-1"]))
    assert answer.json()["pointer"] == "/data/client"
    assert small_office.service().post("/v1/commands", json=command(type="moon.land")).json()["pointer"] == "/type"


def test_a_list_of_a_thousand_fits(small_office):
    envelopes = [
        command(f"cmd-{position}", organisation=ORGANISATION, client=f"c-{position}", name="A")
        for position in range(MAX_COMMANDS)
    ]
    body = json.dumps(envelopes)
    assert len(body) < MAX_BODY
    answer = small_office.service().post("/v1/commands", content=body)
    assert answer.status_code == 202
    assert len(answer.json()["commands"]) == MAX_COMMANDS


@pytest.mark.parametrize("key", ["", "made-up", "x" * 5000])
def test_without_a_key_that_is_known_nothing_is_told(small_office, key):
    service = small_office.service(key=key)
    for answer in (service.post("/v1/commands", json=command()), service.get("/v1/commands/shop/cmd-1")):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["code"] == "unauthorized"


def test_a_revoked_key_is_none(office):
    key = office.key()
    assert office.service(key=key).get("/v1/commands/a/b").status_code == 404
    with office.world.books.begin() as tx:
        tx.connection.exec_driver_sql("UPDATE service_keys SET revoked_at = created_at")
    assert office.service(key=key).get("/v1/commands/a/b").status_code == 401


def test_a_key_sees_the_commands_of_its_organisations_only(office):
    office.world.organisation("other")
    office.service().post("/v1/commands", json=command())
    stranger = office.service("other")
    assert stranger.get("/v1/commands/shop/cmd-1").status_code == 404
    answer = stranger.post("/v1/commands", json=command(organisation="other", client="c-1"))
    assert answer.status_code == 409
    assert "result" not in answer.text


def test_a_person_in_a_browser_is_no_service(small_office):
    browser = small_office.at_work("luc")
    answer = browser.http.post("/v1/commands", json=command(), headers={"origin": "http://127.0.0.1:8000"})
    assert answer.status_code == 401


def test_an_operators_act_through_a_command_is_seen_on_the_page(office):
    item = office.failed()
    data = {"organisation": ORGANISATION, "item": item.id, "by": "luc", "reason": "Paid at the desk."}
    office.service().post("/v1/commands", json=command(type="action_item.reject", **data))
    office.work()
    words = office.at_work("luc").open("/action-items?tab=closed").words
    assert "Paid at the desk." in words
    assert "Luc Roy" in words
