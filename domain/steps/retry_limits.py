"""What the card networks have counted against an instrument, read before somebody retries it."""

from domain.organisation import MerchantAccount
from domain.payment_method import PaymentMethod, instrument_of
from domain.ports import Transaction
from domain.retry_rules import MONTH
from domain.retrying import Limits


def limits_of(tx: Transaction, method: PaymentMethod, *, by_schedule: bool = False) -> Limits:
    """The tries of the last thirty days, whoever made them."""
    account = tx.get(MerchantAccount, organisation=method.organisation, id=method.merchant_account)
    pair = (method.merchant_account, instrument_of(method))
    tried = tx.tried(method.organisation, [pair], since=tx.now - MONTH).get(pair, [])
    return Limits(tried=tried, settings=account.settings, by_schedule=by_schedule)
