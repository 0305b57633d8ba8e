"""The mailbox of a merchant account: its bank's SFTP server, opened by credentials, or a folder of this machine."""

from contextlib import AbstractContextManager

from adapters.bank_files.folder import folder_of, open_folder
from adapters.bank_files.mailbox import Mailbox, NotReached, OpenMailbox
from adapters.bank_files.server import Server
from adapters.gateways.bank_file.terms import Place, read_place
from adapters.settings import Settings
from domain.organisation import MerchantAccount

HOST_KEY = "host_key"  # of the server: the credential `<name>.host_key`, since messages may name another server


def mailbox_of(account: MerchantAccount, settings: Settings) -> OpenMailbox:
    """Opening it raises NotReached where its credentials are not here. A credential is `user:password`, or `user:`
    and a private key."""
    place = read_place(account.settings)
    if not place.host:
        path = folder_of(settings.bank_root, account.organisation, account.id)
        return lambda: open_folder(path)

    def opened() -> AbstractContextManager[Mailbox]:
        """What speaks SFTP is loaded when a bank is asked: no other command waits for it."""
        from adapters.bank_files.sftp import open_sftp

        return open_sftp(_server(account, place, settings))

    return opened


def _server(account: MerchantAccount, place: Place, settings: Settings) -> Server:
    name = place.credentials or account.id
    try:
        user, _, secret = settings.credential(account.organisation, name).partition(":")
        host_key = settings.credential(account.organisation, f"{name}.{HOST_KEY}")
    except LookupError:
        raise NotReached("no_credentials") from None
    return Server(
        host=place.host, port=place.port, user=user, secret=secret, host_key=host_key, out=place.out,
        returns=place.returns,
    )  # fmt: skip


def secrets_of(account: MerchantAccount) -> list[str]:
    """A folder of this machine needs none."""
    place = read_place(account.settings)
    name = place.credentials or account.id
    return [name, f"{name}.{HOST_KEY}"] if place.host else []
