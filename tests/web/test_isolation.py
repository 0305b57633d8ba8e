"""P1: organisations are strangers; every command, route and page of one, tried with every id of the other."""

import re
from pathlib import Path
from typing import Any

import pytest

from adapters.web.sessions import hash_of
from domain.access import Session
from tests.adapters.office import Office, envelope
from tests.web import neighbours
from tests.web.neighbours import NAMES, NO_NAMES, Neighbour, acts, at_work, everything, move_in, service
from tests.web.routes import routes

PARAMETER = re.compile(r"\{(\w+)\}")
# Parameters of routes that name nothing which a neighbour has.
OF_NOBODY = {"name": "revenue", "operation": "credit"}
MAKES = {  # the field of an act that may be any id: what it makes, or changes, is the sender's own
    "administrator.register": ("administrator",), "client.register": ("client",), "invoice.create": ("invoice",),
    "payment_method.register": ("payment_method",), "payment.make": ("payment",), "instalment_plan.create": ("plan",),
    "credit.create": ("credit",), "purchase.cancel": ("credit_note",), "refund.request": ("refund",),
    "refund.record": ("refund",), "allocation.create": ("allocation",), "scholarship.open": ("fund",),
    "purchase.replace": ("with", "invoice"), "subscription.start": ("subscription",),
}  # fmt: skip
SECRET = "Zanzibar"


@pytest.fixture(params=["other ids", "same ids"])
def street(request: pytest.FixtureRequest, migrated_sqlite_url: str, tmp_path: Path) -> Any:
    """(office, neighbour, we): with the same ids inside, and with others."""
    office = Office(migrated_sqlite_url, tmp_path)
    prefix = "" if request.param == "same ids" else "z-"
    yield office, move_in(office, "zoo", prefix, SECRET), move_in(office, "ours", "", "Ours")
    office.close()


def test_every_field_that_names_something_is_tried():
    assert neighbours.id_fields() - set(NAMES) - NO_NAMES == set(), "add them to NAMES in tests/web/neighbours.py"


def test_P1_a_key_sends_no_command_for_another_organisation(street: tuple[Office, Neighbour, Neighbour]):
    office, zoo, ours = street
    before = everything(office, "zoo")
    client = service(office, ours.key)
    sent = [envelope(act, **neighbours.own_command(act, zoo)) for act in acts()]
    for one in sent:
        answer = client.post("/v1/commands", json=one)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    told = client.post("/v1/commands", json=sent).json()["commands"]
    assert {(one["status"], one["error"]["code"]) for one in told} == {("refused", "forbidden")}
    office.work()
    assert everything(office, "zoo") == before
    for source, id in zoo.commands:
        assert client.get(f"/v1/commands/{source}/{id}").status_code == 404


def test_P1_no_command_reaches_what_a_neighbour_has(street: tuple[Office, Neighbour, Neighbour]):
    """Every act, once for each field that names something, with every id of that kind which the neighbour has."""
    office, zoo, ours = street
    before = everything(office, "zoo")
    tried: list[tuple[str, tuple[str, ...], str]] = []
    for act in acts():
        own = neighbours.own_command(act, ours)
        for path in neighbours.names_in(own):
            kind = NAMES[path[-1]]
            tried += [(act, path, id) for id in zoo.ids[kind] if id not in ours.ids[kind]]
    tried.sort(key=lambda one: one[1] == MAKES.get(one[0]))  # what makes something of that id of our own: last
    sent = []
    for number, (act, path, id) in enumerate(tried):
        data = neighbours.with_theirs(neighbours.own_command(act, ours), path, id)
        if act in MAKES and path != MAKES[act]:  # an id that is taken would be refused for that
            data = neighbours.with_theirs(data, MAKES[act], f"new-{number}")
        sent.append(envelope(act, **data))
    told = office.send(*sent)
    for (act, path, id), answer in zip(tried, told, strict=True):
        known = answer["status"] == "refused" and answer["error"]["code"] == "not_known"
        assert known or path == MAKES.get(act) or path == ("by",), (act, path, id, answer)
    assert everything(office, "zoo") == before
    assert len(tried) > 20


