"""A bank account as a bank file needs it: kept sealed, and readable only as its last four digits."""

import json
from dataclasses import dataclass, field, fields
from typing import Self

from domain.refusal import Refusal

# Which accounts a processor's files carry; whoever simulates takes both.
CANADIAN = {"nacha": (False,), "cpa005": (True,), "simulator": (False, True)}
ABA_WEIGHTS = (3, 7, 1) * 3
SHOWN_DIGITS = 4


class TokenOrBank(Refusal):
    """A payment method is a token of the processor or a bank account for bank files, not both."""

    code = "token_or_bank"


class NotABankFile(Refusal):
    """Only bank files carry account numbers, and each kind its own: a processor takes its token instead."""

    code = "not_a_bank_file"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """Of the United States (`routing`, and `type`: checking or savings) or of Canada (`institution`, `transit`)."""

    account: str = field(repr=False)
    routing: str = field(default="", repr=False)
    type: str = ""
    institution: str = field(default="", repr=False)
    transit: str = field(default="", repr=False)

    @property
    def canadian(self) -> bool:
        return bool(self.institution)

    @property
    def last4(self) -> str:
        return self.account[-SHOWN_DIGITS:]

    def written(self) -> str:
        """As it is sealed: the fields that there are, always in the same order."""
        held = {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name)}
        return json.dumps(held, sort_keys=True)

    @classmethod
    def read(cls, written: str) -> Self:
        return cls(**json.loads(written))


def must_fit(processor: str, bank: BankAccount) -> None:
    """Raises NotABankFile where the processor has no use for such an account."""
    if bank.canadian not in CANADIAN.get(processor, ()):
        raise NotABankFile("bank", processor=processor)


def is_routing_number(routing: str) -> bool:
    """Nine digits whose weighted sum (3, 7, 1) is a multiple of ten: the checksum of the ABA."""
    if len(routing) != len(ABA_WEIGHTS) or not (routing.isascii() and routing.isdigit()):
        return False
    return sum(int(digit) * weight for digit, weight in zip(routing, ABA_WEIGHTS, strict=True)) % 10 == 0
