"""Webhooks of processors: signed or refused, kept once, applied in any order, and never believed about money."""

from datetime import timedelta

import pytest

from adapters.gateways import simulator_events as hooks
from adapters.hearing_reports import hear_reports
from domain.attempt import AttemptState
from domain.payment import PaymentState
from domain.refund import RefundState
from domain.report import Report, ReportState
from tests.web.office import Office
from tests.world import ACCOUNT, ORGANISATION

ADDRESS = f"/v1/webhooks/{ORGANISATION}/{ACCOUNT}"
SECRET = "whsec_of_the_club"


@pytest.fixture
def desk(office) -> Office:
    """An office whose simulator signs with a secret of its own."""
    return Office(office.world, credentials={ORGANISATION: {f"{ACCOUNT}.webhook": f"old,{SECRET}"}})


def event(desk: Office, type_: str, key: str, *, id: str = "", **more: object) -> bytes:
    now = desk.world.now
    return hooks.body_of(type_, id=id or f"evt-{type_}-{key}", at=now, key=key, **more)


def post(desk: Office, body: bytes, *, secret: str = SECRET, age: timedelta = timedelta(0), to: str = ADDRESS):
    signature = hooks.sign(secret, body, desk.world.now - age)
    return desk.browser().http.post(to, content=body, headers={hooks.HEADER: signature})


def reports(desk: Office) -> list[Report]:
    return desk.world.books.run(lambda tx: tx.all(Report, order_by="received_at id"), read_only=True)


def charged(desk: Office, token: str = "tok_approve") -> str:
    """A payment that was charged, or asked for; answers its id."""
    payment = desk.world.owing(token, 4500)
    desk.world.night()
    return payment


def key_of(desk: Office, payment: str) -> str:
    return desk.world.attempts(payment)[0].key


def test_what_agrees_is_kept_once_and_applied(desk):
    payment = charged(desk)
    body = event(desk, "charge.captured", key_of(desk, payment), amount=4500, currency="CAD")
    assert post(desk, body).json() == {"received": 1, "new": 1}
    again = post(desk, body)
    assert (again.status_code, again.json()) == (200, {"received": 1, "new": 0})
    desk.work()
    (kept,) = reports(desk)
    assert (kept.state, kept.why, kept.payment) == (ReportState.APPLIED, "known", payment)
    assert desk.world.balance() == 0


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"secret": "whsec_of_somebody_else"}, "wrong_signature"),
        ({"age": timedelta(minutes=6)}, "too_old"),
        ({"age": -timedelta(minutes=6)}, "too_old"),
    ],
)
def test_what_was_not_signed_or_long_ago_is_refused_and_not_kept(desk, how, why):
    answer = post(desk, event(desk, "charge.captured", "k"), **how)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["field"]) == ("webhook_not_genuine", why)
    assert reports(desk) == []


def test_a_byte_that_was_changed_on_the_way_is_no_longer_signed(desk):
    body = event(desk, "charge.captured", "k", amount=4500)
    signature = hooks.sign(SECRET, body, desk.world.now)
    changed = body.replace(b"4500", b"9500")
    answer = desk.browser().http.post(ADDRESS, content=changed, headers={hooks.HEADER: signature})
    assert answer.status_code == 400
    assert desk.browser().http.post(ADDRESS, content=body).status_code == 400


def test_an_old_secret_signs_beside_the_new_one_and_strangers_have_no_door(desk):
    assert post(desk, event(desk, "test", "k"), secret="old").status_code == 200
    for nowhere in (f"/v1/webhooks/{ORGANISATION}/other", f"/v1/webhooks/nobody/{ACCOUNT}"):
        assert post(desk, event(desk, "test", "k"), to=nowhere).status_code == 404
    assert post(desk, b"x" * 300_000).status_code == 413


def test_a_webhook_that_comes_before_our_own_look_up_makes_us_ask_now(desk):
    """The report is no proof: the processor is asked, and its answer is booked once."""
    payment = charged(desk, "tok_timeout_after_charge")
    assert desk.world.payment(payment).state is PaymentState.UNKNOWN
    post(desk, event(desk, "charge.captured", key_of(desk, payment), amount=4500, currency="CAD"))
    desk.work()
    assert desk.world.payment(payment).state is PaymentState.PAID
    assert [line["operation"] for line in desk.world.journal()] == ["charge", "look_up"]
    assert len(desk.world.postings(kind="payment")) == 1


