"""Refunds, voids, settings and clocks of the simulator."""

import time

import pytest

from adapters.gateways.in_process import SimulatedGateway
from adapters.gateways.simulator import Simulator
from adapters.gateways.tokens import read_settings
from domain.outcome import Approved, NoAnswer
from tests.adapters.gateways.asking import charging, refunding, story, voiding
from tests.adapters.gateways.conftest import account_of, charge_of, noon


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

    assert story(simulator, charging("c1"), once, once, once._replace(amount=2000)) == [
        "approved:captured",
        "approved:refunded",
        "approved:none",
        "conflict:none",
    ]


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
