"""What each processor can do (PRODUCT section 9), as a table that every rule asks."""

from dataclasses import dataclass
from enum import StrEnum

from domain.attempt import SIMULATOR_LADDER, Ladder
from domain.refusal import Refusal


class WhenNotFound(StrEnum):
    """What follows when a look-up says twice that a charge surely does not exist."""

    SAME_KEY = "same_key"
    NEW_ATTEMPT = "new_attempt"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    cards: bool
    when_not_found: WhenNotFound
    ladder: Ladder
    real: bool  # real money: the clock can't be simulated


# fmt: off
CAPABILITIES: dict[str, Capability] = {
    "simulator": Capability(cards=True, when_not_found=WhenNotFound.SAME_KEY, ladder=SIMULATOR_LADDER, real=False),
}
# fmt: on


class ProcessorNotAvailable(Refusal):
    """No adapter for this processor is installed."""

    code = "processor_not_available"


def capability_of(processor: str) -> Capability:
    try:
        return CAPABILITIES[processor]
    except KeyError:
        raise ProcessorNotAvailable("processor", processor=processor) from None
