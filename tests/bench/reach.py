"""How Titip's figures stand where the rounds do not look: with few and with very many connections, before an empty queue and before
a deep one, and when nobody comes at all."""

import os
import pathlib
import time

import peers
import rounds

CONNECTIONS = (64, 128, 1_000, 10_000)
# an idle gateway is one that started this long ago
SETTLES_S = 8
SHALLOW = 30_000


def status_of(path):
    """{field: number} of a process or a thread."""
    lines = pathlib.Path(path, "status").read_text(encoding="ascii", errors="replace").splitlines()
    fields = (line.split() for line in lines)
    return {field[0].rstrip(":"): int(field[1]) for field in fields if len(field) > 1 and field[1].isdigit()}


def wake_ups(process):
    """How often any of its threads waited for something and was woken, so far."""
    threads = pathlib.Path(f"/proc/{process}/task")
    return sum(status_of(threads / thread)["voluntary_ctxt_switches"] for thread in os.listdir(threads))


def idle(measure, seconds=20):
    with peers.Titip(measure.place("idle")) as titip:
        time.sleep(SETTLES_S)
        before, began = wake_ups(titip.process.pid), time.monotonic()
        time.sleep(seconds)
        return {"idle_wake_ups_per_s": (wake_ups(titip.process.pid) - before) / (time.monotonic() - began),
                "idle_rss_mib": status_of(f"/proc/{titip.process.pid}")["VmRSS"] / 1024}


def by_connections(measure):
    """{connections: accepts/s}, each before a fresh store."""
    found = {}
    for connections in CONNECTIONS:
        with measure.in_an_outage(f"connections-{connections}") as (titip, first):
            heard = rounds.load(measure.build, titip, connections=connections, seconds=measure.options.seconds, first=first)
            found[connections] = rounds.figures(heard)["per_s"]
    return found


def by_depth(measure, depth):
    """{queued: (accepts/s, settlements/s)} before few and before `depth` records."""
    found = {}
    for queued in (SHALLOW, depth):
        with measure.in_an_outage(f"depth-{queued}") as (titip, first):
            connections = measure.options.connections
            while (missing := queued - measure.queued(titip)) > 0:
                filled = rounds.load(measure.build, titip, connections=connections, seconds=min(10, 0.2 + missing / 40_000), first=first)
                first = filled["next"]
            heard = rounds.load(measure.build, titip, connections=connections, seconds=measure.options.seconds, first=first)
            with peers.National(measure.place("national"), titip.national_port) as national:
                drained = measure.drain(titip, national)
        found[queued] = (rounds.figures(heard)["per_s"], drained["drain_per_s"])
    return found


def ratios(connections, depths):
    """The least against the best of each."""
    accepts, drains = zip(*depths.values())
    return {"least_by_connections": min(connections.values()) / max(connections.values()),
            "accept_by_depth": min(accepts) / max(accepts), "drain_by_depth": min(drains) / max(drains)}
