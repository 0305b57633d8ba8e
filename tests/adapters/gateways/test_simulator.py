"""Refunds, voids, and the simulator's memory across its own deaths."""

import json
import os
import resource
import time
from pathlib import Path

import pytest

from adapters.gateways.in_process import SimulatedGateway
from adapters.gateways.journal import Journal, JournalCorrupt, JournalInUse
from adapters.gateways.simulator import Simulator
from adapters.gateways.simulator_rules import Operation, Reply, Request
from adapters.gateways.tokens import read_settings
from domain.outcome import Approved, NoAnswer
from tests.adapters.gateways.conftest import account_of, charge_of, noon


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
def simulator(path: Path):
    simulator = Simulator(path, clock=noon)
    yield simulator
    simulator.close()


def asking(operation: Operation, key: str, amount: int = 0, **fields) -> Request:
    currency = "USD" if amount else ""
    return Request(operation, "ymca", "main", key, **{"amount": amount, "currency": currency, **fields})


def charging(key: str, amount: int = 4500, token: str = "tok_approve") -> Request:
    return asking(Operation.CHARGE, key, amount, token=token)


def refunding(key: str, of: str, amount: int, **fields) -> Request:
    return asking(Operation.REFUND, key, amount, of=of, **fields)


def voiding(key: str, of: str) -> Request:
    return asking(Operation.VOID, key, of=of)


def told(reply: Reply) -> str:
    return reply.script.code or f"{reply.script.answer}:{reply.effect}"


def story(simulator: Simulator, *requests: Request) -> list[str]:
    return [told(reply) for reply in simulator.perform(requests)]


def test_partial_refunds_add_up_to_the_charge_and_no_further(simulator):
    assert story(
        simulator,
        charging("c1", 4500),
        refunding("r1", "c1", 3000),
        refunding("r2", "c1", 1501),
        refunding("r3", "c1", 1500),
        refunding("r4", "c1", 1),
    ) == [
        "approved:captured",
        "approved:refunded",
        "exceeds_refundable",
        "approved:refunded",
        "exceeds_refundable",
    ]


def test_a_repeated_refund_moves_nothing(simulator):
    once = refunding("r1", "c1", 1000)

    assert story(simulator, charging("c1"), once, once, replace_amount(once, 2000)) == [
        "approved:captured",
        "approved:refunded",
        "approved:none",
        "conflict:none",
    ]


def replace_amount(request: Request, amount: int) -> Request:
    return request._replace(amount=amount)


def test_a_refund_of_tok_refund_fails_is_declined(simulator):
    requests = [charging("c1", token="tok_refund_fails"), refunding("r1", "c1", 1000)]

    assert story(simulator, *requests) == ["approved:captured", "refund_declined"]


def test_what_was_not_charged_cannot_be_refunded_or_voided(simulator):
    assert story(
        simulator,
        charging("c1", token="tok_lost_card"),
        refunding("r1", "c1", 1000),
        voiding("v1", "c1"),
        refunding("r2", "never", 1000),
        charging("c2"),
        refunding("r3", "c2", 1000, currency="CAD"),
    )[1:] == [
        "unknown_charge",
        "unknown_charge",
        "unknown_charge",
        "approved:captured",
        "currency_differs",
    ]


def test_a_charge_is_voided_once_and_not_after_a_refund(simulator):
    assert story(
        simulator,
        charging("c1"),
        voiding("v1", "c1"),
        voiding("v2", "c1"),
        refunding("r1", "c1", 100),
        charging("c2"),
        refunding("r2", "c2", 100),
        voiding("v3", "c2"),
    ) == [
        "approved:captured",
        "approved:voided",
        "already_voided",
        "already_voided",
        "approved:captured",
        "approved:refunded",
        "already_refunded",
    ]


