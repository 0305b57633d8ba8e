"""The other commands: what they print, how they end, what they say when something is wrong."""

import getpass
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.cli.conftest import Encaisse, program
from tests.adapters.office import (
    create_invoice,
    create_plan,
    register_administrator,
    register_card,
    register_client,
    register_organisation,
)


@pytest.fixture(scope="session")
def told(migrated_sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which an instalment was declined, and its item; copied by each test."""
    folder = tmp_path_factory.mktemp("told")
    shutil.copytree(migrated_sqlite_file.parent, folder, dirs_exist_ok=True)
    encaisse = program(f"sqlite:///{folder}/encaisse.db", folder)
    commands = [
        register_organisation(),
        register_client(),
        register_administrator("marie"),
        register_card("pm-1", "tok_insufficient_funds"),
        register_card("pm-2"),
        create_invoice("inv-1", 10_000),
        create_plan("plan-1", ["2020-01-01", "2040-01-01"], total=10_000),
    ]
    ran = encaisse("send", "-", commands=commands)
    assert ran.code == 0, ran.out
    return folder, str(encaisse("items", "--json").one["item"])


@pytest.fixture
def failed(encaisse: Encaisse, told: tuple[Path, str], tmp_path: Path) -> str:
    """An instalment that was declined; answers its item."""
    shutil.copytree(told[0], tmp_path, dirs_exist_ok=True)
    return told[1]


def test_a1_items_lists_what_waits_for_a_person(encaisse: Encaisse, failed: str):
    item = encaisse("items", "--json").one
    assert item["item"] == failed
    expected: dict[str, Any] = {
        "organisation": "ymca", "kind": "instalment", "state": "open", "client": "c-1", "amount": 5_000,
        "currency": "CAD", "attempts": 1, "retry_allowed": True,
    }  # fmt: skip
    assert {name: item[name] for name in expected} == expected
    assert item["reason"]["code"] == "insufficient_funds"
    assert item["reason"]["class"] == "later"
    assert set(item["reason"]["text"]) == {"en", "fr"}
    assert [one["type"] for one in item["history"]] == ["instalment.failed", "action_item.opened"]
    assert "Insufficient funds" in encaisse("items").out
    assert "Provision insuffisante" in encaisse("items", "--language", "fr").out


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        (["--state", "open"], 1), (["--state", "rejected"], 0), (["--state", "rejected", "--state", "open"], 1),
        (["--kind", "instalment"], 1), (["--kind", "refund"], 0), (["--organisation", "other"], 0),
    ],
)  # fmt: skip
def test_a7_items_can_be_filtered(encaisse: Encaisse, failed: str, filters: list[str], shown: int):
    ran = encaisse("items", "--json", *filters)
    assert (ran.code, len(ran.lines)) == (0, shown)


def test_a3_a_retry_is_waited_for(encaisse: Encaisse, failed: str):
    again = encaisse("retry", failed, "--json")
    assert (again.code, again.one["status"], again.one["state"]) == (0, "done", "open")
    paid = encaisse("retry", failed, "--payment-method", "pm-2", "--json")
    assert (paid.code, paid.one["status"], paid.one["state"]) == (0, "done", "resolved")
    closed = encaisse("retry", failed, "nothing", "--json")
    assert closed.code == 1
    assert [line["error"]["code"] for line in closed.lines] == ["item_closed", "not_known"]


def test_a4_a_rejected_item_is_kept_with_who_and_why(encaisse: Encaisse, failed: str):
    ran = encaisse("reject", failed, "--reason", "moved away", "--json")
    assert (ran.code, ran.one) == (0, {"item": failed, "status": "done"})
    item = encaisse("items", "--state", "rejected", "--json").one
    assert (item["by"], item["note"]) == (f"cli:{getpass.getuser()}", "moved away")
    assert item["history"][-1]["type"] == "action_item.rejected"


def test_an_act_from_a_terminal_is_kept_with_the_name_that_it_gives(encaisse: Encaisse, failed: str):
    encaisse("retry", failed, "--by", "Marie at the desk")
    blank = encaisse("reject", failed, "--reason", "paid", "--by", " ", "--json")
    card = encaisse("reject", failed, "--reason", "4111 1111 1111 1111", "--json")
    assert [(ran.code, ran.one["error"]["field"]) for ran in (blank, card)] == [(1, "by"), (1, "reason")]
    encaisse("reject", failed, "--reason", "paid", "--by", "Marie at the desk")
    item = encaisse("items", "--state", "rejected", "--json").one
    assert item["by"] == "Marie at the desk"
    acts = {one["type"]: one["by"] for one in item["history"]}
    assert (acts["action_item.retrying"], acts["action_item.rejected"]) == (item["by"], item["by"])


def test_b13_a_statement_speaks_the_language_of_its_client_and_says_what_is_on_hold(encaisse: Encaisse, failed: str):
    shown = encaisse("statement", "ymca", "c-1").out
    assert "Client c-1 (c-1)" in shown
    assert "Solde actuel" in shown
    assert "Current balance" in encaisse("statement", "ymca", "c-1", "--language", "en").out


def test_b13_a_payment_of_a_stopped_plan_is_said_to_be_on_hold(encaisse: Encaisse):
    commands = [
        register_organisation(), register_client(), register_card("pm-1", "tok_revoked"), create_invoice("inv-1"),
        create_plan("plan-1", ["2020-01-01", "2040-01-01"], total=10_000),
    ]  # fmt: skip
    encaisse("send", "-", commands=commands)
    assert "suspendu" in encaisse("statement", "ymca", "c-1").out
    assert "on hold" in encaisse("statement", "ymca", "c-1", "--language", "en").out


URLS = [
    "mysql://root:hunter2@db/x",
    "nonsense",
    "postgresql://h:port/x",
    "sqlite://",
    "sqlite:///:memory:",
    "postgres://h/x",
]


@pytest.mark.parametrize(
    ("url", "command"),
    [*((url, ["items"]) for url in URLS), *(("mysql://root:hunter2@db/x", command) for command in (
        ["doctor"], ["doctor", "--json"], ["migrate"], ["send", "-"], ["night"], ["check"], ["up"], ["web"], ["worker"],
        ["scheduler"], ["simulator"], ["demo"], ["statement", "a", "b"], ["quarantine", "list"], ["retry", "i"]))],
)  # fmt: skip
def test_f122_a_database_that_we_do_not_speak_to_is_said_in_both_languages(
    tmp_path: Path, url: str, command: list[str]
):
    ran = program(url, tmp_path)(*command)
    assert (ran.code, ran.out) == (2, "")
    assert "it must be sqlite:///FILE" in ran.err
    assert "il faut sqlite:///FICHIER" in ran.err
    assert "hunter2" not in ran.err


def test_b13_a_statement_has_two_columns_and_both_balances(encaisse: Encaisse, failed: str):
    statement = encaisse("statement", "ymca", "c-1", "--json").one
    assert (statement["balance"], statement["expected_balance"]) == (10_000, 5_000)
    assert [one["state"] for one in statement["upcoming"]] == ["failed", "scheduled"]
    shown = encaisse("statement", "ymca", "c-1", "--language", "fr").out
    assert "Solde actuel  100,00\u00a0$" in shown


def test_b13_a_statement_is_a_sheet_for_a_spreadsheet(encaisse: Encaisse, failed: str):
    header, *rows = encaisse("statement", "ymca", "c-1", "--csv", "--language", "en").out.splitlines()
    assert header == "Date,Number,Kind,Description,State,Revenue,Receipts,Balance"
    assert [row.rpartition(",")[2] for row in rows] == ["100.00", "100.00", "50.00"]
    assert encaisse("statement", "ymca", "c-1", "--csv", "--json").code == 2
    unknown = encaisse("statement", "ymca", "nobody")
    assert (unknown.code, unknown.out) == (1, "")


def test_p4_a_report_is_a_table_a_document_or_a_sheet(encaisse: Encaisse, failed: str):
    period = ("--from", "2020-01-01", "--to", "2040-01-01")
    told = encaisse("report", "revenue", "ymca", "--json", *period).one
    assert told["totals"] == {"invoiced": 10_000, "credited": 0, "net": 10_000}
    assert "Total" in encaisse("report", "revenue", "ymca", "--language", "fr", *period).out
    sheet = encaisse("report", "receivables", "ymca", "--csv", "--language", "fr", *period).out.splitlines()
    assert sheet[0].startswith("Client;Nom;0-30 jours")
    assert encaisse("report", "weather", "ymca").code == 2
    assert encaisse("report", "revenue", "nobody").code == 1


def test_every_invariant_holds(encaisse: Encaisse, failed: str):
    ran = encaisse("check", "--json")
    assert ran.code == 0, ran.out
    assert ran.one["ok"] is True
    assert all(one["violations"] == [] for one in ran.one["invariants"])


def test_check_shows_the_rows_of_a_broken_invariant(encaisse: Encaisse, failed: str, tmp_path: Path):
    with sqlite3.connect(tmp_path / "encaisse.db") as connection:
        connection.execute("DELETE FROM action_items")
    connection.close()
    ran = encaisse("check", "--json")
    assert ran.code == 1
    broken = {one["name"]: one["violations"] for one in ran.one["invariants"] if one["violations"]}
    assert [row["organisation"] for row in broken["failed_instalment_has_its_item"]] == ["ymca"]


def test_a_sign_in_link_stands_alone_on_its_line(encaisse: Encaisse, failed: str):
    ran = encaisse("sign-in-link", "ymca", "marie", ENCAISSE_PUBLIC_URL="https://pay.example.org/")
    assert ran.out.startswith("https://pay.example.org/sign-in?token=")
    assert len(ran.out.splitlines()) == 1
    assert encaisse("sign-in-link", "ymca", "nobody").code == 1


def test_a_key_is_shown_once_and_kept_as_a_hash(encaisse: Encaisse, failed: str, tmp_path: Path):
    key = encaisse("key", "create", "shop", "--organisation", "ymca", "--json").one["key"]
    assert key.startswith("enc_")
    assert key.encode() not in (tmp_path / "encaisse.db").read_bytes()
    assert encaisse("key", "create", "shop", "--organisation", "nobody").code == 1
    assert encaisse("key", "create", "shop").code == 2
    both = encaisse("key", "create", "shop", "--organisation", "ymca", "ymca", "--json").one
    assert both["organisations"] == ["ymca"]


@pytest.mark.parametrize("command", [["items"], ["statement", "a", "b"], ["check"], ["quarantine", "list"]])
def test_a_database_that_is_not_there_is_said_in_words(
    encaisse_on_nothing: Encaisse, command: list[str], tmp_path: Path
):
    ran = encaisse_on_nothing(*command)
    assert ran.code == 1
    assert "encaisse migrate" in ran.err
    assert ran.out == ""
    assert not (tmp_path / "encaisse.db").exists()


def test_a_postgresql_without_the_schema_is_said_in_words(postgres_url: str, tmp_path: Path):
    ran = program(postgres_url, tmp_path)("send", "-", commands=["{}"])
    assert ran.code == 1
    assert "encaisse migrate" in ran.err


def test_a_postgresql_that_is_away_is_said_in_words(tmp_path: Path):
    ran = program("postgresql://encaisse:hunter2@127.0.0.1:1/nowhere", tmp_path)("items")
    assert ran.code == 1
    assert "can't be reached" in ran.err
    assert "hunter2" not in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["items", "--state", "lost"], ["items", "--kind", "cheque"], ["items", "--language", "de"], ["reject", "itm_1"],
        ["send", "-", "--now", "tomorrow"], ["send", "-", "--now", "2026-11-24T10:00:00"], ["retry"], ["nothing"],
    ],
)  # fmt: skip
def test_bad_usage_ends_with_two(encaisse: Encaisse, arguments: list[str]):
    ran = encaisse(*arguments)
    assert (ran.code, ran.out) == (2, "")


def test_a_setting_that_makes_no_sense_is_named(encaisse: Encaisse):
    ran = encaisse("items", ENCAISSE_NOW="yesterday")
    assert ran.code == 2
    assert "ENCAISSE_NOW" in ran.err


def test_doctor_finds_nothing_wrong_with_a_migrated_file(encaisse: Encaisse):
    assert encaisse("migrate", "--json").one["migrated"] is True
    ran = encaisse("doctor", "--json")
    assert ran.code == 0, ran.out
    assert {one["check"] for one in ran.one["findings"]} >= {"database", "schema", "sqlite", "journal"}


def test_doctor_says_what_is_wrong_and_shows_no_secret(postgres_url: str, tmp_path: Path):
    run = program(postgres_url, tmp_path)
    ran = run("doctor", "--json", ENCAISSE_SECRET="short", ENCAISSE_REDIS_URL="redis://:hunter2@127.0.0.1:1/0")
    assert ran.code == 1
    wrong = {one["check"] for one in ran.one["findings"] if not one["ok"]}
    assert wrong == {"schema", "redis", "seal_keys", "secret"}
    assert "hunter2" not in ran.out
    assert "short" not in str(ran.one["settings"])


def test_f44_doctor_finds_a_redis_that_would_lose_messages(encaisse: Encaisse, redis_url: str, monkeypatch: Any):
    import redis

    encaisse("migrate")
    assert encaisse("doctor", ENCAISSE_REDIS_URL=redis_url).code == 0
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        ran = encaisse("doctor", "--json", ENCAISSE_REDIS_URL=redis_url)
        client.config_set("maxmemory-policy", "noeviction")
    assert [one["check"] for one in ran.one["findings"] if not one["ok"]] == ["redis_eviction"]


def test_help_is_there_at_once(encaisse: Encaisse):
    started = time.monotonic()
    assert encaisse("--help").code == 0
    assert time.monotonic() - started < 3  # 0.2 s where nothing else runs
