"""The drop-in run: clinics with three families of deployed clients have a day of six outages through the gateway (or, with
--direct, with the simulated national server itself) and every answer and every effect is judged. The last line says how it
went; the exit status is 0 only if every call was understood and every effect is there once."""

import argparse
import concurrent.futures
import pathlib
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import judge  # noqa: E402
from bpjs import Consumer  # noqa: E402
from clinic import Patient, Record  # noqa: E402
from families import OldPhp, Php, TypeScriptA, TypeScriptB  # noqa: E402
from programs import Gateway, Simulator, mounts  # noqa: E402

DESKS = 24  # patients at once
GRACE_S = 6  # so long after an outage a gateway may still hold the server for away
TERMINAL = {"delivered", "rejected", "expired", "cancelled"}

# Six outages of a day of 120 parts: (from, to, kind and its own keys). What overlaps is tried in this order.
OUTAGES = [
    [(12, 20, {"kind": "refuse"})],
    [(30, 37, {"kind": "html_503"})],
    [(47, 54, {"kind": "hang"})],
    # Half of it goes wrong, not all: a gateway goes on sending, and much is applied that nobody was told of.
    [(64, 71, {"kind": "lose_reply", "writes_only": True, "probability": 0.3}), (64, 71, {"kind": "reset", "probability": 0.2})],
    [(80, 87, {"kind": "late_apply", "after_ms": 800, "probability": 0.2}),
     (80, 87, {"kind": "apply_then", "status": 502, "probability": 0.3})],
    [(96, 98, {"kind": "slow", "ms": 700}), (98, 103, {"kind": "refuse"}), (103, 106, {"kind": "apply_then", "status": "empty"})],
]

# The first patients find everything up, and the last have time to be done when the weather is fair again.
FIRST, LAST = 2, 112


def consumers():
    """Ours; no facility has these."""
    names = ["0114A021", "0114A022", "0114A023", "0114A024", "0114A025", "0114A026"]
    return [Consumer(f"{9900 + n}", f"rahasia-uji-{n}", f"kunci-uji-{n}", name, f"dokter{n}", f"Sandi#{n}:titik")
            for n, name in enumerate(names)]


class Sky:
    """When the server is away, by the run's own clock."""

    def __init__(self, outages, part_s):
        self.spells = [(start * part_s, end * part_s, more) for outage in outages for start, end, more in outage]
        self.zero = None

    def script(self):
        return [{"from_s": start, "to_s": end, **more} for start, end, more in self.spells]

    def begin(self):
        self.zero = time.monotonic()

    def now(self):
        return time.monotonic() - self.zero

    def down(self):
        now = self.now()
        return any(start - 0.5 <= now <= end + GRACE_S for start, end, _ in self.spells)


class Day:
    def __init__(self, options, directory):
        self.options, self.record = options, Record(say=lambda text: print(text, flush=True))
        self.all = consumers()
        self.simulator = Simulator(options.build, directory, self.all)
        self.programs = [self.simulator]
        where = {"pcare-rest": "/pcare-rest", "pcare-rest-v3": "/pcare-rest-v3.0"}
        port = self.simulator.port
        self.gateway = None
        if not options.direct:
            self.gateway = Gateway(options.build, directory, self.all, port)
            self.programs.append(self.gateway)
            port, where = self.gateway.port, mounts(options.source)
        new, old = where["pcare-rest"], where["pcare-rest-v3"]
        clients = [(TypeScriptA, new), (TypeScriptB, new), (Php, new), (OldPhp, old), (OldPhp, old), (OldPhp, old)]
        self.families = [kind(consumer, port, mount) for (kind, mount), consumer in zip(clients, self.all)]
        outages = [] if options.fair else OUTAGES
        self.sky = Sky(outages, options.day_s / 120)

    def live(self):
        """Both eras' patients come over the whole day, a desk each."""
        date = time.strftime("%d-%m-%Y", time.gmtime(time.time() + 7 * 3600))
        total = 2 * self.options.patients
        part = self.options.day_s / 120
        self.simulator.weather(self.sky.script())
        self.sky.begin()
        with concurrent.futures.ThreadPoolExecutor(DESKS) as desks:
            running = []
            for number in range(total):
                family = self.families[(number % 2) * 3 + (number // 2) % 3]
                patient = Patient(family, self.record, self.sky.down, number + 1, date, self.options.seed)
                due = part * (FIRST + (LAST - FIRST) * number / total)
                time.sleep(max(0.0, due - self.sky.now()))
                running.append(desks.submit(patient.day))
            for one in running:
                one.result()  # a driver that breaks is a run that breaks
        print(f"the day is over after {self.sky.now():.0f} s", flush=True)

    def drain(self):
        """Waits until the gateway has nothing left to send; says what is left if it never is."""
        self.simulator.weather([])
        if self.gateway is None:
            time.sleep(2)  # late applies
            return True
        deadline = time.monotonic() + self.options.drain_s
        while True:
            waiting = {key: count for key, count in self.gateway.queue().items() if count and key[1] not in TERMINAL}
            if not waiting or time.monotonic() > deadline:
                print(f"in custody: { {key: count for key, count in self.gateway.queue().items() if count} }", flush=True)
                return not waiting
            time.sleep(0.5)

    def judge(self, drained):
        verdict = judge.judge_ledger(self.record.intentions, self.simulator.ledger())
        for what, count in sorted(verdict.faults.items()):
            print(f"ledger: {what}: {count}, the first: {verdict.examples[what]}")
        record = self.record
        if len(record.faults) > 10:
            print(f"not understood: {len(record.faults)} in all")
        if not drained:
            print("ledger: the gateway still had records to send")
        print(f"unavailable={record.unavailable} put_again={verdict.put_again} intentions={len(record.intentions)} "
              f"server={self.simulator.ledger()['totals']}")
        print(f"dropin: calls={record.calls} understood={record.understood} slowest_ms={record.slowest_ms:.0f} "
              f"effects={verdict.effects} duplicates={verdict.duplicates} dangling_references={verdict.dangling}", flush=True)
        return record.calls > 0 and record.understood == record.calls and drained and verdict.sound()


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="where the programs are")
    parser.add_argument("--source", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--patients", type=int, default=500, help="in each of the two eras")
    parser.add_argument("--day-s", type=float, default=150, help="how long the day lasts")
    parser.add_argument("--drain-s", type=float, default=90, help="how long the backlog may take after it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--direct", action="store_true", help="the server itself, without a gateway")
    parser.add_argument("--fair", action="store_true", help="no outages")
    parser.add_argument("--keep", action="store_true", help="leave logs and data where they are")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    options.build = options.build.resolve()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="titip-dropin-"))
    threading.stack_size(1 << 20)
    day = None
    try:
        day = Day(options, directory)
        day.live()
        return 0 if day.judge(day.drain()) else 1
    finally:
        for program in reversed(day.programs if day else []):
            program.end()
        if options.keep:
            print(f"kept: {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
