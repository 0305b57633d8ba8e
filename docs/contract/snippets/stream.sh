#!/bin/sh
# Puts one command on the Redis stream; its answer is told as an event, and at the status link of the API.
set -eu
: "${ENCAISSE_REDIS_URL:?}" "${ENCAISSE_ORGANISATION:?}"

redis-cli -u "$ENCAISSE_REDIS_URL" XADD encaisse:commands '*' event "$(cat <<END
{"specversion": "1.0", "source": "shop", "id": "order-redis-1", "type": "encaisse.client.register.v1",
 "data": {"organisation": "$ENCAISSE_ORGANISATION", "client": "redis-1", "name": "Zoé Bélanger",
          "email": "zoe@example.org", "language": "fr"}}
END
)"
