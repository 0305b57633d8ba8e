"""Outages that really happen: a processor that can't be reached, and one that takes requests and says nothing."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from adapters.gateways.http_gateway import HttpSimulatorGateway
from domain.instalment import Schedule
from domain.invoice import AskedLine
from domain.use_cases.create_invoice import create_invoice
from domain.use_cases.plan_instalments import create_plan
from domain.use_cases.register import register_client
from tests.world import ORGANISATION, World


@contextmanager
def unreachable() -> Iterator[HttpSimulatorGateway]:
    """Nobody listens at this address: whatever is asked was surely not sent."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        gateway = HttpSimulatorGateway(f"http://127.0.0.1:{taken.getsockname()[1]}")
        try:
            yield gateway
        finally:
            gateway.close()


@contextmanager
def silent() -> Iterator[HttpSimulatorGateway]:
    """Requests arrive and are never answered: whatever is asked may have been done."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        gateway = HttpSimulatorGateway(f"http://127.0.0.1:{server.getsockname()[1]}")
        try:
            yield gateway
        finally:
            gateway.close()


def owe_many(club: World, count: int, *, organisation: str = ORGANISATION, token: str = "tok_approve") -> None:
    """So many clients with one instalment each, due tomorrow."""
    due_on = date(2026, 11, 25)
    for start in range(0, count, 200):
        names = [f"o-{number}" for number in range(start, min(start + 200, count))]

        def write(tx, names=names):
            for name in names:
                given = {"name": name, "email": f"{name}@example.org", "language": "en"}
                register_client(tx, organisation=organisation, client=name, given=given, by="test")

        club.books.run(write)
        for name in names:
            club.card(token, client=name, id=f"pm-{name}", organisation=organisation)

        def bill(tx, names=names):
            for name in names:
                lines = [AskedLine(line="l1", description="Swimming", amount=5000)]
                create_invoice(tx, organisation=organisation, client=name, id=f"inv-{name}", lines=lines, by="test")
                create_plan(
                    tx, organisation=organisation, client=name, plan=f"plan-{name}", invoice=f"inv-{name}", lines=None,
                    payment_method=f"pm-{name}", offline=None, total=5000, initial=None,
                    schedule=Schedule(dates=(due_on,)), by="test",
                )  # fmt: skip

        club.books.run(bill)
