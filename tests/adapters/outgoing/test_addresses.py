"""Nothing is posted to a private network, to a cloud's own service, or to this machine unless that is allowed."""

from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from adapters.outgoing.addresses import may_reach
from adapters.outgoing.postman import Postman
from adapters.outgoing.wire import Posted, Wire
from adapters.settings import Settings
from domain.webhook import DeliveryState
from tests.adapters.outgoing.receiver import Receiver, receiver
from tests.adapters.outgoing.sender import Sender

# fmt: off
INSIDE = [
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255",
    "224.0.0.1", "192.0.2.1", "240.0.0.1", "fe80::1", "fc00::1", "fd12::3", "ff02::1", "::", "2001:db8::1",
    "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "2002:a00:1::1",
]
HERE = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
OUTSIDE = ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
# fmt: on


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_a_network_of_its_own_is_never_reached(address: str) -> None:
    assert not may_reach(ip_address(address), loopback=True)


@pytest.mark.parametrize("address", HERE)
def test_this_machine_is_reached_only_where_that_is_allowed(address: str) -> None:
    assert may_reach(ip_address(address), loopback=True)
    assert not may_reach(ip_address(address), loopback=False)


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_public_address_is_reached(address: str) -> None:
    assert may_reach(ip_address(address), loopback=False)


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire(deadline_s=5)
    yield made
    made.close()


@pytest.fixture
def listener() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_a_name_that_leads_to_this_machine_is_not_connected_to(wire: Wire, listener: Receiver, host: str) -> None:
    port = listener.url.rpartition(":")[2]
    assert wire.post(f"http://{host}:{port}/ok", b"{}", {}) == Posted(why="forbidden")
    assert listener.got == []


def test_the_receiver_is_told_the_name_and_not_the_address(listener: Receiver) -> None:
    wire = Wire(deadline_s=5, loopback=True)
    port = listener.url.rpartition(":")[2]
    try:
        assert wire.post(f"http://localhost:{port}/ok?a=1", b"{}", {"x": "y"}) == Posted(status=204)
    finally:
        wire.close()
    [got] = listener.got
    assert (got.path, got.headers["host"], got.headers["x"]) == ("/ok?a=1", f"localhost:{port}", "y")


def test_a_delivery_to_a_forbidden_address_is_told_and_tried_again_in_case_the_name_changes(sender: Sender) -> None:
    sender.postman.close()
    sender.postman = Postman(sender.app, Wire(deadline_s=5, loopback=False))
    sender.add()
    sender.tell()
    sender.fan_out()
    sender.turn()
    one = sender.only()
    assert (one.state, one.why, one.status) == (DeliveryState.PENDING, "forbidden", None)
    assert sender.inbox.got == []


@pytest.mark.parametrize(
    ("given", "may"),
    [
        ({}, True), ({"public_url": "https://pay.example.org"}, False), ({"webhook_loopback": False}, False),
        ({"public_url": "https://pay.example.org", "webhook_loopback": True}, True),
    ],
)  # fmt: skip
def test_this_machine_is_a_receiver_as_long_as_the_pages_are_for_it_alone(given: dict[str, object], may: bool) -> None:
    assert Settings(_env_file=None, **given).may_post_to_loopback is may  # type: ignore[arg-type]
