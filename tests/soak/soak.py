"""A gateway as shipped works for minutes in front of a server that fails at random, and must hold no more memory and no more
descriptors at the end than after it was warm. The last line is the figures."""

import argparse
import os
import pathlib
import random
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
os.environ.setdefault("TITIP_BUILD_DIR", "build/release")
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]
from gateway import BUILD, Gateway, Place, Simulator  # noqa: E402
from load import Load  # noqa: E402
from slope import Slope, proven  # noqa: E402

SAMPLE_S = 5
WARM_SHARE, WARM_LEAST_S = 0.25, 45
# Nil: less than a sixteenth of the planted leak, by the request, of which the store's own write buffers have about a fifth
# (four registrations a second; bounded by 256 MB); and no more descriptors than these over the whole time.
MOST_BYTES, MOST_DESCRIPTORS, PLANTED_BYTES = 64, 3, 1024
BAD = [{"kind": "refuse"}, {"kind": "reset", "probability": 0.5}, {"kind": "hang", "probability": 0.3}, {"kind": "html_503"},
       {"kind": "slow", "ms": 400}, {"kind": "lose_reply", "probability": 0.5},
       {"kind": "apply_then", "status": 502, "probability": 0.5}, {"kind": "late_apply", "after_ms": 300, "probability": 0.3}]


class Weather(threading.Thread):
    """Up for a while, bad for a while, as the seed has it."""

    def __init__(self, simulator, seed):
        super().__init__()
        self.simulator, self.dice = simulator, random.Random(f"{seed}/weather")
        self.spells, self.stopped = 0, threading.Event()
        self.start()

    def run(self):
        while not self.stopped.wait(self.dice.uniform(3, 12)):
            long = self.dice.uniform(1, 9)
            self.simulator.weather([{"from_s": 0, "to_s": long, **self.dice.choice(BAD)}])
            self.spells += 1
            self.stopped.wait(long)
        self.simulator.weather([])

    def stop(self):
        self.stopped.set()
        self.join()


class Measured:
    """What the process holds."""

    def __init__(self, place, gateway, load):
        self.place, self.gateway, self.load = place, gateway, load
        self.of = pathlib.Path(f"/proc/{gateway.process.pid}")
        self.samples = []  # (seconds, requests, resident bytes, descriptors but for the store's files, those)

    def take(self, at):
        status = (self.of / "status").read_text()
        resident = int(status.split("VmRSS:")[1].split()[0]) * 1024
        store, others = 0, 0
        for path in (self.of / "fd").iterdir():
            try:
                target = os.readlink(path)
            except FileNotFoundError:
                continue
            store, others = (store + 1, others) if target.startswith(str(self.place.directory / "data")) else (store, others + 1)
        self.samples.append((at, self.load.requests, resident, others, store))


def settled(gateway, simulator, load):
    """Whether all that was accepted got home, within two minutes of fair weather."""
    deadline = time.monotonic() + 120
    pending = lambda: sum(gateway.metric(f'titip_queue_submissions{{destination="pcare-vaksin",state="{state}"}}')
                          for state in ("queued", "blocked", "in_flight", "deferred", "unknown", "held"))
    while pending() > 0 and time.monotonic() < deadline:
        time.sleep(0.5)
    return pending(), simulator.effects() - load.accepted


def soak(place, asked, seconds):
    simulator = Simulator(place, "--seed", asked.seed)
    gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin")
    gateway.program = asked.titip.resolve()
    gateway.settings["front"].update(facility_requests_per_second=0, header_deadline_ms=3000, body_deadline_ms=3000, idle_ms=5000)
    gateway.settings["storage"] = {"ballast_bytes": 0}
    gateway.start()
    load, weather = Load(gateway.port, asked.seed), Weather(simulator, asked.seed)
    measured = Measured(place, gateway, load)
    began = time.monotonic()
    try:
        while (at := time.monotonic() - began) < seconds:
            measured.take(at)
            if len(measured.samples) % 6 == 0:
                _, requests, resident, others, store = measured.samples[-1]
                print(f"soak: {at:.0f} s, {requests} requests, {resident >> 20} MB, {others} descriptors, {store} of the store", flush=True)
            time.sleep(SAMPLE_S)
    finally:
        weather.stop()
        load.stop()
    pending, more = settled(gateway, simulator, load)
    return measured.samples, load, weather, pending, more, gateway.stop()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--titip", type=pathlib.Path, default=BUILD / "titip")
    arguments.add_argument("--minutes", type=float, default=20)
    arguments.add_argument("--seed", default="1", type=str)
    arguments.add_argument("--expect-leak", action="store_true", help="for a gateway that loses 1 KB a request: it must be found")
    asked = arguments.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("soak: only root sees the descriptors of a gateway, which lets nobody else look into it: run it as root")
    if not proven():
        raise SystemExit("soak: the statistic does not see a loss")
    seconds = asked.minutes * 60
    with Place() as place:
        samples, load, weather, pending, more, status = soak(place, asked, seconds)
    warm = [each for each in samples if each[0] >= max(WARM_SHARE * seconds, WARM_LEAST_S)]
    resident = Slope([(requests, resident) for _, requests, resident, _, _ in warm])
    descriptors = Slope([(at, others) for at, _, _, others, _ in warm])
    leaks = resident.value >= MOST_BYTES or descriptors.over_all >= MOST_DESCRIPTORS
    print(f"soak: measured {warm[-1][0] - warm[0][0]:.0f} s warm, {len(warm)} samples; {warm[0][2] / 2**20:.1f} MB at first, "
          f"{warm[-1][2] / 2**20:.1f} MB at last; slope {resident} bytes a request (95 %), nil below {MOST_BYTES}; store's files "
          f"open: {warm[0][4]} at first, {warm[-1][4]} at last; bad spells: {weather.spells}; not stored (503): {load.not_stored}")
    for fault in load.faults[:5]:
        print(f"soak: {fault}")
    found = "leak" if leaks else "nil"
    print(f"soak: minutes={asked.minutes:g} requests={load.requests} accepted={load.accepted} bytes_per_request={resident.value:.1f} "
          f"descriptors={descriptors.over_all:+.1f} slopes={found} pending={pending:.0f} effects_off={more} faults={len(load.faults)}")
    if asked.expect_leak:
        caught = resident.value > PLANTED_BYTES / 2
        print(f"soak control: {'caught' if caught else 'NOT caught'}")
        return 0 if caught else 1
    return 1 if leaks or pending or more or load.faults or status != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
