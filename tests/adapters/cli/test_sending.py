"""`encaisse send`: through the front door, each command answered in its order (CONTRACT section 1)."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.queue_lock import QueueLock
from adapters.settings import Settings
from tests.adapters.cli.conftest import PROGRAM, Encaisse, environment
from tests.adapters.office import (
    create_invoice,
    create_plan,
    make_payment,
    register_card,
    register_client,
    register_organisation,
)


def purchase(token: str = "tok_approve") -> list[dict[str, Any]]:
    return [register_organisation(), register_client(), register_card(token=token), create_invoice("inv-1", 10_000)]


def test_a_new_sqlite_file_is_migrated_by_itself(encaisse_on_nothing: Encaisse):
    assert encaisse_on_nothing("send", "-", commands=[register_organisation()]).code == 0


def test_each_command_is_answered_in_order(encaisse_on_both: Encaisse):
    commands = [*purchase(), make_payment(4_500, payment="p-1", payment_method="pm-1", invoice="inv-1")]
    ran = encaisse_on_both("send", "-", "--json", commands=commands)
    assert ran.code == 0, ran.err
    assert [line["id"] for line in ran.lines] == [command["id"] for command in commands]
    assert ran.lines[-1] == {
        "source": "shop", "id": commands[-1]["id"], "status": "done", "line": "-:5",
        "result": {"payment": "p-1", "state": "approved"},
    }  # fmt: skip


def test_broken_lines_are_quarantined_with_their_number_and_the_rest_goes_on(encaisse: Encaisse, tmp_path: Path):
    file = tmp_path / "commands.jsonl"
    good = [json.dumps(command) for command in purchase()]
    file.write_text("\n".join([good[0], "not json", "", *good[1:], json.dumps(make_payment(0, offline="cash"))]))
    ran = encaisse("send", str(file), "--json")
    assert ran.code == 1
    assert [line["status"] for line in ran.lines] == ["done", "quarantined", "done", "done", "done", "refused"]
    assert ran.lines[1]["line"].endswith("commands.jsonl:2")
    assert ran.lines[5]["error"]["field"] == "amount"
    kept = encaisse("quarantine", "list", "--json").one
    assert "commands.jsonl:2" in kept["detail"]
    assert encaisse("quarantine", "show", kept["id"], "--json").one["raw"] == "not json"


def test_what_was_sent_before_is_answered_as_before(encaisse: Encaisse):
    commands = [*purchase(), make_payment(payment="p-1", payment_method="pm-1")]
    assert (
        encaisse("send", "-", "--json", commands=commands).out == encaisse("send", "-", "--json", commands=commands).out
    )
    [receipt] = encaisse("statement", "ymca", "c-1", "--json").one["receipts"]
    assert receipt["amount"] == 4_500


def test_i6_an_answer_that_comes_with_the_first_look_ups_is_waited_for(encaisse: Encaisse):
    commands = [*purchase("tok_timeout_after_charge"), make_payment(payment_method="pm-1")]
    ran = encaisse("send", "-", "--json", commands=commands)
    assert ran.lines[-1]["result"]["state"] == "approved"


def test_a_simulated_clock_is_not_waited_for(encaisse: Encaisse):
    commands = [*purchase("tok_timeout_after_charge"), make_payment(payment_method="pm-1", payment="p-1")]
    first = encaisse("send", "-", "--json", "--now", "2026-11-24T15:00:00Z", commands=commands)
    assert first.lines[-1]["result"]["state"] == "in_doubt"
    later = encaisse("send", "-", "--json", commands=[register_client("c-2")], ENCAISSE_NOW="2026-11-24T15:00:05Z")
    assert later.code == 0
    assert encaisse("send", "-", "--json", commands=commands).lines[-1]["result"]["state"] == "approved"


def test_it_never_runs_the_timetable(encaisse: Encaisse):
    encaisse("send", "-", commands=[*purchase(), create_plan("plan-1", ["2026-11-25"], total=10_000)],
             ENCAISSE_NOW="2026-11-24T15:00:00Z")  # fmt: skip
    encaisse("send", "-", commands=[register_client("c-2")], ENCAISSE_NOW="2026-12-24T15:00:00Z")
    assert encaisse("statement", "ymca", "c-1", "--json").one["receipts"] == []


def test_who_finds_the_queue_taken_waits_for_whoever_works_it(migrated_sqlite_url: str, tmp_path: Path):
    lock = QueueLock(Settings(_env_file=None, database_url=migrated_sqlite_url))
    assert lock.acquire()
    command = [sys.executable, "-c", PROGRAM, "send", "-", "--json"]
    sender = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=tmp_path, text=True,
        env=environment(migrated_sqlite_url, tmp_path),
    )  # fmt: skip
    assert sender.stdin is not None
    sender.stdin.write(json.dumps(register_organisation()) + "\n")
    sender.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        sender.wait(2)
    lock.release()
    said, _ = sender.communicate(timeout=20)
    assert json.loads(said)["status"] == "done"


def test_a_slow_pipe_is_answered_as_it_goes(migrated_sqlite_url: str, tmp_path: Path):
    command = [sys.executable, "-c", PROGRAM, "send", "-", "--json"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=tmp_path, text=True,
        env=environment(migrated_sqlite_url, tmp_path),
    ) as sender:  # fmt: skip
        assert sender.stdin is not None
        assert sender.stdout is not None
        for one in (register_organisation(), register_client()):
            sender.stdin.write(json.dumps(one) + "\n")
            sender.stdin.flush()
            assert json.loads(sender.stdout.readline())["id"] == one["id"]
        sender.stdin.close()


def test_more_lines_than_a_batch_are_answered_in_order(encaisse: Encaisse):
    commands = [register_organisation(), *(register_client(f"c-{n}") for n in range(450))]
    ran = encaisse("send", "-", "--json", commands=commands)
    assert ran.code == 0
    assert [line["id"] for line in ran.lines] == [command["id"] for command in commands]


def test_a_file_that_is_not_there_is_bad_usage(encaisse: Encaisse):
    assert encaisse("send", "nowhere.jsonl").code == 2


def test_answers_for_a_person_are_in_their_language(encaisse: Encaisse):
    ran = encaisse("send", "-", commands=[make_payment(offline="cash")], LANG="fr_CA.UTF-8")
    assert "refusée" in ran.out
    assert "Rien n'est connu ici" in ran.out


def test_a_charge_that_breaks_keeps_no_other_from_being_sent(encaisse: Encaisse, tmp_path: Path):
    accounts = [{"id": id, "processor": "simulator", "kinds": ["card"]} for id in ("main", "pool")]
    other = register_card("pm-2")
    other["data"]["merchant_account"] = "pool"
    encaisse("send", "-", commands=[register_organisation(merchant_accounts=accounts), register_client(),
                                    register_client("c-2"), register_card()])  # fmt: skip
    with sqlite3.connect(tmp_path / "encaisse.db") as connection:
        connection.execute("UPDATE merchant_accounts SET processor = 'unheard_of' WHERE id = 'main'")
    connection.close()
    other["data"]["client"] = "c-2"
    commands = [make_payment(payment_method="pm-1"), other, make_payment(payment_method="pm-2", client="c-2")]
    ran = encaisse("send", "-", "--json", commands=commands, ENCAISSE_LOG_LEVEL="critical")
    assert ran.code == 1
    assert [line["status"] for line in ran.lines] == ["accepted", "done", "done"]
    assert ran.lines[-1]["result"]["state"] == "approved"


def test_a_file_may_begin_with_a_mark_of_its_encoding(encaisse: Encaisse, tmp_path: Path):
    file = tmp_path / "commands.jsonl"
    file.write_text(json.dumps(register_organisation()), encoding="utf-8-sig")
    assert encaisse("send", str(file), "--json").one["status"] == "done"


def test_what_can_not_be_read_to_its_end_is_said_and_what_came_before_is_answered(encaisse: Encaisse, tmp_path: Path):
    file = tmp_path / "commands.jsonl"
    file.write_text("\n".join(json.dumps(command) for command in purchase()))
    ran = encaisse("send", str(file), "/proc/self/mem", "--json")  # reading it fails
    assert (ran.code, [line["status"] for line in ran.lines]) == (1, ["done"] * 4)
    assert "/proc/self/mem" in ran.err
    assert encaisse("send", str(tmp_path)).code == 2


def test_a_standard_input_that_was_closed_is_bad_usage(tmp_path: Path):
    command = [sys.executable, "-c", PROGRAM, "send", "-"]
    shell = ["sh", "-c", 'exec "$@" <&-', "sh", *command]
    env = environment(f"sqlite:///{tmp_path}/e.db", tmp_path)
    ran = subprocess.run(shell, capture_output=True, text=True, timeout=60, check=False, env=env, cwd=tmp_path)
    assert (ran.returncode, ran.stdout, "Traceback" in ran.stderr) == (2, "", False), ran.stderr
