"""A worker whose batch hangs ends itself, and what it held is taken up by others (F-54)."""

import socket
import subprocess
import sys
from pathlib import Path

from domain.payment import PaymentState
from tests.world import World

# A worker whose gateway keeps the connection open and never answers, nor ever gives up.
HANGING = """
import socket, sys, threading
from adapters.beating import STUCK_EXIT, Beating
from adapters.bootstrap import build
from adapters.settings import Settings
from domain.use_cases.charge_payments import charge_payments
from tests.world import ACCOUNT, ORGANISATION

url, port, now = sys.argv[1:]

class Hanging:
    def charge(self, account, charges):
        return socket.create_connection(("127.0.0.1", int(port))).recv(1)

app = build(Settings(database_url=url, now=now, _env_file=None), role="worker")
work = threading.Thread(
    target=charge_payments, args=(app.books, lambda account: Hanging(), app.leases, lambda *_, **__: None),
    kwargs={"organisation": ORGANISATION, "account": ACCOUNT}, daemon=True,
)
work.start()
Beating(app, watch=True, stuck_s=1).start()
work.join()
"""


def test_F54_a_worker_that_hangs_ends_itself_and_its_payment_is_paid_once(migrated_sqlite_url: str, tmp_path: Path):
    world = World(migrated_sqlite_url, tmp_path)
    world.organisation()
    payment = world.owing(days=0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port, now = str(silent.getsockname()[1]), world.now.isoformat()
        program = [sys.executable, "-c", HANGING, world.url, port, now]
        with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as worker:
            connection, _ = silent.accept()
            with connection:
                _, said = worker.communicate(timeout=60)
    assert worker.returncode == 70, said
    assert world.payment(payment).state is PaymentState.SUBMITTING
    world.leases.reap(everyone_else=True)
    for _ in range(6):  # looked up, twice not found, sent again under the same key
        world.wait(seconds=5)
        world.work()
    assert world.payment(payment).state is PaymentState.PAID
    assert [attempt.sends for attempt in world.attempts(payment)] == [2]
    world.close()
