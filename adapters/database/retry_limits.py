"""What the card networks have counted against the retries of a page of items: two queries for all of them."""

from collections.abc import Sequence

from adapters.database.books import BookTransaction
from domain.action_item import ActionItem, ItemState
from domain.organisation import MerchantAccount
from domain.payment_method import PaymentMethod, instrument_of
from domain.retry_rules import MONTH
from domain.retrying import Limits


def retry_limits(
    tx: BookTransaction, wanted: Sequence[tuple[ActionItem, PaymentMethod | None]]
) -> dict[str, Limits]:  # fmt: skip
    """Of each open item with a method, by the item's id."""
    found: dict[str, Limits] = {}
    waiting = [(item, method) for item, method in wanted if item.state is ItemState.OPEN and method is not None]
    for organisation in sorted({item.organisation for item, _ in waiting}):
        own = [(item, method) for item, method in waiting if item.organisation == organisation]
        pairs = {(method.merchant_account, instrument_of(method)) for _, method in own}
        tried = tx.tried(organisation, pairs, since=tx.now - MONTH)
        accounts = {one.id: one for one in tx.all(MerchantAccount, organisation=organisation)}
        for item, method in own:
            mine = tried.get((method.merchant_account, instrument_of(method)), [])
            found[item.id] = Limits(tried=mine, settings=accounts[method.merchant_account].settings)
    return found
