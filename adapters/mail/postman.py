"""The postman of mail: takes mails that are due, asks once more who may have them, sends, writes down the answer."""

import random
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from functools import partial

from sqlalchemy import select

from adapters.bootstrap import App
from adapters.database import loader
from adapters.database.books import BookTransaction
from adapters.database.mail_tables import failures, mails
from adapters.invitations import address_of, invite
from adapters.logs import log_event, log_failure
from adapters.mail.composing import AddressNotValid, Composed, compose, digest_date, envelope_address, sender_of
from adapters.mail.digests import read_digest
from adapters.mail.knowing import people_of
from adapters.mail.smtp import TIMEOUT_S, Answer, Carrier, Said, carrier
from adapters.mail.unsubscribing import link
from domain.decision import New
from domain.event import Event
from domain.mail import GIVEN_UP_AFTER, LINK_WANTED_FOR, MAIL, Mail, MailKind, MailState, wait_after
from domain.notifying import entitled, may_unsubscribe
from domain.people import Client

SLOTS = 4  # conversations at once in one process; mail servers count them
OF_ONE_CONVERSATION = 20
LEASE = timedelta(minutes=15)  # longer than a conversation of slow answers: then the sender is dead
JITTER = 0.1  # of a wait, so that what missed together does not come back together
KEPT = timedelta(days=90)  # what arrived or was withdrawn, and what digests have told
FORGOTTEN_AT_ONCE = 10_000
NOT_ENTITLED = "not_entitled"


class Postman:
    """Two schedulers share the work: a claim counts the attempt and pushes `next_at` behind the lease, in one
    short transaction; no transaction is open while a server is spoken to."""

    def __init__(self, app: App, timeout_s: float = TIMEOUT_S) -> None:
        self.app = app
        self.timeout_s = timeout_s
        self._pool = ThreadPoolExecutor(SLOTS, "mail")
        self._under_way: set[Future[None]] = set()
        self._guard = threading.Lock()

    def run_once(self) -> int:
        """Takes as many as there is room for and waits for none; answers how many. Without a mail server
        everything stays where it is."""
        if self.app.settings.smtp_url is None:
            return 0
        with self._guard:
            room = SLOTS - len(self._under_way)
        taken = 0
        for _ in range(room):
            if not self.app.books.run(_due, read_only=True):
                break
            batch = self.app.books.run(_claim)
            if not batch:
                break
            self._hand_out(batch)
            taken += len(batch)
        return taken

    def settle(self) -> None:
        """Waits for what is under way."""
        while self._under_way:
            wait(set(self._under_way))

    def send_all(self) -> int:
        """Everything that is due at this instant, once; answers how many were taken in hand."""
        total = 0
        while not self.app.stopping.is_set():
            taken = self.run_once()
            self.settle()
            if not taken:
                break
            total += taken
        return total

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _hand_out(self, batch: Sequence[Mail]) -> None:
        with self._guard:
            future = self._pool.submit(self._carry, batch)
            self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)

    def _carry(self, batch: Sequence[Mail]) -> None:
        try:
            with carrier(self.app.settings.smtp_url or "", self.timeout_s) as by:
                for mail in batch:
                    if self.app.stopping.is_set():  # the lease ends, and somebody sends it
                        return
                    self._send(mail, by)
        except CancelledError:
            return
        except Exception as error:  # the database is away, or the settings are wrong: the lease ends by itself
            log_failure("mail.not_carried", error, mail=batch[0].id)

    def _send(self, mail: Mail, by: Carrier) -> None:
        """Who may have it is asked now, a moment before it goes (N1, P2)."""
        answer = None
        try:
            composed = self._ready(mail)
        except AddressNotValid as error:
            answer = Answer(said=Said.NEVER, why=f"not an address: {error}")
        else:
            if composed is not None:
                sender, address = sender_of(self.app.settings), envelope_address(composed.address)
                answer = by.send(sender, address, composed.message)
        self.app.books.run(partial(record, mail=mail, answer=answer))

    def _ready(self, mail: Mail) -> Composed | None:
        """A way in is made in the moment in which it is sent."""
        work = partial(ready, app=self.app, mail=mail, sending=True)
        return self.app.books.run(work, read_only=mail.kind is not MailKind.SIGN_IN_LINK)


def ready(tx: BookTransaction, *, app: App, mail: Mail, sending: bool = False) -> Composed | None:
    """The message; None when nobody is to have it any more. `sending` makes the way in that it may hold. Raises
    AddressNotValid."""
    if mail.kind is MailKind.SIGN_IN_LINK and tx.now - mail.planned_at > LINK_WANTED_FOR:
        return None
    people = people_of(tx, mail.organisation)
    sort, id = mail.whose
    client = tx.find(Client, organisation=mail.organisation, id=id) if sort == "client" else None
    address = entitled(mail, people, client)
    if not address:
        return None
    way_in = ""
    if sending and mail.kind is MailKind.SIGN_IN_LINK:
        token = invite(tx, organisation=mail.organisation, administrator=id)
        way_in = address_of(token, app.settings.public_url)
    return composed_for(tx, app, mail, address, way_in=way_in)


