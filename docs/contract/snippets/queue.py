"""Puts one command on the dramatiq queue: the queue, the actor and the keyword are all that has to be known."""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

dramatiq.set_broker(RedisBroker(url=os.environ["ENCAISSE_REDIS_URL"]))


@dramatiq.actor(queue_name="encaisse-commands", actor_name="accept_command")
def accept_command(event):
    """Works at Encaisse; here it is only named."""


accept_command.send(
    event={
        "specversion": "1.0",
        "source": "shop",
        "id": "order-queue-1",
        "type": "encaisse.client.register.v1",
        "data": {
            "organisation": os.environ["ENCAISSE_ORGANISATION"],
            "client": "queue-1",
            "name": "Zoé Bélanger",
            "email": "zoe@example.org",
            "language": "fr",
        },
    }
)
