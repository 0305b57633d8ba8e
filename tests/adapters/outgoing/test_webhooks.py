"""Webhooks: signed, at least once, whatever the receiver does; a hanging one holds nobody else up."""

import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from adapters.outgoing import endpoints, postman
from adapters.outgoing.wire import Posted
from domain.webhook import LADDER, ROTATION, DeliveryState, UrlNotAllowed, WebhookDisabled, checked_url
from tests.adapters.outgoing.receiver import Received
from tests.adapters.outgoing.sender import ROOT, SHORT_S, Sender
from tests.e2e.stack import until
from tests.world import ORGANISATION


def verified(received: Received, secret: str) -> bool:
    """As any library of Standard Webhooks does it, from its documents."""
    id, at = received.headers["webhook-id"], received.headers["webhook-timestamp"]
    signed = f"{id}.{at}.".encode() + received.body
    wanted = base64.b64encode(hmac.new(base64.b64decode(secret[len("whsec_") :]), signed, hashlib.sha256).digest())
    given = [one.split(",") for one in received.headers["webhook-signature"].split(" ")]
    return abs(time.time() - int(at)) < 60 and ["v1", wanted.decode()] in given


def test_a_public_event_is_posted_once_and_signed(sender: Sender) -> None:
    _, secret = sender.add()
    sender.tell(7)
    sender.tell(8, public=False)
    sender.send()
    [got] = sender.inbox.got
    assert verified(got, secret)
    told = json.loads(got.body)
    assert (told["type"], told["data"], told["organisation"]) == ("invoice.created", {"number": 7}, ORGANISATION)
    assert got.headers["webhook-id"] == f"evt_{told['id']}"
    assert (sender.only().state, sender.only().status, sender.only().attempts) == (DeliveryState.DELIVERED, 204, 1)
    sender.send()
    assert len(sender.inbox.got) == 1


def test_an_endpoint_gets_the_types_that_it_wants_from_its_own_organisation(sender: Sender) -> None:
    sender.world.organisation("other")
    sender.add("/a", "payment.approved", "refund.*")
    sender.add("/b", organisation="other")
    for number, type_ in enumerate(["payment.approved", "payment.declined", "refund.settled", "refundable.x"]):
        sender.tell(number, type_)
    sender.tell(9, organisation="other")
    sender.send()
    types = {json.loads(one.body)["type"] for one in sender.inbox.at("/a")}
    assert types == {"payment.approved", "refund.settled"}
    assert [json.loads(one.body)["data"] for one in sender.inbox.at("/b")] == [{"number": 9}]


def test_what_happened_before_an_endpoint_was_there_is_not_sent(sender: Sender) -> None:
    sender.tell(1)
    sender.world.wait(minutes=1)
    sender.add()
    sender.tell(2)
    sender.send()
    assert [json.loads(one.body)["data"]["number"] for one in sender.inbox.got] == [2]


@pytest.mark.parametrize(
    ("path", "why", "status"),
    [
        ("/500", "status", 500), ("/redirect", "redirect", 302), ("/hang", "timeout", None),
        ("/trickle", "timeout", None), ("/cut", "unreachable", None),
    ],
)  # fmt: skip
def test_F25_F29_whatever_the_receiver_does_ends_in_time_and_is_tried_again(
    sender: Sender, path: str, why: str, status: int | None
) -> None:
    sender.postman.wire.deadline_s = SHORT_S if why == "timeout" else 10.0
    sender.add(path)
    sender.tell()
    sender.fan_out()
    started = time.monotonic()
    assert sender.turn() == 1
    assert time.monotonic() - started < 5
    one = sender.only()
    assert (one.state, one.why, one.status, one.attempts) == (DeliveryState.PENDING, why, status, 1)
    assert one.next_at is not None
    assert LADDER[0] <= one.next_at - sender.now <= LADDER[0] * 1.11
    assert sender.turn() == 0
    assert sender.inbox.at("GET /elsewhere") == []
    assert sender.inbox.at("/elsewhere") == []


