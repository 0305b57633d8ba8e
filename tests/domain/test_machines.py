"""Every state machine: each row of its table is a step, everything else is a bug."""

from enum import StrEnum
from typing import Any, get_type_hints

import pytest

from adapters.database.guards import MACHINES
from domain.action_item import ACTION_ITEM, ActionItem, ItemState
from domain.attempt import ATTEMPT, Attempt, AttemptState
from domain.bank_file import BANK_FILE, BankFile, FileState
from domain.bank_mail import RECORD, BankRecord, RecordState
from domain.bulk_act import BULK_ACT, BULK_ROW, BulkAct, BulkRow, BulkState, RowState
from domain.care import CARE, Care, CareState
from domain.decision import move
from domain.echeck import ECHECK, Echeck, EcheckState
from domain.echeck_batch import BATCH, BatchState, EcheckBatch
from domain.instalment import PLAN, Plan, PlanState
from domain.machine import IllegalTransition, Machine
from domain.mail import MAIL, Mail, MailState
from domain.payment import IN_FLIGHT, PAYMENT, PLANNED, Payment, PaymentState
from domain.reconciliation import BREAK, COMPARISON, Break, BreakState, Comparison, ComparisonState
from domain.refund import REFUND, Refund, RefundState
from domain.repayment import REPAYMENT, Repayment, RepaymentState
from domain.report import REPORT, Report, ReportState
from domain.subscription import SUBSCRIPTION, Subscription, SubscriptionState
from domain.webhook import DELIVERY, Delivery, DeliveryState
from tests.domain.builders import asked, instalment

Any_ = Machine[Any]
EVERY: list[tuple[Any_, type[StrEnum], type, set[str]]] = [
    (PAYMENT, PaymentState, Payment, {"cancelled", "reversed"}),
    (ATTEMPT, AttemptState, Attempt, {"approved", "declined", "closed"}),
    (ACTION_ITEM, ItemState, ActionItem, {"resolved"}),
    (PLAN, PlanState, Plan, set()),
    (REFUND, RefundState, Refund, {"failed", "cancelled"}),
    (REPAYMENT, RepaymentState, Repayment, {"approved", "declined", "closed"}),
    (CARE, CareState, Care, set()),
    (MAIL, MailState, Mail, {"sent", "withdrawn"}),
    (REPORT, ReportState, Report, {"applied", "dismissed"}),
    (BREAK, BreakState, Break, {"resolved"}),
    (COMPARISON, ComparisonState, Comparison, set()),
    (SUBSCRIPTION, SubscriptionState, Subscription, set()),  # an end may be moved earlier
    (ECHECK, EcheckState, Echeck, {"returned", "cancelled"}),
    (BATCH, BatchState, EcheckBatch, {"submitted"}),
    (BANK_FILE, FileState, BankFile, {"delivered"}),
    (RECORD, RecordState, BankRecord, {"dismissed"}),
    (BULK_ACT, BulkState, BulkAct, {"ended"}),
    (BULK_ROW, RowState, BulkRow, {"done", "passed_over"}),
    (DELIVERY, DeliveryState, Delivery, set()),  # a person may replay any of them
]
each = pytest.mark.parametrize(
    ("machine", "states", "thing", "ends"), EVERY, ids=lambda part: getattr(part, "name", "")
)


@each
def test_F91_what_the_table_says_is_a_step_and_nothing_else_is(
    machine: Any_, states: type[StrEnum], thing: type, ends: set[str]
) -> None:
    for state in states:
        for event in {event for _, event in machine.table}:
            if (state, event) in machine.table:
                assert machine.allows(state, event)
                assert machine.step(state, event) is machine.table[state, event]
            else:
                assert not machine.allows(state, event)
                with pytest.raises(IllegalTransition):
                    machine.step(state, event)


@each
def test_the_ends_are_where_nothing_more_happens(
    machine: Any_, states: type[StrEnum], thing: type, ends: set[str]
) -> None:
    assert set(machine.ends()) == ends


@each
def test_every_state_can_be_reached_and_belongs_to_the_enum_of_the_thing(
    machine: Any_, states: type[StrEnum], thing: type, ends: set[str]
) -> None:
    reached = set(machine.starts)
    while new := {after for (before, _), after in machine.table.items() if before in reached} - reached:
        reached |= new
    assert reached == set(states)
    assert get_type_hints(thing)["state"] is states


def test_every_machine_of_the_domain_is_here_and_guarded_by_the_database() -> None:
    assert {machine.name for machine, *_ in EVERY} == {machine.name for machine in MACHINES.values()}


def test_every_payment_state_that_waits_for_a_gateway_is_one_of_an_attempt() -> None:
    assert {state.value for state in IN_FLIGHT} <= {state.value for state in AttemptState}
    assert set(IN_FLIGHT) < set(PLANNED)


def test_F12_a_move_names_the_state_that_it_leaves_and_the_epoch_that_it_was_decided_in() -> None:
    one = asked().attempt
    step = move(ATTEMPT, one, "approve", key=("key",), fence=one.epoch, reference="r")
    assert (step.before, step.after, step.fence, step.key) == ("submitting", "approved", 1, {"key": one.key})
    with pytest.raises(IllegalTransition):
        move(PAYMENT, instalment(state=PaymentState.PAID), "claim")
