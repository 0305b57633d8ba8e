"""What surely never reached the gateway, and is tried again with moderation."""

import contextlib
import socket
import threading
import time

import pytest

from domain.outcome import NoAnswer, NotSent
from tests.adapters.gateways.conftest import DEADLINE_S, account_of, charge_of


def test_F21_a_refused_connection_is_not_sent(gateway_at, charge):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    assert gateway_at(f"http://127.0.0.1:{port}").charge(account_of(), [charge]) == [NotSent(why="refused")]


def test_F33_an_outage_is_tried_three_times_per_charge_and_no_more(gateway_at):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    gateway, started = gateway_at(f"http://127.0.0.1:{port}"), time.monotonic()

    outcomes = gateway.charge(account_of(), [charge_of("tok_approve") for _ in range(100)])

    assert set(outcomes) == {NotSent(why="refused")}
    assert time.monotonic() - started < 2.0


def test_F20_a_name_that_does_not_resolve_is_not_sent_within_the_deadline(gateway_at, charge):
    started = time.monotonic()

    (outcome,) = gateway_at("http://gateway.invalid").charge(account_of(), [charge])

    assert isinstance(outcome, NotSent)
    assert time.monotonic() - started < 3


def test_F22_a_failed_tls_handshake_is_not_sent_and_not_tried_again(gateway_at, charge):
    accepted: list[bytes] = []

    def speak_plain(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    accepted.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=speak_plain, args=(listener,))
        thread.start()
        gateway = gateway_at(f"https://127.0.0.1:{listener.getsockname()[1]}")
        outcomes = gateway.charge(account_of(), [charge])
        time.sleep(0.2)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)

    assert outcomes == [NotSent(why="tls")]
    assert len(accepted) == 1
    assert charge.key.encode() not in accepted[0]


def test_F21_what_still_waits_for_a_connection_at_the_deadline_was_not_sent(scripted, gateway_at):
    def silence(connection: socket.socket, request: bytes) -> bool:
        return True

    gateway = gateway_at(scripted(silence).url, max_connections=2)

    outcomes = gateway.charge(account_of(deadline_s=DEADLINE_S), [charge_of("tok_approve") for _ in range(5)])

    assert outcomes == [NoAnswer(why="timeout")] * 2 + [NotSent(why="busy")] * 3


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:80", "http://u:p@x", "http://x/?a=1", "http://"])
def test_a_base_url_that_is_none_is_refused_at_once(gateway_at, url):
    with pytest.raises(ValueError):
        gateway_at(url)
