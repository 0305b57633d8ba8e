"""What `deploy/` promises, checked without an engine: by the tools themselves where there is one."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
EXAMPLE = DEPLOY / ".env.example"
OURS = ["migrate", "web", "worker", "scheduler", "simulator"]
THEIRS = ["postgres", "redis"]


def run(tool: str, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A tool of this environment, with nothing of the machine's own settings."""
    program = Path(sys.executable).parent / tool
    path = os.environ.get("PATH", os.defpath)
    return subprocess.run(
        [program, *arguments],
        cwd=ROOT,
        env={"PATH": path, "LC_ALL": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def assert_silent(done: subprocess.CompletedProcess[str]) -> None:
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def compose(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run("docker-compose", "--file", COMPOSE, "--env-file", EXAMPLE, "--profile", "simulation", *arguments)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    done = compose("config", "--format", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["services"]
    return found


def test_hadolint_finds_nothing_in_the_dockerfile():
    assert_silent(run("hadolint", "--no-color", DEPLOY / "Dockerfile"))


def test_compose_accepts_the_compose_file():
    assert_silent(compose("config", "--quiet"))


def test_compose_refuses_to_start_without_the_settings_that_have_no_default():
    done = run("docker-compose", "--file", COMPOSE, "--env-file", os.devnull, "config", "--quiet")

    assert done.returncode != 0
    for name in ["ENCAISSE_DATABASE_URL", "ENCAISSE_REDIS_URL", "ENCAISSE_SECRET", "POSTGRES_PASSWORD"]:
        assert f"required variable {name} is missing a value" in done.stderr


def test_yamllint_finds_nothing():
    files = [path for folder in (DEPLOY, ROOT / ".ci") for path in folder.rglob("*.y*ml")]
    assert_silent(run("yamllint", "--strict", *files))


def test_shellcheck_finds_nothing_in_the_scripts():
    scripts = [ROOT / ".ci" / "run", *DEPLOY.rglob("*.sh")]
    assert_silent(run("shellcheck", "--severity=style", *scripts))


def test_continuous_integration_runs_what_developers_run():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "exec make test"


def test_every_variable_of_the_compose_file_is_explained():
    text = re.sub(r"#.*", "", COMPOSE.read_text())
    used = set(re.findall(r"\$\{(\w+)", text)) | set(re.findall(r"^ +([A-Z][A-Z_]+):$", text, re.MULTILINE))

    lines = EXAMPLE.read_text().splitlines()
    named = {
        match[1]: before
        for before, line in zip(["", *lines], lines, strict=False)
        if (match := re.match(r"(?:# )?([A-Z_]+)=", line))
    }

    assert used == set(named)
    unexplained = [name for name, before in named.items() if not re.match(r"# \S+ .*[a-z]", before)]
    assert unexplained == []


def test_the_compose_file_runs_every_role_and_what_they_need(services: dict[str, Any]):
    assert set(services) == {*OURS, *THEIRS}
    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["simulator"]["profiles"] == ["simulation"]


@pytest.mark.parametrize("role", OURS)
def test_each_role_of_the_compose_file_is_a_command_with_those_options(role: str, services: dict[str, Any]):
    command, *arguments = services[role]["command"]

    done = run("encaisse", command, "--help", COLUMNS="200", TERM="dumb")

    assert done.returncode == 0, done.stderr
    for option in (word for word in arguments if word.startswith("--")):
        assert option in done.stdout


@pytest.mark.parametrize("name", [*OURS, *THEIRS])
def test_no_container_can_become_more_than_it_is(name: str, services: dict[str, Any]):
    service = services[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")


@pytest.mark.parametrize("name", ["web", "worker", "scheduler", "simulator", *THEIRS])
def test_every_lasting_service_says_when_it_is_healthy(name: str, services: dict[str, Any]):
    from_image = name == "web"
    assert from_image or services[name]["healthcheck"]["test"]
    assert not from_image or "HEALTHCHECK" in (DEPLOY / "Dockerfile").read_text()


@pytest.mark.parametrize("role", ["web", "worker", "scheduler"])
def test_no_role_starts_before_the_newest_schema(role: str, services: dict[str, Any]):
    waits_for = {name: how["condition"] for name, how in services[role]["depends_on"].items()}
    assert waits_for == {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "redis": "service_healthy",
    }


def test_a_worker_is_given_longer_than_a_minute_to_record_what_it_asked(services: dict[str, Any]):
    minutes, seconds = re.fullmatch(r"(\d+)m(\d+)s", services["worker"]["stop_grace_period"]).groups()  # type: ignore[union-attr]
    assert int(minutes) * 60 + int(seconds) > 60


def test_redis_keeps_every_bell_or_refuses_it(services: dict[str, Any]):
    command = " ".join(services["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    assert [volume["type"] for volume in services["redis"]["volumes"]] == ["volume"]


def test_only_the_web_can_be_reached_and_only_from_this_host(services: dict[str, Any]):
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert [(name, port["host_ip"]) for name, ports in published.items() for port in ports] == [("web", "127.0.0.1")]


def test_the_image_runs_without_root_from_the_locked_runtime():
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.findall(r"^USER (.*)", text, re.MULTILINE) == ["10001:10001"]
    assert "--require-hashes -r requirements.run.lock" in text
    assert not re.search(r"(?i)^(ARG|ENV).*(secret|password|token)", text, re.MULTILINE)
