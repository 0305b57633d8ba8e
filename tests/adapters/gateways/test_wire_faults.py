"""Whatever a network or a server can do to one charge, it never becomes an approval by accident."""

import contextlib
import gzip
import json
import socket
import struct
import threading
import time

import pytest

from domain.outcome import Approved, Charge, NoAnswer, NotFound, NotSent
from tests.adapters.gateways.answers import approval, response
from tests.adapters.gateways.conftest import about, account_of, charge_of

DEADLINE_S = 0.5


@pytest.fixture
def charge() -> Charge:
    return charge_of("tok_approve")


@pytest.fixture
def ask(scripted, gateway_at, charge):
    """The outcome of one charge when the server answers with these bytes and hangs up."""

    def outcome(answer: bytes):
        def script(connection: socket.socket, request: bytes) -> bool:
            connection.sendall(answer)
            return False

        gateway = gateway_at(scripted(script).url)
        return gateway.charge(account_of(deadline_s=DEADLINE_S), [charge])[0]

    return outcome


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_well_formed_answer_about_our_charge_is_an_approval(ask, charge):
    assert ask(response(approval(charge))) == Approved(
        reference="sim_0011223344556677", amount_minor=4500, currency="USD"
    )


def test_unknown_fields_and_an_unknown_order_are_tolerated(ask, charge):
    answer = dict(reversed(approval(charge, mood="fine", nested={"a": [1, None]}).items()))
    assert isinstance(ask(response(answer)), Approved)


# ---------------------------------------------------------------- not sent


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


# ---------------------------------------------------------------- sent, perhaps


def test_F23_silence_ends_at_the_deadline(scripted, gateway_at, charge):
    gateway = gateway_at(scripted(lambda connection, request: True).url)
    started = time.monotonic()

    assert gateway.charge(account_of(deadline_s=DEADLINE_S), [charge]) == [NoAnswer(why="timeout")]
    assert DEADLINE_S <= time.monotonic() - started < DEADLINE_S + 0.5


def test_F25_a_server_that_trickles_is_cut_at_the_deadline(scripted, gateway_at, charge):
    def trickle(connection: socket.socket, request: bytes) -> bool:
        for byte in response(approval(charge)):
            connection.sendall(bytes([byte]))
            time.sleep(0.05)
        return True

    gateway, started = gateway_at(scripted(trickle).url), time.monotonic()

    assert gateway.charge(account_of(deadline_s=DEADLINE_S), [charge]) == [NoAnswer(why="timeout")]
    assert DEADLINE_S <= time.monotonic() - started < DEADLINE_S + 0.5


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


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("500 Internal Server Error", "server_error"),
        ("502 Bad Gateway", "server_error"),
        ("503 Service Unavailable", "server_error"),
        ("504 Gateway Timeout", "server_error"),
        ("408 Request Timeout", "timeout"),
        ("429 Too Many Requests", "server_error"),
        ("400 Bad Request", "gateway_bug"),
        ("404 Not Found", "gateway_bug"),
        ("409 Conflict", "malformed"),
        ("100 Continue", "malformed"),
        ("201 Created", "malformed"),
        ("204 No Content", "malformed"),
        ("999 Whatever", "malformed"),
    ],
)
def test_F26_only_a_200_can_approve(ask, charge, status, why):
    assert ask(response(approval(charge), status)) == NoAnswer(why=why)


def test_F26_an_error_page_of_a_proxy_is_a_server_error(ask):
    page = b"HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n0\r\n\r\n"
    assert ask(page) == NoAnswer(why="server_error")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent"])
def test_F29_a_redirect_is_never_followed(scripted, gateway_at, charge, status):
    def elsewhere(connection: socket.socket, request: bytes) -> bool:
        connection.sendall(response(approval(charge)))
        return True

    target = scripted(elsewhere)
    here = response(approval(charge), status, "application/json", f"Location: {target.url}/charges")

    def redirect(connection: socket.socket, request: bytes) -> bool:
        connection.sendall(here)
        return True

    gateway = gateway_at(scripted(redirect).url)

    assert gateway.charge(account_of(), [charge]) == [NoAnswer(why="gateway_bug")]
    assert target.connections == 0


