"""A bulk requeue of very many rejected records: previews exact and at once, clinics not delayed beside it, and each record sent
again once though the gateway is killed in the middle. Closes with

    bulk: records=… preview_s=… requeued=… refused=… kills=… lost=0 twice=0 fresh_p99_ms=alone/beside ratio=…

    TITIP_BUILD_DIR=build/release TITIP_SOURCE_DIR=. python3 tests/bulk/million.py --records 1000000

The pace of clinics is judged (ratio 2 at most) from a million records on, or with --judge-pace: a busy machine says nothing of it.
--spoil preview adds one to what a preview says, --spoil stop gives the job up in the middle: both must be found out, and the exit status is 0 if they were."""

import argparse
import asyncio
import datetime
import json
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "integration"))
from command_line import PARTIAL  # noqa: E402
from gateway import BUILD, MOUNT, Gateway, Place, wait_for  # noqa: E402
from latency import FACILITIES as CLINICS, Clinics, share_ms  # noqa: E402

NAME = "pcare-vaksin"
WHY = ("--reason", "sesudah gangguan")
FACILITIES, DAYS, RULES, ERASED_EACH = 100, 10, 3, 1000  # as tests/bulk/rejected_records.cc fills
RATE = 200


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of clinics' work, each time it is measured")
    parser.add_argument("--judge-pace", action="store_true")
    parser.add_argument("--spoil", choices=("preview", "stop"))
    return parser.parse_args()


