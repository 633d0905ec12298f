"""The crash tests, kind by kind: run.py --build DIR [--size ci|full|long] [--kind NAME…] [--replay KIND:SEED] [--seed N].

Each kind prints its own line; the last one adds them up:
crash: rounds=… acknowledged=… lost=0 duplicates=0 corrupt_served=0 controls=K/K
Exit status: 0 everything was kept and every control caught, 1 not, 2 wrongly called. What this machine cannot do is
skipped aloud and counted in the line before the last."""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_POSSIBLE = 77
DEATHS_A_DAY = {"gateway_kill": 20, "gateway_fault": 12}

# The rounds of a full run; CI does a fifth, the long run ten times as many.
ROUNDS = {
    "power_loss": 1500,
    "gateway_kill": 100,
    "ext4": 100,
    "gateway_fault": 60,
    "sync_points": 66,
    "disk_full": 5,
    "byte_flips": 240,
    "upkeep": 160,
    "key_rotation": 40,
}
SHARE = {"ci": 0.2, "full": 1, "long": 10}
CONTROLS = {
    "sync_off": ["power_loss", "--rounds", "400", "--control", "sync_off"],
    "disk_lies": ["power_loss", "--rounds", "400", "--control", "disk_lies"],
    "index_outside_the_batch": ["power_loss", "--rounds", "400", "--control", "index_outside_the_batch"],
    "acknowledges_before_the_commit": ["power_loss", "--rounds", "400", "--control", "acknowledges_before_the_commit"],
    "restore_requeues": ["upkeep", "--rounds", "10", "--restore-requeues"],
    "ext4_sync_off": ["ext4", "--rounds", "20", "--control", "sync_off"],
    "ext4_disk_lies": ["ext4", "--rounds", "20", "--control", "disk_lies"],
}


class Sums:
    def __init__(self):
        self.rounds = self.acknowledged = self.lost = self.duplicates = self.corrupt_served = self.broken = 0
        self.caught = self.controls = 0
        self.skipped = []
        self.bad = []


def numbers(line):
    return {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", line)}


def call(command):
    """Runs a program, showing what it says; its exit status and its last line."""
    last = ""
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line.strip() or last
    return process.returncode, last


def take(sums, kind, line, status):
    found = numbers(line)
    for field in ("rounds", "acknowledged", "lost", "duplicates", "corrupt_served", "broken"):
        setattr(sums, field, getattr(sums, field) + int(found.get(field, 0)))
    if status != 0:
        sums.bad.append(kind)


def rounds_of(kind, size):
    return max(1, round(ROUNDS[kind] * SHARE[size]))


def store_kind(build, sums, kind, rounds, seed):
    status, last = call([build / "titip_crash", kind, "--rounds", rounds, "--seed", seed])
    if status == NOT_POSSIBLE:
        sums.skipped.append(last.replace(" SKIPPED:", ""))
    elif status < 0 or status == 2 or not last.startswith(f"{kind}: "):
        print(f"NOT KEPT: {kind} seed={seed}: titip_crash ended with status {status}")
        sums.bad.append(kind)
    else:
        take(sums, kind, last, status)


# Whole days with the shipped program and the simulated national server; the day's own checker judges.
def gateway_kind(build, sums, kind, rounds, seed):
    began, done, deaths_by_fault, acknowledged, lost, duplicates, broken = time.monotonic(), 0, 0, 0, 0, 0, 0
    while done < rounds:
        deaths = min(DEATHS_A_DAY[kind], rounds - done)
        command = [build / "titip_day", "--people", 240, "--seconds", 20, "--drain-limit-s", 90, "--deaths", deaths, "--seed", seed]
        if kind == "gateway_fault":
            command.append("--faults")
        shown = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False)
        lines = shown.stdout.strip().splitlines() or [""]
        if shown.returncode == NOT_POSSIBLE:
            print(f"{kind}: {lines[-1]}")
            sums.skipped.append(f"{kind}: {lines[-1].removeprefix('SKIPPED: ')}")
            return
        found = numbers(lines[-1])
        if shown.returncode != 0:
            print(shown.stdout, end="")
            print(f"NOT KEPT: {kind} seed={seed} commit={os.environ['TITIP_COMMIT']}\n"
                  f"  again: tests/run.sh crash --replay {kind}:{seed}", flush=True)
            broken += 1
        acknowledged += int(found.get("acknowledged", 0))
        lost += int(found.get("lost", 0))
        duplicates += int(found.get("duplicates", 0))
        deaths_by_fault += int(found.get("faults", 0))
        done += deaths
        seed += 1
    line = (f"{kind}: rounds={done} acknowledged={acknowledged} lost={lost} duplicates={duplicates} corrupt_served=0 "
            f"broken={broken} seconds={time.monotonic() - began:.1f}")
    if kind == "gateway_fault":
        line += f" died_of_the_fault={deaths_by_fault}"
        if deaths_by_fault * 2 < done:
            line += " (too few: the faults hardly ever came)"
            broken += 1
    print(line, flush=True)
    take(sums, kind, line, 1 if broken else 0)


