"""A client's account as an operation on its credit sees it: the balance, and the money matched to nothing."""

from dataclasses import dataclass

from domain.credit import Source
from domain.people import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`balance` is what the client owes; negative, it is a credit. `unsettled` are e-checks that may still
    come back: they are no available credit (R2)."""

    client: Client
    balance: int
    sources: tuple[Source, ...]
    unsettled: int = 0

    @property
    def available(self) -> int:
        """The credit that may be given back (R2)."""
        return -self.balance - self.unsettled
