"""Sends one command and waits for its answer, with nothing but Python."""

import json
import os
import sys
import time
import urllib.request

URL, KEY = os.environ["ENCAISSE_URL"], os.environ["ENCAISSE_KEY"]


def ask(path, body=None):
    """One request; raises urllib.error.HTTPError for what is refused, with the problem as its body."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers), timeout=10) as response:
        return json.load(response)


answer = ask(
    "/v1/commands",
    {
        "specversion": "1.0",
        "source": "shop",
        "id": "order-python-1",
        "type": "encaisse.client.register.v1",
        "data": {
            "organisation": os.environ["ENCAISSE_ORGANISATION"],
            "client": "python-1",
            "name": "Zoé Bélanger",
            "email": "zoe@example.org",
            "language": "fr",
        },
    },
)
until = time.monotonic() + 30
while answer["status"] == "accepted" and time.monotonic() < until:
    time.sleep(0.5)
    answer = ask(answer["href"])
print(json.dumps(answer))
sys.exit(0 if answer["status"] == "done" else 1)