def test_P1_what_we_do_with_our_own_ids_touches_no_neighbour(street: tuple[Office, Neighbour, Neighbour]):
    office, _zoo, ours = street
    before, untouched = everything(office, "zoo"), everything(office, "ours")
    told = office.send(*(envelope(act, **neighbours.own_command(act, ours)) for act in acts()))
    codes = [answer["error"]["code"] for answer in told if answer["status"] == "refused"]
    assert "not_known" not in codes, told
    assert sum(answer["status"] == "done" for answer in told) > 10
    assert everything(office, "zoo") == before
    assert everything(office, "ours") != untouched


def filled(path: str, who: Neighbour) -> list[str]:
    """The address of a route with everything that `who` has; `{source}/{id}` are those of its commands."""
    if "{source}" in path:
        return [path.replace("{source}", source).replace("{id}", id) for source, id in who.commands]
    for folder, kind in (("/breaks/", "break"), ("/reports/", "report")):
        path = path.replace(f"{folder}{{id}}", f"{folder}{{{kind}}}")
    wanted = [name for name in PARAMETER.findall(path) if name != "organisation"]
    found = [path]
    for name in wanted:
        values = [OF_NOBODY[name]] if name in OF_NOBODY else who.ids[NAMES[name]]
        found = [one.replace(f"{{{name}}}", value) for one in found for value in values]
    return found


def with_queries(path: str, who: Neighbour) -> list[str]:
    client, payment, item = (who.one(kind) for kind in ("client", "payment", "item"))
    return [path, f"{path}?q={payment}&client={client}", f"{path}?q={client}&ids={item}&payment={payment}"]


def test_P1_no_read_shows_what_a_neighbour_has(street: tuple[Office, Neighbour, Neighbour]):
    office, zoo, ours = street
    client, tried = service(office, ours.key), 0
    made = [id for ids in zoo.ids.values() for id in ids if id[:4] in ("itm_", "pay_")]
    for method, path in routes(client.app):  # type: ignore[arg-type]
        if method != "GET" or not path.startswith("/v1/"):
            continue
        for address in filled(path.replace("{organisation}", "zoo"), zoo):
            if address != "/v1/events":
                assert client.get(address).status_code == 404, address
        own = path.replace("{organisation}", "ours")
        for address in filled(own, zoo):
            for query in with_queries(address, zoo) if address == own else [address]:
                answer = client.get(query)
                assert SECRET not in answer.text, query
                assert [id for id in made if id in answer.text.replace(query, "")] == [], query
                if address != own and address not in filled(own, ours):
                    assert answer.status_code == 404, query
                tried += 1
    assert tried > 20


def test_P1_no_page_shows_or_changes_what_a_neighbour_has(street: tuple[Office, Neighbour, Neighbour]):
    """The session of an administrator who may do everything at home."""
    office, zoo, ours = street
    browser, tried = at_work(office, ours), 0
    browser.http.follow_redirects = False
    own = office.app.books.run(lambda tx: tx.find(Session, hash=hash_of(browser.http.cookies.get("encaisse") or "")))
    assert own is not None
    form = {"csrf": own.csrf, "version": "1", "reason": "because", "reference": "r", "outcome": "paid"}
    before = everything(office, "zoo")
    for method, path in routes(browser.http.app):  # type: ignore[arg-type]
        if path.startswith(("/v1/", "/sign-", "/language", "/livez", "/readyz", "/metrics")):
            continue
        for address in filled(path, zoo):
            for query in with_queries(address, zoo) if address == path else [address]:
                if method == "GET":
                    browser.open(query)
                else:
                    browser.post(address, form)
                assert SECRET not in browser.text, query
                if address != path and "{name}" not in path and address not in filled(path, ours):
                    assert browser.status == 404, (method, query)
                tried += 1
    office.work()
    assert everything(office, "zoo") == before
    assert tried > 20


def test_P1_a_key_is_told_the_events_of_its_own_organisations_only(street: tuple[Office, Neighbour, Neighbour]):
    office, _, ours = street
    both = service(office, neighbours.key_of(office, "zoo", "ours")).get("/v1/events?limit=1000").json()["events"]
    told = service(office, ours.key).get("/v1/events?limit=1000").json()["events"]
    assert {event["organisation"] for event in told} == {"ours"}
    assert [event for event in both if event["organisation"] == "ours"] == told
    assert len(told) < len(both)
