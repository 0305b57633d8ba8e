"""Stripe's adapter against a Stripe that nobody here wrote, and the product where that one would let us do wrong."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from adapters.gateways.stripe.events import verify_and_read
from adapters.gateways.stripe.gateway import StripeGateway
from domain.organisation import MerchantAccount
from domain.outcome import About, Approved, Charge, Declined, LookUp, NoAnswer, NotFound, RefundOrder
from domain.payment import PaymentState
from domain.refunding import ExceedsRefundable
from domain.use_cases.refund_money import request_refund
from domain.use_cases.register import register_organisation
from tests.conformance.localstripe import APPROVED, ASKS_THE_CLIENT, DECLINED, HOOK_SECRET, KEY, LocalStripe, Receiver
from tests.conformance.peers import fresh
from tests.conformance.serving import Bending
from tests.world import ACCOUNT, ORGANISATION, World, world


@pytest.fixture(scope="session")
def localstripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStripe]:
    peer = LocalStripe(tmp_path_factory.mktemp("localstripe"))
    yield peer
    peer.close()


@pytest.fixture
def wire(localstripe: LocalStripe) -> Iterator[Bending]:
    wire = Bending(localstripe.port)
    yield wire
    wire.close()


@pytest.fixture
def gateway(wire: Bending) -> Iterator[StripeGateway]:
    """Through a wire that can be bent."""
    gateway = StripeGateway(lambda *_: KEY, today=lambda: datetime.now(UTC).date(), simulator_url=wire.url)
    yield gateway
    gateway.close()


@pytest.fixture
def account(wire: Bending) -> MerchantAccount:
    settings = {"url": wire.url, "look_up": "whole", "deadline_s": 5}
    return MerchantAccount(organisation="club", id="main", processor="stripe", kinds=("card",), settings=settings)


Pay = Callable[..., tuple[Charge, Any]]


@pytest.fixture
def pay(gateway: StripeGateway, account: MerchantAccount, localstripe: LocalStripe) -> Pay:
    def made(number: str = APPROVED, amount: int = 1234, *, key: str = "", token: str = "") -> tuple[Charge, Any]:
        token = token or localstripe.card(number)
        charge = Charge(key=key or fresh("x1"), amount_minor=amount, currency="CAD", token=token)
        return charge, gateway.charge(account, [charge])[0]

    return made


def about(charge: Charge) -> LookUp:
    return LookUp(key=charge.key, amount_minor=charge.amount_minor, currency=charge.currency, token=charge.token)


def order_of(charge: Charge, paid: Approved, amount: int) -> RefundOrder:
    return RefundOrder(
        key=fresh("r1"), of_key=charge.key, of_reference=paid.reference, amount_minor=amount, currency="CAD",
        charged_minor=charge.amount_minor, token=charge.token,
    )  # fmt: skip


def about_refund(order: RefundOrder) -> LookUp:
    return LookUp(
        key=order.key, amount_minor=order.amount_minor, currency="CAD", about=About.REFUND, of_key=order.of_key,
        of_reference=order.of_reference,
    )  # fmt: skip


# -- the adapter -----------------------------------------------------------------------------------


def test_a_charge_is_approved_found_and_listed(gateway, account, localstripe, pay):
    charge, outcome = pay()

    assert isinstance(outcome, Approved)
    assert [one["amount"] for one in localstripe.charges(charge.token)] == [1234]
    assert gateway.look_up(account, [about(charge)]) == [outcome]
    today: date = datetime.now(UTC).date()
    assert charge.key in {one.key for one in gateway.listed(account, today)}


def test_a_decline_is_one_and_is_found_as_one(gateway, account, localstripe, pay):
    charge, outcome = pay(DECLINED)

    assert isinstance(outcome, Declined)
    assert outcome.code == "declined"
    assert localstripe.charges(charge.token) == []
    assert isinstance(gateway.look_up(account, [about(charge)])[0], Declined)


def test_a_card_that_asks_for_its_client_is_declined_and_can_never_succeed_behind_our_back(localstripe, pay):
    charge, outcome = pay(ASKS_THE_CLIENT)

    assert isinstance(outcome, Declined)
    assert outcome.code == "authentication_required"
    assert localstripe.payment(outcome.reference)["status"] == "canceled"
    assert localstripe.charges(charge.token) == []


def test_F23_a_lost_answer_is_found_by_our_key(gateway, account, localstripe, pay, wire):
    wire.bend = lambda answer: b""
    charge, outcome = pay()
    wire.bend = lambda answer: answer

    assert outcome == NoAnswer(why="connection_lost")
    found = gateway.look_up(account, [about(charge)])[0]
    assert isinstance(found, Approved)
    assert len(localstripe.charges(charge.token)) == 1


def test_F30_a_key_that_was_never_sent_is_not_found(gateway, account, localstripe):
    never = Charge(key=fresh("x1"), amount_minor=1, currency="CAD", token="cus_x/pm_x")
    assert gateway.look_up(account, [about(never)]) == [NotFound()]


def test_F13_what_it_did_twice_under_one_key_is_nobodys_to_adopt(gateway, account, localstripe, pay):
    charge, _ = pay()
    pay(key=charge.key, token=charge.token)  # it ignores idempotency keys

    assert len(localstripe.charges(charge.token)) == 2
    assert gateway.look_up(account, [about(charge)]) == [NoAnswer(why="conflict")]


def test_R6_refunds_in_full_and_in_part_are_given_and_found(gateway, account, pay):
    charge, paid = pay()
    orders = [order_of(charge, paid, amount) for amount in (1000, 234)]
    outcomes = gateway.refund(account, orders)

    assert [type(one) for one in outcomes] == [Approved, Approved]
    assert gateway.look_up(account, [about_refund(order) for order in orders]) == outcomes


def test_F95_more_than_was_charged_is_never_asked_for(gateway, account, localstripe, pay):
    charge, paid = pay()

    assert gateway.refund(account, [order_of(charge, paid, 999_999)]) == [Declined(code="exceeds_refundable")]
    assert localstripe.charges(charge.token)[0]["amount_refunded"] == 0
    over = {"payment_intent": paid.reference, "amount": "999999"}
    assert localstripe.post("refunds", over)["status"] == "succeeded"  # it would have been given


def test_its_webhook_is_signed_and_read(localstripe, pay):
    receiver = Receiver()
    try:
        localstripe.call_at(receiver.url)
        charge, paid = pay()
        headers, body = receiver.wait_for(charge.key)
    finally:
        receiver.close()

    (event,) = verify_and_read(headers, body, [HOOK_SECRET], datetime.now(UTC))
    assert (event.kind, event.state, event.key) == ("charge", "succeeded", charge.key)
    assert (event.reference, event.amount_minor, event.currency) == (paid.reference, 1234, "CAD")


# -- the product: it must stop what this Stripe doesn't ---------------------------------------------


@pytest.fixture
def club(migrated_sqlite_url, tmp_path, gateway, account) -> Iterator[World]:
    with world(migrated_sqlite_url, tmp_path, gateway=gateway) as club:
        given = {"name": "Club", "timezone": "America/Toronto", "currency": "CAD", "language": "en", "settings": {}}
        main = {"id": ACCOUNT, "processor": "stripe", "kinds": ("card",), "settings": dict(account.settings)}
        club.books.run(
            lambda tx: register_organisation(tx, organisation=ORGANISATION, given=given, accounts=[main], by="test")
        )
        club.client()
        yield club


def test_F23_INV1_a_payment_whose_answer_was_lost_is_charged_once_though_keys_are_ignored(club, localstripe, wire):
    token = localstripe.card(APPROVED)
    method = club.card(token)
    wire.bend = lambda answer: b""
    club.pay(4500, payment="p-1", payment_method=method)
    club.work()
    lost = club.payment("p-1").state
    wire.bend = lambda answer: answer
    club.wait(seconds=31)
    club.work()

    assert lost is PaymentState.UNKNOWN
    assert club.payment("p-1").state is PaymentState.PAID
    assert [one["amount"] for one in localstripe.charges(token)] == [4500]


def test_R1_refunds_of_more_than_was_paid_are_stopped_by_our_books(club, localstripe):
    token = localstripe.card(APPROVED)
    payment = f"p-{uuid.uuid4().hex[:8]}"
    club.pay(4500, payment=payment, payment_method=club.card(token))
    club.work()
    asked: dict[str, Any] = {"organisation": ORGANISATION, "payment": payment, "by": "test"}
    club.books.run(lambda tx: request_refund(tx, refund="rf-1", amount=3000, **asked))

    with pytest.raises(ExceedsRefundable):
        club.books.run(lambda tx: request_refund(tx, refund="rf-2", amount=2000, **asked))
    assert localstripe.charges(token)[0]["amount_refunded"] == 0
