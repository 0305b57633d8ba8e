"""What a scheduler does for those outside: commands taken from the Redis stream, webhooks and mails sent."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.bootstrap import App
from adapters.mail.digests import start_digests
from adapters.mail.planning import plan_mails
from adapters.mail.postman import Postman as MailPostman
from adapters.mail.postman import forget_sent
from adapters.outgoing.fan_out import fan_out
from adapters.outgoing.postman import Postman, forget_delivered
from adapters.streams.commands import Ring, StreamDoor
from scheduler.timetable import Line
from workers.boot import redis_client

READ_EVERY_S = 0.25  # somebody waits for the answer, as with the relay
SEND_EVERY_S = 0.25
MAIL_EVERY_S = 1.0  # nobody looks at a mailbox more often
DIGESTS_EVERY_S = 5.0
FORGET_EVERY_S = 600.0


@contextmanager
def doors(app: App, ring: Ring) -> Iterator[tuple[Line, ...]]:
    """Steps for the loop, none of which waits for a receiver; what is under way at the end is sent again later."""
    postman, mail = Postman(app), MailPostman(app)
    lines: tuple[Line, ...] = (
        Line(name="webhooks fanned out", every_s=SEND_EVERY_S, run_once=fan_out),
        Line(name="webhooks sent", every_s=SEND_EVERY_S, run_once=lambda _: postman.run_once()),
        Line(name="webhooks long delivered", every_s=FORGET_EVERY_S, run_once=forget_delivered),
        Line(name="mails planned", every_s=MAIL_EVERY_S, run_once=plan_mails),
        Line(name="digests", every_s=DIGESTS_EVERY_S, run_once=start_digests),
        Line(name="mails sent", every_s=MAIL_EVERY_S, run_once=lambda _: mail.run_once()),
        Line(name="mails long sent", every_s=FORGET_EVERY_S, run_once=forget_sent),
    )
    if app.settings.redis_url is not None:
        door = StreamDoor(app, redis_client(app.settings), ring)
        lines += (Line(name="commands on the stream", every_s=READ_EVERY_S, run_once=lambda _: door.run_once()),)
    try:
        yield lines
    finally:
        postman.close()
        mail.close()
