"""The simulator's contract (CONTRACT section 5), the same in process and over HTTP."""

import time
from dataclasses import replace

import pytest

from domain.outcome import Approved, Charge, Declined, Finding, NoAnswer, NotFound, Outcome
from tests.adapters.gateways.conftest import Desk, about, account_of, charge_of

APPROVED = "approved"
NOT_FOUND = "not found"
SHORT_S = 0.3

# fmt: off
TABLE = [
    # token                       effect      answer                          look-up
    ("tok_approve",               "captured", APPROVED,                       APPROVED),
    ("tok_insufficient_funds",    "none",     "51 insufficient_funds",        "51 insufficient_funds"),
    ("tok_expired_card",          "none",     "54 expired_card",              "54 expired_card"),
    ("tok_lost_card",             "none",     "41 lost_card",                 "41 lost_card"),
    ("tok_do_not_honour",         "none",     "05 do_not_honour",             "05 do_not_honour"),
    ("tok_revoked",               "none",     "R1 revoked",                   "R1 revoked"),
    ("tok_no_such_token",         "none",     "14 invalid_token",             "14 invalid_token"),
    ("tok_timeout_after_charge",  "captured", "timeout",                      APPROVED),
    ("tok_timeout_before_charge", "none",     "timeout",                      NOT_FOUND),
    ("tok_500_then_approve",      "none",     "server_error",                 NOT_FOUND),
    ("tok_garbage",               "none",     "malformed",                    NOT_FOUND),
    ("tok_refund_fails",          "captured", APPROVED,                       APPROVED),
    ("echeck_settle",             "debited",  APPROVED,                       APPROVED),
    ("echeck_nsf",                "debited",  APPROVED,                       APPROVED),
    ("echeck_unauthorised_late",  "debited",  APPROVED,                       APPROVED),
]
# fmt: on

REPEATED = [row for row in TABLE if row[0] != "tok_500_then_approve"]  # its second send differs: see below


def short(outcome: Outcome | Finding, charge: Charge) -> object:
    """An outcome in the words of the table; an approval counts only with our amount and a reference."""
    match outcome:
        case Approved(amount_minor=charge.amount_minor, currency=charge.currency) if outcome.reference:
            return APPROVED
        case Declined():
            return f"{outcome.network_code} {outcome.code}"
        case NoAnswer():
            return outcome.why
        case NotFound():
            return NOT_FOUND
        case _:
            return outcome


@pytest.mark.parametrize(("token", "effect", "answer", "finding"), TABLE, ids=[row[0] for row in TABLE])
def test_F23_each_token_moves_money_answers_and_is_found_as_the_table_says(desk: Desk, token, effect, answer, finding):
    account, charge = desk.account(deadline_s=SHORT_S), charge_of(token)

    assert [short(o, charge) for o in desk.gateway.charge(account, [charge])] == [answer]
    assert desk.effects() == [effect]
    assert [short(f, charge) for f in desk.gateway.look_up(account, [about(charge)])] == [finding]
    assert desk.effects() == [effect, "none"]


@pytest.mark.parametrize("row", REPEATED, ids=[row[0] for row in REPEATED])
def test_a_repeated_key_gets_its_first_answer_and_moves_nothing(desk: Desk, row):
    token, effect, answer, _ = row
    account, charge = desk.account(deadline_s=SHORT_S), charge_of(token)

    answers = [short(desk.gateway.charge(account, [charge])[0], charge) for _ in range(2)]

    assert answers == [answer, answer]
    assert desk.effects() == [effect, "none"]
    assert desk.lines()[0]["reference"] == desk.lines()[1]["reference"]


def test_F26_the_second_send_of_a_key_approves_after_a_500_and_captures_once(desk: Desk):
    account, charge = desk.account(), charge_of("tok_500_then_approve")

    answers = [short(desk.gateway.charge(account, [charge])[0], charge) for _ in range(3)]

    assert answers == ["server_error", APPROVED, APPROVED]
    assert desk.effects() == ["none", "captured", "none"]
    assert short(desk.gateway.look_up(account, [about(charge)])[0], charge) == APPROVED


@pytest.mark.parametrize("change", [{"amount_minor": 4501}, {"currency": "CAD"}, {"token": "tok_slow"}])
def test_F16_a_key_with_other_content_is_a_conflict_and_moves_nothing(desk: Desk, change):
    account, charge = desk.account(), charge_of("tok_approve")
    desk.gateway.charge(account, [charge])

    assert desk.gateway.charge(account, [replace(charge, **change)]) == [NoAnswer(why="conflict")]
    assert desk.effects() == ["captured", "none"]
    assert short(desk.gateway.look_up(account, [about(charge)])[0], charge) == APPROVED


