"""What the simulator says as CardPointe: every field by its name, in random order, with unknown ones among them."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from adapters.gateways.cardpointe.amounts import write_amount
from adapters.gateways.cardpointe.drawer import Drawer, Filed
from adapters.gateways.cardpointe.reports import NO_DEPOSITS, NULL_BATCHES
from adapters.gateways.served_call import Said, say, say_json
from adapters.gateways.simulator_rules import Reply
from adapters.gateways.tokens import Answer

GARBAGE = b'{"respstat": "A", "amount": 45.00 <html>'

# fmt: off
# What the simulated bank says, as Rapid Connect would.
_BANK: Mapping[str, tuple[str, str]] = {
    "insufficient_funds": ("116", "Not sufficient funds"),
    "expired_card":       ("101", "Expired card"),
    "lost_card":          ("208", "Lost card"),
    "do_not_honour":      ("100", "Do not honor"),
    "revoked":            ("791", "Stop recurring"),
    "closed_account":     ("302", "Account closed"),
    "refund_declined":    ("500", "Decline"),
}
# What the gateway itself says.
_GATEWAY: Mapping[str, tuple[str, str]] = {
    "invalid_token":      ("11", "Invalid card"),
    "unknown_charge":     ("29", "Txn not found"),
    "already_voided":     ("25", "No matching auth"),
    "already_refunded":   ("25", "No matching auth"),
    "currency_differs":   ("32", "Wrong currency"),
    "exceeds_refundable": ("42", "Above max amount"),
    "not_settled":        ("28", "Txn not settled"),
    "already_settled":    ("27", "Txn Batched"),
    "in_full_only":       ("46", "Partial refunds not supported"),
}
_ADVICE = {"revoked": "R1"}
# fmt: on

_DICE = random.Random()  # noqa: S311 - the order of names, nothing secret


class Speech:
    """Answers as bytes. The order of names and the extra ones differ from answer to answer."""

    def authorised(self, retref: str, amount: int, fields: Mapping[str, str]) -> Said:
        """An authorisation without a capture."""
        whose = {"merchid": fields["merchid"], "account": _token(fields), "token": _token(fields)}
        return _say({**whose, **_approval(retref), **_card(fields), "amount": write_amount(amount)})

    def authorisation(self, filed: Filed, fields: Mapping[str, str]) -> Said:
        known = filed.known
        said: dict[str, Any] = {"merchid": fields["merchid"], "account": _token(fields), "token": _token(fields)}
        if fields.get("receipt", "").upper() == "Y":
            said["orderId"] = filed.order
        if known.script.answer is Answer.DECLINED:
            return _say({**said, **_decline(known.script.code, filed), "amount": "0.00"})
        unknown = {"avsresp": "U", "cvvresp": "U"}
        batch = unknown if filed.is_echeck else {"batchid": filed.batch, **_card(fields)}
        return _say({**said, **_approval_of(filed), **batch, "amount": write_amount(known.amount)})

    def capture(self, filed: Filed, fields: Mapping[str, str]) -> Said:
        return _say(
            {
                "merchid": fields["merchid"],
                **_approval_of(filed),
                "amount": write_amount(filed.known.amount),
                "batchid": filed.batch,
                "setlstat": "Queued for Capture",
            }
        )

    def voided(self, retref: str, currency: str) -> Said:
        return _say({**_approval(retref), "authcode": "REVERS", "amount": "0.00", "currency": currency})

    def refunded(self, filed: Filed, fields: Mapping[str, str]) -> Said:
        said = {"merchid": fields["merchid"], "amount": write_amount(filed.known.amount)}
        order = {"orderId": filed.order} if fields.get("receipt", "").upper() == "Y" else {}
        gateway = {"respproc": "PPS", "respcode": "00", "authcode": "REFUND"}
        return _say({**said, **_approval_of(filed), **gateway, **order})

    def declined(self, reply: Reply, about: Filed | None) -> Said:
        """A refund or a void that was not done: a refund that the bank refused has its own number."""
        said = {"amount": "0.00", "retref": about.retref if about else ""}
        return _say({**said, **_decline(reply.script.code, about)})

    def inquiry(self, filed: Sequence[Filed], asked: str, drawer: Drawer) -> Said:
        """One object, or a list when an order id was used more than once."""
        if not filed:
            return self.not_found(asked)
        records = [_record(one, drawer) for one in filed]
        return Said(say_json(200, [_mixed(one) for one in records] if len(records) > 1 else _mixed(records[0])))

    def not_found(self, retref: str, **more: str) -> Said:
        return self.refused("29", "Txn not found", retref=retref, **more)

    def refused(self, code: str, text: str, **more: str) -> Said:
        return _say({"respstat": "C", "respproc": "PPS", "respcode": code, "resptext": text, **more})

    def timed_out(self, *, after_s: float) -> Said:
        said = {"respstat": "B", "respproc": "PPS", "respcode": "62", "resptext": "Timed out", "setlstat": "Declined"}
        return _say({**said, "retref": "000000000000"})._replace(after_s=after_s)

    def merchant(self, merchant: str) -> Said:
        flags = {"acctupdater": "N", "avs": "Y", "cvv": "Y", "echeck": "Y", "cardproc": "RPCT"}
        return _say({"merchid": merchant, "site": "simulator", "enabled": True, **flags})

    def batches(self, drawer: Drawer, *, date: str | None, batch: str | None) -> Said:
        """By date or by batch, or all of them: which ones were asked for before is nobody's memory here."""
        today, found = drawer.today(), dict[str, list[Filed]]()
        for one in drawer.all():
            asked_for = one.on.strftime("%m%d") == date if date else batch in (None, one.batch)
            if asked_for and one.is_batched(today) and not one.known.voided:
                found.setdefault(one.batch, []).append(one)
        if not found:
            return Said(say(200, NULL_BATCHES.encode()))
        return Said(say_json(200, [_batch(name, lines, drawer) for name, lines in found.items()]))

    def funding(self, drawer: Drawer, asked: str) -> Said:
        """What was paid out on a date: settled the day before, or returned since."""
        try:
            on = datetime.strptime(asked, "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError:
            return self.refused("34", "Invalid field")
        lines = [line for one in drawer.all() if not one.known.voided for line in _funded(one, on, drawer.today())]
        if not lines:
            return _say({"errormsg": NO_DEPOSITS})
        head = {"merchid": drawer.merchant, "fundingdate": on.isoformat(), "datechanged": None}
        return _say({**head, "fundingmasterid": f"{on:%y%m%d}", "fundings": [], "txns": lines, "adjustments": []})

    def alive(self) -> Said:
        return Said(say(200, b"CardConnect REST Servlet", kind="text/plain"))

    def unauthorised(self) -> Said:
        return Said(
            say(401, b"<html>Unauthorized</html>", 'WWW-Authenticate: Basic realm="CardConnect"', kind="text/html")
        )

    def bad_request(self, path: str) -> Said:
        return Said(_error(400, "Bad Request", path))

    def no_such_path(self, path: str) -> Said:
        return Said(_error(404, "Not Found", path))

    def broken(self) -> Said:
        return Said(_error(500, "Internal Server Error", ""))

    def garbage(self) -> Said:
        return Said(say(200, GARBAGE))


def _approval(retref: str) -> dict[str, Any]:
    return {
        "respstat": "A",
        "respproc": "RPCT",
        "respcode": "000",
        "resptext": "Approval",
        "authcode": f"PPS{int(retref or 0) % 1000:03}",
        "retref": retref,
    }


def _approval_of(filed: Filed) -> dict[str, Any]:
    said = _approval(filed.retref)
    return {**said, "respproc": "PSTR", "respcode": "00", "resptext": "Success"} if filed.is_echeck else said


def _decline(code: str, filed: Filed | None) -> dict[str, Any]:
    said = {"respstat": "C", "retref": filed.retref if filed else ""}
    if code == "not_settled" and filed is not None and filed.is_echeck:
        return {**said, "respproc": "PSTR", "respcode": "46", "resptext": "Can not do this operation now"}
    if code in _GATEWAY:
        respcode, text = _GATEWAY[code]
        return {**said, "respproc": "PPS", "respcode": respcode, "resptext": text}
    respcode, text = _BANK.get(code, ("500", "Decline"))
    if filed is not None and code == "do_not_honour" and 1_000_00 <= filed.known.amount < 2_000_00:
        respcode = f"{filed.known.amount // 100 - 1000:03}"
    advice = {"merchAdviceCode": _ADVICE[code]} if code in _ADVICE else {}
    return {**said, "respproc": "RPCT", "cardproc": "RPCT", "respcode": respcode, "resptext": text, **advice}


def _card(fields: Mapping[str, str]) -> dict[str, Any]:
    return {
        "avsresp": "Z",
        "cvvresp": "P",
        "commcard": "N",
        "entrymode": "ECommerce",
        "expiry": fields.get("expiry", ""),
    }


def _token(fields: Mapping[str, str]) -> str:
    """A card number is never said again: 9, its first two digits, …, its last four."""
    account = fields.get("account") or fields.get("profile", "")
    bare = account.isdigit() and not account.startswith("9")
    return f"9{account[:2]}{account[3:-4]}{account[-4:]}"[:16] if bare and len(account) >= 8 else account


def _record(filed: Filed, drawer: Drawer) -> dict[str, Any]:
    known, today = filed.known, drawer.today()
    said: dict[str, Any] = {
        "merchid": drawer.merchant,
        "orderid": filed.order,
        "currency": known.currency,
        "authdate": f"{filed.on:%Y%m%d}",
        "lastfour": "1111",
    }
    if known.script.answer is Answer.DECLINED:
        return {**said, **_decline(known.script.code, filed), "amount": "0.00", "setlstat": "Declined",
                "voidable": "N", "refundable": "N"}  # fmt: skip
    standing, settled = _standing(filed, today)
    return {
        **said,
        **_approval_of(filed),
        "amount": write_amount(known.amount),
        "batchid": filed.batch,
        "setlstat": standing,
        "capturedate": f"{filed.on:%Y%m%d}120000",
        **({"settledate": f"{settled:%Y%m%d}040000"} if settled else {}),
        "voidable": "Y" if standing == "Queued for Capture" and not filed.is_batched(today) else "N",
        "refundable": "Y" if standing == "Accepted" and not filed.is_refund else "N",
    }


def _standing(filed: Filed, today: date) -> tuple[str, date | None]:
    """A return after the settlement leaves it accepted here: only the funding tells."""
    if filed.known.voided:
        return "Voided", None
    first, answer, _ = next(filed.turns())
    if first > today:
        return "Queued for Capture", None
    return ("Accepted" if answer is Answer.SETTLED else "Rejected"), first


def _batch(name: str, lines: Sequence[Filed], drawer: Drawer) -> dict[str, Any]:
    today = drawer.today()
    letters = {"Accepted": "Y", "Rejected": "N"}
    txns = [
        _mixed(
            {
                "retref": one.retref,
                "setlstat": letters.get(_standing(one, today)[0], "P"),
                "setlamount": write_amount(-one.known.amount if one.is_refund else one.known.amount),
                "salesdoc": one.order,
                "cardtype": "ECHK" if one.is_echeck else "VISA",
            }
        )
        for one in lines
    ]
    done = all(txn["setlstat"] != "P" for txn in txns)
    state = {"hoststat": "GB" if done else "SB", "hostbatch": name[-4:], "batchid": name}
    return _mixed({**state, "respproc": "RPCT", "merchid": drawer.merchant, "txns": txns})


def _funded(filed: Filed, on: date, today: date) -> list[dict[str, Any]]:
    lines = []
    for turn, answer, code in filed.turns():
        returned = answer is Answer.RETURNED
        paid_out = turn if returned else turn + timedelta(days=1)
        if paid_out != on or on > today:
            continue
        line = {
            "fundingtxnid": f"{filed.retref}{turn:%m%d}",
            "retref": f"{int(filed.retref) + 1:012}" if returned else filed.retref,
            "type": "RETURN" if returned else "REFUND" if filed.is_refund else "SALE",
            "status": "Processed",
            "amount": write_amount(filed.known.amount),
            "currency": filed.known.currency,
            "date": turn.isoformat(),
            "cardtype": "ACH" if filed.is_echeck else "Credit",
        }
        if returned:
            line |= {"parentretref": filed.retref, "achreturncode": code}
        lines.append(_mixed(line))
    return lines


def _error(status: int, error: str, path: str) -> bytes:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return say_json(status, {"timestamp": at, "status": status, "error": error, "path": path})


def _say(fields: Mapping[str, Any]) -> Said:
    return Said(say_json(200, _mixed(fields)))


def _mixed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """In another order each time, with a name that nobody knows."""
    pairs = [*fields.items(), (f"x{_DICE.randrange(16**4):04x}", _DICE.choice(("Y", "", None, 7, {"a": []})))]
    _DICE.shuffle(pairs)
    return dict(pairs)
