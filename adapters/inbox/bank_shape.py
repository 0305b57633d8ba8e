"""The shape of a bank account in a command: of the United States or of Canada, each with its own numbers."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from adapters.inbox.shape import Shape
from domain.bank_account import is_routing_number

UNITED_STATES, CANADA = ("routing", "type"), ("institution", "transit")
CANADIAN_DIGITS = 12


def _checked(routing: str) -> str:
    if not is_routing_number(routing):
        raise PydanticCustomError("invalid_value", "the check digit does not agree")
    return routing


Routing = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$"), AfterValidator(_checked)]


class Bank(Shape):
    """`routing`, `account` and `type`, or `institution`, `transit` and `account`: digits without spaces or dashes."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["account", *names]} for names in (UNITED_STATES, CANADA)]}
    )

    account: Annotated[str, Field(pattern=r"^[0-9]{4,17}$", repr=False)]
    routing: Routing | None = Field(default=None, repr=False)
    type: Literal["checking", "savings"] | None = None
    institution: Annotated[str | None, Field(pattern=r"^[0-9]{3}$", repr=False)] = None
    transit: Annotated[str | None, Field(pattern=r"^[0-9]{5}$", repr=False)] = None

    @model_validator(mode="after")
    def _of_one_country(self) -> Self:
        given = {name for name in (*UNITED_STATES, *CANADA) if getattr(self, name) is not None}
        if given not in (set(UNITED_STATES), set(CANADA)):
            raise PydanticCustomError("invalid_value", "routing and type, or institution and transit")
        if given == set(CANADA) and len(self.account) > CANADIAN_DIGITS:
            raise PydanticCustomError("invalid_value", "an account in Canada has at most 12 digits")
        return self