def test_an_answer_without_end_is_not_read(sender: Sender) -> None:
    sender.add("/flood")
    sender.tell()
    sender.fan_out()
    sender.turn()
    assert sender.only().state is DeliveryState.DELIVERED


def test_nobody_at_the_address_is_a_miss(sender: Sender) -> None:
    sender.world.books.run(
        lambda tx: endpoints.add(
            tx, "http://127.0.0.1:1/x", organisation=ORGANISATION, types=(), root=ROOT, by="cli"
        )
    )  # fmt: skip
    sender.tell()
    sender.fan_out()
    sender.turn()
    assert sender.only().why == "unreachable"


def test_after_the_ladder_a_delivery_has_failed_and_a_person_replays_it(sender: Sender) -> None:
    sender.add("/500")
    sender.tell()
    sender.fan_out()
    for wait in (*LADDER, timedelta(days=9)):
        assert sender.turn() == 1
        sender.world.wait(seconds=wait.total_seconds() * 1.2)
    assert sender.turn() == 0
    one = sender.only()
    assert (one.state, one.attempts, one.why) == (DeliveryState.FAILED, len(LADDER) + 1, "status")
    assert len({got.headers["webhook-id"] for got in sender.inbox.got}) == 1
    assert sender.events("delivery.failed")[0].data["delivery"] == one.id
    [(_, counts)] = sender.world.books.run(lambda tx: endpoints.listed(tx, ORGANISATION))
    assert counts == {"failed": 1}
    del sender.inbox.answers["/500"]
    sender.world.books.run(lambda tx: endpoints.replay_one(tx, one.id, by="marie"))
    sender.send()
    assert sender.only().state is DeliveryState.DELIVERED
    assert sender.only().id == one.id
    [told] = sender.events("delivery.replayed")
    assert (told.by, told.before["state"]) == ("marie", "failed")


def test_everything_since_an_instant_can_be_replayed(sender: Sender) -> None:
    made, _ = sender.add("/ok", "invoice.*")
    sender.tell(1)
    sender.send()
    sender.world.wait(hours=1)
    since = sender.now
    sender.tell(2)
    sender.tell(3, "payment.approved")
    sender.send()
    assert sender.world.books.run(lambda tx: endpoints.replay_since(tx, made.id, since, by="marie")) == 1
    sender.send()
    assert sorted(json.loads(one.body)["data"]["number"] for one in sender.inbox.got) == [1, 2, 2]


def test_F125_while_a_secret_is_rotated_both_are_good(sender: Sender) -> None:
    made, old = sender.add()
    new = sender.world.books.run(lambda tx: endpoints.rotate(tx, made.id, root=ROOT, by="cli"))
    sender.tell(1)
    sender.send()
    [both] = sender.inbox.got
    assert verified(both, old)
    assert verified(both, new)
    sender.world.wait(seconds=ROTATION.total_seconds() + 1)
    sender.tell(2)
    sender.send()
    after = sender.inbox.got[-1]
    assert verified(after, new)
    assert not verified(after, old)
    sender.world.books.run(lambda tx: endpoints.rotate(tx, made.id, root=ROOT, by="cli"))
    sender.world.books.run(lambda tx: endpoints.rotate(tx, made.id, root=ROOT, by="cli"))
    assert len(sender.endpoint(made.id).keys) == 2


def test_INV19_the_secret_is_kept_nowhere_and_another_root_signs_nothing(sender: Sender) -> None:
    made, secret = sender.add()
    kept = sender.world.scalar("SELECT keys FROM webhook_endpoints")
    assert secret not in str(kept)
    assert secret[len("whsec_") :] not in str(kept)
    sender.app.settings.secret = "another root"
    sender.tell()
    sender.fan_out()
    sender.turn()
    assert (sender.only().why, sender.inbox.got) == ("secret_changed", [])
    assert made.id in {event.data["endpoint"] for event in sender.events("webhook_endpoint.added")}


