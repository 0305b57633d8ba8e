"""The part of the small world that gives money back: what is refunded, called back, sent and followed."""

from collections.abc import Iterator
from typing import Any

from adapters.database.books import DatabaseBooks
from adapters.database.leases import Leases
from domain.ports import Gateway
from domain.refund import Refund
from domain.repayment import Repayment
from domain.use_cases.follow_refunds import follow_refunds
from domain.use_cases.refund_money import cancel_refund, request_refund
from domain.use_cases.resolve_refunds import resolve_refunds
from domain.use_cases.submit_refunds import submit_refunds

ORGANISATION = "ymca"
ACCOUNT = "main"


class GivingBack:
    """Part of a world (see `tests.world`)."""

    books: DatabaseBooks
    leases: Leases
    gateway: Gateway
    _numbers: Iterator[int]

    def card(self, token: str) -> str:
        raise NotImplementedError

    def pay(self, amount: int, **more: Any) -> Any:
        raise NotImplementedError

    def charge(self) -> int:
        raise NotImplementedError

    def journal(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def log(self, event: str, **fields: Any) -> None:
        raise NotImplementedError

    def paid(self, token: str = "tok_approve", amount: int = 10_000) -> str:
        """A card payment on the account, charged and matched to nothing: it can be refunded."""
        payment = f"p-{next(self._numbers)}"
        self.pay(amount, payment=payment, payment_method=self.card(token))
        self.charge()
        return payment

    def refund(self, payment: str, amount: int, **more: Any) -> str:
        """Asked for now; answers its id."""
        asked = {"refund": f"rf-{next(self._numbers)}", "by": "marie"} | more
        self.books.run(
            lambda tx: request_refund(tx, organisation=ORGANISATION, payment=payment, amount=amount, **asked)
        )
        return str(asked["refund"])

    def call_back(self, refund: str) -> dict[str, Any]:
        return self.books.run(lambda tx: cancel_refund(tx, organisation=ORGANISATION, refund=refund, by="marie"))

    def repay(self, *, organisation: str = ORGANISATION) -> int:
        """Refunds and cancellations: sent, looked up, followed."""
        account: dict[str, Any] = {"organisation": organisation, "account": ACCOUNT}
        parts = (self.books, lambda _: self.gateway, self.leases, self.log)
        return (
            submit_refunds(*parts, **account)
            + resolve_refunds(*parts, **account)
            + follow_refunds(self.books, lambda _: self.gateway, self.log, **account)
        )

    def refunded(self, id: str) -> Refund:
        return self.books.run(lambda tx: tx.get(Refund, organisation=ORGANISATION, id=id))

    def repayments(self, **key: Any) -> list[Repayment]:
        return self.books.run(lambda tx: tx.all(Repayment, order_by="promised_at key", **key))

    def moved(self, effect: str) -> int:
        """The money that a processor gave back (`refunded`) or never took (`voided`), as its own book says."""
        return sum(line["amount"] for line in self.journal() if line["effect"] == effect)
