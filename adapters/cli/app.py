"""The commands of `encaisse`; each imports what it needs when it is called, so that help is there at once."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.cli import bank, keys, mail, quarantine, reconciling, restored, webhooks
from adapters.cli.options import (
    AsCsv,
    AsJson,
    Bom,
    By,
    Language,
    Now,
    Since,
    Until,
    day_of,
    format_of,
    language_of,
    name_of,
)  # fmt: skip

app = typer.Typer(
    name="encaisse",
    help="Encaisse: collects what is due, and shows a person what failed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(keys.app, name="key")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(webhooks.app, name="webhook")
app.add_typer(mail.app, name="mail")

app.command("reconcile")(reconciling.reconcile)
app.command("restored")(restored.restored)
app.command("breaks")(reconciling.breaks)
app.command("resolve-break")(reconciling.resolve_break)
app.command("bank-files")(bank.bank_files)
app.command("bank-file")(bank.bank_file)
app.command("deliver-bank-file")(bank.deliver_bank_file)
app.command("bank-records")(bank.bank_records)
app.command("dismiss-record")(bank.dismiss_record)
app.command("return-rates")(bank.rates)


@app.command()
def send(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="One JSON envelope a line; - is standard input.")],
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """Sends commands through the front door and waits for each result."""
    spoken = language_of(language)
    for file in files:
        if file != "-" and not Path(file).is_file():
            raise typer.BadParameter(f"{file}: no such file", param_hint="FILE")
    from adapters.cli.opening import opened
    from adapters.cli.send import send_files, standard_input

    with ExitStack() as stack:
        try:
            inputs = [
                standard_input() if file == "-" else (file, stack.enter_context(Path(file).open("rb")))
                for file in files
            ]
        except OSError as error:
            raise typer.BadParameter(f"{error.filename or '-'}: {error.strerror}", param_hint="FILE") from None
        application = stack.enter_context(opened("send", language=spoken, now=now, changes=True))
        done = send_files(application, inputs, as_json=as_json, language=spoken)
    raise typer.Exit(0 if done else 1)


@app.command()
def items(
    state: Annotated[list[str] | None, typer.Option(help="open, retrying, resolved, rejected.")] = None,
    kind: Annotated[str | None, typer.Option(help="instalment, subscription, echeck, refund, in_doubt, …")] = None,
    organisation: Annotated[str | None, typer.Option(help="This one only.")] = None,
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """The Payment Action Center: without --state, what is open or being retried."""
    from adapters.cli.listing import show_items
    from adapters.cli.opening import opened
    from domain.action_item import ItemKind, ItemState

    _one_of(state or (), ItemState, "--state")
    _one_of((kind,) if kind else (), ItemKind, "--kind")
    spoken = language_of(language)
    with opened("items", language=spoken, now=now) as application:
        show_items(application, states=state, kind=kind, organisation=organisation, as_json=as_json, language=spoken)


@app.command()
def retry(
    items: Annotated[list[str], typer.Argument(metavar="ITEM")],
    payment_method: Annotated[str | None, typer.Option(help="Another method on file (A5).")] = None,
    by: By = None,
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """Retries failed payments and waits for the answers."""
    from adapters.cli.acts import retry_items
    from adapters.cli.opening import opened

    spoken = language_of(language)
    with opened("retry", language=spoken, now=now, changes=True) as application:
        answers = retry_items(application, items, by=name_of(by), payment_method=payment_method)
    _tell_acts(answers, as_json=as_json, language=spoken)


@app.command()
def reject(
    items: Annotated[list[str], typer.Argument(metavar="ITEM")],
    reason: Annotated[str, typer.Option(help="Kept with the item.")],
    by: By = None,
    as_json: AsJson = False,
    language: Language = None,
    now: Now = None,
) -> None:
    """Closes items without a retry; the debt stays in the balance."""
    from adapters.cli.acts import reject_items
    from adapters.cli.opening import opened

    spoken = language_of(language)
    with opened("reject", language=spoken, now=now, changes=True) as application:
        answers = reject_items(application, items, by=name_of(by), reason=reason)
    _tell_acts(answers, as_json=as_json, language=spoken)


@app.command()
def statement(
    organisation: str, client: str, as_json: AsJson = False, as_csv: AsCsv = False, bom: Bom = False,
    language: Language = None, now: Now = None,
) -> None:  # fmt: skip
    """A client's two columns, balances and upcoming payments, in the client's language."""
    from adapters.cli.opening import opened, or_refused
    from adapters.cli.papers import show_statement

    spoken = language_of(language)
    with opened("statement", language=spoken, now=now) as application, or_refused(spoken, as_json=False):
        how = format_of(as_json=as_json, as_csv=as_csv)
        show_statement(application, organisation, client, how=how, bom=bom, asked=language)


@app.command()
def subscriptions(
    organisation: str, client: str, as_json: AsJson = False, language: Language = None, now: Now = None
) -> None:
    """A client's subscriptions, each with its next twelve charges."""
    from adapters.cli.opening import opened, or_refused
    from adapters.cli.subscriptions import show_subscriptions

    spoken = language_of(language)
    with opened("subscriptions", language=spoken, now=now) as application, or_refused(spoken, as_json=as_json):
        show_subscriptions(application, organisation, client, as_json=as_json, language=spoken)