def test_memory_is_rebuilt_from_the_journal(simulator, path):
    story(
        simulator,
        charging("c1"),
        refunding("r1", "c1", 3000),
        charging("c2", token="tok_500_then_approve"),
        charging("c3", token="tok_timeout_after_charge"),
        charging("c4", token="tok_slow"),
        charging("c5", token="tok_refund_fails"),
        charging("c6"),
        voiding("v6", "c6"),
        charging("c7", token="tok_expired_card"),
    )
    simulator.close()

    again = Simulator(path, clock=noon)
    replies = again.perform(
        [
            charging("c1"),
            refunding("r2", "c1", 1501),
            charging("c2", token="tok_500_then_approve"),
            charging("c3", token="tok_timeout_after_charge"),
            charging("c4", token="tok_slow"),
            refunding("r5", "c5", 100),
            voiding("v7", "c6"),
            asking(Operation.LOOK_UP, "c7"),
            charging("c1", 999),
        ]
    )
    again.close()

    assert [told(reply) for reply in replies] == [
        "approved:none",
        "exceeds_refundable",
        "approved:captured",
        "silence:none",
        "approved:none",
        "refund_declined",
        "already_voided",
        "expired_card",
        "conflict:none",
    ]
    assert [replies[3].after_s, replies[4].after_s] == [float("inf"), 1.0]


def test_a_torn_last_line_is_cut_on_opening(simulator, path):
    story(simulator, charging("c1"), charging("c2"))
    simulator.close()
    first, second = path.read_bytes().splitlines(keepends=True)

    for length in range(len(second)):
        path.write_bytes(first + second[:length])
        again = Simulator(path, clock=noon)
        assert story(again, charging("c1"), charging("c2")) == ["approved:none", "approved:captured"]
        again.close()
        written = [json.loads(line) for line in path.read_text().splitlines()]
        assert [line["effect"] for line in written] == ["captured", "none", "captured"]


def test_a_line_that_cannot_be_read_before_the_last_stops_the_simulator(path):
    path.write_text('{"at": "2026-11-24T12:0\n{}\n')
    with pytest.raises(JournalCorrupt, match="lines 1 to 2"):
        Simulator(path, clock=noon).open()

    path.write_text('{"operation": "charge", "answer": "approved"}\n')
    with pytest.raises(JournalCorrupt, match="not one of ours"):
        Simulator(path, clock=noon).open()
    Journal(path).open()


def test_F74_one_owner_has_the_journal_and_a_second_is_told(simulator, path):
    simulator.open()
    second = Simulator(path, clock=noon)

    with pytest.raises(JournalInUse, match="in use by another process"):
        second.perform([charging("c1")])

    simulator.close()
    assert story(second, charging("c1")) == ["approved:captured"]
    second.close()


def test_F56_a_forked_child_may_not_write_into_its_parents_journal(simulator, path):
    simulator.open()
    child = os.fork()
    if child == 0:
        try:
            simulator.perform([charging("c1")])
        except JournalInUse:
            os._exit(7)
        os._exit(1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert path.read_bytes() == b""
    assert story(simulator, charging("c1")) == ["approved:captured"]


def test_F70_what_could_not_be_journaled_did_not_happen_and_is_done_when_there_is_room(simulator, path):
    assert story(simulator, charging("c1")) == ["approved:captured"]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            simulator.perform([charging("c2")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert not path.read_bytes().endswith(b"\n")
    assert story(simulator, charging("c2"), charging("c1")) == ["approved:captured", "approved:none"]


def test_the_journal_is_opened_at_the_first_request_only(path):
    simulator = Simulator(path, clock=noon)
    SimulatedGateway(simulator)
    assert not path.exists()


def test_under_a_simulated_clock_nothing_is_waited_for(simulator):
    gateway = SimulatedGateway(simulator, clock_is_real=False)
    charges = [charge_of("tok_timeout_after_charge"), charge_of("tok_slow")]
    started = time.monotonic()

    outcomes = gateway.charge(account_of(latency_ms=500), charges)

    assert time.monotonic() - started < 0.5
    assert outcomes[0] == NoAnswer(why="timeout")
    assert isinstance(outcomes[1], Approved)


@pytest.mark.parametrize(
    "settings",
    [
        {"fault_rates": {"timeout": 0.1}},
        {"fault_rates": {"garbage": 0.6, "slow": 0.6}},
        {"latency_ms": -1},
        {"deadline_s": "2"},
    ],
)
def test_settings_that_make_no_sense_are_an_error(settings):
    with pytest.raises(ValueError):
        read_settings(settings)


def test_a_hundred_thousand_lines_are_remembered_within_a_second(simulator, path):
    for start in range(0, 100_000, 1_000):
        simulator.perform([charging(f"01934e2a-7b1c-7def-8a00-{start + i:012d}") for i in range(1_000)])
    simulator.close()

    again = Simulator(path, clock=noon)
    started = time.process_time()
    again.open()
    spent = time.process_time() - started
    again.close()

    assert spent < 2.5  # 0.6 s on a quiet machine
