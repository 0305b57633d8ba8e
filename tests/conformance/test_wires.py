"""Whatever becomes of an answer on its way: money is never believed wrongly, and the look-up tells the truth."""

import time
from contextlib import nullcontext

import pytest

from domain.outcome import Approved, NoAnswer
from tests.conformance.peers import IMPATIENT_S, Peer
from tests.conformance.serving import Bending

AMOUNT = 8421
HTML = b"<html>Bad Gateway</html>"


def page(status: bytes, body: bytes = HTML, kind: bytes = b"text/html") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (status, kind, len(body), body)


def another_amount(answer: bytes) -> bytes:
    return answer.replace(b"84.21", b"84.22").replace(b"8421", b"8422")


def half_a_name(answer: bytes) -> bytes:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + b"{" + b"x" * (len(body) - 1)


BENT = {
    "nothing": (lambda answer: None, "timeout"),
    "cut after the head": (lambda answer: answer[: answer.index(b"\r\n\r\n") + 4], "connection_lost"),
    "cut in the middle": (lambda answer: answer[:-7], "connection_lost"),
    "hung up": (lambda answer: b"", "connection_lost"),
    "500": (lambda answer: page(b"500 Internal Server Error"), "server_error"),
    "502": (lambda answer: page(b"502 Bad Gateway"), "server_error"),
    "503": (lambda answer: page(b"503 Service Unavailable"), "server_error"),
    "504": (lambda answer: page(b"504 Gateway Timeout"), "server_error"),
    "429": (lambda answer: page(b"429 Too Many Requests"), "server_error"),
    "408": (lambda answer: page(b"408 Request Timeout"), "timeout"),
    "401": (lambda answer: page(b"401 Unauthorized"), "gateway_bug"),
    "302": (lambda answer: page(b"302 Found"), "gateway_bug"),
    "a page": (lambda answer: page(b"200 OK"), "malformed"),
    "a page that says JSON": (lambda answer: page(b"200 OK", HTML, b"application/json"), "malformed"),
    "not JSON": (half_a_name, "malformed"),
    "another amount": (another_amount, "mismatch"),
}


@pytest.mark.parametrize("name", BENT)
def test_F23_F24_F26_F27_F28_a_bent_answer_is_no_answer_and_the_look_up_tells_the_truth(
    far_peer: Peer, wire: Bending, name
):
    bend, why = BENT[name]
    wire.bend = bend
    with far_peer.impatient() if why == "timeout" else nullcontext():
        charge, outcome = far_peer.charge("tok_approve", AMOUNT)
    wire.bend = lambda answer: answer

    assert outcome == NoAnswer(why=why)
    assert far_peer.effects() == ["captured"]
    assert isinstance(far_peer.look_up(charge), Approved)
    assert far_peer.moved("captured") == AMOUNT


def test_F28_an_answer_about_another_key_is_not_believed(far_peer: Peer, wire: Bending):
    key = "abcdefghijklmx1"
    wire.bend = lambda answer: answer.replace(key.encode(), b"abcdefghijklnx1")
    _, outcome = far_peer.charge("tok_approve", key=key)

    assert outcome == NoAnswer(why="mismatch")
    assert far_peer.effects() == ["captured"]


def test_F25_an_answer_of_one_byte_a_second_is_given_up_at_the_deadline(far_peer: Peer, wire: Bending):
    wire.pause_s = 1.0
    started = time.monotonic()
    with far_peer.impatient():
        _, outcome = far_peer.charge("tok_approve")

    assert outcome == NoAnswer(why="timeout")
    assert time.monotonic() - started < IMPATIENT_S + 1
    assert far_peer.effects() == ["captured"]


@pytest.mark.parametrize("name", BENT)
def test_a_bent_answer_to_a_look_up_never_says_that_there_is_nothing(far_peer: Peer, wire: Bending, name):
    bend, why = BENT[name]
    charge, _ = far_peer.charge("tok_approve", AMOUNT)
    wire.bend = bend
    with far_peer.impatient() if why == "timeout" else nullcontext():
        found = far_peer.look_up(charge)

    assert isinstance(found, NoAnswer)


def test_F26_a_404_of_somebody_else_says_nothing(far_peer: Peer, wire: Bending):
    charge, _ = far_peer.charge("tok_approve", AMOUNT)
    wire.bend = lambda answer: page(b"404 Not Found")

    assert isinstance(far_peer.look_up(charge), NoAnswer)


@pytest.mark.parametrize("name", BENT)
def test_a_bent_answer_to_a_refund_is_no_answer_and_is_found(far_peer: Peer, wire: Bending, name):
    bend, why = BENT[name]
    charge, paid = far_peer.charge("tok_approve", AMOUNT)
    far_peer.serving.pass_days(3)
    wire.bend = bend
    with far_peer.impatient() if why == "timeout" else nullcontext():
        order, outcome = far_peer.refund(charge, paid.reference, AMOUNT)
    wire.bend = lambda answer: answer

    assert outcome == NoAnswer(why=why)
    assert far_peer.moved("refunded") == AMOUNT
    assert isinstance(far_peer.look_up(order), Approved)
