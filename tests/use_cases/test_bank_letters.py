"""What banks send back: returns reverse, changes correct the account on file, all else is parked and none is lost."""

from datetime import date, timedelta

import pytest

from adapters.bank_files.mailbox import Mailbox, NotReached
from domain.action_item import ItemKind, ItemState
from domain.bank_account import BankAccount
from domain.bank_file import FileState
from domain.bank_mail import RecordState
from domain.echeck import EcheckState
from domain.payment_method import PaymentMethod
from domain.use_cases.dismiss_record import RecordNotParked, dismiss_record
from tests.bank_letters import changed, garbage
from tests.bank_world import TUESDAY, FileWorld
from tests.use_cases.test_bank_file_crashes import failing_at
from tests.world import ACCOUNT, ORGANISATION

NSF = {"nacha": "R01", "cpa005": "901"}
REVOKED = {"nacha": "R10", "cpa005": "917"}


def test_E5_a_return_reverses_the_payment_and_makes_an_item(filed: FileWorld) -> None:
    id = filed.by_echeck()
    filed.evening()
    assert filed.hear(filed.say(id, NSF[filed.rail])) == 1
    echeck = filed.echeck(id)
    assert (echeck.state, echeck.code, echeck.network_code) == (
        EcheckState.RETURNED, "insufficient_funds", NSF[filed.rail],
    )  # fmt: skip
    (item,) = filed.items()
    assert (item.kind, item.payment, item.reason) == (ItemKind.ECHECK, id, "insufficient_funds")
    assert (filed.balance(), filed.allocated()) == (10_000, 0)
    assert filed.parked() == []
    filed.agreed()


def test_E4_silence_until_the_end_of_the_window_is_the_verdict_and_a_late_return_reverses_it(
    filed: FileWorld,
) -> None:
    id = filed.by_echeck()
    filed.evening()
    filed.bank.collect()
    due = filed.echeck(id).verdict_on
    assert due is not None
    filed.at(due, 4)
    filed.settle_down()
    assert filed.echeck(id).state is EcheckState.SUBMITTED
    filed.tomorrow()
    filed.settle_down()
    assert (filed.echeck(id).state, filed.echeck(id).settled_on) == (EcheckState.SETTLED, due)
    filed.hear(filed.say(id, REVOKED[filed.rail]))
    assert filed.echeck(id).state is EcheckState.RETURNED
    assert [item.reason for item in filed.items()] == ["revoked"]
    assert filed.balance() == 10_000
    filed.agreed()


def test_E4_a_server_that_is_away_says_nothing_about_the_money(filed: FileWorld) -> None:
    id = filed.by_echeck()
    filed.evening()

    def away(box: Mailbox) -> Mailbox:
        raise NotReached("connection_lost")

    filed.box = away
    due = filed.echeck(id).verdict_on
    assert due is not None
    filed.at(due + timedelta(days=1), 4)
    filed.settle_down()
    assert filed.echeck(id).state is EcheckState.SUBMITTED
    (item,) = filed.items()
    assert (item.kind, item.reason) == (ItemKind.IN_DOUBT, "no_verdict")
    filed.box = lambda box: box
    filed.tomorrow()
    filed.settle_down()
    assert filed.echeck(id).state is EcheckState.SETTLED
    assert filed.items()[0].state is ItemState.RESOLVED


def test_F99_the_same_return_twice_and_in_another_letter_is_one(filed: FileWorld) -> None:
    id = filed.by_echeck()
    filed.evening()
    said = filed.say(id, NSF[filed.rail])
    filed.hear(said, name="a.txt")
    assert filed.collect() == 0
    filed.hear(said, name="b.txt")  # the same bytes under another name
    filed.hear(said, said, name="c.txt")
    assert [one.state for one in filed.records()].count(RecordState.APPLIED) == 1
    assert filed.parked() == []
    assert len(filed.items()) == 1
    filed.agreed()


@pytest.mark.parametrize("wrong", [{"amount": 9_999}, {"rdfi": "012345678"}, {"trace": "091000019999999"}])
def test_F99_what_does_not_agree_with_what_was_sent_is_parked(filed: FileWorld, wrong: dict[str, object]) -> None:
    id = filed.by_echeck()
    filed.evening()
    if filed.rail == "nacha" and "rdfi" in wrong:
        wrong = {"rdfi": "01234567"}
    filed.hear(filed.say(id, NSF[filed.rail], **wrong))
    assert filed.parked() == ["not_known" if "trace" in wrong else "mismatch"]
    assert filed.echeck(id).state is EcheckState.SUBMITTED
    assert filed.items() == []
    filed.agreed()


