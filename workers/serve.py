"""Starts worker processes under dramatiq's own command line, and a scheduler beside them."""

import sys
from typing import Any

import redis
from dramatiq import cli

from adapters.bootstrap import App, build
from adapters.locale import say
from adapters.logs import log_event
from adapters.settings import Settings
from workers.bells import Bells
from workers.boot import needed_redis, redis_client, ringing_broker
from workers.relay import Relay, Stream
from workers.supervising import Supervisor

NO_FORKS_MS = 10  # dramatiq waits for a worker that died at birth before it hears a signal; we have no forks
GRACE_MS = 60_000  # longer than the slowest answer of a gateway; what orchestrators grant is longer still


def serve_workers(settings: Settings, *, processes: int, threads: int, language: str) -> int:
    """Works until SIGTERM, then drains within the grace; answers the exit status. A worker process that is killed
    takes the others along, in peace, and all are started again."""
    needed_redis(settings)
    warn_about_redis(settings, language)
    options = ["workers.boot:boot", "--processes", str(processes), "--threads", str(threads), "--skip-logging"]
    options += ["--worker-shutdown-timeout", str(GRACE_MS), "--worker-fork-timeout", str(NO_FORKS_MS)]
    arguments = cli.make_argument_parser().parse_args(options)  # type: ignore[no-untyped-call]
    arguments.path = []
    return Supervisor(lambda: int(cli.main(arguments) or 0)).run()  # type: ignore[no-untyped-call]


def relay_and_bells(app: App) -> tuple[Relay, Bells]:
    """Those of a scheduler beside Redis."""
    bells = Bells(ringing_broker(app.settings))
    return Relay(app, publish=Stream(redis_client(app.settings)), ring=bells), bells


def warn_about_redis(settings: Settings, language: str) -> list[str]:
    """Says what is wrong with the set-up of Redis: it may lose bells and commands; we go on all the same."""
    client = redis_client(settings)
    try:
        wrong = troubles(client, language)
    except redis.RedisError as error:
        log_event("redis.away", error=repr(error))
        return []
    finally:
        client.close()
    for trouble in wrong:
        print(trouble, file=sys.stderr, flush=True)
    return wrong


# fmt: off
WANTED = {
    "maxmemory-policy": "noeviction",  # a Redis that evicts loses messages without a word
    "appendonly":       "yes",         # one without an append-only file forgets them when it restarts
}
# fmt: on


def troubles(client: Any, language: str) -> list[str]:
    """What differs from WANTED, in words."""
    try:
        found = {name: client.config_get(name).get(name) for name in WANTED}
    except redis.ResponseError:
        return [say("redis.silent", language)]
    return [
        say("redis.setting", language, name=name, found=found.get(name), wanted=wanted)
        for name, wanted in WANTED.items()
        if found.get(name) != wanted
    ]


def build_scheduler(settings: Settings) -> App:
    return build(settings, role="scheduler", pool_size=6)  # the loop, the beats, what came of webhooks
