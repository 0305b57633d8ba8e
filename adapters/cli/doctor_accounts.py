"""The doctor on merchant accounts: those that this installation can't open, since their secret is not here."""

from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError

from adapters.cli.doctor import Finding
from adapters.database.books import DatabaseBooks
from adapters.database.engine import make_engine
from adapters.database.migrate import is_current
from adapters.gateways.choose import CHECKS, credentials_of, missing_setting, unusable_setting
from adapters.locale import render
from adapters.settings import Settings
from domain.organisation import MerchantAccount


def accounts(settings: Settings) -> Iterator[Finding]:
    """One finding for each account that can't be used; none where no account needs a secret."""
    path = settings.database_path
    if path is not None and not path.exists():
        return
    engine = make_engine(settings.database_url)
    try:
        if not is_current(settings.database_url):
            return
        books = DatabaseBooks(engine, render=render)
        found = books.run(lambda tx: tx.all(MerchantAccount, processor=list(CHECKS)), read_only=True)
    except DBAPIError:
        return  # told by the finding about the database
    finally:
        engine.dispose()
    closed = [account for account in found if not _opens(settings, account)]
    if found and not closed:
        yield Finding(check="accounts", trouble=False, params={})
    for account in closed:
        params = {"organisation": account.organisation, "account": account.id, "processor": account.processor}
        yield Finding(check="accounts", trouble=True, params=params)


def _opens(settings: Settings, account: MerchantAccount) -> bool:
    if unusable_setting(account.processor, account.settings) or missing_setting(account):
        return False
    try:
        for name in credentials_of(account):
            settings.credential(account.organisation, name)
    except LookupError:
        return False
    return True
