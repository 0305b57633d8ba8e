"""Looks into what processors said by webhooks: what agrees is closed, what does not is asked about, never believed."""

from dataclasses import dataclass

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from adapters.database.heard import attempts_meant, echecks_meant, repayment_meant, said_before, waiting_reports
from adapters.hearing_of_echecks import weigh_echeck
from adapters.hearing_of_refunds import AboutRefund, ask_about_refund, close_report, weigh_refund
from adapters.logs import log_failure
from domain import comparing, hearing
from domain.attempt import Attempt, AttemptState
from domain.hearing import Worth
from domain.organisation import MerchantAccount
from domain.outcome import About, Approved, Cancelled, Listed, LookUp, NoAnswer, NotFound, NotSent, Returned
from domain.processor_event import ReportKind
from domain.reconciliation import BreakKind
from domain.report import Report
from domain.steps.find_breaks import keep_break
from domain.use_cases.take_back_payment import take_back_payment

BATCH_SIZE = 200
REFUND = ReportKind.REFUND


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A report that contradicts what is booked, and what the processor is asked."""

    account: MerchantAccount
    report: Report
    attempt: Attempt
    look_up: LookUp


Questions = list[Question | AboutRefund]


def hear_reports(app: App, *, organisation: str, account: str, limit: int = BATCH_SIZE) -> int:
    """One batch of an account's reports; answers how many were looked into."""
    done, questions = app.books.run(lambda tx: _sort_out(tx, organisation, account, limit))
    for question in questions:
        try:
            if isinstance(question, AboutRefund):
                ask_about_refund(app, question)
            else:
                _ask(app, question)
        except Exception as error:  # one that breaks keeps no other from being heard
            log_failure("report.failed", error, organisation=organisation, report=question.report.id)
            app.books.run(lambda tx, q=question: close_report(tx, q.report, "wait", why="failed"))  # type: ignore[misc]
    return done


def _sort_out(tx: BookTransaction, organisation: str, account: str, limit: int) -> tuple[int, Questions]:
    owner = tx.get(MerchantAccount, organisation=organisation, id=account)
    found = waiting_reports(tx, organisation, account, limit)
    meant = attempts_meant(tx, organisation, found)
    unmeant = [report for report in found if report.id not in meant and report.kind not in (ReportKind.OTHER, REFUND)]
    echecks = echecks_meant(tx, organisation, unmeant)
    questions: Questions = []
    for report in found:
        attempt = meant.get(report.id)
        repayment = repayment_meant(tx, report) if attempt is None else None
        if report.kind is ReportKind.OTHER:
            tx.write([hearing.apply(report, payment=None, why="nothing_to_us", now=tx.now)])
        elif report.id in echecks:
            weigh_echeck(tx, report, echecks[report.id])
        elif repayment is not None:
            if (about := weigh_refund(tx, report, repayment)) is not None:
                questions.append(about)
        elif attempt is None and report.key:
            tx.write([hearing.park(report, why="unknown_key", now=tx.now)])
        elif attempt is None:  # its reference may still be on its way to us
            tx.write([hearing.wait(report, why="unknown_reference", now=tx.now)])
        elif (question := _weigh(tx, owner, report, attempt)) is not None:
            questions.append(question)
    return len(found), questions


def _weigh(tx: BookTransaction, owner: MerchantAccount, report: Report, attempt: Attempt) -> Question | None:
    match hearing.worth(report, attempt, said_before(tx, report)):
        case Worth.NOTHING:
            tx.write([hearing.apply(report, payment=attempt.payment, why="known", now=tx.now)])
        case Worth.WAIT:
            tx.write([hearing.wait(report, why="being_asked", now=tx.now)])
        case Worth.LOOK_UP:
            tx.write([comparing.ask_now(attempt, now=tx.now)])
            tx.write([hearing.apply(report, payment=attempt.payment, why="looked_up", now=tx.now)])
        case Worth.ASK:
            about = About.DEBIT if report.kind is ReportKind.BANK_RETURN else About.CHARGE
            asked = LookUp(
                key=attempt.key, amount_minor=attempt.amount, currency=attempt.currency, about=about,
                reference=attempt.reference,
            )  # fmt: skip
            return Question(account=owner, report=report, attempt=attempt, look_up=asked)
    return None


def _ask(app: App, question: Question) -> None:
    """No transaction is open here. Money is believed to have moved only when the processor's own answer says so."""
    gateway, account, report = app.gateways(question.account), question.account, question.report
    if question.attempt.state is AttemptState.APPROVED:
        standing = gateway.status(account, [question.look_up])[0]
        match standing:
            case Returned():
                app.books.run(lambda tx: _take_back(tx, question, standing))
            case Cancelled():
                app.books.run(lambda tx: _differ(tx, question, BreakKind.OTHER_STATE, why="cancelled_there"))
            case NotFound():
                app.books.run(lambda tx: _differ(tx, question, BreakKind.MISSING_THERE, why="missing_there"))
            case NoAnswer() | NotSent():
                app.books.run(lambda tx: close_report(tx, report, "wait", why="no_answer"))
            case _:
                app.books.run(lambda tx: close_report(tx, report, "park", why="not_confirmed"))
        return
    match gateway.look_up(account, [question.look_up])[0]:
        case Approved() as said:
            app.books.run(lambda tx: _differ(tx, question, BreakKind.OTHER_STATE, why="paid_there", said=said))
        case NoAnswer() | NotSent():
            app.books.run(lambda tx: close_report(tx, report, "wait", why="no_answer"))
        case _:
            app.books.run(lambda tx: close_report(tx, report, "park", why="not_confirmed"))


def _take_back(tx: BookTransaction, question: Question, standing: Returned) -> None:
    """The processor says itself that the money is gone (A1); hearing it twice takes it back once."""
    report, attempt = question.report, question.attempt
    take_back_payment(
        tx, organisation=report.organisation, payment=attempt.payment, code=standing.code,
        network_code=standing.network_code or report.network_code,
    )  # fmt: skip
    close_report(tx, report, "apply", why="taken_back", payment=attempt.payment)


def _differ(
    tx: BookTransaction, question: Question, kind: BreakKind, *, why: str, said: Approved | None = None
) -> None:
    """The processor's own answer contradicts what is booked: a break for a person, never a posting (A10)."""
    attempt = question.attempt
    line = None
    if said is not None:
        line = Listed(
            key=attempt.key, reference=said.reference, about=question.look_up.about, amount_minor=said.amount_minor,
            currency=said.currency,
        )  # fmt: skip
    found = comparing.break_of(
        kind, organisation=attempt.organisation, account=attempt.merchant_account, on=attempt.promised_at.date(),
        line=line, asked=attempt, now=tx.now, mint=tx.mint,
    )  # fmt: skip
    keep_break(tx, found)
    close_report(tx, question.report, "apply", why=why, payment=attempt.payment)
