"""The database's own yardstick: pgbench's TPC-B-like script, 16 clients, on the same server."""

import re
import subprocess

from tests.servers import PostgresServer

CLIENTS = 16
SCALE = 16  # at least as many branches as clients, or they would wait for each other
SECONDS = 8


def prepare(postgres: PostgresServer, database: str) -> None:
    _pgbench(postgres, database, "--initialize", "--quiet", "--scale", str(SCALE))


def transactions_per_second(postgres: PostgresServer, database: str) -> float:
    said = _pgbench(postgres, database, "-c", str(CLIENTS), "-j", "2", "-T", str(SECONDS), "--no-vacuum")
    found = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
    if found is None:
        raise ValueError(f"pgbench said no figure: {said}")
    return float(found[1])


def _pgbench(postgres: PostgresServer, database: str, *options: str) -> str:
    command = [str(postgres.program("pgbench")), *options, postgres.url_of(database)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return done.stdout
