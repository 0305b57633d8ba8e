"""Bank accounts on file: sealed in the database, opened for whoever writes a bank file, sealed anew under a new key."""

from sqlalchemy import Text, and_, cast, select

from adapters.database.access_tables import authenticators
from adapters.database.bank_tables import bank_file_parts, bank_records
from adapters.database.books import BookTransaction, DatabaseBooks
from adapters.database.tables import commands, payment_methods
from adapters.database.vault import MARK, is_sealed
from domain.access import about_authenticator
from domain.bank_account import BankAccount
from domain.bank_mail import about_part, about_record
from domain.payment_method import PaymentMethod, about_bank
from domain.refusal import Refusal

RESEALED_AT_ONCE = 500


class NoBankAccount(Refusal):
    """The payment method is a token of a processor: there is no account number to read."""

    code = "no_bank_account"


def open_bank(tx: BookTransaction, organisation: str, payment_method: str) -> BankAccount:
    """The account numbers of a method on file, for the bank file that they stand in and for nothing else: never
    log, tell or keep them. Raises NotKnown, NoBankAccount, and SealBroken where its key is gone."""
    method = tx.get(PaymentMethod, organisation=organisation, id=payment_method)
    if not method.bank:
        raise NoBankAccount("payment_method", id=payment_method)
    return BankAccount.read(tx.unseal(method.bank, about=method.about))


def about_command(organisation: str, source: str, id: str) -> tuple[str, ...]:
    return (organisation, "command", source, id)


def reseal_all(books: DatabaseBooks) -> int:
    """Seals what an older key sealed under the newest one; answers how many texts. Raises NoSealKey, SealBroken."""
    total = 0
    work = (_reseal_methods, _reseal_commands, _reseal_authenticators, _reseal_parts, _reseal_records)
    while count := books.run(lambda tx: sum(reseal(tx) for reseal in work)):
        total += count
    return total


def _reseal_methods(tx: BookTransaction) -> int:
    old = select(payment_methods.c.organisation, payment_methods.c.id, payment_methods.c.bank)
    old = old.where(payment_methods.c.bank != "", ~payment_methods.c.bank.startswith(tx.vault.newest()))
    rows = tx.connection.execute(old.limit(RESEALED_AT_ONCE).with_for_update()).all()
    for organisation, id, bank in rows:
        about = about_bank(organisation, id)
        mine = and_(payment_methods.c.organisation == organisation, payment_methods.c.id == id)
        fresh = tx.seal(tx.unseal(bank, about=about), about=about)
        tx.connection.execute(payment_methods.update().where(mine).values(bank=fresh))
    return len(rows)


def _reseal_commands(tx: BookTransaction) -> int:
    written = cast(commands.c.body, Text)
    old = select(commands.c.seq, commands.c.organisation, commands.c.source, commands.c.id, commands.c.body)
    old = old.where(written.contains(f'"{MARK}:'), ~written.contains(f'"{tx.vault.newest()}'))
    rows = tx.connection.execute(old.limit(RESEALED_AT_ONCE).with_for_update()).all()
    for seq, organisation, source, id, body in rows:
        about = about_command(organisation, source, id)
        fresh = {
            name: tx.seal(tx.unseal(value, about=about), about=about) if is_sealed(value) else value
            for name, value in body.items()
        }
        tx.connection.execute(commands.update().where(commands.c.seq == seq).values(body=fresh))
    return len(rows)


def _reseal_authenticators(tx: BookTransaction) -> int:
    """The secrets of people's apps are sealed by the same keys."""
    one = authenticators.c
    old = select(one.organisation, one.administrator, one.sealed).where(~one.sealed.startswith(tx.vault.newest()))
    rows = tx.connection.execute(old.limit(RESEALED_AT_ONCE).with_for_update()).all()
    for organisation, administrator, sealed in rows:
        about = about_authenticator(organisation, administrator)
        mine = and_(one.organisation == organisation, one.administrator == administrator)
        fresh = tx.seal(tx.unseal(sealed, about=about), about=about)
        tx.connection.execute(authenticators.update().where(mine).values(sealed=fresh))
    return len(rows)


def _reseal_parts(tx: BookTransaction) -> int:
    """The bytes of bank files, as they were written."""
    one = bank_file_parts.c
    old = select(one.organisation, one.file, one.part, one.sealed).where(~one.sealed.startswith(tx.vault.newest()))
    rows = tx.connection.execute(old.limit(RESEALED_AT_ONCE).with_for_update()).all()
    for organisation, file, part, sealed in rows:
        about = about_part(organisation, file, part)
        mine = and_(one.organisation == organisation, one.file == file, one.part == part)
        fresh = tx.seal(tx.unseal(sealed, about=about), about=about)
        tx.connection.execute(bank_file_parts.update().where(mine).values(sealed=fresh))
    return len(rows)


def _reseal_records(tx: BookTransaction) -> int:
    """What banks wrote that nobody can read."""
    one = bank_records.c
    old = select(one.organisation, one.merchant_account, one.mark, one.record)
    old = old.where(one.record != "", ~one.record.startswith(tx.vault.newest()))
    rows = tx.connection.execute(old.limit(RESEALED_AT_ONCE).with_for_update()).all()
    for organisation, account, mark, record in rows:
        about = about_record(organisation, mark)
        mine = and_(one.organisation == organisation, one.merchant_account == account, one.mark == mark)
        fresh = tx.seal(tx.unseal(record, about=about), about=about)
        tx.connection.execute(bank_records.update().where(mine).values(record=fresh))
    return len(rows)
