"""The gateways that the suite is run against, each over the simulator. A new processor adds a peer."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from adapters.gateways.cardpointe.gateway import CardPointeGateway
from adapters.gateways.cardpointe.served import PASSWORD
from adapters.gateways.http_gateway import HttpSimulatorGateway
from adapters.gateways.in_process import SimulatedGateway
from domain.capabilities import Capability, capability_for
from domain.organisation import MerchantAccount
from domain.outcome import About, Cancellation, Charge, Debit, LookUp, RefundOrder
from domain.ports import Gateway
from tests.conformance.serving import Serving

PATIENT_S, IMPATIENT_S = 10.0, 0.3


@dataclass
class Peer:
    """A gateway, an account of an organisation of its own, and the book that the other side keeps.

    What a peer can do is asked of the capability table. `processor` is its row; `over_http` says that there is a
    wire to bend; `stops_over_refunds` that the other side itself refuses too much (ours is refused before).
    """

    processor: str
    gateway: Gateway
    serving: Serving
    settings: dict[str, Any] = field(default_factory=dict)
    over_http: bool = True
    stops_over_refunds: bool = True
    organisation: str = field(default_factory=lambda: f"org-{uuid.uuid4().hex[:12]}")

    @property
    def account(self) -> MerchantAccount:
        return MerchantAccount(
            organisation=self.organisation, id="main", processor=self.processor, kinds=("card", "echeck"),
            settings=self.settings,
        )  # fmt: skip

    @property
    def row(self) -> Capability:
        return capability_for(self.account)

    @contextmanager
    def impatient(self) -> Iterator[None]:
        """For what will stay silent: the deadline is short."""
        patient, self.settings = self.settings, {**self.settings, "deadline_s": IMPATIENT_S}
        yield
        self.settings = patient

    def effects(self) -> list[str]:
        """What moved, oldest first, as the other side's book says."""
        lines = [line for line in self.serving.lines() if line["organisation"] == self.organisation]
        return [line["effect"] for line in lines if line["effect"] != "none"]

    def moved(self, effect: str) -> int:
        """The sum of what moved in one way, in minor units."""
        lines = [line for line in self.serving.lines() if line["organisation"] == self.organisation]
        return sum(line["amount"] for line in lines if line["effect"] == effect)

    # -- questions, in few words -------------------------------------------------------------

    def charge(self, token: str, amount: int = 4500, *, key: str = "") -> tuple[Charge, Any]:
        asked = Charge(key=key or fresh("x1"), amount_minor=amount, currency="USD", token=token)
        return asked, self.gateway.charge(self.account, [asked])[0]

    def debit(self, token: str, amount: int = 4500) -> tuple[Debit, Any]:
        asked = Debit(key=fresh("x1"), amount_minor=amount, currency="USD", token=token)
        return asked, self.gateway.debit(self.account, [asked])[0]

    def refund(self, of: Charge | Debit, reference: str, amount: int, *, key: str = "") -> tuple[RefundOrder, Any]:
        order = RefundOrder(
            key=key or fresh("r1"), of_key=of.key, of_reference=reference, amount_minor=amount, currency="USD",
            charged_minor=of.amount_minor, token=of.token, kind="card" if isinstance(of, Charge) else "echeck",
        )  # fmt: skip
        return order, self.gateway.refund(self.account, [order])[0]

    def cancel(self, of: Charge | Debit, reference: str) -> tuple[Cancellation, Any]:
        asked = Cancellation(
            key=fresh("c1"), of_key=of.key, of_reference=reference, amount_minor=of.amount_minor, currency="USD"
        )
        return asked, self.gateway.cancel(self.account, [asked])[0]

    def look_up(self, asked: Charge | Debit | RefundOrder | Cancellation) -> Any:
        return self.gateway.look_up(self.account, [about(asked)])[0]

    def status(self, asked: Charge | Debit | RefundOrder) -> Any:
        return self.gateway.status(self.account, [about(asked)])[0]


def fresh(end: str) -> str:
    """A key as ours are: letters and digits, nineteen at most."""
    return uuid.uuid4().hex[:13] + end


def about(asked: Charge | Debit | RefundOrder | Cancellation) -> LookUp:
    kinds = {
        Charge: About.CHARGE, Debit: About.DEBIT, RefundOrder: About.REFUND, Cancellation: About.CANCELLATION,
    }  # fmt: skip
    of = {} if isinstance(asked, Charge | Debit) else {"of_key": asked.of_key, "of_reference": asked.of_reference}
    return LookUp(
        key=asked.key, amount_minor=asked.amount_minor, currency=asked.currency, about=kinds[type(asked)], **of
    )


# -- the peers -------------------------------------------------------------------------------


def in_process(serving: Serving, url: str) -> Peer:
    gateway = SimulatedGateway(serving.simulator, clock_is_real=False)
    return Peer("simulator", gateway, serving, {"deadline_s": PATIENT_S}, over_http=False)


def plain_http(serving: Serving, url: str) -> Peer:
    return Peer("simulator", HttpSimulatorGateway(url), serving, {"deadline_s": PATIENT_S})


def cardpointe(serving: Serving, url: str) -> Peer:
    gateway = CardPointeGateway(
        lambda organisation, name: f"{organisation}:{PASSWORD}",
        today=lambda: serving.now.date(),
        simulator_url=url,
    )
    return Peer("cardpointe", gateway, serving, {"url": url, "merchid": "main", "deadline_s": PATIENT_S})


Make = Callable[[Serving, str], Peer]

PEERS: dict[str, Make] = {
    "simulator in process": in_process,
    "simulator over HTTP": plain_http,
    "cardpointe": cardpointe,
}
