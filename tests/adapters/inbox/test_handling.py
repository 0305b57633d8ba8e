"""Accepted commands take effect in order, one by one, and one bad one holds nothing up (CONTRACT section 2)."""

from typing import Any

import pytest

from adapters.errands import ErrandKind, due_errands
from adapters.inbox import handlers
from adapters.inbox.handling import BATCH_SIZE, handle_commands
from tests.adapters.office import (
    Office,
    create_invoice,
    create_plan,
    envelope,
    make_payment,
    register_administrator,
    register_card,
    register_client,
    register_organisation,
)


def test_a_command_of_an_organisation_that_does_not_exist_is_refused(office: Office):
    [result] = office.send(envelope("client.register", organisation="nobody", client="c-1", name="N", email="n@n.ca"))
    assert result["error"]["code"] == "not_known"
    assert result["error"]["field"] == "organisation"


def test_b7_a_card_on_file_is_charged_at_once_and_the_result_says_approved(office: Office):
    [result] = office.send(make_payment(4_500, payment="p-1", payment_method="pm-1"))
    assert result["status"] == "done"
    assert result["result"] == {"payment": "p-1", "state": "approved"}


def test_b7_a_decline_is_told_to_whoever_asked_with_its_words_and_makes_no_item(office: Office):
    _, result = office.send(register_card("pm-2", "tok_expired_card"), make_payment(payment_method="pm-2"))
    assert result["result"]["state"] == "declined"
    assert result["result"]["reason"]["code"] == "expired_card"
    assert result["result"]["reason"]["text"]["fr"] == "La carte est expirée."
    assert office.scalar("SELECT count(*) FROM action_items") == 0


def test_b7_an_offline_payment_without_an_id_gets_one(office: Office):
    [result] = office.send(make_payment(offline="cheque", payer="Zoé"))
    assert result["result"]["payment"].startswith("pay_")
    assert result["result"]["state"] == "received"
    assert office.scalar("SELECT description FROM ledger_transactions") == "Paiement par chèque – Zoé"


def test_b4_an_empty_payer_leaves_no_trace_in_the_description(office: Office):
    office.send(make_payment(offline="cash"))
    assert office.scalar("SELECT description FROM ledger_transactions") == "Paiement comptant"


def test_a_command_that_waits_for_its_charge_is_handled_once_and_is_no_errand(office: Office):
    office.accept(make_payment(payment_method="pm-1", id="e1"))
    assert handle_commands(office.app, organisation="ymca") == 1
    assert handle_commands(office.app, organisation="ymca") == 0
    assert office.result("shop", "e1") == {"source": "shop", "id": "e1", "status": "accepted"}
    errands = office.app.books.run(due_errands)
    assert [errand.kind for errand in errands] == [ErrandKind.CHARGE]
    office.work()
    assert office.result("shop", "e1")["result"]["state"] == "approved"


def test_commands_take_effect_in_order_a_plan_sees_the_card_payment_before_it(office: Office):
    *_, plan = office.send(
        create_invoice("inv-1", 20_000),
        make_payment(5_000, invoice="inv-1", payment_method="pm-1"),
        create_plan("plan-1", ["2040-01-01", "2040-02-01"], total=15_000),
    )
    assert plan["status"] == "done", plan


def test_the_payments_of_one_client_are_charged_together(office: Office):
    office.accept_all(*(make_payment(payment_method="pm-1", id=f"e{n}") for n in range(5)))
    assert handle_commands(office.app, organisation="ymca") == 5


def test_what_waits_for_one_client_holds_up_no_other(office: Office):
    office.send(register_client("c-2"), create_invoice("inv-1", 9_000), create_invoice("inv-2", 9_000, client="c-2"))
    office.accept_all(
        make_payment(1_000, invoice="inv-1", payment_method="pm-1"),
        create_plan("plan-1", ["2040-01-01"], total=8_000),
        make_payment(offline="cash", invoice="inv-1", id="behind"),
        make_payment(offline="cash", client="c-2", id="beside"),
    )
    handle_commands(office.app, organisation="ymca")
    assert office.result("shop", "beside")["status"] == "done"
    assert office.result("shop", "behind")["status"] == "accepted"
    office.work()
    assert office.result("shop", "behind")["status"] == "done"


def test_a_refused_command_does_not_stop_the_next(office: Office):
    refused, done = office.send(make_payment(offline="cash", client="c-404"), make_payment(offline="cash"))
    assert (refused["status"], done["status"]) == ("refused", "done")
    assert refused["error"]["message"]["fr"] == "Rien n'est connu ici sous le nom «\u00a0c-404\u00a0»."


