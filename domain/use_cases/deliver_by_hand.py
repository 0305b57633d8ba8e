"""A person has carried a bank file to its bank by other means: what stands in it is submitted (E3)."""

from domain import filing
from domain.bank_file import BankEntry, BankFile, FileState
from domain.decision import move
from domain.echeck import ECHECK, MAX_BATCH, Echeck, EcheckState
from domain.ports import Transaction
from domain.refusal import Refusal

AT_ONCE = 1_000  # keys in one question
WAITING = (EcheckState.BATCHED, EcheckState.UNKNOWN)


class FileDelivered(Refusal):
    """The file is at its bank already."""

    code = "file_delivered"


def deliver_by_hand(tx: Transaction, *, organisation: str, file: str, by: str, note: str) -> None:
    """Its e-checks are taken up again at once, and find it delivered. Raises NotKnown, FileDelivered."""
    one = tx.lock(BankFile, organisation=organisation, id=file)
    if one.state is not FileState.WRITTEN:
        raise FileDelivered("file", file=file)
    tx.write([filing.delivered(one, now=tx.now, by=by, note=note)])
    keys = [entry.key for entry in tx.all(BankEntry, organisation=organisation, file=file, limit=MAX_BATCH)]
    for start in range(0, len(keys), AT_ONCE):
        some = tx.lock_all(
            Echeck, order_by="id", organisation=organisation, id=keys[start : start + AT_ONCE], state=list(WAITING),
            worker=None,
        )  # fmt: skip
        tx.write([
            (move(ECHECK, echeck, "promise" if echeck.state is EcheckState.BATCHED else "wait",
                  fence=echeck.epoch, next_at=tx.now),)
            for echeck in some
        ])  # fmt: skip
