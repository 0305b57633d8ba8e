"""`encaisse reconcile`, `breaks` and `resolve-break`: our books beside the processors'."""

from typing import Annotated

import typer

from adapters.cli.options import AsJson, By, Language, Now, day_of, language_of, name_of


def reconcile(
    date: Annotated[str, typer.Option(help="One of the processor's dates, YYYY-MM-DD.")],
    organisation: Annotated[str | None, typer.Option(help="This one only.")] = None,
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """Compares the processors' lists of a date with our books; each difference is a break for a person."""
    from adapters.cli import show
    from adapters.cli.opening import opened
    from adapters.locale import say
    from adapters.reconciling import reconcile as compare

    on, spoken = day_of(date, "--date"), language_of(language)
    if on is None:
        raise typer.BadParameter("a date is needed", param_hint="--date")
    with opened("reconcile", language=spoken, now=now, changes=True) as app:
        told = compare(app, on, organisation=organisation)
    for one in told:
        if as_json:
            show.document(one.document())
            continue
        words = "cli.reconciled" if one.done is not None else "cli.not_listed"
        said = {"organisation": one.organisation, "account": one.account, "on": one.on.isoformat()}
        listed = one.done.listed if one.done is not None else 0
        show.line(say(words, spoken, **said, listed=listed, breaks=len(one.breaks)))
    raise typer.Exit(0 if all(one.done is not None and not one.done.undecided for one in told) else 1)


def breaks(
    organisation: Annotated[str | None, typer.Option(help="This one only.")] = None,
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """The breaks that are open, the oldest first."""
    from adapters.cli import show
    from adapters.cli.opening import opened
    from adapters.locale import say
    from adapters.reconciling import break_told, open_breaks

    spoken = language_of(language)
    with opened("breaks", language=spoken, now=now) as app:
        found = app.books.run(lambda tx: open_breaks(tx, organisation), read_only=True)
    for one in found:
        if as_json:
            show.document(break_told(one))
        else:
            show.line(
                f"{one.id}  {one.on}  {one.organisation}/{one.merchant_account}  {say(f'web.break.{one.kind}', spoken)}"
                f"  {one.payment or one.subject}"
            )
    if not found and not as_json:
        show.line(say("cli.break.none", spoken))


def resolve_break(
    break_: Annotated[str, typer.Argument(metavar="BREAK")],
    reason: Annotated[str, typer.Option(help="Kept with the break.")],
    by: By = None,
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """Closes a break that a person has looked into."""
    from adapters.cli import show
    from adapters.cli.opening import opened, or_refused
    from adapters.database.books import BookTransaction
    from domain.reconciliation import Break
    from domain.refusal import NotKnown
    from domain.use_cases.authorise import authorise
    from domain.use_cases.settle_break import settle_break

    spoken, who = language_of(language), name_of(by)

    def settle(tx: BookTransaction) -> None:
        found = tx.all(Break, id=break_, limit=2)
        if len(found) != 1:
            raise NotKnown("break", id=break_)
        authorise(tx, organisation=found[0].organisation, by=who, act="break.resolve")
        settle_break(tx, organisation=found[0].organisation, break_=break_, by=who, reason=reason)

    with opened("breaks", language=spoken, now=now, changes=True) as app, or_refused(spoken, as_json=as_json):
        app.books.run(settle)
    if as_json:
        show.document({"break": break_, "status": "done"})
    else:
        show.line(break_)
