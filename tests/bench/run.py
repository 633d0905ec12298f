"""Titip beside nginx, Redis, PostgreSQL and NATS on this machine's loopback and disk, in interleaved rounds; writes
tests/bench/RESULTS.md and closes with one line of ratios. Exit status 0 whatever the ratios are: they are for people to read;
1 where something could not be measured. --self-check is a small one with Titip alone that writes nothing."""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import peers  # noqa: E402
import reach  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402

OTHERS = (peers.Nginx, peers.Redis, peers.Postgres, peers.Nats)


def fdatasync_ms(directory, times=60):
    """Median of one append of 4 KiB made durable, where the stores will be."""
    took = []
    with open(directory / "probe", "wb", buffering=0) as file:
        for _ in range(times):
            file.write(os.urandom(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    (directory / "probe").unlink()
    return statistics.median(took)


def file_system_of(directory):
    done = subprocess.run(["findmnt", "-no", "FSTYPE", "-T", str(directory)], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def one_round(measure, number, of):
    found = {}
    for peer in OTHERS:
        found[peer.package] = measure.accepts(peer)
        print(f"round {number}/{of}: {peer.name}: {found[peer.package]['per_s']:,.0f}/s", flush=True)
    found["titip"] = measure.titip()
    print(f"round {number}/{of}: Titip: {found['titip']['per_s']:,.0f} accepts/s at {found['titip']['cpu_us']:.1f} µs, p99 at half "
          f"{found['titip']['half_p99_ms']:.1f} ms, drain {found['titip']['drain_per_s']:,.0f}/s at {found['titip']['drain_cpu_us']:.1f} µs",
          flush=True)
    found["direct"] = measure.direct()
    print(f"round {number}/{of}: straight to the server: {found['direct']['per_s']:,.0f}/s", flush=True)
    return found


def reaches(measure, times, depth):
    """Once and again, for the medians: few and many connections, shallow and deep, nobody."""
    found = []
    for number in range(1, times + 1):
        connections, depths = reach.by_connections(measure), reach.by_depth(measure, depth)
        found.append({"connections": connections, "depths": depths} | reach.ratios(connections, depths) | reach.idle(measure))
        print(f"reach {number}/{times}: {found[-1]}", flush=True)
    return found


def self_check(measure):
    """Is everything measured that the page wants, and does a wrong answer end the run?"""
    found = measure.titip() | reach.idle(measure, seconds=2)
    print(f"bench: self-check: {found}")
    wrong = [name for name, value in found.items() if not value > 0]
    with peers.Titip(measure.place("refusing")) as refusing:
        refusing.path = "/pcare-vaksin/no/such/path"
        try:
            rounds.load(measure.build, refusing, connections=2, seconds=0.3, first=0, warm_up=0.1)
            wrong.append("answers of 404 were counted")
        except RuntimeError:
            pass
    if wrong:
        print(f"bench: self-check: not measured: {', '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--reaches", type=int, default=3, help="how often many connections, deep queues and idleness are looked at")
    parser.add_argument("--depth", type=int, default=1_000_000, help="records in a deep queue")
    parser.add_argument("--page", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent / "RESULTS.md")
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args()
    options.build = options.build.resolve()
    root = pathlib.Path(tempfile.mkdtemp(prefix="titip-bench-", dir=os.environ.get("TMPDIR")))
    root.chmod(0o755)  # PostgreSQL's own user must get through
    try:
        if options.self_check:
            options.connections, options.seconds = 16, 1
            return self_check(rounds.Rounds(options.build, root, options))
        missing = [why for why in (peer.missing() for peer in OTHERS) if why]
        if missing or not shutil.which("wrk"):
            print(f"bench: {'; '.join(missing or ['wrk is not installed'])}: deploy/install-packages.sh --with-bench", file=sys.stderr)
            return 1
        measure, found, fsync_ms = rounds.Rounds(options.build, root, options), [], []
        for number in range(1, options.rounds + 1):
            fsync_ms.append(fdatasync_ms(root))
            found.append(one_round(measure, number, options.rounds))
        far = reaches(measure, options.reaches, options.depth)
        options.page.write_text(report.page(found, far, options, fsync_ms, OTHERS, file_system_of(root)), encoding="utf-8")
        print(report.last_line(report.ratios(found), found))
        return 0
    except RuntimeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
