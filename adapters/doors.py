"""The doors that a scheduler watches for others: commands that lie on the Redis stream."""

from adapters.bootstrap import App
from adapters.streams.commands import Ring, StreamDoor
from scheduler.timetable import Line
from workers.boot import redis_client

READ_EVERY_S = 0.25  # somebody waits for the answer, as with the relay


def lines(app: App, ring: Ring) -> tuple[Line, ...]:
    """Steps for the loop; none without Redis."""
    if app.settings.redis_url is None:
        return ()
    door = StreamDoor(app, redis_client(app.settings), ring)
    return (Line(name="commands on the stream", every_s=READ_EVERY_S, run_once=lambda _: door.run_once()),)
