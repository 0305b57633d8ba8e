"""What each processor can do (PRODUCT section 9), as a table that every rule asks. A new processor is a row here,
an adapter, and its line in `adapters/gateways/choose.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.attempt import REAL_LADDER, SIMULATOR_LADDER, Ladder
from domain.organisation import MerchantAccount
from domain.refusal import Refusal


class WhenNotFound(StrEnum):
    """What follows when a look-up says twice that a charge surely does not exist."""

    SAME_KEY = "same_key"  # the same key is sent again
    SAME_KEY_FOR_A_DAY = "same_key_for_a_day"  # as long as the processor remembers keys; then a person decides
    NEW_ATTEMPT = "new_attempt"  # it is cancelled by its key, closed, and another attempt has its own key
    PERSON = "person"  # a person decides


class RefundsLeave(StrEnum):
    """When a refund is sent; until then it can be called back (R4)."""

    NIGHTLY = "nightly"
    AT_ONCE = "at_once"


class BeforeSettlement(StrEnum):
    """What becomes of a card refund whose payment has not settled yet."""

    YES = "yes"  # it is refunded like any other
    VOID = "void"  # in full it is a void, in part it waits for the settlement
    CANCEL_SETTLEMENT = "cancel_settlement"  # the same, and what is cancelled is called a settlement
    WAIT = "wait"  # it waits for the settlement


class SameDay(StrEnum):
    """Whether a card payment can be cancelled on its day (B9)."""

    UNTIL_BATCHED = "until_batched"  # the processor says no once its batch is closed
    YES = "yes"
    NO = "no"


class LookUpBy(StrEnum):
    """What a processor finds a charge by."""

    ORDER_ID = "order_id"
    MERCHANT_REFERENCE = "merchant_reference"
    IDEMPOTENCY_KEY = "idempotency_key"
    TRACE_NUMBER = "trace_number"
    KEY = "key"


class EcheckOutcome(StrEnum):
    """How the verdict of an e-check is learnt."""

    POLL = "poll"
    POLL_AND_WEBHOOK = "poll_and_webhook"
    RETURN_FILE = "return_file"


SETTLED = "settled"  # the earliest refund of an e-check; a number means that many business days


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """`echecks` names the rails. `echeck_refund_earliest` is SETTLED, or after how many business days. `real` money
    has no simulated clock; `overridable` rows follow the settings of the merchant account (CONTRACT section 5)."""

    cards: bool
    echecks: tuple[str, ...]
    refunds_leave: RefundsLeave
    refund_before_settlement: BeforeSettlement
    void_same_day: SameDay
    echeck_refund_earliest: str | int
    partial_echeck_refund: bool
    look_up_by: LookUpBy
    when_not_found: WhenNotFound
    echeck_outcome: EcheckOutcome
    ladder: Ladder
    real: bool = True
    overridable: bool = False

    @property
    def by_file(self) -> bool:
        """Its e-checks go in files, a batch to a file, and come back in files."""
        return self.echeck_outcome is EcheckOutcome.RETURN_FILE

    def sends_again(self, since: datetime, *, now: datetime) -> bool:
        """Whether what was surely not found may be sent under its own key again; `since` is its first send."""
        match self.when_not_found:
            case WhenNotFound.SAME_KEY:
                return True
            case WhenNotFound.SAME_KEY_FOR_A_DAY:
                return now - since < KEYS_REMEMBERED
            case _:
                return False

    def takes(self, kind: str) -> bool:
        """Whether payment methods of this kind (card, echeck) can be charged through it."""
        return self.cards if kind == "card" else bool(self.echecks)


B, D, E, L, N, R = BeforeSettlement, SameDay, EcheckOutcome, LookUpBy, WhenNotFound, RefundsLeave

# fmt: off
CAPABILITIES: dict[str, Capability] = {
    "cardpointe": Capability(
        cards=True,                     refunds_leave=R.NIGHTLY,  refund_before_settlement=B.VOID,
        void_same_day=D.UNTIL_BATCHED,  echecks=("ach",),         echeck_outcome=E.POLL,
        partial_echeck_refund=False,    echeck_refund_earliest=SETTLED,
        look_up_by=L.ORDER_ID,          when_not_found=N.NEW_ATTEMPT,         ladder=REAL_LADDER,
    ),
    "paysafe": Capability(
        cards=True,                     refunds_leave=R.NIGHTLY,  refund_before_settlement=B.CANCEL_SETTLEMENT,
        void_same_day=D.UNTIL_BATCHED,  echecks=("ach", "eft"),   echeck_outcome=E.POLL_AND_WEBHOOK,
        partial_echeck_refund=True,     echeck_refund_earliest=SETTLED,
        look_up_by=L.MERCHANT_REFERENCE,when_not_found=N.SAME_KEY,            ladder=REAL_LADDER,
    ),
    "stripe": Capability(
        cards=True,                     refunds_leave=R.NIGHTLY,  refund_before_settlement=B.YES,
        void_same_day=D.NO,             echecks=("ach", "pad"),   echeck_outcome=E.POLL_AND_WEBHOOK,
        partial_echeck_refund=True,     echeck_refund_earliest=SETTLED,
        look_up_by=L.IDEMPOTENCY_KEY,   when_not_found=N.SAME_KEY_FOR_A_DAY,  ladder=REAL_LADDER,
    ),
    "nacha": Capability(
        cards=False,                    refunds_leave=R.NIGHTLY,  refund_before_settlement=B.WAIT,
        void_same_day=D.NO,             echecks=("ach",),         echeck_outcome=E.RETURN_FILE,
        partial_echeck_refund=True,     echeck_refund_earliest=SETTLED,
        look_up_by=L.TRACE_NUMBER,      when_not_found=N.PERSON,              ladder=REAL_LADDER,
    ),
    "cpa005": Capability(
        cards=False,                    refunds_leave=R.NIGHTLY,  refund_before_settlement=B.WAIT,
        void_same_day=D.NO,             echecks=("eft",),         echeck_outcome=E.RETURN_FILE,
        partial_echeck_refund=True,     echeck_refund_earliest=SETTLED,
        look_up_by=L.TRACE_NUMBER,      when_not_found=N.PERSON,              ladder=REAL_LADDER,
    ),
    "simulator": Capability(
        cards=True,                     refunds_leave=R.NIGHTLY,  refund_before_settlement=B.YES,
        void_same_day=D.YES,            echecks=("ach", "eft"),   echeck_outcome=E.POLL,
        partial_echeck_refund=True,     echeck_refund_earliest=SETTLED,
        look_up_by=L.KEY,               when_not_found=N.SAME_KEY,            ladder=SIMULATOR_LADDER,
        real=False, overridable=True,
    ),
}
# fmt: on

KEYS_REMEMBERED = timedelta(hours=24)  # SAME_KEY_FOR_A_DAY: a processor has forgotten older keys


def _truth(said: Any) -> bool:
    if not isinstance(said, bool):
        raise ValueError(f"neither true nor false: {said!r}")
    return said


def _earliest(said: Any) -> str | int:
    days = 0 if said == SETTLED else int(said)
    if days < 0:
        raise ValueError(f"not a number of business days: {said!r}")
    return said if said == SETTLED else days


# How a setting of an overridable account reads as a column (CONTRACT section 5).
_READ: Mapping[str, Callable[[Any], Any]] = {
    "refunds_leave": RefundsLeave,
    "refund_before_settlement": lambda said: BeforeSettlement.YES if _truth(said) else BeforeSettlement.VOID,
    "void_same_day": lambda said: SameDay.YES if _truth(said) else SameDay.NO,
    "partial_echeck_refund": _truth,
    "echeck_refund_earliest": _earliest,
}


class ProcessorNotAvailable(Refusal):
    """No adapter for this processor is installed."""

    code = "processor_not_available"


def capability_of(processor: str) -> Capability:
    """The row of a processor. Raises ProcessorNotAvailable."""
    try:
        return CAPABILITIES[processor]
    except KeyError:
        raise ProcessorNotAvailable("processor", processor=processor) from None


def capability_for(account: MerchantAccount) -> Capability:
    """What a merchant account can do: its processor's row, with the account's own settings where the row lets it."""
    row = capability_of(account.processor)
    if not row.overridable:
        return row
    given = {name: read(account.settings[name]) for name, read in _READ.items() if name in account.settings}
    return replace(row, **given) if given else row
