"""What most would write: a dramatiq actor that charges one instalment a message, with the same writes.

Competent, not a straw man: prepared statements, a pooled connection and HTTP client per thread, two short
transactions with the gateway asked in between.
"""

import os
import threading
import time
import uuid
from typing import Any

import dramatiq
import httpx2
import psycopg
from dramatiq.brokers.redis import RedisBroker
from psycopg.types.json import Jsonb

broker = RedisBroker(url=os.environ["ENCAISSE_REDIS_URL"], middleware=[])
dramatiq.set_broker(broker)
QUEUE = "plain-charges"
_mine = threading.local()


def _connection() -> psycopg.Connection[Any]:
    if not hasattr(_mine, "connection"):
        _mine.connection = psycopg.connect(os.environ["ENCAISSE_DATABASE_URL"], prepare_threshold=1)
        _mine.client = httpx2.Client(base_url=os.environ["ENCAISSE_SIMULATOR_URL"], timeout=5)
    return _mine.connection  # type: ignore[no-any-return]


@dramatiq.actor(queue_name=QUEUE)
def charge(organisation: str, payment: str) -> None:
    """Promise, ask, record: for one payment."""
    connection = _connection()
    with connection.transaction():
        claimed = connection.execute(PROMISE, {"organisation": organisation, "payment": payment}).fetchone()
        if claimed is None:
            return
        client, invoice, account, method, amount, number, ref = claimed
        token = connection.execute(
            "SELECT token FROM payment_methods WHERE organisation = %s AND id = %s", [organisation, method]
        ).fetchone()
        key = f"{ref}x{number}"
        connection.execute(
            ATTEMPT, {"key": key, "o": organisation, "p": payment, "n": number, "m": account, "pm": method, "a": amount}
        )
    settings = connection.execute(
        "SELECT settings FROM merchant_accounts WHERE organisation = %s AND id = %s", [organisation, account]
    ).fetchone()
    connection.commit()
    assert token is not None
    assert settings is not None
    answer = _mine.client.post(
        "/charges",
        json={
            "organisation": organisation, "merchant_account": account, "key": key, "amount": amount,
            "currency": "CAD", "token": token[0], "settings": settings[0],
        },
    ).json()  # fmt: skip
    _record(connection, organisation, payment, client, invoice, account, key, amount, answer["reference"])


def _record(
    connection: psycopg.Connection[Any], organisation: str, payment: str, client: str, invoice: str, account: str,
    key: str, amount: int, reference: str,
) -> None:  # fmt: skip
    posting = str(uuid.uuid4())
    told = Jsonb({"client": client, "payment": payment, "amount": amount, "reference": reference, "key": key})
    values = {
        "o": organisation, "p": payment, "c": client, "i": invoice, "k": key, "a": amount, "r": reference,
        "t": posting, "id": str(uuid.uuid4()), "account": f"clearing:{account}", "told": told,
    }  # fmt: skip
    with connection.transaction():
        for statement in RECORD:
            connection.execute(statement, values)


PROMISE = """UPDATE payments SET state = 'submitting', version = version + 1, attempts = attempts + 1
    WHERE organisation = %(organisation)s AND id = %(payment)s AND state = 'scheduled'
    RETURNING client, invoice, merchant_account, payment_method, amount, attempts, ref"""
ATTEMPT = """INSERT INTO attempts (key, organisation, payment, number, merchant_account, payment_method, amount,
        currency, parameters_hash, state, epoch, sends, rung, resend, reference, reason, network_code,
        advice, instrument, detail, promised_at)
    VALUES (%(key)s, %(o)s, %(p)s, %(n)s, %(m)s, %(pm)s, %(a)s,
        'CAD', md5(%(key)s), 'submitting', 1, 1, 0, false, '', '', '', '', '', '{}', now())"""
RECORD = (
    """UPDATE attempts SET state = 'approved', reference = %(r)s, ended_at = now()
        WHERE key = %(k)s AND epoch = 1 AND state = 'submitting'""",
    """UPDATE payments SET state = 'paid', version = version + 1
        WHERE organisation = %(o)s AND id = %(p)s AND state = 'submitting'""",
    """INSERT INTO ledger_transactions (id, organisation, client, kind, subject, booked_on, amount, currency,
            description, language, method, reverses, reference, at)
        VALUES (%(t)s, %(o)s, %(c)s, 'payment', %(p)s, current_date, %(a)s, 'CAD',
            'Instalment 1 of 3', 'en', 'card', '', %(r)s, now())""",
    """INSERT INTO ledger_entries (transaction_id, leg, organisation, account, amount)
        VALUES (%(t)s, 1, %(o)s, %(account)s, %(a)s), (%(t)s, 2, %(o)s, 'receivable', -%(a)s)""",
    """INSERT INTO allocations (id, organisation, client, source_kind, source, invoice, line, amount, at)
        VALUES (%(id)s, %(o)s, %(c)s, 'payment', %(p)s, %(i)s, 'l1', %(a)s, now())""",
    """UPDATE invoice_lines SET allocated = allocated + %(a)s
        WHERE organisation = %(o)s AND invoice = %(i)s AND line = 'l1'""",
    """INSERT INTO events (organisation, type, subject, sequence, at, by, public, data, before)
        VALUES (%(o)s, 'instalment.charged', 'payment:' || %(p)s, 3, now(), 'system', true, %(told)s, '{}')""",
)


def enqueue_all(url: str) -> float:
    """A message for each due payment; answers the seconds that it took."""
    started = time.monotonic()
    with psycopg.connect(url) as connection:
        for organisation, payment in connection.execute("SELECT organisation, id FROM payments").fetchall():
            charge.send(organisation, payment)
    return time.monotonic() - started
