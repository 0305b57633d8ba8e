"""The tables of care for processors: how each merchant account is, seen by all hosts."""

from sqlalchemy import PrimaryKeyConstraint, Table

from adapters.database.columns import at_, int_, metadata, of_, text_
from domain.care import Care

cares = Table(
    "cares", metadata,
    text_("organisation"), text_("id"), text_("state"), int_("version"), int_("misses"), int_("rounds"),
    int_("answered"), int_("proven"), at_("since", null=True), at_("not_before", null=True), int_("tokens"),
    at_("counted_at", null=True),
    # One for each merchant account, made when there is first something to keep.
    PrimaryKeyConstraint("organisation", "id"),
    of_("merchant_accounts", "id"),
)  # fmt: skip

CARE_TABLES: dict[type, Table] = {Care: cares}
