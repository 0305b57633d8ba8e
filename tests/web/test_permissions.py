"""Who may do what: every route, every role, the own organisation's things and another's (P1, P2, F-93)."""

import pytest

from adapters.web.sessions import hash_of
from domain.access import Session
from domain.permissions import Permission
from tests.web.conftest import BOTH_PERMISSIONS
from tests.web.office import Office
from tests.web.routes import routes

ROLES = {
    "nobody": None,
    "sees": ("failed_payment",),
    "acts": BOTH_PERMISSIONS,
    "acts_blind": ("payment_processing",),
    "others": ("refund", "billing", "reports", "administer"),
    "principal": (),
}
FORM = {"version": "1", "reason": "because", "reference": "ref-1", "outcome": "paid", "language": "fr"}
ITEM = "/action-items/{item}"
VIEW = "/action-items/views/{view}"
BULK = "/action-items/bulk/{bulk}"
STATEMENT = "/clients/{client}/statement"
OPERATION = "/clients/{client}/operations/{operation}"

# fmt: off
# The status of each route for: nobody, sees, acts, acts_blind, others, principal. Redirects are 303. An act on
# an item that is not in the right state is refused (409) to whoever may act: it is not for want of permission.
EXPECTED = {
    ("GET",  "/"):                        (303, 303, 303, 303, 303, 303),
    ("GET",  "/sign-in"):                 (200, 200, 200, 200, 200, 200),
    ("POST", "/sign-in"):                 (410, 410, 410, 410, 410, 410),
    ("POST", "/sign-out"):                (401, 303, 303, 303, 303, 303),
    ("POST", "/language"):                (401, 303, 303, 303, 303, 303),
    ("GET",  "/action-items"):            (401, 200, 200, 403, 403, 200),
    ("GET",  "/action-items/watch"):      (401, 200, 200, 403, 403, 200),
    ("GET",  ITEM):                       (401, 200, 200, 403, 403, 200),
    ("POST", f"{ITEM}/retry"):            (401, 403, 303, 303, 403, 303),
    ("POST", f"{ITEM}/reject"):           (401, 403, 303, 303, 403, 303),
    ("POST", f"{ITEM}/cancel-retry"):     (401, 403, 409, 403, 403, 409),
    ("GET",  "/action-items/csv"):        (401, 200, 200, 403, 403, 200),
    ("GET",  "/action-items/charts"):     (401, 200, 200, 403, 403, 200),
    ("GET",  "/p/{payment}"):             (401, 404, 404, 403, 403, 404),
    ("POST", "/action-items/keys"):       (401, 303, 303, 403, 403, 303),
    ("POST", "/action-items/views"):      (401, 422, 422, 403, 403, 422),
    ("POST", f"{VIEW}/remove"):           (401, 404, 404, 403, 403, 404),
    # Nothing was ticked: back to the list.
    ("POST", "/action-items/bulk"):       (401, 403, 303, 303, 403, 303),
    ("GET",  BULK):                       (401, 404, 404, 403, 403, 404),
    ("POST", f"{BULK}/start"):            (401, 403, 404, 404, 403, 404),
    ("POST", f"{BULK}/undo"):             (401, 403, 404, 404, 403, 404),
    ("POST", f"{ITEM}/reopen"):           (401, 403, 409, 403, 403, 409),
    ("POST", f"{ITEM}/ask-again"):        (401, 403, 409, 403, 403, 409),
    ("POST", f"{ITEM}/settle"):           (401, 403, 409, 403, 403, 409),
    # Either of the permissions billing and reports reads a client's statement.
    ("GET",  STATEMENT):                  (401, 403, 403, 403, 200, 200),
    ("GET",  f"{STATEMENT}/csv"):         (401, 403, 403, 403, 200, 200),
    ("POST", "/sign-in/password"):        (401, 401, 401, 401, 401, 401),
    ("POST", "/sign-in/link"):            (200, 200, 200, 200, 200, 200),
    ("GET",  "/sign-in/code"):            (401, 401, 401, 401, 401, 401),
    ("POST", "/sign-in/code"):            (401, 401, 401, 401, 401, 401),
    ("GET",  "/sign-in/oidc"):            (401, 401, 401, 401, 401, 401),
    ("GET",  "/sign-in/oidc/back"):       (401, 401, 401, 401, 401, 401),
    ("POST", "/account/oidc"):            (401, 401, 401, 401, 401, 401),
    ("POST", "/account/oidc/remove"):     (401, 303, 303, 303, 303, 303),
    ("GET",  "/account"):                 (401, 200, 200, 200, 200, 200),
    ("POST", "/account/password"):        (401, 422, 422, 422, 422, 422),
    ("POST", "/account/code"):            (401, 409, 409, 409, 409, 409),
    ("POST", "/account/code/confirm"):    (401, 422, 422, 422, 422, 422),
    ("POST", "/account/code/remove"):     (401, 422, 422, 422, 422, 422),
    ("POST", "/account/sessions/end"):    (401, 303, 303, 303, 303, 303),
    ("POST", "/account/mail"):            (401, 303, 303, 303, 303, 303),
    ("GET",  "/differences"):             (401, 200, 200, 403, 403, 200),
    ("POST", "/differences/breaks/{id}"): (401, 403, 404, 404, 403, 404),
    ("POST", "/differences/reports/{id}"):(401, 403, 404, 404, 403, 404),
    # Any of billing, payment_processing and refund sees clients; an operation asks for its own (here: a credit).
    ("GET",  "/clients"):                 (401, 403, 200, 200, 200, 200),
    ("GET",  "/clients/{client}"):        (401, 403, 200, 200, 200, 200),
    ("GET",  OPERATION):                  (401, 403, 403, 403, 200, 200),
    ("POST", OPERATION):                  (401, 403, 403, 403, 422, 422),
    ("GET",  "/mailbox"):                 (401, 403, 403, 403, 200, 200),
    ("GET",  "/mailbox/{mail}"):          (401, 403, 403, 403, 404, 404),
    ("GET",  "/mailbox/{mail}/html"):     (401, 403, 403, 403, 404, 404),
    ("GET",  "/unsubscribe"):             (410, 410, 410, 410, 410, 410),
    ("POST", "/unsubscribe"):             (410, 410, 410, 410, 410, 410),
    # Runs, e-checks and accounts are for payment processing, reports and administering; the rest for the last.
    ("GET",  "/organisation"):            (401, 403, 303, 303, 303, 303),
    ("GET",  "/organisation/nights"):     (401, 403, 200, 200, 200, 200),
    ("GET",  "/organisation/e-checks"):   (401, 403, 200, 200, 200, 200),
    ("GET",  "/organisation/e-checks/{batch}"): (401, 403, 404, 404, 404, 404),
    ("GET",  "/organisation/accounts"):   (401, 403, 200, 200, 200, 200),
    ("GET",  "/organisation/queues"):     (401, 403, 403, 403, 200, 200),
    ("GET",  "/organisation/quarantine"): (401, 403, 403, 403, 200, 200),
    ("GET",  "/organisation/quarantine/{message}"): (401, 403, 403, 403, 404, 404),
    ("POST", "/organisation/quarantine/{message}/replay"): (401, 403, 403, 403, 404, 404),
    ("GET",  "/organisation/people"):     (401, 403, 403, 403, 200, 200),
    ("GET",  "/organisation/add-person"): (401, 403, 403, 403, 200, 200),
    ("POST", "/organisation/add-person"): (401, 403, 403, 403, 422, 422),
    ("GET",  "/organisation/people/{administrator}"): (401, 403, 403, 403, 200, 200),
    ("POST", "/organisation/people/{administrator}"): (401, 403, 403, 403, 422, 422),
    ("POST", "/organisation/people/{administrator}/sessions/end"): (401, 403, 403, 403, 303, 303),
    ("GET",  "/organisation/settings"):   (401, 403, 403, 403, 200, 200),
    ("POST", "/organisation/settings"):   (401, 403, 403, 403, 422, 422),
    ("GET",  "/organisation/audit"):      (401, 403, 403, 403, 200, 200),
    ("POST", "/guide/dismiss"):           (401, 303, 303, 303, 303, 303),
    ("GET",  "/reports"):                 (303, 303, 303, 303, 303, 303),
    ("GET",  "/reports/{name}"):          (401, 403, 403, 403, 200, 200),
    ("GET",  "/reports/{name}/csv"):      (401, 403, 403, 403, 200, 200),
}
# fmt: on
FOR_SERVICES = ("/v1/", "/livez", "/readyz", "/metrics")


