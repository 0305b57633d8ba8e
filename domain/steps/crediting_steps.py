"""Steps of cancelling and replacing: lines, their credit note, the plans that covered them (B10, B11)."""

from collections.abc import Mapping, Sequence

from domain import crediting, matching
from domain.account import Account
from domain.allocating import shrink
from domain.credit import Credit, Source
from domain.crediting import Credited, Part, Penalty
from domain.days import local_date
from domain.decision import Decision
from domain.instalment import Plan
from domain.invoice import Invoice, InvoiceLine, OpenLine
from domain.ledger import Allocation, Words
from domain.money import fill
from domain.organisation import Organisation
from domain.payment import STILL_PLANNED, Payment
from domain.ports import Transaction
from domain.refusal import NotKnown

NOTES_OF_PURCHASES = ("purchase", "replacement")


def chosen_lines(
    tx: Transaction, organisation: str, client: str, invoice: str, names: Sequence[str]
) -> list[InvoiceLine]:
    """The lines to credit, in the invoice's order, locked."""
    tx.get(Invoice, organisation=organisation, client=client, id=invoice)
    tx.open_lines([(organisation, invoice)], lock=True)
    lines = tx.all(InvoiceLine, order_by="position", organisation=organisation, invoice=invoice)
    found = [line for line in lines if line.line in names]
    missing = set(names) - {line.line for line in found}
    if missing or not found:
        raise NotKnown("lines", id=min(missing, default=""))
    return found


def notes_on(tx: Transaction, organisation: str, client: str, invoice: str) -> list[Credit]:
    """The credit notes of earlier cancellations and replacements on an invoice."""
    return tx.all(
        Credit, organisation=organisation, client=client, invoice=invoice, origin=list(NOTES_OF_PURCHASES)
    )  # fmt: skip


def credited_of(notes: Sequence[Credit], lines: Sequence[InvoiceLine]) -> dict[str, Credited]:
    """What was credited of each line before, by line."""
    return {line.line: crediting.credited_before(notes, line.line) for line in lines}


def credit_lines(
    tx: Transaction, owner: Organisation, account: Account, parts: Sequence[Part], *, notes: Sequence[Credit],
    note: str, invoice: str, origin: str, penalty: Penalty | None, words: Words, by: str,
) -> int:  # fmt: skip
    """Posts the note and matches it to the lines; money that no longer fits on them is freed, newest first.
    Answers the note's total."""
    today = local_date(tx.now, owner.timezone)
    decision, total = crediting.purchase_credit(
        parts, organisation=owner, client=account.client, id=note, invoice=invoice, origin=origin, penalty=penalty,
        words=words, by=by, booked_on=today, now=tx.now, mint=tx.mint,
    )  # fmt: skip
    source = Source(organisation=owner.id, kind="credit", id=note, left=total, booked_on=today, at=tx.now)
    made = tx.all(
        Allocation, organisation=owner.id, client=account.client.id, invoice=invoice,
        line=[part.line.line for part in parts],
    )  # fmt: skip
    steps: list[Decision] = [decision]
    for part, covered in zip(parts, fill(total, [part.total for part in parts]), strict=True):
        if covered:
            steps.append(_cover(tx, account, source, part.line, covered, made=made, notes=notes))
    tx.write(steps)
    return total


def _cover(
    tx: Transaction, account: Account, source: Source, line: InvoiceLine, covered: int, *,
    made: Sequence[Allocation], notes: Sequence[Credit],
) -> Decision:  # fmt: skip
    """The note on one line, in the place of the money there; in that of earlier notes only when no money is left."""
    own = [one for one in made if one.line == line.line]
    noted = {note.id for note in notes}
    money = [one for one in own if not (one.source_kind == "credit" and one.source in noted)]
    over = max(line.allocated + covered - line.payable, 0)
    from_money = min(over, sum(one.amount for one in money))
    target = OpenLine(organisation=source.organisation, invoice=line.invoice, line=line.line, open=covered)
    return (
        *matching.free(money, from_money),
        *matching.free([one for one in own if one not in money], over - from_money),
        *matching.allocation(source, target, covered, id=tx.mint(""), client=account.client.id, now=tx.now),
    )


def lower_plans(tx: Transaction, owner: Organisation, client: str, invoice: str, cancelled: Sequence[str]) -> None:
    """Instalments of the cancelled lines that were not charged: cancelled, or lowered where the plan covers
    other lines too (B10, setting)."""
    follows = bool(owner.settings.get("cancel_instalments_with_purchase", True))
    open_by_line = opened(tx, owner.id, invoice)
    for plan in tx.all(Plan, order_by="id", organisation=owner.id, client=client, invoice=invoice):
        if not set(plan.lines) & set(cancelled):
            continue
        counted = [name for name in plan.lines if not follows or name not in cancelled]
        left = sum(open_by_line[name] for name in counted)
        tx.write([shrink(planned_of(tx, plan), left, now=tx.now)])


def planned_of(tx: Transaction, plan: Plan) -> list[Payment]:
    return tx.lock_all(
        Payment, order_by="id", organisation=plan.organisation, client=plan.client, plan=plan.id,
        state=list(STILL_PLANNED),
    )  # fmt: skip


def opened(tx: Transaction, organisation: str, invoice: str) -> Mapping[str, int]:
    """What each line of an invoice still owes."""
    pair = (organisation, invoice)
    return {line.line: line.open for line in tx.open_lines([pair], lock=False).get(pair, [])}
