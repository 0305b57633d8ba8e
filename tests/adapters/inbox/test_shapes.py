"""A command of another shape is refused as a whole, with the path of the field."""

from typing import Any

import pytest

from adapters.inbox.accept import Accepted, Refused
from adapters.inbox.schemas import SCHEMAS
from domain.money import MAX_AMOUNT_MINOR
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

CARD = "4111 1111 1111 1111"
MINT = {"id": "m", "processor": "mint", "kinds": ["card"]}
LINE = {"line": "l1", "description": "Swim", "amount": 100}


def invoice_of(**change: Any) -> dict[str, Any]:
    return envelope("invoice.create", client="c-1", invoice="i", lines=[LINE | change])


def settings_of(**settings: Any) -> dict[str, Any]:
    return register_organisation(settings=settings)


def item(act: str, **data: Any) -> dict[str, Any]:
    return envelope(f"action_item.{act}", item="itm_1", **data)


REFUSED = [
    (make_payment("4500", offline="cash"), "amount", "invalid_value"),  # type: ignore[arg-type]
    (make_payment(45.0, offline="cash"), "amount", "invalid_value"),  # type: ignore[arg-type]
    (make_payment(True, offline="cash"), "amount", "invalid_value"),
    (make_payment(0, offline="cash"), "amount", "out_of_range"),
    (make_payment(-5, offline="cash"), "amount", "out_of_range"),
    (make_payment(MAX_AMOUNT_MINOR + 1, offline="cash"), "amount", "out_of_range"),
    (make_payment(10**40, offline="cash"), "amount", "out_of_range"),
    (make_payment(offline="bitcoin"), "offline", "invalid_value"),
    (make_payment(offline="cash", tip=1), "tip", "unknown_field"),
    (envelope("payment.make", client=None, amount=1), "client", "invalid_value"),
    (make_payment(offline="cash", client="c 1"), "client", "invalid_value"),
    (make_payment(offline="cash", payment="x" * 65), "payment", "invalid_value"),
    (make_payment(offline="cash", comment=f"card {CARD}"), "comment", "card_number"),
    (make_payment(offline="cash", comment="４１１１１１１１１１１１１１１１"), "comment", "card_number"),
    (make_payment(offline="cash", payer="Zoé\x00"), "payer", "control_character"),
    (make_payment(offline="cash", payer="\ud800"), "payer", None),
    (make_payment(offline="cash", payer="x" * 201), "payer", "text_too_long"),
    (make_payment(offline="cash", by=""), "by", "invalid_value"),
    (make_payment(offline="cash", payer=" \u200b\t"), "payer", "invalid_value"),
    (make_payment(offline="cash", by="  "), "by", "invalid_value"),
    (register_client(name=" "), "name", "invalid_value"),
    (register_client("4111111111111111"), "client", "card_number"),
    (make_payment(offline="cash", payment="4111-1111-1111-1111"), "payment", "card_number"),
    (make_payment(offline="cash", id="4111111111111111"), "id", "card_number"),
    (envelope("client.register", source="378282246310005", client="c-1"), "source", "card_number"),
    (register_client(email="4111111111111111@example.org"), "email", "card_number"),
    (register_card(brand="4111111111111111"), "brand", "card_number"),
    (invoice_of(ledger_code="4111111111111111"), "lines.0.ledger_code", "card_number"),
    (item("settle", by="marie", outcome="paid", reference=CARD), "reference", "card_number"),
    (envelope("payment.make", amount=1), "client", "field_missing"),
    (create_invoice(), None, None),
    (envelope("invoice.create", client="c-1", invoice="i", lines=[]), "lines", "out_of_range"),
    (invoice_of(amount=1.5), "lines.0.amount", "invalid_value"),
    (invoice_of(quantity=0), "lines.0.quantity", "out_of_range"),
    (invoice_of(taxes=[{"code": "GST", "rate": 5}]), "lines.0.taxes.0.rate", "invalid_value"),
    (invoice_of(taxes=[{"code": "GST", "rate": "101"}]), "lines.0.taxes.0.rate", "out_of_range"),
    (create_plan("p", ["2026-11-31"], total=1), "schedule.dates.0", "invalid_value"),
    (create_plan("p", ["1970-01-01"], total=1), "schedule.dates.0", "implausible_date"),
    (create_plan("p", ["9999-12-31"], total=1), "schedule.dates.0", "implausible_date"),
    (create_plan("p", ["24/11/2026"], total=1), "schedule.dates.0", "invalid_value"),
    (create_plan("p", [], total=1), "schedule.dates", "out_of_range"),
    (create_plan("p", ["2026-12-01"], total=1, initial={"amount": 1, "percent": "5"}), "initial", "invalid_value"),
    (create_plan("p", ["2026-12-01"], total=1, initial={}), "initial", "invalid_value"),
    (create_plan("p", ["2026-12-01"], total=1, schedule={"every": "month"}), "schedule", "invalid_value"),
    (envelope("instalment.cancel", instalments=[]), "instalments", "out_of_range"),
    (item("retry"), "by", "field_missing"),
    (item("settle", by="marie", outcome="perhaps"), "outcome", "invalid_value"),
    (item("reject", by="marie", reason=CARD), "reason", "card_number"),
    (register_card(token="5555555555554444"), "token", "card_number"),
    (register_client(email="nobody"), "email", "invalid_value"),
    (register_client(language="de"), "language", "invalid_value"),
    (register_client(name="line\u2028separator"), "name", "control_character"),
    (register_administrator("x", "everything"), "permissions.0", "invalid_value"),
    (settings_of(night_at="25:00"), "settings.night_at", "invalid_value"),
    (register_organisation(settings={"night_at": "3:00"}), "settings.night_at", "invalid_value"),
    (register_organisation(settings={"nigth_at": "03:00"}), "settings.nigth_at", "unknown_field"),
    (register_organisation(settings={"calendar": "FR"}), "settings.calendar", "invalid_value"),
    (settings_of(taxes=[{"code": "GST", "rate": 5.0}]), "settings.taxes.0.rate", "invalid_value"),
    (settings_of(taxes=[{"code": "GST", "rate": "5,0"}]), "settings.taxes.0.rate", "invalid_value"),
    (register_organisation(settings={"billing_day": 32}), "settings.billing_day", "out_of_range"),
    (register_organisation(merchant_accounts=[MINT]), "merchant_accounts.0.processor", "invalid_value"),
]  # fmt: skip


