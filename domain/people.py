"""Administrators who work in an organisation, and the clients who owe it money."""

from dataclasses import dataclass
from datetime import datetime

from domain.permissions import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrator:
    """`principal` holds every permission (P2). `notifications` is what they opted in to (N1, N2)."""

    organisation: str
    id: str
    name: str
    email: str
    language: str
    permissions: tuple[str, ...] = ()
    principal: bool = False
    notifications: tuple[str, ...] = ()
    created_at: datetime

    def may(self, permission: Permission) -> bool:
        return self.principal or permission in self.permissions


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The account holder. `language` is what the descriptions of transactions are written in (B4)."""

    organisation: str
    id: str
    name: str
    email: str
    language: str
    created_at: datetime
