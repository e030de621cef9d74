"""Where the demo can be reached: this machine's own addresses."""

import contextlib
import ipaddress
import socket

ANY_ADDRESS = {"0.0.0.0", "::", ""}  # noqa: S104  # recognised here, not bound


def lan_addresses() -> tuple[str, ...]:
    """This machine's own IPv4 addresses on its networks, the one towards the router first; no packet is sent."""
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # a documentation address: connecting UDP only chooses a route
        found.append(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        found += socket.gethostbyname_ex(socket.gethostname())[2]
    return tuple(dict.fromkeys(one for one in found if not ipaddress.ip_address(one).is_loopback))
