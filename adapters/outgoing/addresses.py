"""Where a receiver's name leads: looked up once, judged, and connected to as it was judged.

Whoever may name an address must not reach what only this machine or its network reaches: a database, a cloud's
own service for its machines, a printer. A name is judged by all that it leads to, whenever something is sent.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
NAT64 = IPv6Network("64:ff9b::/96")


class Forbidden(Exception):
    """The name leads to an address to which nothing is sent."""


async def addresses_of(host: str, port: int, *, loopback: bool) -> list[str]:
    """All addresses of a name, in the order in which they are to be tried; raises Forbidden, OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not addresses or not all(may_reach(ip_address(one), loopback=loopback) for one in addresses):
        raise Forbidden
    return addresses


def may_reach(address: Address, *, loopback: bool) -> bool:
    """Public addresses, and this very machine where that is allowed."""
    inner = _inner(address)
    if inner.is_loopback:
        return loopback
    return inner.is_global and not (inner.is_multicast or inner.is_reserved or inner.is_unspecified)


def _inner(address: Address) -> Address:
    """The address of the old kind that one of the new kind stands for."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
