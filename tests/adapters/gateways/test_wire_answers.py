"""Whatever a server answers, only a well-formed approval of our own charge is one."""

import gzip
import json
import socket

import pytest

from domain.outcome import Approved, Charge, NoAnswer, NotFound
from tests.adapters.gateways.answers import approval, response
from tests.adapters.gateways.conftest import about, account_of, charge_of


def test_a_well_formed_answer_about_our_charge_is_an_approval(ask, charge):
    assert ask(response(approval(charge))) == Approved(
        reference="sim_0011223344556677", amount_minor=4500, currency="USD"
    )


def test_unknown_fields_and_an_unknown_order_are_tolerated(ask, charge):
    answer = dict(reversed(approval(charge, mood="fine", nested={"a": [1, None]}).items()))
    assert isinstance(ask(response(answer)), Approved)


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
        "gzip": response(gzip.compress(good.encode()), "200 OK", "application/json", "Content-Encoding: gzip"),
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
