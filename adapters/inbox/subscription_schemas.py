"""The shapes of the commands of subscriptions."""

from typing import Annotated, Literal

from pydantic import Field

from adapters.inbox.command_shape import Command, Tax
from adapters.inbox.shape import Amount, Code, Day, Id, Line

From = Annotated[Day | None, Field(alias="from")]


class StartSubscription(Command):
    """What is billed and charged every week, month or year from a date on, today and past ones at once (S1)."""

    client: Id
    subscription: Id
    description: Line
    amount: Amount
    taxes: Annotated[list[Tax], Field(max_length=10)] = Field(default_factory=list)
    ledger_code: Code | None = None
    every: Literal["week", "month", "year"]
    from_: Annotated[Day, Field(alias="from")]
    billing_day: Annotated[int, Field(ge=1, le=31)] | None = None
    payment_method: Id | None = None


class OnSubscription(Command):
    """An act on a subscription."""

    subscription: Id


class ChangeSubscription(OnSubscription):
    """Another amount or method from a date on (today when none is given), or an earlier end (S2)."""

    from_: From = None
    amount: Amount | None = None
    payment_method: Id | None = None
    ends_on: Day | None = None


class SuspendSubscription(OnSubscription):
    """Periods with a billing date from a day to another, both included, make no invoice (S2)."""

    from_: From = None
    to: Day | None = None


class ResumeSubscription(OnSubscription):
    """Ends the pause from a date on (S2)."""

    from_: From = None


class CancelSubscription(OnSubscription):
    """Ends it the day before its next billing date, or on a date that can only be moved earlier (S2)."""

    from_: From = None
    ends_on: Day | None = None
