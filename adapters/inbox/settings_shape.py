"""The settings of an organisation as a command brings them (CONTRACT, section 2)."""

from typing import Annotated, Literal

from pydantic import Field

from adapters.inbox.shape import Amount, ClockTime, Code, Day, Email, Rate, Shape

Days = Annotated[list[Annotated[int, Field(ge=1, le=60)]], Field(min_length=1, max_length=10)]


class NamedTax(Shape):
    """A tax by its code, with its rate where it is not a setting."""

    code: Code
    rate: Rate | None = None


class TaxSetting(Shape):
    """A tax with its rate in percent; `compound`: on the price with the taxes before it."""

    code: Code
    rate: Rate
    compound: bool = False


class NsfFee(Shape):
    """What is invoiced when an e-check is returned (E5)."""

    amount: Amount
    taxes: Annotated[list[NamedTax], Field(max_length=10)] = Field(default_factory=list)
    ledger_code: Code | None = None


class AutomaticRetries(Shape):
    """Days after the failure, per class of reason; a hard decline has none (A8)."""

    fix_data: Days | None = None
    customer_action: Days | None = None
    later: Days | None = None
    technical: Days | None = None
    config: Days | None = None
    bank_return_soft: Days | None = None


class OrganisationSettings(Shape):
    """Settings of an organisation, all optional; those that are sent change."""

    night_at: ClockTime | None = None
    echeck_cutoff_at: ClockTime | None = None
    digest_at: ClockTime | None = None
    calendar: Literal["US", "CA12", "CA10"] | None = None
    bank_closings: Annotated[list[Day], Field(max_length=100)] | None = None
    settlement_days: Annotated[int, Field(ge=1, le=60)] | None = None
    nsf_fee: NsfFee | None = None
    automatic_retries: AutomaticRetries | None = None
    suspend_after_failures: Annotated[int, Field(ge=1, le=100)] | None = None
    cancel_instalments_with_purchase: bool | None = None
    billing_contact: Email | None = None
    notify: Annotated[list[Email], Field(max_length=50)] | None = None
    notify_principal: (
        Annotated[list[Literal["purchase", "invoice", "cancellation", "replacement"]], Field(max_length=4)] | None
    ) = None
    purchase_without_payment: bool | None = None
    billing_day: Annotated[int, Field(ge=1, le=31)] | None = None
    prorate_first_period: bool | None = None
    expiring_card_email: bool | None = None
    taxes: Annotated[list[TaxSetting], Field(max_length=20)] | None = None
