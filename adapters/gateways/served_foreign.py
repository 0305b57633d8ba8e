"""The wire formats of real processors that the served simulator speaks beside its own, told apart by the path."""

from collections.abc import Mapping
from typing import Protocol

from adapters.gateways.cardpointe.served import CardPointeDialect
from adapters.gateways.paysafe.served import PaysafeDialect
from adapters.gateways.served_call import Dialect
from adapters.gateways.served_webhooks import WebhookDialect
from adapters.gateways.simulator import Simulator
from adapters.gateways.stripe.served import StripeDialect


class Speaker(Protocol):
    """Puts a dialect in front of a simulator; `timeout_s` is the processor's patience with the bank."""

    def __call__(self, simulator: Simulator, *, timeout_s: float) -> Dialect: ...


# fmt: off
FOREIGN: Mapping[str, Speaker] = {
    # paths that begin with   are spoken by
    "/cardconnect/":          CardPointeDialect,
    "/cardpayments/":         PaysafeDialect,
    "/directdebit/":          PaysafeDialect,
    "/paymenthub/":           PaysafeDialect,
    "/v1/":                   StripeDialect,
    "/webhooks":              WebhookDialect,  # what Paysafe and Stripe tell by themselves
}
# fmt: on
