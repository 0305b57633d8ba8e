"""The gateways that the suite is run against, each over the simulator. A new processor adds a peer."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from adapters.gateways.cardpointe.gateway import CardPointeGateway
from adapters.gateways.cardpointe.served import PASSWORD
from adapters.gateways.http_gateway import HttpSimulatorGateway
from adapters.gateways.in_process import SimulatedGateway
from adapters.gateways.paysafe.gateway import PaysafeGateway
from adapters.gateways.paysafe.served import PASSWORD as PAYSAFE_PASSWORD
from adapters.gateways.stripe.gateway import StripeGateway
from adapters.gateways.stripe.served import SECRET
from domain.capabilities import Capability, capability_for
from domain.organisation import MerchantAccount
from domain.outcome import About, Cancellation, Charge, Debit, LookUp, RefundOrder
from domain.ports import Gateway
from tests.conformance.serving import NOON, Serving

PATIENT_S, IMPATIENT_S = 10.0, 1.0  # enough for a busy machine to have asked


@dataclass
class Peer:
    """A gateway, an account of an organisation of its own, and the book that the other side keeps.

    What a peer can do is asked of the capability table. `processor` is its row; `over_http` says that there is a
    wire to bend; `stops_over_refunds` that the other side itself refuses too much (ours is refused before). `tells`
    are our reasons for which it has only a coarser word, `clears_on` is when an e-check of noon has settled.
    """

    processor: str
    gateway: Gateway
    serving: Serving
    settings: dict[str, Any] = field(default_factory=dict)
    over_http: bool = True
    stops_over_refunds: bool = True
    tells: dict[str, str] = field(default_factory=dict)
    clears_on: date = date(2026, 11, 27)
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

    def clear(self) -> None:
        """Lets the days pass after which an e-check has settled."""
        self.serving.pass_days((self.clears_on - NOON.date()).days + 1)

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
    of: dict[str, Any] = (
        {} if isinstance(asked, Charge | Debit) else {"of_key": asked.of_key, "of_reference": asked.of_reference}
    )
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
        today=lambda: serving.clock().date(),
        simulator_url=url,
    )
    return Peer("cardpointe", gateway, serving, {"url": url, "merchid": "main", "deadline_s": PATIENT_S})


def _paysafe(serving: Serving, url: str, **settings: Any) -> Peer:
    gateway = PaysafeGateway(
        lambda organisation, name: f"{organisation}:{PAYSAFE_PASSWORD}",
        today=lambda: serving.now.date(),
        simulator_url=url,
    )
    return Peer(
        "paysafe",
        gateway,
        serving,
        {"url": url, "deadline_s": PATIENT_S, **settings},
        tells={"revoked": "not_allowed"},
    )


def paysafe(serving: Serving, url: str) -> Peer:
    """Cards, and Direct Debit beside it: a debit has left for the bank and clears six banking days later."""
    peer = _paysafe(serving, url, account="1001", debit_account="1002")
    peer.clears_on = date(2026, 12, 2)
    return peer


def paysafe_payments(serving: Serving, url: str) -> Peer:
    return _paysafe(serving, url, api="payments")


def stripe(serving: Serving, url: str) -> Peer:
    gateway = StripeGateway(
        lambda organisation, name: f"{SECRET}{organisation}",
        today=lambda: serving.now.date(),
        simulator_url=url,
    )
    return Peer("stripe", gateway, serving, {"url": url, "deadline_s": PATIENT_S})


Make = Callable[[Serving, str], Peer]

PEERS: dict[str, Make] = {
    "simulator in process": in_process,
    "simulator over HTTP": plain_http,
    "cardpointe": cardpointe,
    "paysafe": paysafe,
    "paysafe payments": paysafe_payments,
    "stripe": stripe,
}
