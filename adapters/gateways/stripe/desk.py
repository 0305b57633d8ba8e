"""One merchant account at Stripe, asked one question at a time by its SDK."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

import stripe

from adapters.gateways.stripe import judging
from adapters.gateways.stripe.shapes import KEY, text_of
from adapters.gateways.stripe.terms import Terms
from adapters.gateways.stripe.transport import Unusable, WireClient
from adapters.gateways.wire import Wire
from domain.outcome import Charge, Debit, LookUp, NoAnswer, NotSent, RefundOrder

PAGE = 50
SKEW = timedelta(days=1)  # more than any two clocks differ
MAX_PAGES = 200  # ten thousand payments: of one client, or of one day
WITH_CHARGE = ["latest_charge.balance_transaction"]
DEBIT_TYPES: Mapping[str, str] = {"USD": "us_bank_account", "CAD": "acss_debit"}

Thing = Mapping[str, Any]


class Desk:
    """Holds the secret key: never shown, never logged. Whatever is not answered is raised as StripeError."""

    def __init__(self, wire: Wire, terms: Terms, secret: str) -> None:
        self._terms = terms
        self._stripe = stripe.StripeClient(
            secret,
            base_addresses={"api": terms.url},
            http_client=WireClient(wire, deadline_s=terms.deadline_s),
            max_network_retries=0,
        ).v1

    def pay(self, asked: Charge | Debit) -> Thing:
        """Off session and confirmed at once, under our own idempotency key."""
        customer, method = _instrument(asked.token)
        type_ = DEBIT_TYPES.get(asked.currency, "") if isinstance(asked, Debit) else "card"
        params: dict[str, Any] = {
            "amount": asked.amount_minor,
            "currency": asked.currency.lower(),
            "payment_method": method,
            "payment_method_types": [type_],
            "confirm": True,
            "off_session": True,
            "metadata": {KEY: asked.key},
        }
        if customer:
            params["customer"] = customer
        return self._data(
            lambda: self._stripe.payment_intents.create(cast(Any, params), {"idempotency_key": asked.key})
        )

    def give_back(self, order: RefundOrder) -> Thing:
        params = {"payment_intent": order.of_reference, "amount": order.amount_minor, "metadata": {KEY: order.key}}
        return self._data(lambda: self._stripe.refunds.create(cast(Any, params), {"idempotency_key": order.key}))

    def call_off(self, payment: str) -> Thing:
        return self._data(lambda: self._stripe.payment_intents.cancel(payment))

    def payment(self, reference: str) -> Thing:
        return self._data(lambda: self._stripe.payment_intents.retrieve(reference, {"expand": WITH_CHARGE}))

    def payments_of(self, question: LookUp) -> list[Thing]:
        """Those that carry our key, among the client's own."""
        if question.reference:
            return [one for one in [self.payment(question.reference)] if judging.has_key(one, question.key)]
        customer, _ = _instrument(question.token)
        params: dict[str, Any] = {}
        if self._terms.look_up == "customer":
            params |= {"customer": customer} if customer else {}
            params |= {"created": {"gte": int((question.since - SKEW).timestamp())}} if question.since else {}
        return [
            one for one in self._pages(self._stripe.payment_intents.list, params) if judging.has_key(one, question.key)
        ]

    def refunds_of(self, question: LookUp) -> list[Thing]:
        params = {"payment_intent": question.of_reference} if question.of_reference else {}
        return [one for one in self._pages(self._stripe.refunds.list, params) if judging.has_key(one, question.key)]

    def disputes_of(self, payment: str) -> list[Thing]:
        return list(self._pages(self._stripe.disputes.list, {"payment_intent": payment}))

    def of_day(self, on: date) -> Iterator[Thing]:
        begin = datetime.combine(on, time(), UTC)
        created = {"gte": int(begin.timestamp()), "lt": int((begin + timedelta(days=1)).timestamp())}
        params: dict[str, Any] = {"created": created} if self._terms.look_up == "customer" else {}
        yield from self._pages(self._stripe.payment_intents.list, params)
        yield from self._pages(self._stripe.refunds.list, params)

    def _pages(self, read: Callable[..., Any], params: Mapping[str, Any]) -> Iterator[Thing]:
        """All of a list, or an error: half of one proves nothing."""
        after: dict[str, str] = {}
        for _ in range(MAX_PAGES):
            page = self._data(lambda: read({**params, "limit": PAGE, **after}))  # noqa: B023 - called at once
            things = page.get("data")
            if not isinstance(things, list) or not all(isinstance(one, Mapping) for one in things):
                raise Unusable(NoAnswer(why="malformed"))
            yield from things
            if page.get("has_more") is False:
                return
            if (
                not things
                or page.get("has_more") is not True
                or text_of(things[-1], "id") == after.get("starting_after")
            ):
                raise Unusable(NoAnswer(why="malformed"))
            after = {"starting_after": text_of(things[-1], "id")}
        raise Unusable(NoAnswer(why="server_error"))

    def _data(self, call: Callable[[], Any]) -> Thing:
        """The object as it was said, not as the SDK dresses it."""
        response = call().last_response
        return cast(Thing, response.data)


def of(error: stripe.StripeError) -> NoAnswer | NotSent:
    """What a question that failed is worth: nothing was found out."""
    return error.answer if isinstance(error, Unusable) else NoAnswer(why="gateway_bug")


def _instrument(token: str) -> tuple[str, str]:
    """`cus_…/pm_…`, or the method alone."""
    customer, _, method = token.rpartition("/")
    return customer, method