def test_F28_a_look_up_that_finds_another_amount_is_not_believed(desk: Desk):
    account, charge = desk.account(), charge_of("tok_approve")
    desk.gateway.charge(account, [charge])

    findings = desk.gateway.look_up(account, [replace(about(charge), amount_minor=1)])

    assert findings == [NoAnswer(why="mismatch")]


def test_a_key_that_was_never_sent_is_not_found(desk: Desk):
    assert desk.gateway.look_up(desk.account(), [about(charge_of("tok_approve"))]) == [NotFound()]


def test_two_organisations_may_both_have_an_account_named_main(desk: Desk):
    charge = charge_of("tok_approve")
    other = account_of(desk.organisation + "-other")

    first = desk.gateway.charge(desk.account(), [charge])[0]
    assert desk.gateway.look_up(other, [about(charge)]) == [NotFound()]
    second = desk.gateway.charge(other, [replace(charge, amount_minor=9900)])[0]

    assert isinstance(first, Approved)
    assert isinstance(second, Approved)
    assert first.reference != second.reference


def test_a_batch_is_answered_in_its_order_and_silence_costs_its_deadline_once(desk: Desk):
    tokens = ["tok_timeout_after_charge", "tok_approve", "tok_lost_card", "tok_timeout_before_charge"] * 10
    charges = [charge_of(token, amount=100 + i) for i, token in enumerate(tokens)]
    started = time.monotonic()

    outcomes = desk.gateway.charge(desk.account(deadline_s=SHORT_S), charges)

    assert SHORT_S <= time.monotonic() - started < 2 * SHORT_S + 0.5
    expected = ["timeout", APPROVED, "41 lost_card", "timeout"] * 10
    assert [short(o, c) for o, c in zip(outcomes, charges, strict=True)] == expected


def test_a_slow_approval_comes_after_one_second(desk: Desk):
    charge, started = charge_of("tok_slow"), time.monotonic()

    assert short(desk.gateway.charge(desk.account(), [charge])[0], charge) == APPROVED
    assert 1.0 <= time.monotonic() - started < 1.8


def test_F23_an_approval_after_the_deadline_is_no_answer_but_is_found(desk: Desk):
    account, charge = desk.account(deadline_s=SHORT_S), charge_of("tok_slow")

    assert desk.gateway.charge(account, [charge]) == [NoAnswer(why="timeout")]
    assert desk.effects() == ["captured"]
    assert short(desk.gateway.look_up(account, [about(charge)])[0], charge) == APPROVED


def test_latency_delays_every_answer_of_the_account(desk: Desk):
    charges, started = [charge_of("tok_approve") for _ in range(20)], time.monotonic()

    outcomes = desk.gateway.charge(desk.account(latency_ms=200), charges)

    assert all(isinstance(outcome, Approved) for outcome in outcomes)
    assert 0.2 <= time.monotonic() - started < 0.9


def test_fault_rates_strike_the_same_keys_whenever_they_are_asked(desk: Desk):
    rates = {"insufficient_funds": 0.2, "server_error": 0.1, "garbage": 0.1}
    charges = [charge_of("tok_approve", key=f"att_{number}") for number in range(300)]

    outcomes = desk.gateway.charge(desk.account(fault_rates=rates, seed=7), charges)
    other = account_of(desk.organisation + "-again", fault_rates=rates, seed=7)
    again = desk.gateway.charge(other, charges)

    told = [short(o, c) for o, c in zip(outcomes, charges, strict=True)]
    assert told == [short(o, c) for o, c in zip(again, charges, strict=True)]
    assert 40 <= told.count("51 insufficient_funds") <= 80
    assert 15 <= told.count("server_error") <= 45
    assert 15 <= told.count("malformed") <= 45
    assert desk.effects().count("captured") == told.count(APPROVED)


def test_the_journal_tells_everything_but_the_token(desk: Desk):
    desk.gateway.charge(desk.account(), [charge_of("tok_lost_card", key="att_1", amount=1250)])

    (line,) = desk.lines()
    assert line.pop("at").endswith("Z")
    assert len(line.pop("parameters")) == 16
    assert line.pop("reference").startswith("sim_")
    assert line == {
        "organisation": desk.organisation,
        "merchant_account": "main",
        "operation": "charge",
        "key": "att_1",
        "amount": 1250,
        "currency": "USD",
        "effect": "none",
        "answer": "declined",
        "code": "lost_card",
        "network_code": "41",
    }
    assert "tok_" not in desk.journal.read_text()


def test_an_empty_batch_asks_nothing(desk: Desk):
    assert desk.gateway.charge(desk.account(), []) == []
    assert desk.gateway.look_up(desk.account(), []) == []
