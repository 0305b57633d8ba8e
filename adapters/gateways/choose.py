"""Chooses the gateway of a merchant account; each processor's is made once per process, when it is first asked."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from adapters.bank_files.desk import Desk
from adapters.gateways.bank_file.gateway import BankFileGateway
from adapters.gateways.bank_file.mailboxes import mailbox_of, secrets_of
from adapters.gateways.bank_file.terms import PENS, check_cpa005, check_nacha, pen_of
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


def _bank_file(settings: Settings, desk: Desk | None) -> Made:
    if desk is None:
        raise NoDesk
    return BankFileGateway(desk, pen_of, lambda account: mailbox_of(account, settings)), lambda: None


def _simulator(settings: Settings, _desk: Desk | None) -> Made:
    if settings.simulator_url is not None:
        served = HttpSimulatorGateway(settings.simulator_url)
        return served, served.close
    fixed = settings.now
    simulator = Simulator(settings.journal_path, clock=lambda: fixed if fixed is not None else datetime.now(UTC))
    return SimulatedGateway(simulator, clock_is_real=fixed is None), simulator.close


def _cardpointe(settings: Settings, _desk: Desk | None) -> Made:
    gateway = CardPointeGateway(
        settings.credential, today=lambda: datetime.now(UTC).date(), simulator_url=settings.simulator_url
    )
    return gateway, gateway.close


def _paysafe(settings: Settings, _desk: Desk | None) -> Made:
    gateway = PaysafeGateway(
        settings.credential, today=lambda: datetime.now(UTC).date(), simulator_url=settings.simulator_url
    )
    return gateway, gateway.close


def _stripe(settings: Settings, _desk: Desk | None) -> Made:
    """Its SDK is loaded when an account asks for it: it brings two HTTP clients, which every command would wait for."""
    from adapters.gateways.stripe.gateway import StripeGateway

    gateway = StripeGateway(
        settings.credential, today=lambda: datetime.now(UTC).date(), simulator_url=settings.simulator_url
    )
    return gateway, gateway.close


# The processors that there is an adapter for; a row of the capability table alone is not enough.
ADAPTERS: dict[str, Callable[[Settings, Desk | None], Made]] = {
    "simulator": _simulator,
    "cardpointe": _cardpointe,
    "paysafe": _paysafe,
    "stripe": _stripe,
    "nacha": _bank_file,
    "cpa005": _bank_file,
}

# Whether the settings of an account make sense; each raises ValueError with the name of the setting.
CHECKS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "cardpointe": check_cardpointe,
    "paysafe": check_paysafe,
    "stripe": check_stripe,
    "nacha": check_nacha,
    "cpa005": check_cpa005,
}


# Which credentials an account needs, where it is not the one that it names.
_CREDENTIALS: dict[str, Callable[[MerchantAccount], list[str]]] = {"nacha": secrets_of, "cpa005": secrets_of}


# What an account needs before it can be used, where it may be registered without.
_COMPLETE: dict[str, Callable[[Mapping[str, Any]], object]] = dict(PENS)


class NoDesk(Exception):
    """Bank files are written in the database, and this process was given none."""


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


def missing_setting(account: MerchantAccount) -> str:
    """The name of a setting without which nothing can be asked through this account yet."""
    try:
        _COMPLETE.get(account.processor, dict)(account.settings)
    except ValueError as error:
        return str(error)
    return ""


def credentials_of(account: MerchantAccount) -> list[str]:
    """The names of what opens this account, as the settings of the installation know it."""
    named = _CREDENTIALS.get(account.processor)
    return named(account) if named is not None else [str(account.settings.get("credentials") or account.id)]


class GatewayChoice:
    """Maps a merchant account to its gateway (see `domain.ports.Gateways`)."""

    def __init__(self, settings: Settings, desk: Desk | None = None) -> None:
        self.settings = settings
        self._desk = desk
        self._guard = threading.Lock()
        self._made: dict[str, Made] = {}

    def __call__(self, account: MerchantAccount) -> Gateway:
        """Raises ProcessorNotAvailable for a processor without an adapter."""
        must_be_installed(account.processor)
        if capability_of(account.processor).real and self.settings.now is not None:
            raise ClockNotReal(account.processor)
        with self._guard:
            if account.processor not in self._made:
                self._made[account.processor] = ADAPTERS[account.processor](self.settings, self._desk)
            return self._made[account.processor][0]

    def close(self) -> None:
        """Releases the journal and the connections."""
        with self._guard:
            for _, close in self._made.values():
                close()
            self._made = {}
