"""What every script needs that starts servers on loopback."""

import socket
import time

# a script that asks much of the machine may set it higher
PATIENCE_S = 20


def free_port():
    """For a server that cannot choose one itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what, seconds=None):
    """Polls until condition() says something; tells what it waited for when it never does."""
    seconds = seconds or PATIENCE_S
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise RuntimeError(f"waited {seconds} s in vain for {what}")
