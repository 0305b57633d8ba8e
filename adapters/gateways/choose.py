"""Chooses the gateway of a merchant account; each is made once per process, when it is first asked."""

import threading
from datetime import UTC, datetime

from adapters.gateways.http_gateway import HttpSimulatorGateway
from adapters.gateways.in_process import SimulatedGateway
from adapters.gateways.simulator import Simulator
from adapters.settings import Settings
from domain.capabilities import capability_of
from domain.organisation import MerchantAccount
from domain.ports import Gateway


class ClockNotReal(Exception):
    """A simulated clock and a real processor: refused, whatever is asked."""


class GatewayChoice:
    """Maps a merchant account to its gateway (see `domain.ports.Gateways`)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._guard = threading.Lock()
        self._simulator: Simulator | None = None
        self._simulated: HttpSimulatorGateway | SimulatedGateway | None = None

    def __call__(self, account: MerchantAccount) -> Gateway:
        """Raises ProcessorNotAvailable for a processor without an adapter."""
        if capability_of(account.processor).real and self.settings.now is not None:
            raise ClockNotReal(account.processor)
        with self._guard:
            if self._simulated is None:
                self._simulated = self._simulator_gateway()
            return self._simulated

    def _simulator_gateway(self) -> HttpSimulatorGateway | SimulatedGateway:
        if self.settings.simulator_url is not None:
            return HttpSimulatorGateway(self.settings.simulator_url)
        fixed = self.settings.now
        self._simulator = Simulator(
            self.settings.journal_path, clock=lambda: fixed if fixed is not None else datetime.now(UTC)
        )
        return SimulatedGateway(self._simulator, clock_is_real=fixed is None)

    def close(self) -> None:
        """Releases the journal and the connections."""
        with self._guard:
            if isinstance(self._simulated, HttpSimulatorGateway):
                self._simulated.close()
            if self._simulator is not None:
                self._simulator.close()
            self._simulated = self._simulator = None