def test_a_refused_command_leaves_nothing_behind(office: Office):
    office.send(create_plan("plan-1", ["2040-01-01"], total=1))
    assert office.scalar("SELECT count(*) FROM plans") == 0
    assert office.scalar("SELECT count(*) FROM identities") == 0


def test_a_bug_sets_its_command_apart_and_holds_nothing_up(office: Office, monkeypatch: pytest.MonkeyPatch):
    def bug(*_: Any) -> Any:
        raise ZeroDivisionError("a bug")

    monkeypatch.setitem(handlers.HANDLERS, "client.register", bug)
    broken, done = office.send(register_client("c-2"), make_payment(offline="cash"))
    assert broken["status"] == "quarantined"
    assert broken["error"]["code"] == "internal_error"
    assert done["status"] == "done"
    assert office.scalar("SELECT reason FROM quarantine") == "internal_error"


def test_a_broken_database_rule_sets_its_command_apart(office: Office, monkeypatch: pytest.MonkeyPatch):
    def twice(tx: Any, asked: Any, by: str, seq: int) -> Any:
        tx.connection.exec_driver_sql("INSERT INTO clients SELECT * FROM clients")

    monkeypatch.setitem(handlers.HANDLERS, "client.register", twice)
    broken, done = office.send(register_client("c-2"), make_payment(offline="cash"))
    assert (broken["status"], done["status"]) == ("quarantined", "done")


@pytest.mark.parametrize("kind", ["invoice", "payment", "plan"])
def test_an_id_with_the_same_content_is_answered_as_before(office: Office, kind: str):
    commands = {
        "invoice": lambda: create_invoice("inv-2", 700, by="shop"),
        "payment": lambda: make_payment(payment="p-1", payment_method="pm-1"),
        "plan": lambda: create_plan("plan-1", ["2040-01-01"], total=10_000),
    }
    office.send(create_invoice("inv-1", 10_000))
    [first] = office.send(commands[kind]())
    repeated = commands[kind]()
    repeated["data"].pop("by", None)
    [again] = office.send(repeated)
    assert again["status"] == "done", again
    assert again["result"] == first["result"]


def test_an_id_whose_charge_is_under_way_is_answered_with_its_outcome(office: Office):
    first, again = office.send(
        make_payment(payment="p-1", payment_method="pm-1"), make_payment(payment="p-1", payment_method="pm-1")
    )
    assert first["result"] == again["result"] == {"payment": "p-1", "state": "approved"}
    assert office.scalar("SELECT count(*) FROM payments") == 1


def test_an_id_with_other_content_is_taken(office: Office):
    _, other = office.send(
        make_payment(4_500, payment="p-1", payment_method="pm-1"),
        make_payment(4_501, payment="p-1", payment_method="pm-1"),
    )
    assert other["error"]["code"] == "id_taken"
    assert other["error"]["field"] == "payment"


def test_register_with_a_known_id_changes_the_given_fields_only(office: Office):
    office.send(envelope("client.register", client="c-1", email="new@example.org"))
    assert office.scalar("SELECT email FROM clients") == "new@example.org"
    assert office.scalar("SELECT name FROM clients") == "Client c-1"


def test_register_that_changes_nothing_is_not_told_again(office: Office):
    before = office.scalar("SELECT count(*) FROM events")
    office.send(register_organisation(), register_client(), register_card(), register_client(name=None) | {"id": "x"})
    assert office.scalar("SELECT count(*) FROM events") == before


def test_settings_that_are_not_named_keep_their_values(office: Office):
    office.send(envelope("organisation.register", settings={"night_at": "02:00"}))
    office.send(envelope("organisation.register", settings={"digest_at": "08:00"}))
    [_, again] = office.send(
        envelope("organisation.register", settings={"digest_at": "08:30"}), make_payment(offline="cash")
    )
    assert again["status"] == "done"
    settings = str(office.scalar("SELECT settings FROM organisations"))
    assert "02:00" in settings
    assert "08:30" in settings


def test_p2_a_command_in_the_name_of_a_person_needs_their_permission(office: Office):
    _, _, without, with_, service = office.send(
        register_administrator("marie", "payment_processing"),
        register_administrator("paul", "reports"),
        make_payment(offline="cash", by="paul"),
        make_payment(offline="cash", by="marie"),
        make_payment(offline="cash", by="shop-till-3"),
    )
    assert without["error"]["code"] == "permission_denied"
    assert (with_["status"], service["status"]) == ("done", "done")