def test_the_matrix_names_every_route(small_office):
    pages = {route for route in routes(small_office.web) if not route[1].startswith(FOR_SERVICES)}
    assert pages == set(EXPECTED), "a route without a line in the matrix, or a line without a route"


@pytest.fixture
def staffed(small_office):
    for role, permissions in ROLES.items():
        if permissions is not None:
            small_office.person(role, *permissions, principal=role == "principal")
    return small_office


def ask(office: Office, role: str, method: str, path: str) -> tuple[int, str]:
    """Answers the status and the text. The token of the form is the right one: it is not what is tested here."""
    browser = office.browser() if role == "nobody" else office.at_work(role)
    browser.http.follow_redirects = False
    if method == "GET":
        browser.open(path)
    else:
        token = browser.http.cookies.get("encaisse") or ""
        own = office.world.books.run(lambda tx: tx.find(Session, hash=hash_of(token)))
        csrf = own.csrf if own is not None else ""
        browser.post(path, FORM | {"csrf": csrf})
    return browser.status, browser.text


@pytest.mark.parametrize("route", EXPECTED, ids=[f"{method} {path}" for method, path in EXPECTED])
def test_own_organisation(staffed, route):
    method, path = route
    for position, (role, expected) in enumerate(zip(ROLES, EXPECTED[route], strict=True)):
        staffed.world.wait(hours=1)  # nobody's tries to sign in are counted against the next
        item = staffed.failed(client=f"c-{position}") if "{item}" in path else None
        own = path.replace("{item}", item.id if item else "").replace("{client}", "c-1").replace("{name}", "revenue")
        own = own.replace("{operation}", "credit").replace("{batch}", "b-1").replace("{message}", "qua_1")
        own = own.replace("{administrator}", "marie")
        own = own.replace("{view}", "view_1").replace("{bulk}", "blk_1").replace("{payment}", "pay_1")
        own = own.replace("{mail}", "mail_" + "0" * 32).replace("{id}", "brk_1")
        status, _ = ask(staffed, role, method, own)
        assert status == expected, role
        if item is not None:
            assert (staffed.item(item.id).state == "open") == (status != 303), role


