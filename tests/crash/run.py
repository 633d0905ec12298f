"""The crash tests, kind by kind: run.py --build DIR [--size ci|full|long] [--kind NAME…] [--control NAME…]
[--replay KIND:SEED] [--seed N].

Each kind prints its own line; the last one adds them up:
crash: rounds=… acknowledged=… lost=0 duplicates=0 corrupt_served=0 controls=K/K
Exit status: 0 everything was kept and every control caught, 1 not, 2 wrongly called, 77 nothing of it is possible on
this machine. What this machine cannot do beside the rest is said in a line of its own (NOT RUN) and in the one before
the last."""

import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_POSSIBLE = 77
FAULT = re.compile(r"(?:fdatasync|fsync|write|pwrite64)_[A-Z]+")
DEATHS_A_DAY = {"gateway_kill": 20, "gateway_fault": 12}

# The rounds of a full run; CI does a fifth, the long run ten times as many.
ROUNDS = {
    "power_loss": 1500,
    "gateway_kill": 100,
    "ext4": 100,
    "gateway_fault": 60,
    "sync_points": 66,
    "disk_full": 10,
    "byte_flips": 240,
    "lost_files": 130,
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
    """Runs a program, showing what it says; its exit status, its last line, and what it did not run."""
    last, not_run = "", []
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line.strip() or last
            if " NOT RUN: " in line:
                not_run.append(line.strip().replace(" NOT RUN:", ""))
    return process.returncode, last, not_run


def take(sums, kind, line, status):
    found = numbers(line)
    for field in ("rounds", "acknowledged", "lost", "duplicates", "corrupt_served", "broken"):
        setattr(sums, field, getattr(sums, field) + int(found.get(field, 0)))
    if status != 0:
        sums.bad.append(kind)


def rounds_of(kind, size):
    return max(1, round(ROUNDS[kind] * SHARE[size]))


def store_kind(build, sums, kind, rounds, seed):
    status, last, not_run = call([build / "titip_crash", kind, "--rounds", rounds, "--seed", seed])
    sums.skipped += not_run
    if status == NOT_POSSIBLE and last.startswith(f"{kind}: SKIPPED: "):
        sums.skipped.append(last.replace(" SKIPPED:", ""))
    elif status < 0 or status == 2 or not last.startswith(f"{kind}: "):
        print(f"NOT KEPT: {kind} seed={seed}: titip_crash ended with status {status}")
        sums.bad.append(kind)
    else:
        take(sums, kind, last, status)


def day_command(build, kind, seed):
    more = ["--faults"] if kind == "gateway_fault" else []
    command = [build / "titip_day", "--people", 240, "--seconds", 20, "--drain-limit-s", 90, "--deaths", DEATHS_A_DAY[kind],
               "--seed", seed, *more]
    return [str(word) for word in command]


# Whole days with the shipped program and the simulated national server; the day's own checker judges.
# Of gateway_fault, deaths by the injected fault are the rounds: one that ended by the kill instead does not count.
def gateway_kind(build, sums, kind, rounds, seed, every_fault):
    began, done, acknowledged, lost, duplicates, broken = time.monotonic(), 0, 0, 0, 0, 0
    days, deaths, by_fault = 0, 0, collections.Counter()
    most_days = 3 * (rounds // DEATHS_A_DAY[kind] + 1)
    while done < rounds and days < most_days:
        shown = subprocess.run(day_command(build, kind, seed), stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False)
        lines = shown.stdout.strip().splitlines() or [""]
        if shown.returncode == NOT_POSSIBLE and days == 0:
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
        by_fault.update({key: int(value) for key, value in found.items() if FAULT.fullmatch(key)})
        deaths += int(found.get("kills", 0))
        done += int(found.get("faults" if kind == "gateway_fault" else "kills", 0))
        seed += 1
        days += 1
    if done < rounds:
        print(f"NOT KEPT: {kind}: {days} days brought {done} of {rounds} deaths")
        broken += 1
    never = [fault for fault, times in by_fault.items() if times == 0]
    if every_fault and (never or not by_fault) and kind == "gateway_fault":
        print(f"NOT KEPT: {kind}: of these nothing ever died: {', '.join(never) or 'any fault'}")
        broken += 1
    line = (f"{kind}: rounds={done} acknowledged={acknowledged} lost={lost} duplicates={duplicates} corrupt_served=0 "
            f"broken={broken} seconds={time.monotonic() - began:.1f} deaths={deaths}")
    line += "".join(f" {fault}={times}" for fault, times in sorted(by_fault.items()))
    print(line, flush=True)
    take(sums, kind, line, 1 if broken else 0)


def run_kind(build, sums, kind, rounds, seed, every_fault):
    if kind.startswith("gateway_"):
        gateway_kind(build, sums, kind, rounds, seed, every_fault)
    else:
        store_kind(build, sums, kind, rounds, seed)


def run_control(build, sums, name, seed):
    status, last, _ = call([build / "titip_crash", *CONTROLS[name], "--seed", seed])
    if status == NOT_POSSIBLE:
        sums.skipped.append(last.replace(" SKIPPED:", ""))
        return
    sums.controls += 1
    if status == 0:
        sums.caught += 1
    else:
        print(f"NOT CAUGHT: control {name} seed={seed} commit={os.environ['TITIP_COMMIT']}\n"
              f"  again: tests/run.sh crash --replay control.{name}:{seed}", flush=True)
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
    known = [*ROUNDS, *(f"control.{name}" for name in CONTROLS)]
    if kind not in known or not seed.isdigit():
        print(f"run.py: --replay wants KIND:SEED, KIND one of {', '.join(known)}", file=sys.stderr)
        return 2
    if kind.startswith("control."):
        return call([build / "titip_crash", *CONTROLS[kind.removeprefix("control.")], "--seed", seed])[0]
    if kind.startswith("gateway_"):
        return call(day_command(build, kind, seed))[0]
    # One chain, disk, rotation or damage of that seed, its schedule told.
    rounds = {"power_loss": 8, "ext4": 10, "key_rotation": 8}.get(kind, 1)
    return call([build / "titip_crash", kind, "--rounds", rounds, "--seed", seed, "--tell"])[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--size", choices=SHARE, default="full")
    parser.add_argument("--kind", action="append", choices=[*ROUNDS, "controls"], help="only these")
    parser.add_argument("--control", action="append", choices=CONTROLS, help="only these, and no kind unless named")
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
    kinds = wanted.kind or ([] if wanted.control else [*ROUNDS, "controls"])
    for kind in ROUNDS:
        if kind in kinds:
            run_kind(build, sums, kind, rounds_of(kind, wanted.size), seed, wanted.size != "ci")
    for name in CONTROLS if "controls" in kinds else wanted.control or []:
        run_control(build, sums, name, seed)
    return conclude(sums)


if __name__ == "__main__":
    sys.exit(main())
