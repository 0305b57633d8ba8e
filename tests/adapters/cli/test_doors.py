"""Quarantine, webhooks and keys from a terminal."""

import json
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

from adapters.cli.app import app
from adapters.roles import add_roles
from tests.adapters.cli.conftest import Encaisse
from tests.adapters.office import create_invoice, register_client, register_organisation


def test_a_corrected_message_is_replayed_from_a_terminal_with_its_result(encaisse: Encaisse, tmp_path: Path):
    encaisse("send", "-", commands=[register_organisation(), register_client(), "no json"])
    kept = encaisse("quarantine", "list", "--json").one["id"]
    refused = encaisse("quarantine", "replay", kept, "--json")
    assert (refused.code, refused.one["error"]["code"]) == (1, "still_unreadable")
    corrected = tmp_path / "corrected.json"
    corrected.write_text(json.dumps(create_invoice("inv-9", 5_000)))
    done = encaisse("quarantine", "replay", kept, "--file", str(corrected), "--json")
    assert (done.code, done.one["quarantine"], done.one["status"]) == (0, kept, "done")
    assert encaisse("quarantine", "list", "--json").one["replayed_at"] is not None
    assert "rejoué" in encaisse("quarantine", "list", "--language", "fr").out
    assert encaisse("quarantine", "replay", "none", "--json").one["error"]["code"] == "not_known"


def test_a_webhook_is_added_listed_rotated_and_disabled_from_a_terminal(encaisse: Encaisse):
    encaisse("send", "-", commands=[register_organisation()])
    refused = encaisse("webhook", "add", "http://example.org", "--organisation", "ymca", "--json")
    assert (refused.code, refused.one["error"]["code"]) == (1, "url_not_allowed")
    added = encaisse(
        "webhook", "add", "https://example.org/hook", "--organisation", "ymca", "--types", "refund.*,invoice.paid",
        "--json",
    ).one  # fmt: skip
    assert added["secret"].startswith("whsec_")
    told = encaisse("webhook", "list", "--json").one
    assert (told["webhook"], told["types"]) == (added["webhook"], ["refund.*", "invoice.paid"])
    assert told["deliveries"] == {"pending": 0, "delivered": 0, "failed": 0}
    rotated = encaisse("webhook", "rotate", added["webhook"])
    assert rotated.out.strip().startswith("whsec_")
    assert rotated.out.strip() not in (added["secret"], "")
    since = ("--since", "2020-01-01T00:00:00Z", "--webhook", added["webhook"])
    assert encaisse("webhook", "replay", *since, "--json").one == {"replayed": 0}
    assert encaisse("webhook", "replay").code == 2
    assert encaisse("webhook", "disable", added["webhook"], "--language", "fr").out.split()[-1] == "désactivé"
    assert encaisse("webhook", "list", "--json").one["disabled_why"] == "asked"
    assert encaisse("webhook", "list", "--failed").code == 0


def test_a_key_is_listed_without_what_lets_one_in_and_revoked(encaisse: Encaisse):
    encaisse("send", "-", commands=[register_organisation()])
    key = encaisse("key", "create", "shop", "--organisation", "ymca").out.strip()
    told = encaisse("key", "list", "--json")
    assert key not in told.out
    assert (told.one["name"], told.one["revoked_at"]) == ("shop", None)
    assert encaisse("key", "revoke", told.one["key"]).code == 0
    assert encaisse("key", "list", "--json").one["revoked_at"] is not None
    assert encaisse("key", "revoke", "nobody", "--json").one["error"]["code"] == "not_known"


def test_every_command_takes_json():
    def lacking(command: Any, name: str) -> list[str]:
        if hasattr(command, "commands"):
            return [one for word, inner in command.commands.items() for one in lacking(inner, f"{name} {word}")]
        return [] if any("--json" in parameter.opts for parameter in command.params) else [name]

    roles = typer.Typer()
    add_roles(roles)
    assert [one for part in (app, roles) for one in lacking(get_command(part), "encaisse")] == []
