"""The servers that tests stand on: they start, die and come back with what they had acknowledged."""

import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import redis

from tests.servers import PostgresServer, RedisServer


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def is_running(pid: int) -> bool:
    """Also false for one that has ended but that nobody has reaped."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_postgres_killed_and_restarted_keeps_what_was_committed(own_postgres: PostgresServer):
    execute(own_postgres.url, "CREATE TABLE receipts AS SELECT 4500 AS amount")

    own_postgres.kill()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(own_postgres.url)
    own_postgres.start()

    assert execute(own_postgres.url, "SELECT amount FROM receipts") == [(4500,)]


def test_postgres_killed_under_an_open_connection_comes_back(own_postgres: PostgresServer):
    execute(own_postgres.url, "CREATE TABLE receipts (amount integer)")
    with closing(psycopg.connect(own_postgres.url)) as connection:
        connection.execute("INSERT INTO receipts VALUES (4500)")
        own_postgres.kill()
        own_postgres.start()
        with pytest.raises(psycopg.OperationalError):
            connection.commit()

    assert execute(own_postgres.url, "SELECT amount FROM receipts") == []


def test_postgres_stopped_at_once_and_restarted_keeps_what_was_committed(own_postgres: PostgresServer):
    execute(own_postgres.url, "CREATE TABLE receipts AS SELECT 4500 AS amount")

    own_postgres.stop(mode="immediate")
    own_postgres.start()
    own_postgres.restart()

    assert execute(own_postgres.url, "SELECT amount FROM receipts") == [(4500,)]


def test_a_durable_postgres_flushes_every_commit():
    server = PostgresServer(durable=True, settings={"log_min_messages": "info"})
    try:
        server.start()
        assert execute(server.url, "SHOW fsync") == [("on",)]
        assert execute(server.url, "SHOW synchronous_commit") == [("on",)]
        assert execute(server.url, "SHOW log_min_messages") == [("info",)]
    finally:
        server.destroy()


def test_redis_killed_and_restarted_keeps_what_it_acknowledged(own_redis: RedisServer):
    with redis.Redis.from_url(own_redis.url, retry=None) as client:
        client.set("receipt", 4500)

        own_redis.kill()
        with pytest.raises(redis.ConnectionError):
            client.get("receipt")
        own_redis.start()

        assert client.get("receipt") == b"4500"


def test_redis_refuses_writes_rather_than_forget(own_redis: RedisServer):
    with redis.Redis.from_url(own_redis.url) as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


@pytest.mark.parametrize("kind", ["PostgresServer", "RedisServer"])
def test_a_server_does_not_outlive_a_killed_test_run(kind: str):
    script = f"from tests.servers import {kind}; s = {kind}().start(); print(s.pid, s.home, flush=True); input()"
    root = Path(__file__).parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as run:
        assert run.stdout
        pid, home = run.stdout.readline().decode().split()
        assert is_running(int(pid))
        run.kill()

    until = time.monotonic() + 10
    while is_running(int(pid)) and time.monotonic() < until:
        time.sleep(0.02)
    shutil.rmtree(home)
    assert not is_running(int(pid))


@pytest.mark.parametrize("server", [PostgresServer, RedisServer])
def test_a_destroyed_server_leaves_nothing_behind(server: type[PostgresServer | RedisServer]):
    started = server().start()
    assert started.pid
    pid, home = started.pid, started.home

    started.destroy()

    assert not is_running(pid)
    assert not home.exists()


def test_each_test_has_a_database_of_its_own(postgres_url: str, postgres_server: PostgresServer):
    assert execute(postgres_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    assert postgres_url.rpartition("/")[0] == postgres_server.url.rpartition("/")[0]
    assert postgres_url != postgres_server.url


def test_each_test_has_an_empty_redis(redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_a_template_is_migrated_once_and_copied(postgres_server):
    migrations = []

    def migrate(url: str) -> None:
        migrations.append(url)
        execute(url, "CREATE TABLE receipts AS SELECT 4500 AS amount")

    run = type(postgres_server)(postgres_server.url, f"{postgres_server.run}_templates")
    try:
        copies = [run.create(template=run.template(migrate)) for _ in range(3)]

        assert len(migrations) == 1
        assert [execute(run.url_of(copy), "SELECT amount FROM receipts") for copy in copies] == [[(4500,)]] * 3
    finally:
        run.drop_all()
    assert execute(run.url, f"SELECT datname FROM pg_database WHERE starts_with(datname, '{run.prefix}')") == []
