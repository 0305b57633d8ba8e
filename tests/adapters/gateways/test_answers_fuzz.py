"""No bytes but a well-formed answer about our key, amount and currency are ever an approval."""

import json
import socket

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.gateways.http_judging import judge_look_up, judge_outcome
from adapters.gateways.wire_head import parse_head
from domain.outcome import Approved, Charge, NoAnswer, NotFound
from tests.adapters.gateways.answers import approval, response
from tests.adapters.gateways.conftest import about, account_of

CHARGE = Charge(key="att_1", amount_minor=4500, currency="USD", token="tok_approve")
GOOD = response(approval(CHARGE))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["answer", "key", "amount", "currency", "reference", "code", "network_code"])
near_misses = st.builds(lambda changes: {**approval(CHARGE), **changes}, st.dictionaries(names, json_values))


def is_about_our_charge(body: bytes) -> bool:
    """What an approval must say, decided by other means than the code under test."""
    try:
        answer = json.loads(body.decode("utf-8"))
    except ValueError:
        return False
    return isinstance(answer, dict) and all(
        type(answer.get(name)) is type(value) and answer[name] == value
        for name, value in approval(CHARGE).items()
        if name != "reference"
    )


def judge_bytes(answer: bytes):
    head, _, body = answer.partition(b"\r\n\r\n")
    parsed = parse_head(head)
    assert parsed is not None
    return judge_outcome(CHARGE, parsed, body)


@given(near_misses)
def test_F27_a_body_that_is_nearly_right_is_approved_only_when_it_is_right(answer):
    body = json.dumps(answer).encode()
    outcome = judge_bytes(response(body))
    if isinstance(outcome, Approved):
        assert is_about_our_charge(body)
        assert (outcome.amount_minor, outcome.currency) == (4500, "USD")


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_F27_any_other_body_is_no_answer(body):
    assert isinstance(judge_bytes(response(body)), NoAnswer) or is_about_our_charge(body)


@given(json_values, st.sampled_from(["200 OK", "404 Not Found"]))
def test_F30_any_other_body_is_never_not_found(answer, status):
    head, _, body = response(json.dumps(answer).encode(), status).partition(b"\r\n\r\n")
    parsed = parse_head(head)
    assert parsed is not None
    assert judge_look_up(about(CHARGE), parsed, body) != NotFound()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_F24_an_answer_damaged_on_the_wire_is_never_an_approval_of_something_else(data, scripted, gateway_at):
    """Bytes of a good answer are changed, dropped or added; the real client reads them from a real socket."""
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))

    asked: list[bytes] = []

    def script(connection: socket.socket, request: bytes) -> bool:
        asked.append(request)
        connection.sendall(bytes(damaged))
        return False

    server = scripted(script)
    (outcome,) = gateway_at(server.url).charge(account_of(deadline_s=1), [CHARGE])
    server.close()

    if isinstance(outcome, Approved):
        assert is_about_our_charge(bytes(damaged).partition(b"\r\n\r\n")[2])
    else:
        assert isinstance(outcome, NoAnswer) or not asked  # a busy machine may not even connect within the deadline