@app.command()
def report(
    name: str, organisation: str, since: Since = None, until: Until = None, as_json: AsJson = False,
    as_csv: AsCsv = False, bom: Bom = False, language: Language = None, now: Now = None,
) -> None:  # fmt: skip
    """Revenue, receipts, planned payments, e-checks, postdated payments or receivables of an organisation."""
    from adapters.cli.opening import opened, or_refused
    from adapters.cli.papers import show_report
    from adapters.database.reports import REPORTS

    _one_of((name,), REPORTS, "NAME")
    spoken, period = language_of(language), (day_of(since, "--from"), day_of(until, "--to"))
    with opened("report", language=spoken, now=now) as application, or_refused(spoken, as_json=False):
        how = format_of(as_json=as_json, as_csv=as_csv)
        show_report(application, name, organisation, period=period, how=how, bom=bom, language=spoken)


@app.command()
def check(as_json: AsJson = False, language: Language = None, now: Now = None) -> None:
    """Every invariant as a query; exits with 1 when one is broken."""
    from adapters.cli.listing import show_check
    from adapters.cli.opening import opened

    spoken = language_of(language)
    with opened("check", language=spoken, now=now) as application:
        well = show_check(application, as_json=as_json, language=spoken)
    raise typer.Exit(0 if well else 1)


@app.command()
def doctor(as_json: AsJson = False, language: Language = None) -> None:
    """Says in words what is wrong with the set-up."""
    from adapters.cli.doctor import examine
    from adapters.cli.reading import read_settings

    raise typer.Exit(0 if examine(read_settings(), as_json=as_json, language=language_of(language)) else 1)


@app.command()
def migrate(as_json: AsJson = False, language: Language = None) -> None:
    """Brings the database to the newest schema."""
    from adapters.cli import show
    from adapters.cli.opening import migrated
    from adapters.locale import say

    schema = migrated(language_of(language))
    if as_json:
        show.document({"migrated": True, "schema": schema})
    else:
        show.line(say("cli.migrated", language_of(language)))


@app.command()
def reseal(as_json: AsJson = False, language: Language = None) -> None:
    """Seals every bank account under the newest of ENCAISSE_SEAL_KEYS; then the older keys may go."""
    from adapters.cli import show
    from adapters.cli.opening import opened, or_refused
    from adapters.database.bank_accounts import reseal_all
    from adapters.locale import say

    spoken = language_of(language)
    with opened("access", language=spoken, changes=True) as application, or_refused(spoken, as_json=as_json):
        count = reseal_all(application.books)
    if as_json:
        show.document({"resealed": count})
    else:
        show.line(say("cli.resealed", spoken, count=count))


@app.command("sign-in-link")
def sign_in_link(
    organisation: str, administrator: str,
    forget_code: Annotated[bool, typer.Option("--forget-code", help="Asks them for no code any more.")] = False,
    as_json: AsJson = False, language: Language = None, now: Now = None,
) -> None:  # fmt: skip
    """The first way in for a person, and the one for who has lost everything: valid 15 minutes, once."""
    from adapters.cli import show
    from adapters.cli.access import create_sign_in_link
    from adapters.cli.opening import opened, or_refused

    spoken = language_of(language)
    with opened("access", language=spoken, now=now, changes=True) as application, or_refused(spoken, as_json=as_json):
        url = application.settings.public_url
        link = application.books.run(
            lambda tx: create_sign_in_link(tx, organisation, administrator, public_url=url, forget_code=forget_code)
        )
    if as_json:
        show.document({"url": link})
    else:
        show.line(link)


def _tell_acts(answers: list[dict[str, Any]], *, as_json: bool, language: str) -> None:
    """A line per item; exits with 1 when one was refused."""
    from adapters.cli import show
    from adapters.locale import say

    for answer in answers:
        if as_json:
            show.document(answer)
            continue
        words = [answer["item"], say(f"cli.status.{answer['status']}", language)]
        if "error" in answer:
            words.append(answer["error"]["message"][language])
        if "state" in answer:
            words.append(say(f"cli.after.{answer['state']}", language))
        show.line("  ".join(words))
    raise typer.Exit(1 if any(answer["status"] == "refused" for answer in answers) else 0)


def _one_of(given: Any, allowed: Any, hint: str) -> None:
    for one in given:
        if one not in list(allowed):
            raise typer.BadParameter(f"{one}: one of {', '.join(allowed)}", param_hint=hint)
