"""Counts the instructions of the hot rules (valgrind's callgrind, so that neither the machine's speed nor its load is in the
figures) and compares them with baseline.txt: exit status 1 where one needs over 10 % more, or is not there any more.
`--update` writes the baseline anew; `--twice-every N` slows every rule on purpose, for the control."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BASELINE = pathlib.Path(__file__).resolve().parent / "baseline.txt"
REPETITIONS = 200
ALLOWED = 1.10


def names_of(program):
    done = subprocess.run([program, "--benchmark_list_tests=true"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def instructions(program, name, twice_every):
    """Of one repetition."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as directory:
        out = pathlib.Path(directory) / "out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--collect-atstart=no",
                   "--toggle-collect=titip_measured", program, f"--benchmark_filter=^{name}$", "--benchmark_min_time=0",
                   f"--twice-every={twice_every}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = re.search(r"^(?:summary|totals): (\d+)", out.read_text(encoding="utf-8"), re.MULTILINE) if out.exists() else None
        ran = re.search(rf"^{name}\s+\S+ ns\s+\S+ ns\s+(\d+)", done.stdout, re.MULTILINE)
        if done.returncode != 0 or not found or not ran:
            raise RuntimeError(f"{name} was not counted: {(done.stdout + done.stderr)[-800:]}")
        return int(found.group(1)) / (REPETITIONS * int(ran.group(1)))


def read_baseline():
    lines = BASELINE.read_text(encoding="utf-8").splitlines() if BASELINE.exists() else []
    return {name: float(count) for name, count in (line.split() for line in lines if line and not line.startswith("#"))}


def compare(counted, baseline):
    """The faults, as sentences."""
    faults = []
    for name, count in counted.items():
        before = baseline.get(name)
        if before is None:
            faults.append(f"{name} has no baseline: run with --update")
            continue
        share = count / before
        print(f"{name:28} {count:12,.0f} instructions  {(share - 1) * 100:+6.1f} %")
        if share > ALLOWED:
            faults.append(f"{name} needs {count:,.0f} instructions, {before:,.0f} before: {(share - 1) * 100:.1f} % more")
        elif share < 1 / ALLOWED:
            print(f"  (better: write it down with --update, so that it stays so)")
    return faults + [f"{name} is in the baseline and is measured no more" for name in baseline if name not in counted]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--twice-every", type=int, default=0)
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        print("micro: valgrind is not installed: deploy/install-packages.sh")
        return 1 if os.environ.get("CI") == "true" else 77
    program = str(options.program.resolve())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        names = names_of(program)
        counted = dict(zip(names, pool.map(lambda name: instructions(program, name, options.twice_every), names)))
    if options.update:
        lines = ["# Instructions of one repetition, by check.py --update", *(f"{name} {count:.0f}" for name, count in counted.items())]
        BASELINE.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"micro: {len(counted)} rules written to {BASELINE}")
        return 0
    baseline = read_baseline()
    faults = compare(counted, baseline)
    for fault in faults:
        print(f"micro: {fault}")
    print(f"micro: rules={len(counted)} slower={len(faults)}")
    return 1 if faults or not counted else 0


if __name__ == "__main__":
    sys.exit(main())