def composed_for(tx: BookTransaction, app: App, mail: Mail, address: str, *, way_in: str = "") -> Composed:
    """The message to an address, whoever that is."""
    people = people_of(tx, mail.organisation)
    sort, id = mail.whose
    client = tx.find(Client, organisation=mail.organisation, id=id) if sort == "client" else None
    day = digest_date(mail)
    digest = read_digest(tx, mail.organisation, day) if day is not None else None
    opt_in = may_unsubscribe(mail, people)
    return compose(
        mail, address, people, client, digest, settings=app.settings,
        unsubscribe=link(tx, app.settings, mail.organisation, id, opt_in) if opt_in else "",
        way_in=way_in,
    )  # fmt: skip


def _due(tx: BookTransaction) -> bool:
    wanted = select(mails.c.id).where(mails.c.state == MailState.WAITING, mails.c.next_at <= tx.now)
    return tx.connection.execute(wanted.limit(1)).first() is not None


def _claim(tx: BookTransaction) -> list[Mail]:
    wanted = select(*loader.columns(Mail)).where(mails.c.state == MailState.WAITING, mails.c.next_at <= tx.now)
    wanted = wanted.order_by(mails.c.next_at).limit(OF_ONE_CONVERSATION)
    if tx.dialect == "postgresql":
        wanted = wanted.with_for_update(skip_locked=True)
    found = [loader.build(Mail, row) for row in tx.connection.execute(wanted).all()]
    if found:
        claimed = mails.update().where(mails.c.id.in_([one.id for one in found]))
        tx.connection.execute(claimed.values(attempts=mails.c.attempts + 1, next_at=tx.now + LEASE))
    random.shuffle(found)  # one that makes the server hang up is not always the first
    return found


def record(tx: BookTransaction, *, mail: Mail, answer: Answer | None) -> bool:
    """What came of a send, None when it was withdrawn; a late one, whose lease was over, is discarded."""
    attempts = mail.attempts + 1
    event = _event(mail, answer, late=tx.now - mail.planned_at > GIVEN_UP_AFTER)
    state = MAIL.step(MailState.WAITING, event)
    wait_for = wait_after(attempts) * random.uniform(1, 1 + JITTER)  # noqa: S311 - jitter
    waits = state is MailState.WAITING
    put = {
        "state": state, "answer": NOT_ENTITLED if answer is None else answer.why,
        "next_at": tx.now + wait_for if waits else None, "ended_at": None if waits else tx.now,
    }  # fmt: skip
    still = mails.update().where(
        mails.c.organisation == mail.organisation, mails.c.id == mail.id, mails.c.attempts == attempts,
        mails.c.state == MailState.WAITING,
    )  # fmt: skip
    if tx.connection.execute(still.values(**put)).rowcount == 0:
        return False
    if state is MailState.SENT:
        tx.write([(_told(tx, mail),)])
    else:
        log_event("mail.not_sent", mail=mail.id, kind=mail.kind.value, state=state.value, why=put["answer"])
    return True


def _event(mail: Mail, answer: Answer | None, *, late: bool) -> str:
    if answer is None:
        return "withdraw"
    match answer.said:
        case Said.TAKEN:
            return "send"
        case Said.NEVER:
            return "refuse"
        case Said.LATER:
            return "give_up" if late else "miss"
        case Said.AWAY:  # however long: it delays mail and loses none (N6)
            return "miss"


def _told(tx: BookTransaction, mail: Mail) -> New:
    """`recipient` is a person's id; an address of the settings is not told on."""
    sort, _ = mail.whose
    client = {"client": mail.facts["client"]} if mail.facts.get("client") else {}
    return New(
        thing=Event(
            organisation=mail.organisation, type="notification.sent", subject=f"notification:{mail.id}", sequence=1,
            at=tx.now,
            data={
                "notification": mail.id, "kind": mail.kind.value,
                "recipient": sort if sort == "address" else mail.recipient, **client,
            },
        )
    )  # fmt: skip


def send_again(tx: BookTransaction, organisation: str, ids: Sequence[str], *, by: str) -> int:
    """What was refused or given up goes out again, by a person's will; answers how many."""
    states = (MailState.REFUSED, MailState.EXPIRED)
    found = tx.lock_all(Mail, organisation=organisation, id=list(ids), state=list(states))
    for one in found:
        row = mails.update().where(mails.c.organisation == organisation, mails.c.id == one.id)
        again = MAIL.step(one.state, "again")
        tx.connection.execute(row.values(state=again, attempts=0, next_at=tx.now, planned_at=tx.now, ended_at=None))
        told = Event(
            organisation=organisation, type="notification.again", subject=f"notification:{one.id}", sequence=1,
            at=tx.now, by=by, public=False, data={"notification": one.id}, before={"state": one.state.value},
        )  # fmt: skip
        tx.write([(New(thing=told),)])
    return len(found)


def forget_sent(app: App) -> int:
    """Takes away what ended long ago; what was refused stays until a person has looked."""

    def forget(tx: BookTransaction) -> int:
        gone = 0
        ended = (MailState.SENT, MailState.WITHDRAWN)
        old = select(mails.c.id).where(mails.c.state.in_(ended), mails.c.ended_at < tx.now - KEPT)
        told = select(failures.c.event).where(failures.c.digest.is_not(None), failures.c.failed_at < tx.now - KEPT)
        for table, column, wanted in ((mails, mails.c.id, old), (failures, failures.c.event, told)):
            chosen = tx.connection.execute(wanted.limit(FORGOTTEN_AT_ONCE)).scalars().all()
            gone += tx.connection.execute(table.delete().where(column.in_(chosen))).rowcount if chosen else 0
        return gone

    return app.books.run(forget)
