"""What a scheduler does for other services: commands taken from the Redis stream, events sent by webhook."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.bootstrap import App
from adapters.outgoing.fan_out import fan_out
from adapters.outgoing.postman import Postman, forget_delivered
from adapters.streams.commands import Ring, StreamDoor
from scheduler.timetable import Line
from workers.boot import redis_client

READ_EVERY_S = 0.25  # somebody waits for the answer, as with the relay
SEND_EVERY_S = 0.25
FORGET_EVERY_S = 600.0


@contextmanager
def doors(app: App, ring: Ring) -> Iterator[tuple[Line, ...]]:
    """Steps for the loop, none of which waits for a receiver; what is under way at the end is sent again later."""
    postman = Postman(app)
    lines: tuple[Line, ...] = (
        Line(name="webhooks fanned out", every_s=SEND_EVERY_S, run_once=fan_out),
        Line(name="webhooks sent", every_s=SEND_EVERY_S, run_once=lambda _: postman.run_once()),
        Line(name="webhooks long delivered", every_s=FORGET_EVERY_S, run_once=forget_delivered),
    )
    if app.settings.redis_url is not None:
        door = StreamDoor(app, redis_client(app.settings), ring)
        lines += (Line(name="commands on the stream", every_s=READ_EVERY_S, run_once=lambda _: door.run_once()),)
    try:
        yield lines
    finally:
        postman.close()
