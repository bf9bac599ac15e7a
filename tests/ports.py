"""Ports for servers whose address is told before they listen."""

from __future__ import annotations

import random
import socket
from typing import Final

#: Below those that a system gives to whoever asks for any, as other tests do.
_PORTS: Final = range(20_000, 32_000)


def free_port() -> int:
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as tried:
            # As a server does that is started anew.
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
