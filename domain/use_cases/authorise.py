"""Checks, in the transaction that acts, that a person may do what is asked in their name (P2)."""

from domain.people import Administrator
from domain.permissions import NEEDED
from domain.ports import Transaction
from domain.refusal import PermissionDenied


def authorise(tx: Transaction, *, organisation: str, by: str, act: str) -> Administrator | None:
    """`by` is an administrator, who needs the act's permission, or the name of a service, which its key or
    its access to the queue has already let in. Answers the administrator, if it is one."""
    administrator = tx.find(Administrator, organisation=organisation, id=by) if by else None
    needed = NEEDED[act]  # an act without a row is a bug, not a right
    if administrator is not None and not administrator.may(needed):
        raise PermissionDenied("by", by=by, permission=needed.value)
    return administrator
