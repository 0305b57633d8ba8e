#!/bin/sh
# Sends one command with curl and waits for its answer.
set -eu
: "${ENCAISSE_URL:?}" "${ENCAISSE_KEY:?}" "${ENCAISSE_ORGANISATION:?}"

ask() { curl --silent --show-error --fail-with-body --max-time 10 --header "Authorization: Bearer $ENCAISSE_KEY" "$@"; }

ask --header 'Content-Type: application/json' "$ENCAISSE_URL/v1/commands" --data @- <<END >/dev/null
{"specversion": "1.0", "source": "shop", "id": "order-curl-1", "type": "encaisse.client.register.v1",
 "data": {"organisation": "$ENCAISSE_ORGANISATION", "client": "curl-1", "name": "Zoé Bélanger",
          "email": "zoe@example.org", "language": "fr"}}
END

for _ in $(seq 60); do
  answer=$(ask "$ENCAISSE_URL/v1/commands/shop/order-curl-1")
  case "$answer" in
    *'"status":"accepted"'*) sleep 0.5 ;;
    *'"status":"done"'*) echo "$answer"; exit 0 ;;
    *) echo "$answer"; exit 1 ;;
  esac
done
echo 'no answer yet' >&2
exit 1
