"""Sockets that connect to this machine and nowhere else."""

import ipaddress
import os
import socket
from pathlib import Path
from typing import Any

REPORT = "NETWORK_GUARD_REPORT"
"""The variable with the file in which every attempt is written down, one a line."""


class LeftTheMachine(ConnectionRefusedError):
    """Something tried to reach another host, which no test may."""


def refuse_the_rest(report: Path) -> None:
    """From now on no socket of this process connects to another host; attempts go to `report`."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    look_up = socket.getaddrinfo

    def check(host: object) -> None:
        if isinstance(host, bytes):
            host = host.decode("ascii", "replace")
        if not isinstance(host, str) or _is_here(host):
            return
        with report.open("a") as file:
            file.write(f"{host}\n")
        raise LeftTheMachine(f"a test tried to reach {host}: tests reach this machine only")

    def guarded_connect(self: socket.socket, address: Any, /) -> None:
        if isinstance(address, tuple):
            check(address[0])
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any, /) -> int:
        if isinstance(address, tuple):
            check(address[0])
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *rest: Any, **more: Any) -> Any:
        check(host)
        return look_up(host, *rest, **more)

    # asyncio calls all three of these too; only native code (WebRTC) goes past them.
    setattr(socket.socket, "connect", guarded_connect)  # noqa: B010  # it is not ours to assign
    setattr(socket.socket, "connect_ex", guarded_connect_ex)  # noqa: B010
    socket.getaddrinfo = guarded_look_up


def refuse_as_told() -> None:
    """The same in a process that a test has started."""
    if report := os.environ.get(REPORT):
        refuse_the_rest(Path(report))


def _is_here(host: str) -> bool:
    if host in ("", "localhost", "localhost."):
        return True
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return host == socket.gethostname()
    return address.is_loopback or address.is_unspecified