def test_F99_a_letter_with_everything_in_it_loses_nothing(filed: FileWorld) -> None:
    ids = [filed.by_echeck(client=f"c-{number}", amount=1_000 + number) for number in range(4)]
    filed.evening()
    cut = filed.say(ids[3], NSF[filed.rail])
    whole = filed.say(ids[2], NSF[filed.rail])
    filed.hear(
        garbage(), filed.say(ids[0], NSF[filed.rail]), filed.say(ids[0], REVOKED[filed.rail]), whole,
        [*cut[:-1], cut[-1][:100 if filed.rail == "cpa005" else 1]],
    )  # fmt: skip
    states = [filed.echeck(id).state for id in ids]
    assert states == [EcheckState.RETURNED, EcheckState.SUBMITTED, EcheckState.RETURNED, EcheckState.SUBMITTED]
    assert "returned_before" in filed.parked()
    assert len(filed.parked()) >= 3
    filed.hear(cut)  # and then it comes whole
    assert filed.echeck(ids[3]).state is EcheckState.RETURNED
    filed.agreed()


def test_F99_a_return_of_a_file_that_we_were_not_sure_of_says_that_the_bank_has_it(filed: FileWorld) -> None:
    assert failing_at(filed, 5, after=True, how="lost")  # renamed, and then the line was cut
    (file,) = filed.files()
    assert file.state is FileState.WRITTEN
    filed.bank.collect()
    (first, second) = filed.echecks()
    filed.hear(filed.say(first.payment, NSF[filed.rail]))
    assert filed.files()[0].state is FileState.DELIVERED
    assert filed.echeck(first.payment).state is EcheckState.RETURNED
    filed.recover()
    assert filed.echeck(second.payment).state is EcheckState.SUBMITTED
    assert filed.lying() == []
    filed.agreed()


def test_F99_a_person_dismisses_what_is_parked_once(filed: FileWorld) -> None:
    filed.by_echeck()
    filed.evening()
    filed.hear(garbage())
    (parked,) = filed.records(state=RecordState.PARKED)
    assert "no record" not in parked.record

    def dismiss() -> None:
        filed.books.run(
            lambda tx: dismiss_record(
                tx, organisation=ORGANISATION, account=ACCOUNT, mark=parked.mark, by="marie", note="an advert"
            )
        )  # fmt: skip

    dismiss()
    with pytest.raises(RecordNotParked):
        dismiss()
    assert filed.parked() == []


def account_of(filed: FileWorld, payment: str) -> BankAccount:
    id = filed.echeck(payment).payment_method
    with filed.books.begin(read_only=True) as tx:
        method = tx.get(PaymentMethod, organisation=ORGANISATION, id=id)
        return BankAccount.read(tx.unseal(method.bank, about=method.about))


CHANGES = [
    ("C01", "998877", {"account": "998877"}),
    ("C02", "122000247", {"routing": "122000247"}),
    ("C03", "122000247   998877", {"routing": "122000247", "account": "998877"}),
    ("C05", "37", {"type": "savings"}),
    ("C06", "998877".ljust(20) + "37", {"account": "998877", "type": "savings"}),
    ("C07", "122000247" + "998877".ljust(17) + "37",
     {"routing": "122000247", "account": "998877", "type": "savings"}),
]  # fmt: skip


def test_E4_a_notification_of_change_corrects_the_account_on_file(filed: FileWorld) -> None:
    if filed.rail == "cpa005":
        return  # Canada's banks send none in this format
    payments = {code: filed.by_echeck(client=f"c-{code}") for code, _, _ in CHANGES}
    wrong = filed.by_echeck(client="c-wrong")
    filed.evening()
    before = {code: account_of(filed, id) for code, id in payments.items()}
    filed.hear(*(changed(filed.entry(payments[code]), code, said) for code, said, _ in CHANGES))
    for code, _, fields in CHANGES:
        after = account_of(filed, payments[code])
        asked = {name: getattr(before[code], name) for name in ("account", "routing", "type")} | fields
        assert {name: getattr(after, name) for name in asked} == asked, code
    filed.hear(changed(filed.entry(payments["C01"]), "C01", "998877"))  # once more: nothing to do
    filed.hear(changed(filed.entry(wrong), "C02", "122000248"))  # its check digit does not agree
    filed.hear(changed(filed.entry(payments["C02"]), "C01", "5555"))  # of the account that it was before
    assert filed.parked() == ["wrong_data", "account_changed"]
    assert {filed.echeck(id).state for id in payments.values()} == {EcheckState.SUBMITTED}
    filed.agreed()


def test_E6_a_second_presentment_goes_with_its_own_description(filed: FileWorld) -> None:
    id = filed.by_echeck()
    filed.evening()
    filed.hear(filed.say(id, NSF[filed.rail]))
    filed.tomorrow(10)
    told = filed.retry(filed.item(id).id)
    assert told is not None
    filed.evening()
    assert filed.echeck(str(told["payment"])).presented == 2
    filed.bank.collect()
    assert ("RETRY PYMT" in filed.bank.files[-1]) == (filed.rail == "nacha")
    assert filed.today() == TUESDAY + timedelta(days=1) == date(2026, 11, 25)
    filed.agreed()
