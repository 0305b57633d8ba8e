"""Lanes: the commands of an organisation one after the other, and of a client after what is being charged."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import text

from adapters.database import loader
from adapters.database.books import BookTransaction
from domain.action_item import ActionItem
from domain.command import Command, CommandStatus, answer
from domain.payment import Payment, PaymentKind, PaymentState
from domain.subscription import Subscription

LOOKED_THROUGH = 200  # accepted commands looked at to find those that need not wait
SAME_AS = "same_as"  # in the result of a command that waits for the answer to an earlier one
PATIENCE = timedelta(minutes=1)  # a charge is sent within seconds
# What asks for money, or only adds: it need not wait for the answer to an earlier charge of the same client.
ALONGSIDE = ("payment.make", "invoice.create", "client.register")

MAKES_DUE = ("instalment_plan.create", "instalment.change", "subscription.start")
# What may pay for the same lines as an instalment or a period that falls due at once.
AFTER_AT_ONCE = ("payment.make", "scholarship.award", "purchase.cancel", "purchase.replace", "account.reconcile")


@dataclass(slots=True, kw_only=True)
class Lane:
    """The clients whose charge is under way, those of whom an earlier command waits for it, and those whose
    instalment is being charged at once: what comes after it finds it charged (I1)."""

    charging: set[str]
    at_once: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)

    def lets_pass(self, client: str, act: str) -> bool:
        held = client in self.at_once and act in AFTER_AT_ONCE
        if client in self.waiting or held or (client in self.charging and act not in ALONGSIDE):
            self.waiting.add(client)
            return False
        return True


def lock_lane(tx: BookTransaction, organisation: str) -> None:
    """SQLite has one writer anyway. The lane exists before the organisation does."""
    if tx.dialect == "postgresql":
        tx.connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtext('inbox'), hashtext(:organisation))"),
            {"organisation": organisation},
        )


def accepted(tx: BookTransaction, organisation: str) -> list[Command]:
    statement = loader.selection(
        Command, {"organisation": organisation, "status": CommandStatus.ACCEPTED, "waits": False},
        order_by="seq", limit=LOOKED_THROUGH, lock=False,
    )  # fmt: skip
    return [loader.build(Command, row) for row in tx.connection.execute(statement).all()]


def answer_repeats(tx: BookTransaction, waiting: list[Command]) -> int:
    """Commands that repeat one which has its answer by now get the same."""
    repeats = [command for command in waiting if SAME_AS in command.result]
    earlier = {seq: tx.get(Command, seq=seq) for seq in {command.result[SAME_AS] for command in repeats}}
    done = 0
    for command in repeats:
        first = earlier[command.result[SAME_AS]]
        if first.status is CommandStatus.DONE:
            tx.write([(answer(command.seq, first.result, now=tx.now),)])
            done += 1
    return done


def charging(tx: BookTransaction, waiting: list[Command], organisation: str, patience: timedelta) -> set[str]:
    """The clients of commands that were carried out and wait for a charge that is being sent."""
    if not waiting:
        return set()
    found = tx.all(
        Payment, organisation=organisation, client=list({client_of(tx, command) for command in waiting}),
        command=[command.seq for command in waiting], state=[PaymentState.DUE, PaymentState.SUBMITTING],
    )  # fmt: skip
    since = tx.now - patience
    return {
        payment.client
        for payment in found
        if payment.state is PaymentState.SUBMITTING or (payment.due_at is not None and payment.due_at > since)
    }


def charged_at_once(tx: BookTransaction, commands: list[Command], patience: timedelta) -> set[str]:
    """Of the clients of these commands, those with an instalment that was made due and is not answered yet."""
    acts = {f"encaisse.{act}.v1" for act in AFTER_AT_ONCE}
    clients = {str(command.body.get("client")) for command in commands if command.type in acts}
    if not clients:
        return set()
    since = tx.now - patience
    found = tx.all(
        Payment, organisation=commands[0].organisation, client=sorted(clients),
        kind=[PaymentKind.INSTALMENT, PaymentKind.SUBSCRIPTION],
        state=[PaymentState.DUE, PaymentState.SUBMITTING],
    )  # fmt: skip
    return {
        payment.client
        for payment in found
        if payment.state is PaymentState.SUBMITTING or (payment.due_at is not None and payment.due_at > since)
    }


def client_of(tx: BookTransaction, command: Command) -> str:
    """The client that a command is about; none for what is about the organisation itself."""
    named = command.body.get("client")
    if named is not None:
        return str(named)
    if "item" in command.body:
        item = tx.find(ActionItem, organisation=command.organisation, id=command.body["item"])
        return item.client if item is not None else ""
    if "instalments" in command.body:
        first = tx.find(Payment, organisation=command.organisation, id=command.body["instalments"][0])
        return first.client if first is not None else ""
    if "subscription" in command.body:
        known = tx.find(Subscription, organisation=command.organisation, id=command.body["subscription"])
        return known.client if known is not None else ""
    return ""
