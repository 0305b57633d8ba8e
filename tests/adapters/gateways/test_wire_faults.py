"""What a network does to one charge in flight: silence, trickles, cuts, resets; and many at once."""

import json
import socket
import struct
import threading
import time

from domain.outcome import Approved, NoAnswer
from tests.adapters.gateways.answers import approval, response
from tests.adapters.gateways.conftest import DEADLINE_S, account_of, charge_of


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_F23_silence_ends_at_the_deadline(scripted, gateway_at, charge):
    gateway = gateway_at(scripted(lambda connection, request: True).url)
    started = time.monotonic()

    assert gateway.charge(account_of(deadline_s=DEADLINE_S), [charge]) == [NoAnswer(why="timeout")]
    assert DEADLINE_S <= time.monotonic() - started < DEADLINE_S + 1.5


def test_F25_a_server_that_trickles_is_cut_at_the_deadline(scripted, gateway_at, charge):
    def trickle(connection: socket.socket, request: bytes) -> bool:
        for byte in response(approval(charge)):
            connection.sendall(bytes([byte]))
            time.sleep(0.05)
        return True

    gateway, started = gateway_at(scripted(trickle).url), time.monotonic()

    assert gateway.charge(account_of(deadline_s=DEADLINE_S), [charge]) == [NoAnswer(why="timeout")]
    assert DEADLINE_S <= time.monotonic() - started < DEADLINE_S + 1.5


def test_an_answer_in_pieces_within_the_deadline_is_one_answer(scripted, gateway_at, charge):
    def pieces(connection: socket.socket, request: bytes) -> bool:
        for byte in response(approval(charge)):
            connection.sendall(bytes([byte]))
        return True

    assert isinstance(gateway_at(scripted(pieces).url).charge(account_of(), [charge])[0], Approved)


def test_F24_every_truncation_of_an_approval_is_unknown(scripted, gateway_at, charge):
    whole = response(approval(charge))
    lengths = iter(range(len(whole)))

    def cut(connection: socket.socket, request: bytes) -> bool:
        length = next(lengths)
        connection.sendall(whole[:length])
        if length % 2:
            reset(connection)
        return False

    gateway = gateway_at(scripted(cut).url)
    outcomes = [gateway.charge(account_of(), [charge])[0] for _ in whole]

    assert set(outcomes) == {NoAnswer(why="connection_lost")}


def test_F24_a_content_length_that_lies_is_unknown(ask, charge):
    body = json.dumps(approval(charge)).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

    for length in (b"1", b"%d" % (len(body) - 1), b"%d" % (len(body) + 1), b"-5", b"12a", b"9" * 30, b""):
        answer = ask(head + b"Content-Length: " + length + b"\r\n\r\n" + body)
        assert answer in (NoAnswer(why="malformed"), NoAnswer(why="connection_lost")), length
    twice = b"Content-Length: %d\r\n" % len(body) * 2
    assert ask(head + twice + b"\r\n" + body) == NoAnswer(why="malformed")
    assert ask(head + b"\r\n" + body) == NoAnswer(why="malformed")


def test_F24_a_kept_connection_closed_without_a_byte_may_have_been_read(scripted, gateway_at, charge):
    answered: list[bytes] = []

    def once(connection: socket.socket, request: bytes) -> bool:
        if answered:
            return False
        answered.append(request)
        connection.sendall(response(approval(charge)))
        return True

    server = scripted(once)
    gateway = gateway_at(server.url)

    assert isinstance(gateway.charge(account_of(), [charge])[0], Approved)
    assert gateway.charge(account_of(), [charge]) == [NoAnswer(why="connection_lost")]
    assert server.connections == 1
    assert len(server.requests) == 2  # and it was not sent again by itself


def test_a_kept_connection_that_closed_while_idle_is_replaced(scripted, gateway_at, charge):
    def once(connection: socket.socket, request: bytes) -> bool:
        connection.sendall(response(approval(charge)))
        return False

    server = scripted(once)
    gateway = gateway_at(server.url)

    for _ in range(3):
        assert isinstance(gateway.charge(account_of(), [charge])[0], Approved)
        time.sleep(0.05)
    assert server.connections == 3


def test_F28_an_answer_that_nobody_asked_for_is_never_taken_for_the_next(scripted, gateway_at):
    first, second = charge_of("tok_approve"), charge_of("tok_approve")

    def two_at_once(connection: socket.socket, request: bytes) -> bool:
        connection.sendall(response(approval(first)) + response(approval(second)))
        return True

    gateway = gateway_at(scripted(two_at_once).url)

    assert gateway.charge(account_of(), [first]) == [NoAnswer(why="malformed")]
    assert gateway.charge(account_of(), [second]) == [NoAnswer(why="malformed")]


def test_several_threads_share_the_connections(served, gateway_at):
    gateway = gateway_at(served.url, max_connections=16)
    outcomes: list[object] = []

    def work(number: int) -> None:
        account = account_of(f"org-threads-{number}", latency_ms=5)
        for _ in range(5):
            outcomes.extend(gateway.charge(account, [charge_of("tok_approve") for _ in range(40)]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 1200
    assert all(isinstance(outcome, Approved) for outcome in outcomes)


def test_INV20_closing_cuts_what_is_in_flight_and_leaves_no_thread(scripted, gateway_at, charge):
    gateway = gateway_at(scripted(lambda connection, request: True).url)
    outcomes: list[object] = []
    caller = threading.Thread(target=lambda: outcomes.extend(gateway.charge(account_of(), [charge])))
    caller.start()
    time.sleep(0.2)

    gateway.close()
    caller.join(5)

    assert outcomes == [NoAnswer(why="connection_lost")]
    assert "encaisse-wire" not in {thread.name for thread in threading.enumerate()}