ITEM_ROUTES = [route for route in EXPECTED if "{item}" in route[1]]


@pytest.mark.parametrize("route", ITEM_ROUTES, ids=[f"{route[0]} {route[1]}" for route in ITEM_ROUTES])
def test_another_organisations_items_are_not_there(staffed, route):
    item = staffed.failed_elsewhere()
    for role in ("acts", "principal"):
        status, text = ask(staffed, role, route[0], route[1].replace("{item}", item.id))
        assert status == 404
        assert "77.00" not in text
    assert staffed.world.items(id=item.id, organisation="other")[0].version == item.version


def test_another_organisations_items_are_in_no_list(staffed):
    item = staffed.failed_elsewhere()
    browser = staffed.at_work("acts")
    for path in ("/action-items", f"/action-items?q={item.payment}", f"/action-items/watch?ids={item.id}"):
        assert item.id not in browser.open(path).words
        assert "Client c-9" not in browser.text


def test_permissions_count_at_once(office):
    item = office.failed()
    browser = office.at_work("luc")
    browser.open(f"/action-items/{item.id}")
    office.person("luc", "failed_payment", name="Luc Roy")
    browser.press("Retry")
    assert browser.status == 403
    assert office.item(item.id).state == "open"


def test_a_refused_person_is_told_who_can_help_in_their_language(small_office):
    small_office.person("jeanne", name="Jeanne Principal", principal=True)
    small_office.person("omar", "administer", name="Omar Aide")
    small_office.person("eve", "reports", language="fr")
    browser = small_office.at_work("eve")
    words = browser.open("/action-items").words
    assert browser.status == 403
    assert "Vous n'avez pas accès à ceci" in words
    assert "Paiement échoué" in words
    assert words.index("Jeanne Principal") < words.index("Omar Aide")


def test_who_may_only_see_is_told_so_and_gets_no_buttons(small_office):
    small_office.person("vera", "failed_payment")
    item = small_office.failed()
    browser = small_office.at_work("vera")
    page = browser.open(f"/action-items/{item.id}")
    assert "you need the permission “Payment processing”" in page.words
    assert not [form for form in page.forms if "/action-items" in form.action and form.method == "post"]
    assert browser.open("/action-items").links["Open – Client c-1, $45.00"] == f"/action-items/{item.id}"


def test_permissions_of_one_organisation_are_none_in_another(small_office):
    """The same name in two organisations is two people."""
    item = small_office.failed_elsewhere()
    small_office.person("luc", organisation="other")
    browser = small_office.at_work("luc", organisation="other")
    assert browser.status == 403
    browser.open(f"/action-items/{item.id}")
    assert browser.status == 403
    assert Permission.FAILED_PAYMENT not in browser.text
