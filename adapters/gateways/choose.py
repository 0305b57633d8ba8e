"""Chooses the gateway of a merchant account; each processor's is made once per process, when it is first asked."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from adapters.gateways.cardpointe.gateway import CardPointeGateway
from adapters.gateways.cardpointe.terms import check_terms as check_cardpointe
from adapters.gateways.http_gateway import HttpSimulatorGateway
from adapters.gateways.in_process import SimulatedGateway
from adapters.gateways.paysafe.gateway import PaysafeGateway
from adapters.gateways.paysafe.terms import check_terms as check_paysafe
from adapters.gateways.simulator import Simulator
from adapters.gateways.stripe.terms import check_terms as check_stripe
from adapters.settings import Settings
from domain.capabilities import ProcessorNotAvailable, capability_of
from domain.organisation import MerchantAccount
from domain.ports import Gateway

Made = tuple[Gateway, Callable[[], None]]  # a gateway, and what releases its connections


def _simulator(settings: Settings) -> Made:
    if settings.simulator_url is not None:
        served = HttpSimulatorGateway(settings.simulator_url)
        return served, served.close
    fixed = settings.now
    simulator = Simulator(settings.journal_path, clock=lambda: fixed if fixed is not None else datetime.now(UTC))
    return SimulatedGateway(simulator, clock_is_real=fixed is None), simulator.close


def _cardpointe(settings: Settings) -> Made:
    gateway = CardPointeGateway(
        settings.credential, today=lambda: datetime.now(UTC).date(), simulator_url=settings.simulator_url
    )
    return gateway, gateway.close


def _paysafe(settings: Settings) -> Made:
    gateway = PaysafeGateway(
        settings.credential, today=lambda: datetime.now(UTC).date(), simulator_url=settings.simulator_url
    )
    return gateway, gateway.close


def _stripe(settings: Settings) -> Made:
    """Its SDK is loaded when an account asks for it: it brings two HTTP clients, which every command would wait for."""
    from adapters.gateways.stripe.gateway import StripeGateway

    gateway = StripeGateway(
        settings.credential, today=lambda: datetime.now(UTC).date(), simulator_url=settings.simulator_url
    )
    return gateway, gateway.close


# The processors that there is an adapter for; a row of the capability table alone is not enough.
ADAPTERS: dict[str, Callable[[Settings], Made]] = {
    "simulator": _simulator,
    "cardpointe": _cardpointe,
    "paysafe": _paysafe,
    "stripe": _stripe,
}

# Whether the settings of an account make sense; each raises ValueError with the name of the setting.
CHECKS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "cardpointe": check_cardpointe,
    "paysafe": check_paysafe,
    "stripe": check_stripe,
}


class ClockNotReal(Exception):
    """A simulated clock and a real processor: refused, whatever is asked."""


def must_be_installed(processor: str) -> None:
    """Raises ProcessorNotAvailable for a processor without an adapter."""
    if processor not in ADAPTERS:
        raise ProcessorNotAvailable("processor", processor=processor)


def unusable_setting(processor: str, settings: Mapping[str, Any]) -> str:
    """The name of a setting with which the adapter could ask nobody, or that it doesn't know: it may be a secret."""
    try:
        CHECKS.get(processor, dict)(settings)
    except ValueError as error:
        return str(error)
    return ""


class GatewayChoice:
    """Maps a merchant account to its gateway (see `domain.ports.Gateways`)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._guard = threading.Lock()
        self._made: dict[str, Made] = {}

    def __call__(self, account: MerchantAccount) -> Gateway:
        """Raises ProcessorNotAvailable for a processor without an adapter."""
        must_be_installed(account.processor)
        if capability_of(account.processor).real and self.settings.now is not None:
            raise ClockNotReal(account.processor)
        with self._guard:
            if account.processor not in self._made:
                self._made[account.processor] = ADAPTERS[account.processor](self.settings)
            return self._made[account.processor][0]

    def close(self) -> None:
        """Releases the journal and the connections."""
        with self._guard:
            for _, close in self._made.values():
                close()
            self._made = {}
