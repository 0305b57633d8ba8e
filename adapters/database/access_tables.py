"""The tables of signing in: passwords, codes, and what was tried in vain."""

from sqlalchemy import Column, PrimaryKeyConstraint, Table, Text

from adapters.database.columns import at_, int_, json_, metadata, of_, text_
from domain.access import Authenticator, Password, Tries

passwords = Table(
    "passwords", metadata,
    text_("organisation"), text_("administrator"), text_("hash"), at_("changed_at"),
    PrimaryKeyConstraint("organisation", "administrator"),
    of_("administrators", "administrator"),
)  # fmt: skip

authenticators = Table(
    "authenticators", metadata,
    text_("organisation"), text_("administrator"), text_("sealed"), at_("confirmed_at", null=True),
    int_("last_step"), json_("spare"), at_("created_at"),
    PrimaryKeyConstraint("organisation", "administrator"),
    of_("administrators", "administrator"),
)  # fmt: skip

tries = Table("tries", metadata, Column("key", Text, primary_key=True), int_("misses"), at_("until"), at_("at"))

ACCESS_TABLES: dict[type, Table] = {Password: passwords, Authenticator: authenticators, Tries: tries}
