"""E-checks that go by bank file: a batch is a file, the same bytes each time, at the bank once (E3)."""

import hashlib
import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from adapters.bank_files.mailbox import Mailbox, NotReached
from adapters.database.batches import batch_told
from adapters.database.file_desk import FileDesk
from adapters.database.reports import report
from adapters.database.return_rates import high_rates, return_rates
from adapters.database.vault import Vault
from domain.action_item import ItemKind
from domain.bank_file import WITHDRAWN, BankEntry, FileState
from domain.echeck import EcheckState
from domain.refund import RefundState
from domain.return_rates import Watched
from domain.use_cases.act_on_item import settle_item
from domain.use_cases.deliver_by_hand import FileDelivered, deliver_by_hand
from tests.adapters.bank_files.test_nacha import judged
from tests.bank_letters import returned
from tests.bank_world import TUESDAY, FileWorld
from tests.use_cases.test_bank_file_crashes import Failing
from tests.world import ORGANISATION


def test_E3_a_batch_is_one_file_with_its_control_totals(filed: FileWorld) -> None:
    ids = [filed.by_echeck(amount=1_000 + number, client=f"c-{number}") for number in range(5)]
    filed.evening()
    (file,) = filed.files()
    (batch,) = filed.batches()
    assert (file.state, file.batch, file.count, file.total) == (FileState.DELIVERED, batch.id, 5, batch.total)
    assert batch.state.value == "submitted"
    assert {filed.echeck(id).state for id in ids} == {EcheckState.SUBMITTED}
    echeck = filed.echeck(ids[0])
    assert (echeck.reference, echeck.first_on) == (filed.entry(ids[0]).trace, TUESDAY + timedelta(days=1))
    filed.agreed()
    assert len(filed.bank.files) == 1


def test_E3_a_server_that_says_yes_and_keeps_nothing_is_found_out_and_nothing_is_lost(filed: FileWorld) -> None:
    id = filed.by_echeck()

    class Forgetful(Failing):
        """Whatever is renamed is gone, and nobody says so."""

        def rename(self, name: str, to: str) -> None:
            self.box.remove(name)

    filed.box = lambda box: Forgetful(box, 0, after=False, error=AssertionError)
    filed.evening()
    (file,) = filed.files()
    assert (file.state, file.why, filed.echeck(id).state) == (FileState.WRITTEN, "not_kept", EcheckState.UNKNOWN)
    filed.box = lambda box: box
    filed.wait(minutes=5)
    filed.settle_down()
    assert filed.echeck(id).state is EcheckState.SUBMITTED
    assert [one.hash for one in filed.files()] == [file.hash]
    filed.agreed()


def test_E3_a_server_that_is_away_for_days_ends_with_an_item_and_a_person_may_decide(filed: FileWorld) -> None:
    id = filed.by_echeck()

    def away(box: Mailbox) -> Mailbox:
        raise NotReached("connection_lost")

    filed.box = away
    filed.evening()
    assert filed.echeck(id).state is EcheckState.BATCHED
    for _ in range(16):
        filed.wait(hours=12)
        filed.hand_over()
    assert filed.echeck(id).state is EcheckState.UNKNOWN
    (item,) = filed.items()
    assert item.kind is ItemKind.IN_DOUBT
    filed.books.run(
        lambda tx: settle_item(
            tx, organisation=ORGANISATION, item=item.id, by="marie", outcome="not_paid", reference="", reason="cash"
        )
    )  # fmt: skip
    assert filed.echeck(id).state is EcheckState.RETURNED
    filed.box = lambda box: box
    filed.at(filed.today(), 10)
    later = filed.by_echeck(client="c-2")
    filed.until(filed.echeck(later).cutoff_on)
    filed.bank.collect()
    if filed.rail == "nacha":  # what was withdrawn never goes, and holds nobody up
        assert list(filed.bank.entries.values()) == [10_000]
        assert filed.echeck(later).state is EcheckState.SUBMITTED
    else:  # Canada's numbers follow each other strictly: a person has to speak with the bank
        assert filed.bank.entries == {}
        assert filed.echeck(later).state is EcheckState.UNKNOWN
    assert filed.files()[0].why == WITHDRAWN


def test_E3_an_account_that_can_not_be_written_is_refused_alone(filed: FileWorld) -> None:
    good, bad = filed.by_echeck(), filed.by_echeck(client="c-2")
    method = filed.echeck(bad).payment_method
    with filed.engine.begin() as connection:
        connection.execute(text("UPDATE payment_methods SET bank = 'sealed:other:AAAA' WHERE id = :id"), {"id": method})
    filed.evening()
    assert [filed.echeck(id).state for id in (good, bad)] == [EcheckState.SUBMITTED, EcheckState.RETURNED]
    assert [(item.payment, item.reason) for item in filed.items()] == [(bad, "bank_file_error")]
    (file,) = filed.files()
    assert (file.count, file.total) == (1, 10_000)


def test_E3_without_the_key_of_the_vault_the_batch_waits_and_nobody_is_refused(filed: FileWorld) -> None:
    id = filed.by_echeck()
    vault, filed.books.vault = filed.books.vault, Vault(("another root, from another installation of ours",))
    filed.evening()
    assert (filed.echeck(id).state, filed.files(), filed.items()) == (EcheckState.BATCHED, [], [])
    filed.books.vault = vault
    filed.wait(minutes=5)
    filed.settle_down()
    assert filed.echeck(id).state is EcheckState.SUBMITTED
    filed.agreed()


