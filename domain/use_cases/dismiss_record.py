"""Dismisses what a bank said and nobody here could apply: a person has looked, and says what was done."""

from domain.bank_mail import RECORD, BankRecord, RecordState
from domain.decision import New, move
from domain.event import Event
from domain.ports import Transaction
from domain.refusal import Refusal


class RecordNotParked(Refusal):
    """It was applied, or somebody has looked at it already."""

    code = "record_not_parked"


def dismiss_record(tx: Transaction, *, organisation: str, account: str, mark: str, by: str, note: str) -> None:
    """Raises NotKnown, RecordNotParked."""
    key = {"organisation": organisation, "merchant_account": account, "mark": mark}
    one = tx.lock(BankRecord, **key)
    if one.state is not RecordState.PARKED:
        raise RecordNotParked("record", record=mark, state=one.state.value)
    told = Event(
        organisation=organisation, type="bank_record.dismissed", subject=f"bank_record:{mark}", sequence=2, at=tx.now,
        by=by, public=False, data={"note": note, "letter": one.letter, "line": one.line},
        before={"state": one.state.value},
    )  # fmt: skip
    step = move(RECORD, one, "dismiss", key=tuple(key), by=by, note=note)
    tx.write([(step, New(thing=told))])
