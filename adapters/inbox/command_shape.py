"""What commands have in common: the organisation, in whose name, and how a tax is named."""

from adapters.inbox.shape import By, Code, Id, Rate, Shape


class Command(Shape):
    """What every command carries: the organisation, and perhaps in whose name it is sent."""

    organisation: Id
    by: By | None = None


class Tax(Shape):
    """A tax by its code; its rate when it is not the one of the organisation's settings."""

    code: Code
    rate: Rate | None = None
