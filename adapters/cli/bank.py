"""`encaisse bank-files`, `bank-records`, `return-rates` and what a person does about them: to banks and back."""

from typing import Annotated, Any, TypeVar

import typer

from adapters.cli.options import AsJson, By, Language, Now, language_of, name_of

T = TypeVar("T")
Organisation = Annotated[str | None, typer.Option(help="This one only.")]
Whole = Annotated[bool, typer.Option("--all", help="Also what waits for nobody.")]


def bank_files(
    organisation: Organisation = None, whole: Whole = False, as_json: AsJson = False, language: Language = None,
    now: Now = None,
) -> None:  # fmt: skip
    """The files that are not at their bank yet, the oldest first, each with the reason."""
    from adapters.cli import show
    from adapters.cli.opening import opened
    from adapters.database.bank_files_told import file_told
    from adapters.locale import say
    from domain.bank_file import BankFile, FileState

    spoken = language_of(language)
    key: dict[str, Any] = {} if whole else {"state": FileState.WRITTEN}
    if organisation is not None:
        key["organisation"] = organisation
    with opened("access", language=spoken, now=now) as app:
        found = app.books.run(
            lambda tx: tx.all(BankFile, order_by="written_at id", limit=10_000, **key),
            read_only=True,
        )
    for file in found:
        if as_json:
            show.document(file_told(file))
            continue
        show.line(
            f"{file.id}  {file.organisation}/{file.merchant_account}  {file.name}  {file.count}  "
            f"{show.amount(file.total, file.currency, spoken)}  {file.state.value}  {file.why}".rstrip()
        )
    if not found and not as_json:
        show.line(say("cli.bank_files.none", spoken))


def bank_records(
    organisation: Organisation = None, whole: Whole = False, as_json: AsJson = False, language: Language = None,
    now: Now = None,
) -> None:  # fmt: skip
    """What banks said that nobody could apply: it waits for a person, with its reason."""
    from adapters.cli import show
    from adapters.cli.opening import opened
    from adapters.locale import say
    from domain.bank_mail import BankRecord, RecordState

    spoken = language_of(language)
    key: dict[str, Any] = {} if whole else {"state": RecordState.PARKED}
    if organisation is not None:
        key["organisation"] = organisation
    with opened("access", language=spoken, now=now) as app:
        found = app.books.run(
            lambda tx: tx.all(BankRecord, order_by="at letter line", limit=10_000, **key),
            read_only=True,
        )
    for one in found:
        told = {
            "record": one.mark, "organisation": one.organisation, "merchant_account": one.merchant_account,
            "kind": one.kind.value, "letter": one.letter, "line": one.line, "code": one.code, "echeck": one.key or None,
            "state": one.state.value, "why": one.why, "at": show.instant(one.at), "by": one.by, "note": one.note,
        }  # fmt: skip
        if as_json:
            show.document(told)
            continue
        words = say(f"bank_record.{one.why}", spoken) if one.state is RecordState.PARKED else one.state.value
        show.line(
            f"{one.mark}  {one.organisation}/{one.merchant_account}  {one.letter}:{one.line}  {one.code}  {words}"
        )
    if not found and not as_json:
        show.line(say("cli.bank_records.none", spoken))


def dismiss_record(
    record: Annotated[str, typer.Argument(metavar="RECORD")],
    reason: Annotated[str, typer.Option(help="Kept with the record.")],
    by: By = None, as_json: AsJson = False, language: Language = None, now: Now = None,
) -> None:  # fmt: skip
    """Closes what a bank said once a person has looked into it."""
    from adapters.cli import show
    from adapters.cli.opening import opened, or_refused
    from adapters.database.books import BookTransaction
    from domain.bank_mail import BankRecord
    from domain.use_cases.authorise import authorise
    from domain.use_cases.dismiss_record import dismiss_record as dismiss

    spoken, who = language_of(language), name_of(by)

    def close(tx: BookTransaction) -> None:
        one = one_by_id(tx, BankRecord, "mark", record)
        authorise(tx, organisation=one.organisation, by=who, act="break.resolve")
        dismiss(tx, organisation=one.organisation, account=one.merchant_account, mark=record, by=who, note=reason)

    with opened("access", language=spoken, now=now, changes=True) as app, or_refused(spoken, as_json=as_json):
        app.books.run(close)
    if as_json:
        show.document({"record": record, "status": "done"})
    else:
        show.line(record)


