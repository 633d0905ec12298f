"""What is measured in one round: each peer for itself, Titip's answers at half of its rate, its backlog's way home, and the
same server asked directly by wrk."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import time

import peers

WRK_SCRIPT = pathlib.Path(__file__).resolve().parent / "doses.lua"


def cpu_s(processes):
    ticks = 0
    for process in processes:
        with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def load(build, peer, *, connections, seconds, first, rate=0.0, warm_up=1.0):
    command = [build / "titip_load", "--protocol", peer.protocol, "--path", peer.path, "--facility", peers.FACILITY, "--port",
               peer.port, "--connections", connections, "--seconds", seconds, "--warm-up", warm_up, "--rate", rate, "--first",
               first, "--watch", *peer.processes()]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{peer.name}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout)


class Rounds:
    def __init__(self, build, directory, options):
        self.build, self.directory, self.options = build, directory, options
        peers.Titip.build = peers.National.build = build
        self.number = 0

    def place(self, name):
        self.number += 1
        return self.directory / f"{self.number}-{name}"

    def accepts(self, peer_class):
        """{per_s, cpu_us} of a peer that takes payloads from 128 connections."""
        with peer_class(self.place(peer_class.package)) as peer:
            if peer_class is peers.Postgres:
                return {"per_s": peer.inserts_a_second(self.options.connections, self.options.seconds)}
            heard = load(self.build, peer, connections=self.options.connections, seconds=self.options.seconds, first=0)
        return figures(heard)

    @contextlib.contextmanager
    def in_an_outage(self, name):
        """A gateway with a fresh store that knows the national server to be down, and the number of the next payload."""
        with peers.Titip(self.place(name)) as titip:
            # The first few wait for the national answer; then the gateway knows that nobody is there.
            known = load(self.build, titip, connections=16, seconds=4, first=0, warm_up=0)
            peers.wait_for(lambda: titip.metric("titip_upstream_state", 'state="closed"') == 0, "the gateway to notice the outage")
            yield titip, known["next"]

    def titip(self):
        """Accepts with the server down, answers at half of that rate, then the backlog goes home."""
        with self.in_an_outage("titip") as (titip, first):
            flat_out = load(self.build, titip, connections=self.options.connections, seconds=self.options.seconds, first=first)
            found = figures(flat_out)
            half = load(self.build, titip, connections=self.options.connections, seconds=self.options.seconds,
                        first=flat_out["next"], rate=found["per_s"] / 2)
            found |= {"half_p50_ms": half["p50_ms"], "half_p99_ms": half["p99_ms"], "half_p999_ms": half["p999_ms"]}
            with peers.National(self.place("national"), titip.national_port) as national:
                found |= self.drain(titip, national)
                found |= self.both_at_once(titip, national, first=half["next"])
        return found

    def settled(self, titip):
        return titip.metric("titip_queue_submissions", 'state="delivered"')

    def queued(self, titip):
        return titip.metric("titip_queue_submissions", 'state="queued"')

    def drain(self, titip, national):
        """From when the window is open until the time is up or the backlog is nearly home."""
        waiting = self.queued(titip)
        peers.wait_for(lambda: self.settled(titip) > min(2000, waiting / 10), "the drain to begin")
        began, settled = time.monotonic(), self.settled(titip)
        cpu, national_cpu, effects = cpu_s(titip.processes()), cpu_s(national.processes()), national.effects()
        most = waiting * 0.9
        while time.monotonic() - began < self.options.seconds and self.settled(titip) < most:
            time.sleep(0.25)
        took, done = time.monotonic() - began, self.settled(titip) - settled
        cpu, national_cpu = cpu_s(titip.processes()) - cpu, cpu_s(national.processes()) - national_cpu
        effects = national.effects() - effects
        return {"backlog": waiting, "drain_per_s": done / took, "drain_cpu_us": cpu / done * 1e6,
                "national_cpu_us": national_cpu / max(1, effects) * 1e6}

    def both_at_once(self, titip, national, first):
        """Clinics as fast as they are answered while the rest of the backlog goes home."""
        began, settled = time.monotonic(), self.settled(titip)
        heard = load(self.build, titip, connections=self.options.connections, seconds=self.options.seconds, first=first)
        took = time.monotonic() - began
        return {"accept_beside_per_s": heard["accepted"] / heard["seconds"], "drain_beside_per_s": (self.settled(titip) - settled) / took}

    def direct(self):
        """wrk with as many connections as Titip's window, doses of ever new persons, the same rules of the server."""
        with peers.National(self.place("direct")) as national:
            before = cpu_s(national.processes())
            done = subprocess.run(["wrk", "-t1", f"-c{peers.DRAIN_CONNECTIONS}", f"-d{max(1, round(self.options.seconds))}s", "-s",
                                   str(WRK_SCRIPT), f"http://127.0.0.1:{national.port}"], capture_output=True, text=True, check=False)
            cpu, effects = cpu_s(national.processes()) - before, national.effects()
        rate = re.search(r"Requests/sec:\s+([0-9.]+)", done.stdout)
        if not rate or "non-2xx: 0 " not in done.stdout:
            raise RuntimeError(f"wrk was not served: {done.stdout}{done.stderr}")
        return {"per_s": float(rate.group(1)), "national_cpu_us": cpu / effects * 1e6}


def figures(heard):
    return {"per_s": heard["accepted"] / heard["seconds"], "cpu_us": heard["cpu_s"] / heard["accepted"] * 1e6,
            "p99_ms": heard["p99_ms"]}
