"""Webhooks about e-checks: a reason to ask the processor now, never by themselves a verdict."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from adapters.gateways import simulator_events as hooks
from domain.echeck import EcheckState
from domain.payment import PaymentState
from domain.report import Report, ReportState
from tests.echeck_world import EcheckWorld
from tests.web.office import Office
from tests.world import ACCOUNT, ORGANISATION

TUESDAY = date(2026, 11, 24)


@pytest.fixture
def desk(migrated_sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    world = EcheckWorld(migrated_sqlite_url, tmp_path)
    try:
        world.club()
        yield Office(world)
    finally:
        world.close()


def tell(desk: Office, type_: str, key: str, **more: object) -> None:
    """A webhook comes in and is looked into, with whatever it makes due."""
    id = f"evt-{type_}-{key}-{desk.world.now.isoformat()}"
    body = hooks.body_of(type_, id=id, at=desk.world.now, key=key, **more)
    signature = hooks.sign(hooks.SECRET, body, desk.world.now)
    answer = desk.browser().http.post(
        f"/v1/webhooks/{ORGANISATION}/{ACCOUNT}", content=body, headers={hooks.HEADER: signature}
    )
    assert answer.status_code == 200
    desk.work()


def told(desk: Office) -> list[tuple[ReportState, str]]:
    found = desk.world.books.run(lambda tx: tx.all(Report, order_by="received_at id"), read_only=True)
    return [(one.state, one.why) for one in found]


def test_A1_a_return_is_asked_about_at_once_and_taken_back_once_whatever_order_its_reports_come_in(desk):
    bank = desk.world
    payment = bank.by_echeck("echeck_unauthorised_late")
    bank.until(TUESDAY + timedelta(days=5))
    key = bank.echeck(payment).id
    tell(desk, "debit.returned", key)
    assert bank.echeck(payment).state is EcheckState.SETTLED, "asked, and the processor does not say so"
    bank.at(TUESDAY + timedelta(days=45), hour=22)  # long before the next poll
    for type_ in ("debit.returned", "debit.settled", "debit.taken"):
        tell(desk, type_, key)
    assert bank.payment(payment).state is PaymentState.REVERSED
    assert len(bank.postings(kind="payment_reversal")) == len(bank.items()) == 1
    assert told(desk) == [(ReportState.APPLIED, "looked_up")] * 2 + [(ReportState.APPLIED, "known")] * 2
    bank.sound()


def test_E4_a_settlement_is_asked_about_before_the_night_and_what_is_known_parks_nothing(desk):
    bank = desk.world
    payment = bank.by_echeck()
    bank.evening()
    key = bank.echeck(payment).id
    tell(desk, "debit.taken", key)
    assert bank.echeck(payment).state is EcheckState.SUBMITTED
    bank.at(TUESDAY + timedelta(days=3), hour=22)
    tell(desk, "debit.settled", "", reference=bank.echeck(payment).reference)
    assert bank.echeck(payment).state is EcheckState.SETTLED
    assert told(desk) == [(ReportState.APPLIED, "known"), (ReportState.APPLIED, "looked_up")]


def test_F34_a_report_of_an_echeck_without_an_answer_makes_us_ask_now(desk):
    bank = desk.world
    payment = bank.by_echeck("tok_timeout_after_charge")
    bank.evening()
    assert bank.echeck(payment).state is EcheckState.UNKNOWN
    tell(desk, "debit.taken", bank.echeck(payment).id)
    assert bank.echeck(payment).state is EcheckState.SUBMITTED
    assert told(desk) == [(ReportState.APPLIED, "looked_up")]