def bank_file(
    file: Annotated[str, typer.Argument(metavar="FILE")], as_json: AsJson = False, language: Language = None,
    now: Now = None,
) -> None:  # fmt: skip
    """Writes the bytes of a bank file to standard output: the same each time."""
    import sys
    from base64 import b64encode

    from adapters.cli import show
    from adapters.cli.opening import opened, or_refused
    from adapters.database.bank_files_told import file_told
    from adapters.database.file_desk import FileDesk
    from domain.bank_file import BankFile

    spoken = language_of(language)
    with opened("access", language=spoken, now=now) as app, or_refused(spoken, as_json=as_json):
        found = app.books.run(lambda tx: one_by_id(tx, BankFile, "id", file), read_only=True)
        content = FileDesk(app.books).content(found)
        if as_json:
            show.document({**file_told(found), "content": b64encode(b"".join(content)).decode()})
            return
        sys.stdout.buffer.writelines(content)
        sys.stdout.buffer.flush()


def deliver_bank_file(
    file: Annotated[str, typer.Argument(metavar="FILE")],
    reason: Annotated[str, typer.Option(help="Kept with the file.")],
    by: By = None, as_json: AsJson = False, language: Language = None, now: Now = None,
) -> None:  # fmt: skip
    """Says that a person has carried a file to its bank: what stands in it is submitted."""
    from adapters.cli import show
    from adapters.cli.opening import opened, or_refused
    from adapters.database.books import BookTransaction
    from domain.bank_file import BankFile
    from domain.use_cases.authorise import authorise
    from domain.use_cases.deliver_by_hand import deliver_by_hand

    spoken, who = language_of(language), name_of(by)

    def deliver(tx: BookTransaction) -> None:
        one = one_by_id(tx, BankFile, "id", file)
        authorise(tx, organisation=one.organisation, by=who, act="break.resolve")
        deliver_by_hand(tx, organisation=one.organisation, file=file, by=who, note=reason)

    with opened("access", language=spoken, now=now, changes=True) as app, or_refused(spoken, as_json=as_json):
        app.books.run(deliver)
    if as_json:
        show.document({"file": file, "status": "done"})
    else:
        show.line(file)


def one_by_id(tx: Any, thing: type[T], name: str, id: str) -> T:
    """Of whichever organisation. Raises NotKnown."""
    from domain.refusal import NotKnown

    found: list[T] = tx.all(thing, limit=2, **{name: id})
    if len(found) != 1:
        raise NotKnown("file" if name == "id" else "record", id=id)
    return found[0]


def rates(
    organisation: Organisation = None, as_json: AsJson = False, language: Language = None, now: Now = None
) -> None:  # fmt: skip
    """How many debits came back in sixty days; exits with 1 when a network would look into it."""
    from adapters.cli import show
    from adapters.cli.opening import opened, or_refused
    from adapters.database.return_rates import return_rates
    from adapters.locale import say
    from domain.organisation import Organisation as Owner

    spoken = language_of(language)
    with (
        opened("access", language=spoken, now=now) as app,
        or_refused(spoken, as_json=as_json),
        app.books.begin(read_only=True) as tx,
    ):
        owners = [organisation] if organisation else [one.id for one in tx.all(Owner, order_by="id")]
        found = [one for owner in owners for one in return_rates(tx, owner)]
    for one in found:
        if as_json:
            show.document(one.document())
            continue
        for rate in one.rates:
            words = say(f"return_rate.{rate.watched.value}", spoken)
            percent = f"{rate.basis_points / 100:.2f} % / {rate.limit / 100:g} %"
            warning = f"  {say('return_rate.over', spoken)}" if rate.over else ""
            show.line(f"{one.organisation}/{one.account}  {words}  {rate.returned}/{rate.debits}  {percent}{warning}")
    raise typer.Exit(1 if any(rate.over for one in found for rate in one.rates) else 0)