def test_a_webhook_that_lies_about_an_unknown_charge_books_nothing(desk):
    payment = charged(desk, "tok_timeout_before_charge")
    post(desk, event(desk, "charge.captured", key_of(desk, payment), amount=4500, currency="CAD"))
    desk.work()
    assert desk.world.postings(kind="payment") == []
    assert desk.world.attempts(payment)[0].state is AttemptState.UNKNOWN


def test_out_of_order_the_later_state_counts(desk):
    payment = charged(desk)
    key = key_of(desk, payment)
    for type_ in ("charge.settled", "charge.captured", "debit.taken"):
        post(desk, event(desk, type_, key))
        desk.work()
    assert {one.state for one in reports(desk)} == {ReportState.APPLIED}
    assert desk.world.payment(payment).state is PaymentState.PAID


def test_a_failure_of_what_is_booked_is_only_believed_when_the_processor_confirms_it(desk):
    payment = charged(desk)
    post(desk, event(desk, "charge.declined", key_of(desk, payment), code="do_not_honour"))
    desk.work()
    (kept,) = reports(desk)
    assert (kept.state, kept.why) == (ReportState.PARKED, "not_confirmed")
    assert desk.world.payment(payment).state is PaymentState.PAID


def test_what_nobody_knows_and_what_nobody_can_read_is_parked_with_its_reason(desk):
    post(desk, event(desk, "charge.captured", "of-another-system"))
    post(desk, b"{not json")
    post(desk, event(desk, "test", ""))
    desk.work()
    told = {(one.state, one.why) for one in reports(desk)}
    assert told == {
        (ReportState.PARKED, "unknown_key"), (ReportState.PARKED, "not_readable"),
        (ReportState.APPLIED, "nothing_to_us"),
    }  # fmt: skip


def test_a_report_with_an_unknown_reference_waits_a_while_and_is_then_parked(desk):
    post(desk, event(desk, "charge.taken_back", "", reference="sim_nobody"))
    desk.work()
    assert reports(desk)[0].state is ReportState.RECEIVED
    desk.world.wait(hours=7)
    desk.work()
    assert (reports(desk)[0].state, reports(desk)[0].why) == (ReportState.PARKED, "unknown_reference")


def test_two_workers_who_hear_the_same_report_are_harmless(desk):
    payment = charged(desk)
    post(desk, event(desk, "charge.captured", key_of(desk, payment)))
    assert hear_reports(desk.app, organisation=ORGANISATION, account=ACCOUNT) == 1
    assert hear_reports(desk.app, organisation=ORGANISATION, account=ACCOUNT) == 0


def test_R6_a_refund_that_settled_or_failed_is_asked_about_and_then_believed(desk):
    world = desk.world
    refund = world.refund(world.paid(), 4_000)
    world.night()
    (sent,) = world.repayments()
    post(desk, event(desk, "refund.settled", sent.key))
    desk.work()
    assert world.refunded(refund).state is RefundState.SUBMITTED, "asked, the processor does not say so yet"
    world.wait(days=3)
    post(desk, event(desk, "refund.settled", sent.key, id="evt-later"))
    desk.work()
    assert world.refunded(refund).state is RefundState.SETTLED
    assert [(one.state, one.why) for one in reports(desk)] == [(ReportState.APPLIED, "asked")] * 2


def test_A1_a_late_return_takes_the_payment_back_once_when_the_processor_confirms_it(desk):
    world = desk.world
    payment = world.paid("echeck_unauthorised_late")
    key = key_of(desk, payment)
    post(desk, event(desk, "debit.returned", key))
    desk.work()
    assert (reports(desk)[0].state, reports(desk)[0].why) == (ReportState.PARKED, "not_confirmed")
    assert world.payment(payment).state is PaymentState.PAID
    world.wait(days=46)
    for number in range(2):
        post(desk, event(desk, "debit.returned", key, id=f"evt-{number}"))
        desk.work()
    assert world.payment(payment).state is PaymentState.REVERSED
    assert len(world.postings(kind="payment_reversal")) == 1
    assert len(world.items(payment=payment)) == 1
