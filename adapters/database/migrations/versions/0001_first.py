"""The first schema: things, rules, guards."""

from alembic import op

from adapters.database import guards
from adapters.database.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection)
    for statement in guards.statements(connection.dialect.name):
        op.execute(statement)
