"""What services may read, what probes are told, and what nobody else may see."""

import pytest

from adapters.database.items import find_items
from tests.web.office import Office
from tests.web.routes import routes
from tests.world import ORGANISATION

OWN = f"/v1/organisations/{ORGANISATION}"


def test_items_have_the_shape_of_the_command_line(office):
    item = office.failed()
    told = office.service().get(f"{OWN}/action-items").json()
    assert told["next"] is None
    assert told["items"] == office.world.books.run(lambda tx: find_items(tx, organisation=ORGANISATION))
    one = told["items"][0]
    assert (one["item"], one["amount"], one["reason"]["code"]) == (item.id, 4500, "insufficient_funds")
    assert set(one["reason"]["text"]) == {"en", "fr"}
    assert one["history"]


def test_items_are_filtered_and_paged(office):
    for position in range(1, 6):
        office.world.owing("tok_insufficient_funds", 1000, client=f"c-{position}")
    office.world.night()
    service = office.service()
    address, clients = f"{OWN}/action-items?limit=2&kind=instalment&state=open", []
    while address:
        told = service.get(address).json()
        clients += [one["client"] for one in told["items"]]
        address = told["next"]
    assert sorted(clients) == [f"c-{position}" for position in range(1, 6)]
    assert service.get(f"{OWN}/action-items?state=resolved&state=rejected").json()["items"] == []


@pytest.mark.parametrize("query", ["state=lost", "kind=moon", "limit=0", "limit=1000", "after=zzz", "after=bnVsbA"])
def test_a_filter_that_makes_no_sense_is_told_so(small_office, query):
    answer = small_office.service().get(f"{OWN}/action-items?{query}")
    assert answer.status_code == 422
    assert answer.json()["field"] == query.partition("=")[0]


def test_billing_is_the_statement(office):
    office.failed()
    told = office.service().get(f"{OWN}/clients/c-1/billing").json()
    assert (told["balance"], told["currency"]) == (4500, "CAD")
    assert told["upcoming"][0]["state"] == "failed"


def reads(office: Office) -> list[str]:
    """Those whose address names what is read; `/v1/events` tells every key its own."""
    found = [path for method, path in routes(office.web) if method == "GET" and path.startswith("/v1/")]
    return [path for path in found if path != "/v1/events"]


def test_strangers_find_nothing(office):
    """Every read, by a key of another organisation, by none, and for what does not exist."""
    office.failed()
    office.world.organisation("other")
    filled = {
        "{organisation}": ORGANISATION,
        "{client}": "c-1",
        "{payment}": "p-1",
        "{refund}": "rf-1",
        "{batch}": "b-1",
        "{source}": "shop",
        "{id}": "cmd-1",
    }
    assert len(reads(office)) >= 9
    for path in reads(office):
        for name, value in filled.items():
            path = path.replace(name, value)
        assert office.service("other").get(path).status_code == 404
        assert office.service(key="").get(path).status_code == 401
        assert office.service(key="").get(path).headers["content-type"] == "application/problem+json"
    assert office.service().get(f"{OWN}/clients/c-404/billing").status_code == 404
    assert office.service().get(f"{OWN}/clients/%00/billing").status_code == 404
    assert office.service("ghost").get("/v1/organisations/ghost/action-items").status_code == 404


def test_alive_needs_neither_key_nor_database(small_office, monkeypatch):
    monkeypatch.setattr(type(small_office.app.engine), "connect", lambda *_: 1 / 0)
    assert small_office.service(key="").get("/livez").json() == {"status": "alive"}


def test_ready_says_whether_the_schema_is_current(office):
    assert office.service(key="").get("/readyz").json() == {"status": "ready"}
    with office.world.books.begin() as tx:
        tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'old'")
    answer = office.service(key="").get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "schema_old"})


def test_metrics_count_and_name_nobody(office):
    office.failed()
    office.failed("tok_timeout_before_charge", client="c-2")
    office.world.owing("tok_approve", client="c-3", days=0)
    office.world.wait(seconds=90)
    text = office.service().get("/metrics").text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert lines['encaisse_action_items{state="open"}'] == "2"
    assert sum(int(value) for name, value in lines.items() if name.startswith("encaisse_action_items_waiting")) == 2
    assert lines["encaisse_attempts_unknown"] == "1"
    assert lines["encaisse_oldest_due_age_seconds"] == "90"
    assert lines["encaisse_commands_waiting"] == "0"
    assert ORGANISATION not in text


def test_metrics_from_another_machine_need_a_key(small_office):
    from starlette.testclient import TestClient

    def ask(host: str, **headers: str) -> int:
        client = TestClient(small_office.web, client=(host, 5000), headers=headers)
        return client.get("/metrics").status_code

    assert ask("127.0.0.1") == 200
    assert ask("10.0.0.7") == 401
    assert ask("127.0.0.1", **{"x-forwarded-for": "10.0.0.7"}) == 401
    assert ask("10.0.0.7", authorization=f"Bearer {small_office.key()}") == 200


def test_the_contract_is_not_served_by_a_running_server(small_office):
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert small_office.service(key="").get(path).status_code == 404
