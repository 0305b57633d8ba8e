"""Filing decides what becomes of a bank file: delivered, or not this time and the same bytes again (E3)."""

from datetime import datetime
from typing import Any

from domain.bank_file import BANK_FILE, BankFile, FileState
from domain.decision import Decision, New, move
from domain.event import SYSTEM, Event


def delivered(file: BankFile, *, now: datetime, by: str = SYSTEM, **told: Any) -> Decision:
    """Somebody else may have been first: the same bytes lie there only once."""
    if file.state is not FileState.WRITTEN:
        return ()
    step = move(BANK_FILE, file, "deliver", delivered_at=now, why="")
    return (step, file_event(file, "bank_file.delivered", now, by=by, **told))


def missed(file: BankFile, why: str, *, now: datetime) -> Decision:
    """Told once for each reason, not every five minutes."""
    if file.state is not FileState.WRITTEN:
        return ()
    step = move(BANK_FILE, file, "miss", tries=file.tries + 1, why=why)
    return (step, file_event(file, "bank_file.missed", now, why=why)) if why != file.why else (step,)


def written(file: BankFile, *, now: datetime) -> New:
    return file_event(file, "bank_file.written", now, was=False)


def file_event(
    file: BankFile, type_: str, now: datetime, *, by: str = SYSTEM, was: bool = True, **data: Any
) -> New:  # fmt: skip
    told = {"file": file.name, "merchant_account": file.merchant_account, "count": file.count, "total": file.total}
    return New(
        thing=Event(
            organisation=file.organisation, type=type_, subject=f"bank_file:{file.id}",
            sequence=file.version + 1 if was else 1, at=now, by=by, public=False, data={**told, **data},
            before={"state": file.state.value} if was else {},
        )
    )  # fmt: skip
