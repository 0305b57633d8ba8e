"""The simulator's memory across its own deaths: torn lines, locks, forks, full disks."""

import json
import os
import resource
import time

import pytest

from adapters.gateways.journal import Journal, JournalCorrupt, JournalInUse
from adapters.gateways.simulator import Simulator
from adapters.gateways.simulator_rules import Operation
from tests.adapters.gateways.asking import asking, charging, refunding, story, told, voiding
from tests.adapters.gateways.conftest import noon


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
