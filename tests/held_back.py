"""PostgreSQL holds events back while any older transaction of its server lives: another test's, too."""

import time

from sqlalchemy import Engine, text

NOTHING = "SELECT coalesce(max(transaction), 0) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM events"


def wait_until_told(engine: Engine) -> None:
    """Until no stranger's transaction of the shared server holds the newest event back."""
    while engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            if connection.execute(text(NOTHING)).scalar_one():
                break
        time.sleep(0.005)