def run_kind(build, sums, kind, rounds, seed):
    if kind.startswith("gateway_"):
        gateway_kind(build, sums, kind, rounds, seed)
    else:
        store_kind(build, sums, kind, rounds, seed)


def run_control(build, sums, name):
    status, last = call([build / "titip_crash", *CONTROLS[name]])
    if status == NOT_POSSIBLE:
        sums.skipped.append(last.replace(" SKIPPED:", ""))
        return
    sums.controls += 1
    if status == 0:
        sums.caught += 1
    else:
        sums.bad.append(f"control {name}")


def conclude(sums):
    if sums.skipped:
        print(f"crash: NOT RUN on this machine: {'; '.join(sums.skipped)}", flush=True)
    if not sums.bad and sums.rounds + sums.controls == 0:
        return NOT_POSSIBLE
    if sums.bad:
        print(f"crash: not passed: {', '.join(sums.bad)}")
    print(f"crash: rounds={sums.rounds} acknowledged={sums.acknowledged} lost={sums.lost} duplicates={sums.duplicates} "
          f"corrupt_served={sums.corrupt_served} controls={sums.caught}/{sums.controls}", flush=True)
    return 0 if not sums.bad and sums.caught == sums.controls else 1


def replay(build, text):
    kind, _, seed = text.partition(":")
    if kind not in ROUNDS or not seed.isdigit():
        print(f"run.py: --replay wants KIND:SEED, KIND one of {', '.join(ROUNDS)}", file=sys.stderr)
        return 2
    if kind.startswith("gateway_"):
        more = ["--faults"] if kind == "gateway_fault" else []
        return call([build / "titip_day", "--people", 240, "--seconds", 20, "--drain-limit-s", 90, "--deaths", DEATHS_A_DAY[kind],
                     "--seed", seed, *more])[0]
    # One chain, disk or damage of that seed, its schedule told.
    rounds = {"power_loss": 8, "ext4": 10}.get(kind, 1)
    return call([build / "titip_crash", kind, "--rounds", rounds, "--seed", seed, "--tell"])[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--size", choices=SHARE, default="full")
    parser.add_argument("--kind", action="append", choices=[*ROUNDS, "controls"], help="only these")
    parser.add_argument("--seed", type=int, help="of the first round; otherwise 1, and for the long run the day's own")
    parser.add_argument("--replay")
    wanted = parser.parse_args()
    build = wanted.build.resolve()
    if "TITIP_COMMIT" not in os.environ:
        asked = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True,
                               check=False)
        os.environ["TITIP_COMMIT"] = asked.stdout.strip() or "unknown"
    if wanted.replay:
        return replay(build, wanted.replay)
    sums = Sums()
    seed = wanted.seed or (int(time.time()) // 86400 * 100_000 if wanted.size == "long" else 1)
    kinds = wanted.kind or [*ROUNDS, "controls"]
    for kind in ROUNDS:
        if kind in kinds:
            run_kind(build, sums, kind, rounds_of(kind, wanted.size), seed)
    if "controls" in kinds:
        for name in CONTROLS:
            run_control(build, sums, name)
    return conclude(sums)


if __name__ == "__main__":
    sys.exit(main())