class Million:
    def __init__(self, asked, place):
        self.asked = asked
        self.faults = []
        self.gateway = gateway = Gateway(place)
        gateway.settings["facilities"] = [{"code": f"P{code:04}", "name": "Puskesmas Uji", "time_zone": "WIB"}
                                          for code in range(1, FACILITIES + 1)]
        gateway.settings["facilities"] += [{"code": code, "name": "Puskesmas Uji", "time_zone": "WIB"} for code in CLINICS]
        self.next = 0  # of the fresh ones

    def complain(self, text):
        self.faults.append(text)
        print(f"bulk: FAULT {text}", flush=True)

    def titip(self, *words):
        return self.gateway.titip(*words, "--json")

    def result(self, *words):
        done = self.titip(*words)
        document = json.loads(done.stdout or "{}")
        if "result" not in document:
            raise AssertionError(f"titip {' '.join(words)}: {done.stdout}{done.stderr}")
        return document["result"]

    def records(self, *words):
        done = subprocess.run([BUILD / "titip_rejected_records", *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return dict(each.split("=") for each in done.stdout.split())

    def fill(self):
        gateway = self.gateway
        gateway.start()
        assert gateway.titip("pause", NAME, *WHY).returncode == 0
        gateway.stop()
        self.filled_at = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=7)))
        self.records("fill", gateway.settings["data_directory"], self.asked.records)
        gateway.start()

    def previews(self):
        """Every combination of what the counts know, each against what was filled in; the slowest, in seconds."""
        slowest = 0
        day = (self.filled_at - datetime.timedelta(days=3, minutes=1)).strftime("%Y-%m-%d")
        filters = {"state": ("rejected", lambda n: True), "destination": (NAME, lambda n: True),
                   "facility": ("P0004", lambda n: n % FACILITIES == 3), "day": (day, lambda n: n % DAYS == 3),
                   "rule": ("rule-1", lambda n: n % RULES == 1)}
        for chosen in range(1, 2 ** len(filters)):
            some = [each for at, each in enumerate(filters.items()) if chosen >> at & 1]
            words = [word for key, (value, _) in some for word in (f"--{key}", value)]
            expected = sum(1 for n in range(self.asked.records) if all(fits(n) for _, (_, fits) in some))
            began = time.perf_counter()
            done = json.loads(self.titip("requeue", *words, "--dry-run").stdout)
            slowest = max(slowest, time.perf_counter() - began)
            count = done.get("result", {}).get("count", 0) + (1 if self.asked.spoil == "preview" else 0)
            if count != expected or not done["result"].get("from_counts", expected == 0):
                self.complain(f"preview {' '.join(words)}: {count}, not {expected}")
        if slowest >= 1:
            self.complain(f"a preview took {slowest:.2f} s")
        return slowest

    def clinics(self):
        """Beginning to end of each accept, in seconds."""
        clinics = Clinics(self.gateway.port, MOUNT + "/vaksin/simpan", 10 ** 9 + self.next)
        self.next += RATE * self.asked.seconds
        asyncio.run(clinics.day(RATE, self.asked.seconds))
        if clinics.refused:
            self.complain(f"{clinics.refused} clinics were refused")
        return clinics.taken_s

    def status(self):
        return self.result("bulk", "status")

    def requeue(self):
        """Kills the gateway again and again, and measures clinics beside what is left; how often it was killed."""
        beside, kills = [], 0
        process = subprocess.Popen([BUILD / "titip", "requeue", "--state", "rejected", *WHY, "--yes", "--config",
                                    self.gateway.place.directory / "titip.json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.titip("bulk", "status").returncode in (0, 3), "the job")
        while self.status()["state"] == "running":
            if kills * self.asked.records <= self.status()["done"] * (self.asked.kills + 1) and kills < self.asked.kills:
                self.gateway.stop(signal.SIGKILL)
                process.wait()
                kills += 1
                self.gateway.start()
                if self.asked.spoil == "stop":
                    self.titip("bulk", "stop", *WHY)
                continue
            # A small job on a quick machine is over in the seconds that clinics are measured: it is killed first.
            if kills < self.asked.kills:
                continue
            taken = self.clinics()
            if self.status()["state"] == "running":
                beside += taken
        return kills, beside

    def run(self):
        self.fill()
        slowest = self.previews()
        alone = self.clinics() + self.clinics()
        kills, beside = self.requeue()
        job = self.status()
        refused = -(-self.asked.records // ERASED_EACH)
        if (job["state"], job["done"], job["refused_count"]) != ("done", self.asked.records - refused, refused):
            self.complain(f"the job is {job['state']}, {job['done']} done, {job['refused_count']} refused; {refused} should be")
        listed = self.gateway.titip("bulk", "status")
        if self.asked.spoil != "stop" and (listed.returncode != PARTIAL or listed.stdout.count("content_erased: ") != refused):
            self.complain(f"exit status {listed.returncode}, {listed.stdout.count('content_erased: ')} listed of {refused}")
        if kills < self.asked.kills and not self.asked.spoil:
            self.complain(f"it was over before it was killed {self.asked.kills} times; it was {kills} times")
        self.gateway.stop()
        found = self.records("check", self.gateway.settings["data_directory"])
        if (found["lost"], found["twice"], int(found["rejected"])) != ("0", "0", self.asked.records):
            self.complain(f"in the store: {found}")
        p99 = [share_ms(each, 0.99) if each else 0 for each in (alone, beside)]
        ratio = p99[1] / p99[0]
        if (self.asked.judge_pace or self.asked.records >= 1_000_000) and (ratio > 2 or not beside):
            self.complain(f"fresh accepts took {ratio:.2f} times as long beside it")
        print(f"bulk: records={self.asked.records} preview_s={slowest:.2f} requeued={job['done']} refused={job['refused_count']} "
              f"kills={kills} lost={found['lost']} twice={found['twice']} fresh_p99_ms={p99[0]:.1f}/{p99[1]:.1f} ratio={ratio:.2f}",
              flush=True)
        return self.found_out() if self.asked.spoil else not self.faults

    def found_out(self):
        """What was spoilt was found, and nothing else was wrong."""
        wanted = {"preview": 31 * ["preview"], "stop": ["the job is stopped", "in the store"]}[self.asked.spoil]
        return len(wanted) == len(self.faults) and all(map(str.startswith, self.faults, wanted))


if __name__ == "__main__":
    asked = arguments()
    with Place() as place:
        sys.exit(0 if Million(asked, place).run() else 1)