def test_what_can_not_be_read_is_set_apart_without_its_card_number(small_office: Office):
    small_office.accept(f"no json, but {CARD}")
    assert "1111" not in small_office.scalar("SELECT raw FROM quarantine")


@pytest.mark.parametrize(("command", "field", "code"), [one for one in REFUSED if one[1]])
def test_a_value_of_another_shape_is_refused_with_its_path(
    small_office: Office, command: dict[str, Any], field: str, code: str | None
):
    answer = small_office.accept(command)
    assert isinstance(answer, Refused)
    assert answer.error["field"] == field
    assert code is None or answer.code == code
    assert set(answer.error["message"]) == {"en", "fr"}


@pytest.mark.parametrize(
    "command",
    [
        make_payment(offline="cash", payer="Zoé Bélanger-L'Écuyer", comment="ligne 1\nligne 2"),
        make_payment(MAX_AMOUNT_MINOR, offline="external"),
        make_payment(offline="cash", payment="4111111111111112", id="order-4111111111111111"),
        create_invoice("inv-9", 5_000, -500),
        create_plan("p", ["2026-12-01"], total=1, initial={"percent": 10}),
        create_plan("p", ["2026-12-01"], total=1, initial={"percent": "9.975", "on": "2026-11-30"}),
        register_card(token="9418594164541111"),
        register_organisation(
            settings={
                "night_at": "02:30", "echeck_cutoff_at": "17:00", "digest_at": "07:00", "calendar": "CA10",
                "settlement_days": 10, "nsf_fee": {"amount": 4_500, "taxes": [{"code": "GST"}]},
                "automatic_retries": {"later": [3, 7]}, "suspend_after_failures": 3,
                "cancel_instalments_with_purchase": False, "billing_contact": "a@b.ca", "notify": ["a@b.ca"],
                "notify_principal": ["purchase"], "purchase_without_payment": True, "billing_day": 31,
                "prorate_first_period": True, "expiring_card_email": True,
                "taxes": [{"code": "QST", "rate": "9.975", "compound": False}],
            }
        ),
    ],
)  # fmt: skip
def test_what_the_contract_allows_is_accepted(small_office: Office, command: dict[str, Any]):
    assert isinstance(small_office.accept(command), Accepted)


def test_every_schema_refuses_what_it_does_not_know():
    for schema in SCHEMAS.values():
        assert schema.model_config["extra"] == "forbid"
        assert schema.model_config["strict"] is True
