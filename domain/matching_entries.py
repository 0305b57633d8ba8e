"""Matching entries decides which of ours a bank means: strictly, all that it repeats has to agree."""

from collections.abc import Sequence

from domain.bank_account import BankAccount, is_routing_number
from domain.bank_file import BankEntry
from domain.bank_return import BankChange, BankReturn

NOT_KNOWN = "not_known"  # no entry of ours has this trace or key
MISMATCH = "mismatch"  # it has, and amount, bank or key are not those that were sent
WRONG_DATA = "wrong_data"  # what the bank says instead is no account

ACCOUNT_DIGITS = 17


class NoMatch(Exception):
    """`why` says why a person has to look."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def match(said: BankReturn | BankChange, candidates: Sequence[BankEntry]) -> BankEntry:
    """The newest that agrees: traces begin again after ten million. Raises NoMatch."""
    if not candidates:
        raise NoMatch(NOT_KNOWN)
    agreeing = [one for one in candidates if _agrees(said, one)]
    if not agreeing:
        raise NoMatch(MISMATCH)
    return agreeing[-1]


def _agrees(said: BankReturn | BankChange, entry: BankEntry) -> bool:
    if said.rdfi and said.rdfi != entry.rdfi:
        return False
    match said:
        case BankReturn():
            same = (said.amount, said.credit) == (entry.amount, entry.credit)
            return same and (not said.key or entry.key.startswith(said.key.lower()))  # some banks write capitals
        case BankChange():
            return True


def corrected(bank: BankAccount, change: BankChange) -> tuple[BankAccount, str]:
    """The account as the bank wants it, and the holder's name where it corrects that. Raises NoMatch."""
    said = change.corrected
    routing, account = said.get("routing", bank.routing), said.get("account", bank.account)
    if not is_routing_number(routing) or not (account.isascii() and account.isalnum()):
        raise NoMatch(WRONG_DATA)
    if len(account) > ACCOUNT_DIGITS:
        raise NoMatch(WRONG_DATA)
    return BankAccount(account=account, routing=routing, type=said.get("type", bank.type)), said.get("name", "")
