"""Sealing: the sweep's step that chains new events, so that a changed one is found."""

from adapters.bootstrap import App
from adapters.database import outbox, seals
from adapters.logs import log_event

MAX_READINGS = 4  # of one turn, half a second; a night's peak is caught up with afterwards


def seal_events(app: App) -> int:
    """Answers how many events were sealed. The hashes go into the log too: whoever keeps it elsewhere can tell
    when the last seals themselves were taken away."""
    total = 0
    for _ in range(MAX_READINGS):
        with app.books.begin(read_only=True) as tx:
            if not outbox.anything_new(tx.connection, seals.READER):
                break
        made = app.books.run(seals.seal)
        for one in made:
            log_event("events.sealed", organisation=one.organisation, number=one.number, count=one.count, hash=one.hash)
        if not made:
            break
        total += sum(one.count for one in made)
    return total
