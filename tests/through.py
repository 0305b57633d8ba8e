"""A gateway that hands everything through to another: tests override what should go otherwise."""

from collections.abc import Iterable, Sequence
from datetime import date

from domain.organisation import MerchantAccount
from domain.outcome import Cancellation, Charge, Debit, Finding, Listed, LookUp, Outcome, RefundOrder, Standing
from domain.ports import Gateway


class Through:
    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    def charge(self, account: MerchantAccount, charges: Sequence[Charge]) -> list[Outcome]:
        return self.gateway.charge(account, charges)

    def debit(self, account: MerchantAccount, debits: Sequence[Debit]) -> list[Outcome]:
        return self.gateway.debit(account, debits)

    def refund(self, account: MerchantAccount, orders: Sequence[RefundOrder]) -> list[Outcome]:
        return self.gateway.refund(account, orders)

    def cancel(self, account: MerchantAccount, cancellations: Sequence[Cancellation]) -> list[Outcome]:
        return self.gateway.cancel(account, cancellations)

    def look_up(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Finding]:
        return self.gateway.look_up(account, questions)

    def status(self, account: MerchantAccount, questions: Sequence[LookUp]) -> list[Standing]:
        return self.gateway.status(account, questions)

    def listed(self, account: MerchantAccount, on: date) -> Iterable[Listed]:
        return self.gateway.listed(account, on)