def test_E7_a_refund_goes_as_a_credit_and_may_come_back(filed: FileWorld) -> None:
    filed.client()
    told = filed.pay(10_000, payment_method=filed.account_on_file())
    assert told is not None
    payment = str(told["payment"])
    filed.evening()
    due = filed.echeck(payment).verdict_on
    assert due is not None
    filed.at(due + timedelta(days=1), 4)
    filed.settle_down()
    refund = filed.refund(payment, 4_000)
    filed.tomorrow()
    filed.settle_down()
    assert filed.refunded(refund).state is RefundState.SUBMITTED
    credit = filed.files()[-1]
    assert (credit.batch, credit.count, credit.total, credit.state) == (None, 1, 4_000, FileState.DELIVERED)
    filed.bank.collect()
    assert sorted(filed.bank.entries.values()) == [4_000, 10_000]
    for days in (11, 1):  # the letters of the first are read before the second night asks
        filed.at(filed.today() + timedelta(days=days), 4)
        filed.settle_down()
    assert filed.refunded(refund).state is RefundState.SETTLED
    (asked,) = filed.repayments()
    entry = filed.books.run(lambda tx: tx.get(BankEntry, organisation=ORGANISATION, key=asked.key))
    filed.hear(returned(filed.rail, entry, "R23" if filed.rail == "nacha" else "912"))
    assert filed.refunded(refund).state is RefundState.FAILED
    assert (filed.balance(), [item.kind for item in filed.items()]) == (-10_000, [ItemKind.REFUND])
    assert filed.parked() == []


def test_P4_reports_batches_and_rates_say_where_everything_stands(filed: FileWorld) -> None:
    ids = [filed.by_echeck(client=f"c-{number}", amount=1_000) for number in range(3)]
    filed.evening()
    filed.hear(filed.say(ids[0], "R10" if filed.rail == "nacha" else "917"))
    with filed.books.begin(read_only=True) as tx:
        told = report(tx, ORGANISATION, "echecks", since=TUESDAY, until=TUESDAY)
        assert {row["payment"]: row["state"] for row in told["rows"]} == {
            ids[0]: "returned", ids[1]: "submitted", ids[2]: "submitted",
        }  # fmt: skip
        assert told["totals"]["amount"] == 3_000
        assert report(tx, ORGANISATION, "postdated", since=TUESDAY, until=TUESDAY)["rows"] == []
        batch, _ = batch_told(tx, ORGANISATION, filed.batches()[0].id, after="", limit=10)
        (found,) = return_rates(tx, ORGANISATION)
        high = [rate.watched for _, rate in high_rates(tx, ORGANISATION)]
    assert (batch["count"], batch["total"], batch["states"]) == (3, 3_000, {"returned": 1, "submitted": 2})
    assert (batch["file"]["state"], batch["file"]["count"], len(batch["entries"])) == ("delivered", 3, 3)
    assert found.document()["rates"]["unauthorised"] == {
        "returned": 1, "basis_points": 3333, "limit": 50, "over": True,
    }  # fmt: skip
    assert high == [Watched.UNAUTHORISED, Watched.ALL]


def test_E3_a_person_who_carried_a_file_to_the_bank_says_so_and_its_entries_are_submitted(filed: FileWorld) -> None:
    id = filed.by_echeck()

    def away(box: Mailbox) -> Mailbox:
        raise NotReached("connection_lost")

    filed.box = away
    filed.evening()
    (file,) = filed.files()
    carried = b"".join(FileDesk(filed.books).content(file))
    assert hashlib.sha256(carried).hexdigest() == file.hash
    by_hand = {"organisation": ORGANISATION, "file": file.id, "by": "marie", "note": "at the counter"}
    filed.books.run(lambda tx: deliver_by_hand(tx, **by_hand))
    filed.settle_down()
    assert filed.echeck(id).state is EcheckState.SUBMITTED
    with pytest.raises(FileDelivered):
        filed.books.run(lambda tx: deliver_by_hand(tx, **by_hand))
    filed.sound()


def test_E3_every_kind_of_agreement_has_its_own_batch_and_an_independent_validator_finds_nothing(
    filed: FileWorld,
) -> None:
    mandates: list[dict[str, Any]] = [
        {"channel": "web"}, {"channel": "web", "recurring": True}, {"channel": "paper"}, {"channel": "phone"},
        {"channel": "web", "holder": "business"},
    ]  # fmt: skip
    for number, mandate in enumerate(mandates):
        filed.client(f"c-{number}")
        method = filed.account_on_file(client=f"c-{number}", **mandate)
        filed.pay(1_000 + number, client=f"c-{number}", payment_method=method)
    filed.evening()
    filed.agreed()
    (text,) = filed.bank.files
    if filed.rail == "nacha":
        judged(text.encode("ascii"))
        assert re.findall(r"^5.{49}(\w{3})", text, re.MULTILINE) == ["CCD", "PPD", "TEL", "WEB"]
        assert sorted(re.findall(r"^6.{75}(.)", text, re.MULTILINE)) == [" ", " ", "R", "S", "S"]
