"""Bank accounts for bank files: checked at the door, sealed wherever they are kept, told nowhere."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.database.bank_accounts import NoBankAccount, open_bank, reseal_all
from adapters.database.vault import NoSealKey, Vault
from adapters.inbox.accept import Accepted, Quarantined, Refused
from adapters.inbox.results import result_of
from domain.bank_account import BankAccount, is_routing_number
from domain.payment_method import PaymentMethod
from domain.ports import SealBroken
from tests.adapters.office import Office, envelope, register_card, register_organisation

AMERICAN = {"routing": "021000021", "account": "93817465027", "type": "checking"}
CANADIAN = {"institution": "815", "transit": "30217", "account": "5829301746"}
NUMBERS = ("021000021", "93817465027", "30217", "5829301746")
BOTH_KINDS = {"id": "main", "processor": "simulator", "kinds": ["card", "echeck"]}


@pytest.fixture
def bank_office(office: Office) -> Office:
    """Where e-checks are taken."""
    office.send(register_organisation(merchant_accounts=[BOTH_KINDS]))
    return office


def register_bank(bank: dict[str, Any], id: str = "pm-9", **more: Any) -> dict[str, Any]:
    return envelope(
        "payment_method.register",
        **{"client": "c-1", "payment_method": id, "kind": "echeck", "merchant_account": "main", "bank": bank, **more},
    )


def opened(office: Office, id: str = "pm-9") -> BankAccount:
    return office.app.books.run(lambda tx: open_bank(tx, "ymca", id), read_only=True)


def whole_database(office: Office) -> str:
    """Every value of every table, as text."""
    with office.app.books.begin(read_only=True) as tx:
        if tx.dialect == "postgresql":
            names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        else:
            names = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = tx.connection.exec_driver_sql(names).scalars().all()
        rows = [list(tx.connection.exec_driver_sql(f'SELECT * FROM "{table}"').mappings()) for table in tables]
    return json.dumps([[dict(row) for row in held] for held in rows], default=str)


@pytest.mark.parametrize("bank", [AMERICAN, CANADIAN], ids=["american", "canadian"])
def test_E3_a_bank_account_is_on_file_and_opens_for_its_bank_file(bank_office: Office, bank: dict[str, str]):
    mandate = {"channel": "web", "holder": "personal", "recurring": True, "signed_on": "2026-11-01"}
    [told] = bank_office.send(register_bank(bank, mandate=mandate, holder="Zoé Bélanger"))
    assert told["status"] == "done", told
    assert told["result"] == {"payment_method": "pm-9"}
    assert opened(bank_office) == BankAccount(**bank)
    with bank_office.app.books.begin(read_only=True) as tx:
        kept = tx.get(PaymentMethod, organisation="ymca", id="pm-9")
    assert (kept.last4, kept.token, kept.mandate) == (bank["account"][-4:], "", mandate)


def test_INV19_no_number_of_an_account_is_readable_in_database_logs_or_answers(
    bank_office: Office, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    first = register_bank(AMERICAN)
    told = bank_office.send(first, register_bank(CANADIAN, "pm-10"), register_bank(CANADIAN, client="c-2"))
    assert [one["status"] for one in told] == ["done", "done", "refused"]
    unreadable = {**register_bank(CANADIAN), "source": "no source"}
    for raw in (unreadable, json.dumps({"kwargs": {"event": json.dumps(unreadable)}}), json.dumps(unreadable)[:-9]):
        assert isinstance(bank_office.accept(raw), Quarantined)
    captured = capsys.readouterr()
    for text in (whole_database(bank_office), captured.err, captured.out, json.dumps(told), repr(opened(bank_office))):
        assert [number for number in NUMBERS if number in text] == []
    assert opened(bank_office, "pm-10").account == CANADIAN["account"]


REFUSED = [
    ({**AMERICAN, "routing": "021000022"}, {}, "bank.routing", "invalid_value"),
    ({**AMERICAN, "routing": "02100002"}, {}, "bank.routing", "invalid_value"),
    ({**AMERICAN, "type": "gold"}, {}, "bank.type", "invalid_value"),
    ({**AMERICAN, "account": "12 34"}, {}, "bank.account", "invalid_value"),
    ({**AMERICAN, "account": "1" * 18}, {}, "bank.account", "invalid_value"),
    ({**AMERICAN, "iban": "x"}, {}, "bank.iban", "unknown_field"),
    ({"routing": "021000021", "account": "1234567"}, {}, "bank", "invalid_value"),
    ({**AMERICAN, **CANADIAN}, {}, "bank", "invalid_value"),
    ({**CANADIAN, "institution": "81"}, {}, "bank.institution", "invalid_value"),
    ({**CANADIAN, "transit": "3021"}, {}, "bank.transit", "invalid_value"),
    ({**CANADIAN, "account": "1" * 13}, {}, "bank", "invalid_value"),
    ({"institution": "815", "transit": "30217"}, {}, "bank.account", "field_missing"),
    (AMERICAN, {"token": "echeck_settle"}, "bank", "token_or_bank"),
    (AMERICAN, {"last4": "0000"}, "last4", "invalid_value"),
    ("sealed:00000000:AAAA", {}, "bank", "invalid_value"),
]


@pytest.mark.parametrize(("bank", "more", "field", "code"), REFUSED)
def test_a_bank_account_that_cannot_be_is_refused(
    small_office: Office, bank: Any, more: dict[str, Any], field: str, code: str
):
    answer = small_office.accept(register_bank(bank, **more))
    assert isinstance(answer, Refused), answer
    assert (answer.code, answer.error["field"]) == (code, field)


def test_a_bank_account_is_for_e_checks_and_needs_one_of_token_and_bank(small_office: Office):
    small_office.send(register_organisation(merchant_accounts=[BOTH_KINDS]))
    card, neither = register_bank(AMERICAN, kind="card"), register_bank(AMERICAN)
    del neither["data"]["bank"]
    told = small_office.send(card, neither)
    assert [(one["error"]["code"], one["error"]["field"]) for one in told] == [
        ("out_of_range", "kind"), ("field_needed", "token"),
    ]  # fmt: skip


def test_the_same_command_is_one_command_and_another_account_under_its_id_a_conflict(bank_office: Office):
    first = register_bank(AMERICAN, id="pm-9")
    bank_office.send(first)
    changed = json.loads(json.dumps(first))
    changed["data"]["bank"]["account"] = "93817465028"
    again, other, twice = bank_office.accept_all(first, changed, first)
    assert isinstance(again, Accepted)
    assert again.again
    assert again == twice
    assert isinstance(other, Refused)
    assert other.code == "conflict"
    assert opened(bank_office) == BankAccount(**AMERICAN)


def test_a_token_takes_the_place_of_an_account_and_the_other_way_round(bank_office: Office):
    token = envelope("payment_method.register", payment_method="pm-9", token="echeck_settle")
    bank = envelope("payment_method.register", payment_method="pm-9", bank=CANADIAN)
    assert {one["status"] for one in bank_office.send(register_bank(AMERICAN), token)} == {"done"}
    with pytest.raises(NoBankAccount):
        opened(bank_office)
    assert bank_office.send(bank)[0]["status"] == "done"
    assert opened(bank_office) == BankAccount(**CANADIAN)


def test_P3_a_repeated_account_changes_nothing_and_a_new_one_is_audited_without_its_numbers(bank_office: Office):
    told = "SELECT count(*) FROM events WHERE type = 'payment_method.registered' AND subject = 'payment_method:pm-9'"
    for bank, count in ((AMERICAN, 1), (AMERICAN, 1), (CANADIAN, 2)):
        bank_office.send(envelope("payment_method.register", **register_bank(bank)["data"]))
        assert bank_office.scalar(told) == count


def test_a_sealed_account_opens_for_its_own_row_only(bank_office: Office):
    bank_office.send(register_bank(AMERICAN), register_bank(CANADIAN, "pm-10"))
    moved = "UPDATE payment_methods SET bank = (SELECT bank FROM payment_methods WHERE id = 'pm-10') WHERE id = 'pm-9'"
    with bank_office.app.books.begin() as tx:
        tx.connection.exec_driver_sql(moved)
    with pytest.raises(SealBroken):
        opened(bank_office)


def test_F125_keys_are_changed_while_everything_stays_readable(bank_office: Office):
    old, new = "an old key of more than thirty-two letters", "a new key of more than thirty-two letters"
    books = bank_office.app.books
    books.vault = Vault([old])
    first = register_bank(AMERICAN)
    bank_office.send(first)
    books.vault = Vault([new, old])
    assert opened(bank_office) == BankAccount(**AMERICAN)
    bank_office.send(register_bank(CANADIAN, "pm-10"))
    assert reseal_all(books) == 2  # the method and the command that brought it
    assert reseal_all(books) == 0
    books.vault = Vault([new])
    assert opened(bank_office) == BankAccount(**AMERICAN)
    assert isinstance(again := bank_office.accept(first), Accepted)
    assert again.again
    books.vault = Vault(["a key that never sealed anything here"])
    with pytest.raises(SealBroken):
        opened(bank_office)
    assert bank_office.send(register_bank(AMERICAN))[0]["status"] == "done"  # given anew
    assert opened(bank_office) == BankAccount(**AMERICAN)


def test_an_embedded_database_keeps_a_key_of_its_own_that_only_its_owner_reads(small_office: Office, tmp_path: Path):
    file = tmp_path / "own.sealkey"
    sealed = Vault(file=file).seal("secret", ("ymca", "row"))
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("own.*")] == ["own.sealkey"]
    assert Vault(file=file).unseal(sealed, ("ymca", "row")) == "secret"


def test_where_there_is_no_key_a_bank_account_is_refused_and_a_card_is_not(small_office: Office):
    small_office.app.books.vault = Vault()
    with pytest.raises(NoSealKey):
        small_office.app.books.vault.seal("secret", ("ymca", "row"))
    refused = small_office.accept(register_bank(AMERICAN))
    assert isinstance(refused, Refused)
    assert refused.code == "no_seal_key"
    assert isinstance(small_office.accept(register_card("pm-3")), Accepted)
    with small_office.app.books.begin(read_only=True) as tx:
        assert result_of(tx, refused.source, refused.id) is None


@pytest.mark.parametrize(
    ("routing", "good"),
    [("021000021", True), ("011401533", True), ("123456789", False), ("000000001", False), ("02100002", False),
     ("٠٢١٠٠٠٠٢١", False)],
)  # fmt: skip
def test_the_checksum_of_routing_numbers(routing: str, good: bool):
    assert is_routing_number(routing) is good
