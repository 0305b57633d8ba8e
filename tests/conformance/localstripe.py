"""`localstripe` as a process of its own: a Stripe that nobody here wrote.

It ignores idempotency keys and gives back more than was paid: both must be stopped by us.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

KEY = "sk_test_12345"
APPROVED, DECLINED, ASKS_THE_CLIENT = "4242424242424242", "4000000000000341", "4000002500003155"
HOOK_SECRET = "whsec_localstripe"
START_WITHIN_S = 20.0


class LocalStripe:
    """Its state lies in the temporary folder that it is given, and is never read again."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "localstripe", "--from-scratch", "--port", str(self.port)]
        self._process = subprocess.Popen(
            command, env={**os.environ, "TMPDIR": str(folder)}, cwd=folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._wait()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def card(self, number: str) -> str:
        """A client with a card on file: `cus_…/pm_…`, as our tokens are."""
        customer = self.post("customers", {"email": f"{uuid.uuid4().hex}@example.org"})["id"]
        card = {"card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2030", "card[cvc]": "123"}
        method = self.post("payment_methods", {"type": "card", **card})["id"]
        self.post(f"payment_methods/{method}/attach", {"customer": customer})
        return f"{customer}/{method}"

    def charges(self, token: str) -> list[dict[str, Any]]:
        """The charges of a client that took money."""
        customer = token.partition("/")[0]
        found = self._ask("GET", f"/v1/charges?customer={customer}&limit=100")["data"]
        return [one for one in found if one["status"] == "succeeded"]

    def post(self, path: str, fields: dict[str, str]) -> dict[str, Any]:
        return self._ask("POST", f"/v1/{path}", urlencode(fields).encode())

    def payment(self, id_: str) -> dict[str, Any]:
        return self._ask("GET", f"/v1/payment_intents/{id_}")

    def call_at(self, url: str) -> None:
        """Webhooks go there, signed, a second after the event."""
        body = json.dumps({"url": url, "secret": HOOK_SECRET}).encode()
        with urlopen(Request(f"{self.url}/_config/webhooks/ours", body, {"Content-Type": "application/json"})):
            pass

    def _ask(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        request = Request(f"{self.url}{path}", body, {"Authorization": f"Bearer {KEY}"}, method=method)
        with urlopen(request, timeout=5) as answer:
            told: dict[str, Any] = json.load(answer)
        return told

    def _wait(self) -> None:
        until = time.monotonic() + START_WITHIN_S
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None, "localstripe did not start"
                time.sleep(0.05)
        raise AssertionError("localstripe does not listen")


class Receiver:
    """Takes webhooks as they come, raw."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self._came = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                with receiver._came:
                    receiver.taken.append((dict(self.headers.items()), body))
                    receiver._came.notify_all()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def wait_for(self, text: str, within_s: float = 10.0) -> tuple[dict[str, str], bytes]:
        """The first webhook in which this stands: those of earlier tests may still be on their way."""
        with self._came:
            self._came.wait_for(lambda: any(text.encode() in body for _, body in self.taken), within_s)
            return next(one for one in self.taken if text.encode() in one[1])

    def wait_until(self, count: int, within_s: float = 10.0) -> list[tuple[dict[str, str], bytes]]:
        """All of them, once so many have come."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.taken) >= count, within_s)
            return list(self.taken)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