def test_b6_a_tax_without_a_rate_takes_that_of_the_settings(office: Office):
    line = {"line": "l1", "description": "Swim", "amount": 10_000, "taxes": [{"code": "GST"}, {"code": "QST"}]}
    _, invoice, unknown = office.send(
        envelope(
            "organisation.register",
            settings={"taxes": [{"code": "GST", "rate": "5"}, {"code": "QST", "rate": "9.975"}]},
        ),
        envelope("invoice.create", client="c-1", invoice="i1", lines=[line]),
        envelope("invoice.create", client="c-1", invoice="i2", lines=[line | {"taxes": [{"code": "HST"}]}]),
    )
    assert invoice["result"]["total"] == 11_498  # 5.00 and 9.975 (half-even: 9.98) on 100.00
    assert unknown["error"]["code"] == "unknown_tax"
    assert unknown["error"]["field"] == "lines.0.taxes.0"


def test_a3_a_retry_is_answered_when_the_gateway_has(office: Office):
    office.send(
        create_invoice("inv-1", 10_000), register_card("pm-1", "tok_insufficient_funds"),
        create_plan("plan-1", ["2020-01-01"], total=10_000),
    )  # fmt: skip
    item = office.scalar("SELECT id FROM action_items")
    _, retried = office.send(
        register_card("pm-2"), envelope("action_item.retry", item=item, by="marie", payment_method="pm-2")
    )
    assert retried["result"]["state"] == "resolved", retried
    [closed] = office.send(envelope("action_item.retry", item=item, by="marie"))
    assert closed["error"]["code"] == "item_closed"


def test_a4_a_rejection_is_kept_with_its_reason_and_can_be_undone(office: Office):
    office.send(
        create_invoice("inv-1", 10_000), register_card("pm-1", "tok_insufficient_funds"),
        create_plan("plan-1", ["2020-01-01"], total=10_000),
    )  # fmt: skip
    item = office.scalar("SELECT id FROM action_items")
    silent, undone, rejected, reopened = office.send(
        envelope("action_item.reject", item=item, by="marie"),  # a service may leave it out
        envelope("action_item.reopen", item=item, by="marie"),
        envelope("action_item.reject", item=item, by="marie", reason="moved away"),
        envelope("action_item.reopen", item=item, by="marie"),
    )
    assert silent["result"]["state"] == "rejected"
    assert undone["result"]["state"] == "open"
    assert rejected["result"]["state"] == "rejected"
    assert reopened["result"]["state"] == "open"


def test_more_commands_than_fit_in_a_transaction_are_all_handled_in_order(office: Office):
    office.accept_all(*(register_client("c-1", name=f"Name {n}") for n in range(BATCH_SIZE + 20)))
    assert handle_commands(office.app, organisation="ymca") == BATCH_SIZE
    office.work()
    assert office.scalar("SELECT name FROM clients") == f"Name {BATCH_SIZE + 19}"


def test_a_charge_that_waits_for_something_itself_holds_nothing_up(office: Office):
    office.send(
        create_invoice("inv-1", 10_000),
        register_card("pm-1", "tok_insufficient_funds"),
        create_plan("plan-1", ["2020-01-01"], total=10_000),
        register_card("pm-2", "tok_timeout_before_charge"),
        make_payment(10_000, invoice="inv-1", payment_method="pm-2", payment="unsure"),
        register_card("pm-3"),
    )
    item = office.scalar("SELECT id FROM action_items")
    retried, after = office.send(
        envelope("action_item.retry", item=item, by="marie", payment_method="pm-3"),
        envelope("client.register", client="c-1", name="Renamed"),
    )
    assert retried["status"] in ("accepted", "done")  # money under way may cover what it is for
    assert after["status"] == "done"
    changed = office.send(register_card("pm-9"))
    assert changed[0]["status"] == "done"


def test_repeats_of_a_payment_whose_charge_is_under_way_hold_nothing_up(office: Office):
    office.accept_all(*(make_payment(payment="p-1", payment_method="pm-1", id=f"same-{n}") for n in range(250)))
    office.accept(make_payment(offline="cash", id="behind"))
    while handle_commands(office.app, organisation="ymca"):
        pass
    assert office.result("shop", "behind")["status"] == "done"
    assert office.result("shop", "same-249")["status"] == "accepted"
    office.work()
    assert office.result("shop", "same-249")["result"] == {"payment": "p-1", "state": "approved"}
    assert office.scalar("SELECT count(*) FROM payments WHERE payment_method IS NOT NULL") == 1
