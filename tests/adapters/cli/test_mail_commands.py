"""Mail from the command line: previews, the digests of a night, what was refused, what the doctor says."""

from pathlib import Path
from typing import Any

import pytest

from tests.adapters.cli.conftest import Encaisse
from tests.adapters.mail.conftest import server
from tests.adapters.mail.server import MailServer
from tests.adapters.office import (
    create_invoice,
    create_plan,
    envelope,
    register_card,
    register_client,
    register_organisation,
)  # fmt: skip

__all__ = ["server"]
MORNING = "2026-11-25T13:00:00Z"  # eight o'clock in Toronto
EVENING = "2026-11-24T23:00:00Z"


def club(*, language: str = "fr", **settings: Any) -> list[dict[str, Any]]:
    """An instalment that is declined in the coming night, and an administrator who opted in."""
    marie = envelope(
        "administrator.register", administrator="marie", name="Marie", email="marie@club.example", language=language,
        permissions=["failed_payment"], notifications=["digest"],
    )  # fmt: skip
    return [
        register_organisation(settings=settings), marie, register_client(), register_card(token="tok_expired_card"),
        create_invoice("inv-1", 10_000), create_plan("plan-1", ["2026-11-25"], total=10_000),
    ]  # fmt: skip


def test_N1_a_night_counts_its_digests_once(encaisse: Encaisse) -> None:
    assert encaisse("send", "-", "--now", EVENING, commands=club()).code == 0
    early = encaisse("night", "--now", "2026-11-25T07:00:00Z", "--json")
    assert (early.one["declined"], early.one["digests"]) == (0, 0)
    both = encaisse("night", "--date", "2026-11-25", "--now", MORNING, "--json")
    assert (both.one["declined"], both.one["digests"]) == (1, 1)
    assert encaisse("night", "--now", MORNING, "--json").one["digests"] == 0
    listed = encaisse("mail", "list", "--json").lines
    assert [(one["recipient"], one["state"]) for one in listed if one["kind"] == "digest"] == [
        ("administrator:marie", "waiting")
    ]


def test_N6_a_night_sends_what_there_is_and_the_doctor_says_what_was_refused(
    encaisse: Encaisse, server: MailServer
) -> None:
    encaisse("send", "-", "--now", EVENING, commands=club())
    server.refuses = {"c-1@example.org"}
    assert encaisse("night", "--now", MORNING, ENCAISSE_SMTP_URL=server.url).code == 0
    assert [one.to for one in server.box] == ["marie@club.example"]
    assert "Gérer les transactions échouées" in server.box[0].text
    doctor = encaisse("doctor", "--json", ENCAISSE_SMTP_URL=server.url)
    found = {one["check"]: one["ok"] for one in doctor.one["findings"]}
    assert (doctor.code, found["mail_server"], found["mail_refused"]) == (1, True, False)
    [refused] = encaisse("mail", "list", "--state", "refused", "--json").lines
    server.refuses = set()
    assert encaisse("mail", "again", "ymca", refused["mail"], "--json").one == {"again": 1}
    encaisse("night", "--now", "2026-11-25T14:00:00Z", ENCAISSE_SMTP_URL=server.url)
    assert [one.to for one in server.box] == ["marie@club.example", "c-1@example.org"]


def test_the_doctor_says_what_is_kept_and_that_nobody_is_told(encaisse: Encaisse) -> None:
    commands = [one for one in club() if "administrator" not in one["type"]]
    encaisse("send", "-", "--now", EVENING, commands=commands)
    encaisse("night", "--now", MORNING)
    doctor = encaisse("doctor", "--json")
    found = {one["check"]: one for one in doctor.one["findings"]}
    assert found["mail_waiting"]["ok"] is True  # a simulation may do without a server
    assert found["nobody_to_tell"]["ok"] is False
    assert "ymca" in found["nobody_to_tell"]["message"]["fr"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_mail_can_be_read_before_anybody_is_sent_one(encaisse: Encaisse, tmp_path: Path, language: str) -> None:
    shown = encaisse("mail", "preview", "--language", language, "--to", str(tmp_path / "mails"), "--json")
    assert shown.code == 0
    for one in shown.lines:
        assert (tmp_path / "mails" / f"{one['kind']}.{language}.html").read_text() == one["html"]
    assert len(shown.lines) == 14
    assert encaisse("mail", "preview", "receipt", "--language", language).out.count("145") >= 1
    assert encaisse("mail", "preview", "nothing").code == 2
