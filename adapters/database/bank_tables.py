"""The tables of bank files: what was written and its bytes, each entry once, what banks sent back."""

from sqlalchemy import Boolean, Column, Date, Index, PrimaryKeyConstraint, Table, UniqueConstraint, text

from adapters.database.columns import at_, int_, metadata, of_, text_
from domain.bank_file import BankDesk, BankEntry, BankFile
from domain.bank_mail import BankLetter, BankRecord

PARKED = text("state = 'parked'")
UNDELIVERED = text("state = 'written'")

bank_desks = Table(
    "bank_desks", metadata,
    text_("organisation"), text_("id"), int_("trace"), int_("number"), Column("day", Date), int_("of_day"),
    at_("next_at", null=True), at_("collected_at", null=True),
    PrimaryKeyConstraint("organisation", "id"),
    of_("merchant_accounts", "id"),
)  # fmt: skip

bank_files = Table(
    "bank_files", metadata,
    text_("organisation"), text_("id"), text_("merchant_account"), text_("batch", null=True), text_("name"),
    int_("number"), Column("day", Date, nullable=False), int_("of_day"),
    Column("effective_on", Date, nullable=False), int_("count"), int_("total"), text_("currency"), text_("hash"),
    int_("size"), text_("state"), int_("version"), int_("tries"), text_("why"), at_("written_at"),
    at_("delivered_at", null=True),
    PrimaryKeyConstraint("organisation", "id"),
    of_("merchant_accounts", "merchant_account"), of_("echeck_batches", "batch"),
    # A batch is written once, whoever writes it (E3).
    UniqueConstraint("organisation", "batch"),
    # A file has its place in its day, by which a bank tells it from another.
    UniqueConstraint("organisation", "merchant_account", "day", "of_day"),
    # What is to be delivered.
    Index(
        "ix_bank_files_written", "organisation", "merchant_account", postgresql_where=UNDELIVERED,
        sqlite_where=UNDELIVERED,
    ),
)  # fmt: skip

bank_file_parts = Table(
    "bank_file_parts", metadata,
    # The bytes of a file, compressed and sealed, in parts: account numbers stand in them.
    text_("organisation"), text_("file"), int_("part"), text_("sealed"),
    PrimaryKeyConstraint("organisation", "file", "part"),
    of_("bank_files", "file"),
)  # fmt: skip

bank_entries = Table(
    "bank_entries", metadata,
    text_("organisation"), text_("key"), text_("merchant_account"), text_("file"), Column("credit", Boolean),
    text_("trace"), text_("rdfi"), int_("amount"), text_("code"), Column("returned_on", Date),
    # A key is written once, into whichever file.
    PrimaryKeyConstraint("organisation", "key"),
    of_("bank_files", "file"),
    # How a bank's return finds its entry.
    Index("ix_bank_entries_trace", "organisation", "merchant_account", "trace"),
    Index("ix_bank_entries_file", "organisation", "file"),
)  # fmt: skip

bank_letters = Table(
    "bank_letters", metadata,
    text_("organisation"), text_("merchant_account"), text_("name"), int_("size"), int_("modified"), text_("digest"),
    int_("records"), int_("parked"), at_("read_at"),
    # A file of the bank's is read once.
    PrimaryKeyConstraint("organisation", "merchant_account", "name", "size", "modified"),
    of_("merchant_accounts", "merchant_account"),
    Index("ix_bank_letters_digest", "organisation", "merchant_account", "digest"),
)  # fmt: skip

bank_records = Table(
    "bank_records", metadata,
    text_("organisation"), text_("merchant_account"), text_("mark"), text_("kind"), text_("letter"), int_("line"),
    text_("code"), text_("key"), text_("state"), text_("why"), text_("record"), at_("at"), text_("by"), text_("note"),
    # The same thing said again is the same record, whichever letter brings it.
    PrimaryKeyConstraint("organisation", "merchant_account", "mark"),
    of_("merchant_accounts", "merchant_account"),
    # What waits for a person.
    Index("ix_bank_records_parked", "organisation", postgresql_where=PARKED, sqlite_where=PARKED),
)  # fmt: skip

BANK_TABLES: dict[type, Table] = {
    BankFile: bank_files,
    BankEntry: bank_entries,
    BankDesk: bank_desks,
    BankLetter: bank_letters,
    BankRecord: bank_records,
}
