"""Lanes: the commands of an organisation one after the other, and of a client after what is being charged."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.inbox.handlers import MAKES
from adapters.inbox.schemas import act_of
from domain.action_item import ActionItem
from domain.command import Command, CommandStatus, answer
from domain.payment import Payment, PaymentKind, PaymentState
from domain.refund import Refund
from domain.subscription import Subscription

LOOKED_THROUGH = 200  # accepted commands looked at to find those that need not wait
SAME_AS = "same_as"  # in the result of a command that waits for the answer to an earlier one
PATIENCE = timedelta(minutes=1)  # a charge is sent within seconds
# What asks for money, or only adds: it need not wait for the answer to an earlier charge of the same client, unless
# that may change what it does: on the same invoice, or with the account's credit.
ALONGSIDE = ("payment.make", "invoice.create", "client.register")
# What may change how any later command ends: it waits behind all that wait, and what follows waits for it.
ORGANISATION_WIDE = ("organisation.register", "administrator.register", "scholarship.open")
# Fields by which a command that names no client names what is a client's.
ABOUT: Mapping[str, type] = {
    "item": ActionItem, "payment": Payment, "refund": Refund, "instalment": Payment, "instalments": Payment,
    "subscription": Subscription,
}  # fmt: skip

MAKES_DUE = ("instalment_plan.create", "instalment.change", "subscription.start")
# What may pay for the same lines as an instalment or a period that falls due at once.
AFTER_AT_ONCE = ("payment.make", "scholarship.award", "purchase.cancel", "purchase.replace", "account.reconcile")


@dataclass(slots=True, kw_only=True)
class Lane:
    """The clients whose charge is under way, those of whom an earlier command waits for it, and those whose
    instalment is being charged at once: what comes after it finds it charged (I1). `promised` are the ids that
    waiting commands will make, with whose they are."""

    charging: dict[str, list[Mapping[str, Any]]]
    at_once: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    closed: bool = False
    promised: dict[tuple[str, str], str] = field(default_factory=dict)

    def lets_pass(self, client: str, command: Command) -> bool:
        act = act_of(command.type)
        self.closed = self.closed or (act in ORGANISATION_WIDE and bool(self.waiting))
        held = client in self.at_once and act in AFTER_AT_ONCE
        if self.closed or (client and client in self.waiting) or held or not self._alongside(client, act, command.body):
            self.waiting.add(client)
            self.promised.update(((name, id), client) for name, id in _made_by(act, command.body))
            return False
        return True

    def charges(self, client: str, command: Command) -> None:
        self.charging.setdefault(client, []).append(command.body)

    def _alongside(self, client: str, act: str, body: Mapping[str, Any]) -> bool:
        under_way = self.charging.get(client)
        if not under_way:
            return True
        if act != "payment.make":
            return act in ALONGSIDE
        again = body.get("payment") is not None and any(one.get("payment") == body["payment"] for one in under_way)
        same = body.get("invoice") is not None and any(one.get("invoice") == body["invoice"] for one in under_way)
        return again or not (same or body.get("use_credit"))


def _made_by(act: str, body: Mapping[str, Any]) -> list[tuple[str, str]]:
    made = [(MAKES[act], body[MAKES[act]])] if body.get(MAKES.get(act, "")) is not None else []
    return made + [("refund", one["refund"]) for one in body.get("refunds") or () if one.get("refund") is not None]


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


def charging(
    tx: BookTransaction, waiting: list[Command], organisation: str, patience: timedelta
) -> dict[str, list[Mapping[str, Any]]]:
    """The clients of commands that were carried out and wait for a charge that is being sent, with their bodies."""
    if not waiting:
        return {}
    bodies = {command.seq: command.body for command in waiting}
    found = tx.all(
        Payment, organisation=organisation, client=list({client_of(tx, command) for command in waiting}),
        command=[command.seq for command in waiting], state=[PaymentState.DUE, PaymentState.SUBMITTING],
    )  # fmt: skip
    since = tx.now - patience
    under_way: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for payment in found:
        if _being_sent(payment, since):
            under_way[payment.client].append(bodies[payment.command or 0])
    return dict(under_way)


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
    return {payment.client for payment in found if _being_sent(payment, since)}


def _being_sent(payment: Payment, since: datetime) -> bool:
    """Under way, or due so lately that it surely will be."""
    return payment.state is PaymentState.SUBMITTING or (payment.due_at is not None and payment.due_at > since)


def client_of(tx: BookTransaction, command: Command, promised: Mapping[tuple[str, str], str] | None = None) -> str:
    """The client that a command is about; none for what is about the organisation itself."""
    named = command.body.get("client")
    if named is not None:
        return str(named)
    for name, thing in ABOUT.items():
        held = command.body.get(name)
        id = held[0] if isinstance(held, list) else held
        if id is not None:
            found: Any = tx.find(thing, organisation=command.organisation, id=id)
            return str(found.client) if found is not None else (promised or {}).get((name, id), "")
    return ""
