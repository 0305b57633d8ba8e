"""The anticipated refusal: an exception named after the broken rule, defined where it is raised."""

from typing import Any, ClassVar


class Refusal(Exception):
    """A rule says no; nothing was asked of anyone and nothing was written.

    `code` is stable and documented; its words in both languages stand in the catalogue under
    `refusal.<code>`, filled with `params`. `field` is the path of the offending field, if any.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, field: str = "", **params: Any) -> None:
        super().__init__(f"{self.code} {field} {params}".strip())
        self.field = field
        self.params = params


class NotKnown(Refusal):
    """A command names a thing that this organisation does not have."""

    code = "not_known"


class IdTaken(Refusal):
    """The id exists already with other content."""

    code = "id_taken"


class PermissionDenied(Refusal):
    """The person in whose name the command is sent may not do this (P2)."""

    code = "permission_denied"


class OutOfRange(Refusal):
    """A value is well formed but outside what the rule allows."""

    code = "out_of_range"
