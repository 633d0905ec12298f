"""Runs the libFuzzer targets, two at a time, each for so many seconds, from the seeds and the regression inputs; then the
control, whose planted fault must be found. The last line is the figures; exit status 1 where something was found."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
# Each target, and how long its inputs may become.
TARGETS = {"guard": 8192, "proxy_header": 4200, "proxy_reply": 9000, "identity": 4096, "profile": 32768, "config": 8192, "record": 2048, "lz_string": 4096,
           "envelope": 8192, "outcome": 4096}
CONTROL_S = 60
FULL_S, LEAST_OF_A_FULL_RUN = 60, 5_000_000  # of each target; executions of all


def seeds_of(target, source, made):
    """Folders of inputs that are in the tree; libFuzzer reads them and writes none."""
    folders = [HERE / "seeds" / target, HERE / "regressions" / target]
    if target == "profile":
        folders.append(made)
        made.mkdir(parents=True, exist_ok=True)
        for shipped in (source / "upstream/profiles").glob("*.json"):
            whole = json.loads(re.sub(r"(^|\s)//.*$", "", shipped.read_text(), flags=re.M))
            whole["fixtures"] = whole["fixtures"][:2]  # of a hundred, which would make every run slow
            (made / shipped.name).write_text(json.dumps(whole, separators=(",", ":")))
    return [str(folder) for folder in folders if folder.is_dir()]


def run(build, source, target, seconds):
    """(executions, what was found or None)"""
    place = build / "fuzz" / target
    found = build / "fuzz" / "found"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    found.mkdir(parents=True, exist_ok=True)
    dictionary = HERE / "dictionaries" / (target + ".dict")
    command = [str(build / f"fuzz_{target}"), f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
               "-print_final_stats=1", f"-artifact_prefix={found}/{target}-", f"-max_len={TARGETS.get(target, 4096)}"]
    if dictionary.is_file():
        command.append(f"-dict={dictionary}")
    done = subprocess.run([*command, str(place), *seeds_of(target, source, build / "fuzz" / (target + "-shipped"))], capture_output=True, text=True, errors="replace",
                          timeout=seconds + 120, check=False, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1"})
    executed = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    if done.returncode == 0:
        return int(executed.group(1)), None
    return int(executed.group(1)) if executed else 0, "\n".join(done.stderr.splitlines()[-60:])


def too_few(seconds, executions):
    """Why a run of this length says too little; nothing: it says enough."""
    if min(executions) == 0:
        return "a target was not executed at all"
    if seconds >= FULL_S and sum(executions) < LEAST_OF_A_FULL_RUN:
        return f"{sum(executions)} executions are fewer than the {LEAST_OF_A_FULL_RUN} of a full run"
    return ""


def main():
    for seconds, executions, enough in ((60, [5_000_000], True), (60, [4_999_998, 1], False), (59, [1, 1], True), (10, [9, 0], False)):
        assert (too_few(seconds, executions) == "") == enough, (seconds, executions)  # the judge is judged
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--source", type=pathlib.Path, required=True)
    default = 10 if os.environ.get("TITIP_SIZE") == "ci" else 60
    arguments.add_argument("--seconds", type=int, default=default)
    asked = arguments.parse_args()
    build, source = asked.build.resolve(), asked.source.resolve()
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        results = list(pool.map(lambda target: run(build, source, target, asked.seconds), TARGETS))
    crashes = 0
    for target, (executions, said) in zip(TARGETS, results):
        print(f"fuzz: {target}: executions={executions}{'' if said is None else ' CRASHED'}", flush=True)
        if said is not None:
            crashes += 1
            print(f"{said}\nfuzz: {target}: the input is {build}/fuzz/found/{target}-*; once it is understood it belongs in "
                  f"tests/fuzz/regressions/{target}")
    began = time.monotonic()
    _, planted = run(build, source, "planted", CONTROL_S)
    caught = planted is not None and "heap-buffer-overflow" in planted
    print(f"fuzz control: planted fault {'found' if caught else 'NOT FOUND'} in {time.monotonic() - began:.1f} s")
    counts = [executions for executions, _ in results]
    why = too_few(asked.seconds, counts)
    if why:
        print(f"fuzz: {why}")
    print(f"fuzz: targets={len(TARGETS)} executions={sum(counts)} crashes={crashes}")
    return 0 if crashes == 0 and caught and not why else 1


if __name__ == "__main__":
    sys.exit(main())
