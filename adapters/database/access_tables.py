"""The tables of signing in: passwords, codes, and what was tried in vain."""

from sqlalchemy import Column, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from adapters.database.columns import at_, int_, json_, metadata, of_, text_
from domain.access import Authenticator, OidcVisit, Password, ProvenIdentity, Tries

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

oidc_visits = Table(
    "oidc_visits", metadata,
    Column("hash", Text, primary_key=True), text_("browser"), text_("nonce"), text_("verifier"),
    text_("organisation"), text_("administrator"), at_("expires_at"), at_("used_at", null=True),
)  # fmt: skip

proven_identities = Table(
    "proven_identities", metadata,
    text_("organisation"), text_("administrator"), text_("issuer"), text_("subject"), at_("created_at"),
    PrimaryKeyConstraint("organisation", "administrator"),
    of_("administrators", "administrator"),
    # One account of a provider is one person in an organisation.
    UniqueConstraint("issuer", "subject", "organisation"),
)  # fmt: skip

ACCESS_TABLES: dict[type, Table] = {
    Password: passwords,
    Authenticator: authenticators,
    Tries: tries,
    OidcVisit: oidc_visits,
    ProvenIdentity: proven_identities,
}
