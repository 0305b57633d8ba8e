"""Views of the Payment Action Center that people keep: a person's own, and those that are shared."""

from sqlalchemy import or_, select

from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.center_tables import saved_views
from domain.saved_view import SavedView

MAX_VIEWS = 50  # that one person keeps; more is no help to anybody


def saved_views_of(tx: BookTransaction, organisation: str, by: str) -> list[SavedView]:
    own = or_(saved_views.c.by == by, saved_views.c.shared)
    wanted = select(*loader.columns(SavedView)).where(saved_views.c.organisation == organisation, own)
    found = tx.connection.execute(wanted.order_by(saved_views.c.name, saved_views.c.id)).all()
    return [loader.build(SavedView, row) for row in found]
