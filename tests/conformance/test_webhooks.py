"""Webhooks of the simulated processors: signed, twice, out of order, and read the same."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.request import Request, urlopen

import pytest

from adapters.gateways.paysafe import events as paysafe_events
from adapters.gateways.stripe import events as stripe_events
from domain.outcome import Charge, Debit
from domain.processor_event import FINALITY, NotGenuine, ProcessorEvent
from tests.conformance.localstripe import Receiver
from tests.conformance.peers import PEERS, Peer
from tests.conformance.serving import Serving

READ: dict[str, Callable[..., list[ProcessorEvent]]] = {
    "paysafe": paysafe_events.verify_and_read,
    "stripe": stripe_events.verify_and_read,
}
OLD, NEW = "whsec_old_secret", "whsec_new_secret"


@dataclass
class Told:
    """A peer, and a door at which its webhooks arrive."""

    peer: Peer
    receiver: Receiver

    def tell(
        self, *, copies: int = 1, seed: str | None = None, secret: str = NEW
    ) -> list[tuple[dict[str, str], bytes]]:
        asked = {
            "processor": self.peer.processor, "organisation": self.peer.organisation, "url": self.receiver.url,
            "secret": secret, "copies": copies, "seed": seed,
        }  # fmt: skip
        with urlopen(Request(f"{self.peer.serving.url}/webhooks", json.dumps(asked).encode())) as answer:
            count = json.load(answer)["events"]
        return self.receiver.wait_until(count)

    def read(self, taken: tuple[dict[str, str], bytes], *, now: datetime | None = None) -> ProcessorEvent:
        headers, body = taken
        (event,) = READ[self.peer.processor](headers, body, [NEW, OLD], now or self.peer.serving.now)
        return event

    def last_word(self, events: list[ProcessorEvent], asked: Charge | Debit) -> str:
        """The most final state that was told of a charge."""
        states = [event.state for event in events if event.key == asked.key]
        return max(states, key=lambda state: FINALITY[state]).value


@pytest.fixture(params=["paysafe", "stripe"])
def told(request: pytest.FixtureRequest, serving: Serving) -> Iterator[Told]:
    peer, receiver = PEERS[request.param](serving, serving.url), Receiver()
    yield Told(peer, receiver)
    receiver.close()
    peer.gateway.close()  # type: ignore[attr-defined]


def test_F34_events_twice_and_in_disorder_say_the_same_as_once_in_order(told: Told):
    paid, paid_outcome = told.peer.charge("tok_approve", 1100)
    declined, _ = told.peer.charge("tok_insufficient_funds", 2200)
    bounced, _ = told.peer.debit("echeck_nsf", 3300)
    late, late_outcome = told.peer.debit("echeck_unauthorised_late", 4400)
    told.peer.serving.pass_days(50)

    once = [told.read(taken) for taken in told.tell()]
    told.receiver.taken.clear()
    again = [told.read(taken) for taken in told.tell(copies=3, seed="7")]

    assert len(again) == 3 * len(once)
    assert {event.event_id for event in again} == {event.event_id for event in once}
    assert len({event.event_id for event in once}) == len(once)
    for events in (once, again):
        assert told.last_word(events, declined) == "failed"
        assert told.last_word(events, paid) in ("succeeded", "settled")
        assert told.last_word(events, bounced) in ("failed", "taken_back")
    (taken_back,) = [event for event in once if event.state == "taken_back" and event.key != bounced.key]
    assert taken_back.of == late_outcome.reference
    assert (taken_back.amount_minor, taken_back.code, taken_back.network_code) == (late.amount_minor, "revoked", "R10")
    assert {event.amount_minor for event in once if event.key == paid.key} == {1100}
    assert {event.reference for event in once if event.key == paid.key} == {paid_outcome.reference}


def test_F34_an_event_signed_by_nobody_we_know_is_refused(told: Told):
    told.peer.charge("tok_approve")
    (*_, (headers, body)) = told.tell(secret="whsec_somebody_else")

    with pytest.raises(NotGenuine):
        told.read((headers, body))


def test_F125_both_secrets_are_taken_while_one_replaces_the_other(told: Told):
    charge, _ = told.peer.charge("tok_approve")
    events = [told.read(taken) for taken in told.tell(secret=OLD)]

    assert {event.key for event in events} == {charge.key}


def test_the_refund_is_told_under_its_own_key(told: Told):
    charge, paid = told.peer.charge("tok_approve")
    told.peer.serving.pass_days(3)
    order, _ = told.peer.refund(charge, paid.reference, 1000)
    told.peer.serving.pass_days(3)
    events = [told.read(taken) for taken in told.tell()]

    refunds = [event for event in events if event.kind == "refund"]
    assert {event.key for event in refunds} == {order.key}
    assert {event.amount_minor for event in refunds} == {1000}
    assert "failed" not in {event.state for event in refunds}