def oddities(charge: Charge) -> dict[str, bytes]:
    good = json.dumps(approval(charge))
    bottomless = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
    return {
        "not json": response(b"approved"),
        "half of it": response(good[:-1].encode()),
        "html": response(b"<html>approved</html>", "200 OK", "text/html"),
        "html that says json": response(b"<html>approved</html>"),
        "json that says html": response(approval(charge), "200 OK", "text/html"),
        "empty": response(b""),
        "utf-16": response(good.encode("utf-16")),
        "says utf-16": response(good.encode(), "200 OK", "application/json; charset=utf-16"),
        "latin-1": response(good.replace("}", ', "x": "é"}').encode("latin-1")),
        "byte order mark": response(b"\xef\xbb\xbf" + good.encode()),
        "a name twice": response(good.replace("{", '{"answer": "declined", ', 1).encode()),
        "a name twice, inside": response(good.replace("}", ', "x": {"a": 1, "a": 2}}').encode()),
        "nan": response(good.replace("}", ', "x": NaN}').encode()),
        "infinity": response(good.replace("4500", "Infinity").encode()),
        "amount as a float": response(approval(charge, amount=4500.0)),
        "amount as a text": response(approval(charge, amount="4500")),
        "amount as a truth": response(approval(charge, amount=True)),
        "no amount": response({k: v for k, v in approval(charge).items() if k != "amount"}),
        "no reference": response(approval(charge, reference="")),
        "reference of another kind": response(approval(charge, reference=["sim"])),
        "a huge number": response(good.replace("4500", "9" * 10_000).encode()),
        "a list": response(f"[{good}]".encode()),
        "two objects": response((good + good).encode()),
        "bottomless": response(bottomless),
        "more than the limit": response(good.encode() + b" " * 300_000),
        "gzip": response(
            gzip.compress(good.encode()), "200 OK", "application/json", "Content-Encoding: gzip"
        ),
        "says gzip": response(approval(charge), "200 OK", "application/json", "Content-Encoding: gzip"),
        "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "two kinds": response(approval(charge), "200 OK", "application/json", "Content-Type: text/html"),
        "another answer": response(approval(charge, answer="APPROVED")),
        "no answer": response({k: v for k, v in approval(charge).items() if k != "answer"}),
        "declined without a code": response(approval(charge, answer="declined")),
        "not http": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "a head without end": b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 40_000,
    }


@pytest.mark.parametrize("name", oddities(charge_of("tok_approve")))
def test_F27_an_unreadable_answer_is_malformed(ask, charge, name):
    assert ask(oddities(charge)[name]) == NoAnswer(why="malformed")


@pytest.mark.parametrize("change", [{"key": "att_other"}, {"amount": 450}, {"currency": "CAD"}])
@pytest.mark.parametrize("answer", ["approved", "declined"])
def test_F28_an_answer_about_something_else_is_a_mismatch(ask, charge, change, answer):
    other = approval(charge, answer=answer, code="lost_card", network_code="41", **change)
    assert ask(response(other)) == NoAnswer(why="mismatch")


def test_F30_only_the_simulators_own_words_mean_not_found(scripted, gateway_at, charge):
    answers = {
        "own": response({"answer": "not_found", "key": charge.key}, "404 Not Found"),
        "other key": response({"answer": "not_found", "key": "att_other"}, "404 Not Found"),
        "a proxy": response(b"<html>not found</html>", "404 Not Found", "text/html"),
        "empty": response(b"", "404 Not Found"),
        "with success": response({"answer": "not_found", "key": charge.key}),
    }
    found = {}
    for name, answer in answers.items():

        def script(connection: socket.socket, request: bytes, answer: bytes = answer) -> bool:
            connection.sendall(answer)
            return True

        found[name] = gateway_at(scripted(script).url).look_up(account_of(), [about(charge)])[0]

    assert found == {
        "own": NotFound(),
        "other key": NoAnswer(why="mismatch"),
        "a proxy": NoAnswer(why="malformed"),
        "empty": NoAnswer(why="malformed"),
        "with success": NoAnswer(why="malformed"),
    }


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:80", "http://u:p@x", "http://x/?a=1", "http://"])
def test_a_base_url_that_is_none_is_refused_at_once(gateway_at, url):
    with pytest.raises(ValueError):
        gateway_at(url)


# ---------------------------------------------------------------- many at once


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
