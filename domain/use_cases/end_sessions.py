"""Signs a person out everywhere: a telephone was lost, somebody has left."""

from domain.access import Session
from domain.decision import Change, New
from domain.event import Event
from domain.people import Administrator
from domain.ports import Transaction


def end_sessions(tx: Transaction, *, organisation: str, administrator: str, by: str, keep: str = "") -> int:
    """Every session of the person, also those that are half way, but the one of the hash `keep`; answers how many.
    Audited under the name of who did it (P3). Raises NotKnown."""
    person = tx.get(Administrator, organisation=organisation, id=administrator)
    living = tx.lock_all(Session, order_by="hash", organisation=organisation, administrator=person.id, ended_at=None)
    ended = [one for one in living if one.hash != keep]
    if ended:
        told = Event(
            organisation=organisation, type="administrator.sessions_ended", subject=f"administrator:{person.id}",
            sequence=1, at=tx.now, by=by, public=False, data={"sessions": len(ended)},
        )  # fmt: skip
        steps = [Change(thing=Session, key={"hash": one.hash}, put={"ended_at": tx.now}) for one in ended]
        tx.write([(*steps, New(thing=told))])
    return len(ended)
