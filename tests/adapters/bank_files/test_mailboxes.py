"""Mailboxes: a folder and a real SFTP server; a file is there whole or not at all, and no stranger gets anything."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest

from adapters.bank_files.folder import folder_of, open_folder
from adapters.bank_files.mailbox import MailboxError, NotReached, OpenMailbox, lay_down
from adapters.gateways.bank_file.mailboxes import mailbox_of
from adapters.settings import Settings
from domain.echeck import EcheckState
from domain.organisation import MerchantAccount
from tests.adapters.bank_files.sftp_server import PASSWORD, USER, SftpServer, sftp_server
from tests.bank_world import FileWorld

CONTENT = b"101 091000019" * 40_000  # half a megabyte: more than one write
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[SftpServer]:
    for folder in ("out", "back"):
        (tmp_path / folder).mkdir()
    with sftp_server(tmp_path) as server:
        yield server


def at(server: SftpServer, *, secret: str = PASSWORD, host_key: str | None = None, **settings: Any) -> OpenMailbox:
    account = MerchantAccount(
        organisation="ymca", id="main", processor="nacha", kinds=("echeck",),
        settings={"url": f"sftp://127.0.0.1:{server.port}/out", "returns": "/back", **settings},
    )  # fmt: skip
    known: Any = {"ymca": {"main": f"{USER}:{secret}", "main.host_key": host_key or server.host_key}}
    return mailbox_of(account, Settings(credentials=known))


def lay(opened: OpenMailbox, content: bytes = CONTENT, name: str = "f.ach") -> None:
    digest = hashlib.sha256(content).hexdigest()
    with opened() as box:
        lay_down(box, name, lambda: iter([content[:1_000], content[1_000:]]), digest=digest, draft=f".{name}.1.part")


def test_E3_over_sftp_a_file_is_there_whole_and_the_same_is_not_sent_again(bank: SftpServer) -> None:
    opened = at(bank)
    lay(opened)
    assert (bank.root / "out" / "f.ach").read_bytes() == CONTENT
    before = (bank.root / "out" / "f.ach").stat().st_mtime_ns
    lay(opened)
    assert [path.name for path in (bank.root / "out").iterdir()] == ["f.ach"]
    assert (bank.root / "out" / "f.ach").stat().st_mtime_ns == before


def test_E3_another_file_of_the_same_name_is_never_overwritten(bank: SftpServer) -> None:
    lay(at(bank), b"theirs")
    with pytest.raises(MailboxError, match="conflict"):
        lay(at(bank))
    assert (bank.root / "out" / "f.ach").read_bytes() == b"theirs"


def test_E3_a_server_that_says_yes_and_keeps_nothing_is_found_out(bank: SftpServer) -> None:
    bank.lies.keeps_nothing = True
    with pytest.raises(MailboxError, match="not_kept"):
        lay(at(bank))
    assert list((bank.root / "out").iterdir()) == []


def test_E3_a_line_that_is_cut_leaves_a_draft_that_nobody_takes_for_a_file(bank: SftpServer) -> None:
    bank.lies.drops_after = 100_000
    with pytest.raises(MailboxError):
        lay(at(bank))
    assert [path.name for path in (bank.root / "out").glob("[!.]*")] == []
    bank.lies.drops_after = 0
    lay(at(bank))
    assert (bank.root / "out" / "f.ach").read_bytes() == CONTENT


def test_E3_another_host_key_gets_neither_the_password_nor_the_file(bank: SftpServer) -> None:
    other = paramiko.ECDSAKey.generate()
    with pytest.raises(NotReached, match="host_key"):
        lay(at(bank, host_key=f"{other.get_name()} {other.get_base64()}"))
    with pytest.raises(NotReached):
        lay(at(bank, host_key="ssh-ed25519 AAAA"))
    assert list((bank.root / "out").iterdir()) == []


def test_E3_a_wrong_password_and_a_closed_port_are_not_reached(bank: SftpServer) -> None:
    with pytest.raises(NotReached, match="sign_in_refused"):
        lay(at(bank, secret="other"))
    with pytest.raises(NotReached):
        lay(at(bank, url="sftp://127.0.0.1:1/out"))
    with pytest.raises(NotReached, match="no_credentials"):
        lay(at(bank, credentials="elsewhere"))


def test_E3_a_private_key_opens_it_as_well(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    key = paramiko.RSAKey.generate(2048)
    written = io.StringIO()
    key.write_private_key(written)
    with sftp_server(tmp_path, client_key=key) as server:
        lay(at(server, secret=written.getvalue()))
    assert (tmp_path / "out" / "f.ach").read_bytes() == CONTENT


def test_E4_what_the_bank_lays_down_is_listed_and_read(bank: SftpServer) -> None:
    (bank.root / "back" / "r2.ach").write_bytes(b"two")
    (bank.root / "back" / "r1.ach").write_bytes(CONTENT)
    (bank.root / "back" / ".hidden").write_bytes(b"")
    with at(bank)() as box:
        letters = box.letters()
        assert [(one.name, one.size) for one in letters] == [("r1.ach", len(CONTENT)), ("r2.ach", 3)]
        assert b"".join(box.open(letters[0])) == CONTENT


def test_P1_no_id_leads_out_of_the_folder(tmp_path: Path) -> None:
    path = folder_of(tmp_path / "root", "..", "..")
    lay(lambda: open_folder(path))
    assert (tmp_path / "root" / "%.." / "%.." / "out" / "f.ach").read_bytes() == CONTENT


def test_E3_E4_a_batch_goes_over_sftp_and_its_return_comes_back(migrated_sqlite_url: str, tmp_path: Path) -> None:
    club = FileWorld(migrated_sqlite_url, tmp_path, "nacha")
    for folder in ("out", "in"):
        (club.folder / folder).mkdir(parents=True)
    with sftp_server(club.folder) as server:
        real = club.opened
        setattr(club, "opened", at(server, returns="/in"))  # noqa: B010 - a method of the world
        server.lies.drops_after = 100
        id = club.by_echeck()
        club.evening()
        assert (club.echeck(id).state, club.bank.entries) == (EcheckState.UNKNOWN, {})
        server.lies.drops_after = 0
        club.wait(minutes=1)
        club.settle_down()
        assert club.echeck(id).state is EcheckState.SUBMITTED
        club.hear(club.say(id, "R01"))
        assert club.echeck(id).state is EcheckState.RETURNED
        setattr(club, "opened", real)  # noqa: B010
    club.agreed()
    club.close()
