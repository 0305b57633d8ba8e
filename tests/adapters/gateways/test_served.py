"""The simulator behind HTTP, as a stranger with a raw socket meets it."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from adapters.gateways.journal import JournalInUse
from adapters.gateways.served import serve
from adapters.gateways.simulator import Simulator
from tests.adapters.gateways.conftest import (
    PROJECT,
    SERVE,
    ServedSimulator,
    about,
    account_of,
    charge_of,
    noon,
)


def talk(server: ServedSimulator, data: bytes, *, answers: int = 1) -> list[tuple[int, dict[str, Any]]]:
    """Sends raw bytes, returns statuses and bodies."""
    host, port = server.url.removeprefix("http://").split(":")
    found: list[tuple[int, dict[str, Any]]] = []
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(data)
        with connection.makefile("rb") as stream:
            while len(found) < answers and (line := stream.readline()):
                length = 0
                while (header := stream.readline()) != b"\r\n":
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                found.append((int(line.split()[1]), json.loads(stream.read(length))))
    return found


def post(path: str, body: dict[str, Any] | bytes, extra: bytes = b"") -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b"POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s" % (
        path.encode(), extra, len(data), data,
    )  # fmt: skip


CHARGE: dict[str, Any] = {
    "organisation": "o1",
    "merchant_account": "main",
    "key": "k1",
    "amount": 100,
    "currency": "USD",
    "token": "tok_approve",
}


def test_livez_answers_without_a_key(served):
    assert talk(served, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")[0][0] == 200


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"POST /charges HTTP/3\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"POST /charges HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST /charges HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 411),
        (b"POST /charges HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST /charges HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST /charges HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"X" * 20_000, 431),
        (post("/charges", b""), 400),
        (post("/charges", b"\xff\xfe"), 400),
        (post("/charges", b"[" * 50_000), 400),
        (post("/charges", b"[1]"), 400),
        (post("/charges", {**CHARGE, "amount": 0}), 400),
        (post("/charges", {**CHARGE, "amount": 1.5}), 400),
        (post("/charges", {**CHARGE, "amount": True}), 400),
        (post("/charges", {**CHARGE, "key": ""}), 400),
        (post("/charges", {**CHARGE, "key": "k" * 200}), 400),
        (post("/charges", {**CHARGE, "organisation": None}), 400),
        (post("/charges", {**CHARGE, "settings": {"fault_rates": {"nope": 1}}}), 400),
        (post("/charges", {**CHARGE, "settings": [1]}), 400),
        (post("/charges", {**CHARGE, "settings": {"latency_ms": "long"}}), 400),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_in_words(served, request_bytes, status):
    before = served.journal.read_bytes() if served.journal.exists() else b""

    ((answered, body),) = talk(served, request_bytes)

    assert (answered, body["answer"]) == (status, "refused")
    assert body["why"]
    assert served.journal.read_bytes() == before


def test_charge_refund_void_and_look_up_over_one_connection(served):
    me = {"organisation": "o-talk", "merchant_account": "main"}
    money = {"amount": 4500, "currency": "USD"}
    asked = [
        post("/charges", {**me, **money, "key": "c1", "token": "tok_approve"}),
        post("/refunds", {**me, "key": "r1", "of": "c1", "amount": 500, "currency": "USD"}),
        post("/look-ups", {**me, "key": "r1"}),
        post("/charges", {**me, **money, "key": "c2", "token": "tok_approve"}),
        post("/voids", {**me, "key": "v1", "of": "c2"}),
        post("/refunds", {**me, "key": "r2", "of": "c1", "amount": 4001, "currency": "USD"}),
        post("/look-ups", {**me, "key": "nothing"}),
    ]

    answers = talk(served, b"".join(asked), answers=len(asked))

    assert [(status, body["answer"], body.get("amount")) for status, body in answers] == [
        (200, "approved", 4500),
        (200, "approved", 500),
        (200, "approved", 500),
        (200, "approved", 4500),
        (200, "approved", 4500),
        (200, "declined", 4001),
        (404, "not_found", None),
    ]


def test_a_thousand_requests_sent_ahead_are_all_answered(served):
    request = b"GET /livez HTTP/1.1\r\n\r\n"

    assert len(talk(served, request * 1_500, answers=1_500)) == 1_500


def test_a_request_in_pieces_is_one_request(served):
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        for byte in post("/charges", {**CHARGE, "organisation": "o-pieces"}):
            connection.sendall(bytes([byte]))
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_F120_sigterm_lets_a_slow_answer_out_and_leaves_nothing_behind(tmp_path, gateway_at):
    server = ServedSimulator(tmp_path / "journal.jsonl")
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(post("/charges", {**CHARGE, "token": "tok_slow"}))
        deadline = time.monotonic() + 5
        while not (tmp_path / "journal.jsonl").read_bytes() and time.monotonic() < deadline:
            time.sleep(0.01)
        code, errors = server.stop(signal.SIGTERM)
        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 200")
    assert code == 0
    assert errors == f"listening on {server.url}\n"


def test_F11_a_killed_simulator_remembers_what_it_did(tmp_path, gateway_at):
    path = tmp_path / "journal.jsonl"
    server = ServedSimulator(path)
    charges = [charge_of("tok_approve") for _ in range(50)]
    first = gateway_at(server.url).charge(account_of(), charges)
    server.stop(signal.SIGKILL)

    again = ServedSimulator(path)
    found = gateway_at(again.url).look_up(account_of(), [about(charge) for charge in charges])
    again.stop()

    assert found == first


def test_F74_a_second_server_on_the_same_journal_says_so_and_does_not_listen(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    owner = Simulator(path, clock=noon)
    owner.open()

    run = subprocess.run(
        [sys.executable, "-c", SERVE, str(path)],
        capture_output=True, text=True, cwd=PROJECT, timeout=20, check=False,
    )  # fmt: skip
    with pytest.raises(JournalInUse):
        serve("127.0.0.1", 0, path)
    owner.close()

    assert run.returncode == 1
    assert "in use by another process" in run.stderr
    assert run.stdout == ""
