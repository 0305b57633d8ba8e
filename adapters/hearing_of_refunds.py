"""Reports about refunds: a refund without a verdict asks by its own ladder, one that was sent is asked about here."""

from dataclasses import dataclass

from adapters.bootstrap import App
from adapters.database.books import BookTransaction
from domain import comparing, hearing
from domain.following import stands
from domain.outcome import NoAnswer, NotSent
from domain.repayment import Outgoing, Repayment
from domain.report import Report, ReportState
from domain.use_cases.hear_of_refund import hear_of_refund


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutRefund:
    """A report about a refund that was sent: the processor is asked where it stands."""

    report: Report
    out: Outgoing


def weigh_refund(tx: BookTransaction, report: Report, repayment: Repayment) -> AboutRefund | None:
    if comparing.is_under_way(repayment):
        free = repayment.worker is None
        tx.write([comparing.ask_now(repayment, now=tx.now)])
        looked = hearing.apply(report, payment=repayment.payment, why="looked_up", now=tx.now)
        tx.write([looked if free else hearing.wait(report, why="being_asked", now=tx.now)])
        return None
    out = tx.sent_refund(report.organisation, repayment.refund) if repayment.refund is not None else None
    ours = out is not None and out.repayment is not None and out.repayment.key == repayment.key
    if out is None or not ours or report.said not in (*hearing.GOOD, *hearing.BAD):
        tx.write([hearing.apply(report, payment=repayment.payment, why="known", now=tx.now)])
        return None
    return AboutRefund(report=report, out=out)


def ask_about_refund(app: App, question: AboutRefund) -> None:
    """No transaction is open here."""
    out, report = question.out, question.report
    standing = app.gateways(out.account).status(out.account, [stands(out)])[0]

    def hear(tx: BookTransaction) -> None:
        if isinstance(standing, NoAnswer | NotSent):
            close_report(tx, report, "wait", why="no_answer")
            return
        if out.refund is not None:
            hear_of_refund(tx, organisation=report.organisation, refund=out.refund.id, standing=standing)
        close_report(tx, report, "apply", why="asked", payment=out.payment.id)

    app.books.run(hear)


def close_report(tx: BookTransaction, report: Report, how: str, *, why: str, payment: str | None = None) -> None:
    """Somebody else may have closed it meanwhile: two workers are harmless."""
    now = tx.lock(Report, organisation=report.organisation, id=report.id)
    if now.state is not ReportState.RECEIVED:
        return
    if how == "apply":
        tx.write([hearing.apply(now, payment=payment, why=why, now=tx.now)])
    elif how == "wait":
        tx.write([hearing.wait(now, why=why, now=tx.now)])
    else:
        tx.write([hearing.park(now, why=why, now=tx.now)])