def test_gone_disables_the_endpoint(sender: Sender) -> None:
    made, _ = sender.add("/gone")
    sender.tell()
    sender.send()
    assert sender.only().state is DeliveryState.FAILED
    assert sender.endpoint(made.id).disabled_why == "gone"
    sender.tell(2)
    sender.send()
    assert len(sender.inbox.got) == 1
    with pytest.raises(WebhookDisabled):
        sender.world.books.run(lambda tx: endpoints.rotate(tx, made.id, root=ROOT, by="cli"))


def test_F85_two_schedulers_send_each_delivery_once(sender: Sender, second: Sender) -> None:
    sender.add()
    for number in range(60):
        sender.tell(number)

    def send(one: Sender) -> None:
        for _ in range(60):
            one.send()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(send, (sender, second)))
    numbers = sorted(json.loads(one.body)["data"]["number"] for one in sender.inbox.got)
    assert numbers == list(range(60))
    assert {one.attempts for one in sender.deliveries()} == {1}


def test_a_sender_that_dies_is_followed_by_another_and_its_late_record_discarded(sender: Sender) -> None:
    sender.add()
    sender.tell()
    sender.fan_out()
    [lost] = sender.world.books.run(lambda tx: postman._claim(tx, 5, Counter()))
    assert sender.turn() == 0
    sender.world.wait(seconds=postman.LEASE.total_seconds() + 1)
    assert sender.turn() == 1
    late = sender.world.books.run(lambda tx: postman.record(tx, lost, Posted(why="timeout")))
    assert late is False
    assert (sender.only().state, sender.only().attempts) == (DeliveryState.DELIVERED, 2)


def test_a_receiver_that_hangs_holds_no_other_up(sender: Sender) -> None:
    sender.add("/hang")
    sender.add("/ok")
    for number in range(20):
        sender.tell(number)
    sender.fan_out()
    started = time.monotonic()
    while len(sender.inbox.at("/ok")) < 20 and time.monotonic() - started < 10:
        sender.postman.run_once()
        time.sleep(0.01)
    assert len(sender.inbox.at("/ok")) == 20
    assert len(sender.inbox.at("/hang")) <= postman.OF_ONE_ENDPOINT


def test_what_is_under_way_when_the_process_ends_is_sent_again_later(sender: Sender, second: Sender) -> None:
    sender.add("/hang")
    sender.tell()
    sender.fan_out()
    assert second.postman.run_once() == 1
    until(lambda: sender.inbox.at("/hang"), 10, "the post has arrived")
    started = time.monotonic()
    second.close()
    assert time.monotonic() - started < 3
    one = sender.only()
    assert (one.state, one.attempts) == (DeliveryState.PENDING, 1)


def test_delivered_ones_are_forgotten_after_a_while_and_failed_ones_never(sender: Sender) -> None:
    sender.add("/ok")
    sender.add("/gone")
    sender.tell()
    sender.send()
    sender.world.wait(days=postman.KEPT.days + 1)
    assert postman.forget_delivered(sender.app) == 1
    assert sender.only().state is DeliveryState.FAILED


@pytest.mark.parametrize("url", ["https://example.org/hooks?x=1", "http://127.0.0.1:8080/", "http://localhost/"])
def test_https_and_loopback_are_good_addresses(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "https://", "https://u:p@example.org/", "https://x.org/#a",
        "https://x.org/ a", "javascript:alert(1)", "https://x.org:99999/", "//x.org/", "https://x.org/\n",
        "https://10.0.0.7/", "https://169.254.169.254/", "https://[fe80::1]/", "https://[fd00::1]/", "https://0.0.0.0/",
    ],
)  # fmt: skip
def test_other_addresses_are_not(url: str) -> None:
    with pytest.raises(UrlNotAllowed):
        checked_url(url)
