"""A saved view: the filters of the Payment Action Center under a name, one person's or everybody's."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """`query` is what stands in the address of the list; `shared` ones are seen by everybody who sees the list."""

    organisation: str
    id: str
    by: str
    name: str
    query: str
    shared: bool
    created_at: datetime
