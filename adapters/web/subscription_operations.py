"""What is done to a client's subscriptions at the desk (S1, S2): the forms and the commands that they send."""

from adapters.web.forms import Typed, given
from adapters.web.operation import About, Data, Operation


def start(typed: Typed) -> Data:
    return given(
        description=typed.must("description"), amount=typed.must_money("amount"), taxes=typed.taxes(),
        ledger_code=typed.text("ledger_code"), every=typed.must("every"), payment_method=typed.text("payment_method"),
        billing_day=typed.number("billing_day") if typed.text("billing_day") else None,
    ) | {"from": typed.must_day("from")}  # fmt: skip


def change(typed: Typed) -> Data:
    return _of(typed) | given(
        amount=typed.money("amount"), payment_method=typed.text("payment_method"), **{"from": typed.day("since")}
    )


def suspend(typed: Typed) -> Data:
    return _of(typed) | given(**{"from": typed.day("since"), "to": typed.day("to_day")})


def resume(typed: Typed) -> Data:
    return _of(typed) | given(**{"from": typed.day("since")})


def cancel(typed: Typed) -> Data:
    return _of(typed) | given(ends_on=typed.day("ends_on"))


def _of(typed: Typed) -> Data:
    return {"subscription": typed.must("subscription")}


S = About.SUBSCRIPTION
# fmt: off
SUBSCRIPTION_OPERATIONS = (
    Operation(name="start-subscription", act="subscription.start", about=About.ACCOUNT, data=start,
              makes=("subscription", "sub_"),
              fields=("description", "amount", "taxes", "rhythm", "method_or_none", "ledger_code")),
    Operation(name="change-subscription", act="subscription.change", about=S, data=change, of_client=False,
              fields=("new_amount", "new_method", "since")),
    Operation(name="suspend-subscription", act="subscription.suspend", about=S, data=suspend, of_client=False,
              fields=("since", "to_day")),
    Operation(name="resume-subscription", act="subscription.resume", about=S, data=resume, of_client=False,
              fields=("since",)),
    Operation(name="cancel-subscription", act="subscription.cancel", about=S, data=cancel, of_client=False,
              fields=("ends_on",)),
)
# fmt: on
