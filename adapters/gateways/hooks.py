"""Which processors send webhooks, and how each one's are verified and read."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from adapters.gateways import simulator_events
from adapters.gateways.paysafe import events as paysafe_events
from adapters.gateways.stripe import events as stripe_events
from domain.processor_event import ProcessorEvent

VerifyAndRead = Callable[[Mapping[str, str], bytes, Sequence[str], datetime], list[ProcessorEvent]]

# CardPointe sends none, and banks write files.
HOOKS: Mapping[str, VerifyAndRead] = {
    "stripe": stripe_events.verify_and_read,
    "paysafe": paysafe_events.verify_and_read,
    "simulator": simulator_events.verify_and_read,
}
