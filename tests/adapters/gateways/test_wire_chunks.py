"""Answers in chunks, as real processors' web servers send them: read like any other, or not believed."""

import json
import socket

import pytest

from domain.outcome import Approved, NoAnswer
from tests.adapters.gateways.answers import approval
from tests.adapters.gateways.conftest import account_of

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_an_answer_in_chunks_is_read_and_its_connection_used_again(scripted, gateway_at, charge, size):
    def answer(connection: socket.socket, request: bytes) -> bool:
        connection.sendall(HEAD + chunked(json.dumps(approval(charge)).encode(), size))
        return True

    server = scripted(answer)
    gateway = gateway_at(server.url)

    assert [type(gateway.charge(account_of(), [charge])[0]) for _ in range(3)] == [Approved] * 3
    assert server.connections == 1


def test_F24_every_truncation_of_chunks_is_unknown(scripted, gateway_at, charge):
    whole = HEAD + chunked(json.dumps(approval(charge)).encode(), 40)
    lengths = iter(range(len(HEAD), len(whole)))

    def cut(connection: socket.socket, request: bytes) -> bool:
        connection.sendall(whole[: next(lengths)])
        return False

    gateway = gateway_at(scripted(cut).url)
    outcomes = {gateway.charge(account_of(), [charge])[0] for _ in range(len(HEAD), len(whole))}

    assert outcomes == {NoAnswer(why="connection_lost")}


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\n",
        b"-5\r\n",
        b"fffffff\r\n",
        b"2\r\n{}}}0\r\n\r\n",
        b"2\r\n{}\r\n0\r\nX-A: b\r\n\r\n",
        b"2\r\n{}\r\n0\r\n\r\n{}",
        b"a" * 300,
        b"\r\n",
    ],
)
def test_F27_chunks_that_are_none_are_malformed(ask, body):
    assert ask(HEAD + body) == NoAnswer(why="malformed")


def test_F27_a_length_and_chunks_are_malformed(ask, charge):
    body = json.dumps(approval(charge)).encode()
    head = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Length: %d\r\n\r\n" % len(body))
    assert ask(head + chunked(body, 10)) == NoAnswer(why="malformed")


def test_F27_more_chunks_than_the_limit_are_malformed(ask, charge):
    body = json.dumps(approval(charge)).encode() + b" " * 300_000
    assert ask(HEAD + chunked(body, 4096)) == NoAnswer(why="malformed")
