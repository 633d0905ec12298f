"""From the rounds' figures to the page and its last line. Every ratio is taken within a round, then the median of the rounds:
a machine that is slower for a minute is slower for both sides."""

import pathlib
import statistics
import subprocess
import time

import peers

# key of the last line: floor and goal, and which side of them is good
BOUNDS = {
    "accept_vs_nginx": (0.3, 0.5, "at least"),
    "accept_vs_redis": (0.6, 1.0, "at least"),
    "accept_vs_postgres": (3, 5, "at least"),
    "accept_cpu_vs_nginx": (5, 3, "at most"),
    "drain_vs_direct": (0.4, 0.6, "at least"),
    "accept_p99_ms_at_half": (20, 10, "at most"),
}
# on the page alone
MORE_BOUNDS = {
    "accept_beside_drain": (0.3, 0.4, "at least"),
    "drain_beside_accept": (0.3, 0.4, "at least"),
    "least_by_connections": (0.8, 0.9, "at least"),
    "accept_by_depth": (0.8, 0.9, "at least"),
    "drain_by_depth": (0.8, 0.9, "at least"),
    "idle_wake_ups_per_s": (20, 10, "at most"),
    "idle_rss_mib": (80, 60, "at most"),
}


def median_of(rounds, value):
    found = [value(each) for each in rounds]
    return statistics.median(found), min(found), max(found)


def ratios(rounds):
    """{name: (median, least, most)}."""
    return {
        "accept_vs_nginx": median_of(rounds, lambda r: r["titip"]["per_s"] / r["nginx"]["per_s"]),
        "accept_vs_redis": median_of(rounds, lambda r: r["titip"]["per_s"] / r["redis-server"]["per_s"]),
        "accept_vs_postgres": median_of(rounds, lambda r: r["titip"]["per_s"] / r["postgres"]["per_s"]),
        "accept_cpu_vs_nginx": median_of(rounds, lambda r: r["titip"]["cpu_us"] / r["nginx"]["cpu_us"]),
        "drain_vs_direct": median_of(rounds, lambda r: r["titip"]["drain_per_s"] / r["direct"]["per_s"]),
        "accept_p99_ms_at_half": median_of(rounds, lambda r: r["titip"]["half_p99_ms"]),
    }


def more_ratios(rounds, far):
    """Both at once, each against its own maximum; and what is looked at beside the rounds."""
    beside = {
        "accept_beside_drain": median_of(rounds, lambda r: r["titip"]["accept_beside_per_s"] / r["titip"]["per_s"]),
        "drain_beside_accept": median_of(rounds, lambda r: r["titip"]["drain_beside_per_s"] / r["titip"]["drain_per_s"]),
    }
    return beside | {name: median_of(far, lambda r, name=name: r[name]) for name in MORE_BOUNDS if name not in beside}


def last_line(found, rounds):
    return "bench: " + " ".join(f"{name}={value[0]:.2f}" for name, value in found.items()) + f" rounds={len(rounds)}"


def standing(name, value):
    floor, goal, side = (BOUNDS | MORE_BOUNDS)[name]
    reaches = (lambda bound: value >= bound) if side == "at least" else (lambda bound: value <= bound)
    return "goal" if reaches(goal) else "floor" if reaches(floor) else "**below the floor**"


def said_by(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return (done.stdout or done.stderr).strip().splitlines()[0]
    except (OSError, IndexError):
        return "unknown"


def machine():
    cpu = memory = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
    for line in pathlib.Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemTotal"):
            memory = f"{int(line.split()[1]) / 2**20:.0f} GiB"
    cores = said_by(["nproc"])
    return f"{cores} cores ({cpu}), {memory}; the load generator runs on the same machine"


def versions():
    known = {"nginx": ["/usr/sbin/nginx", "-v"], "Redis": ["redis-server", "--version"],
             "PostgreSQL": [peers.Postgres.program(), "--version"], "NATS": ["/usr/sbin/nats-server", "--version"],
             "wrk": ["wrk", "--version"], "kernel": ["uname", "-sr"], "compiler": ["clang++-19", "--version"]}
    return "; ".join(f"{name}: {said_by(command)}" for name, command in known.items())


def row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def of_reach(far):
    """The section on connections, depths and idleness."""
    rate = lambda kind, key, at=None: statistics.median(r[kind][key] if at is None else r[kind][key][at] for r in far)
    lines = ["## Many connections, deep queues, nobody", "", f"Medians of {len(far)} looks, each before a fresh store.", "",
             row(["connections"] + [f"{count:,}" for count in far[0]["connections"]]), "|---" * (len(far[0]["connections"]) + 1) + "|",
             row(["accepts/s"] + [f"{rate('connections', count):,.0f}" for count in far[0]["connections"]]), "",
             row(["queued before"] + [f"{depth:,}" for depth in far[0]["depths"]]), "|---" * (len(far[0]["depths"]) + 1) + "|"]
    for at, what in enumerate(("accepts/s", "settlements/s")):
        lines.append(row([what] + [f"{rate('depths', depth, at):,.0f}" for depth in far[0]["depths"]]))
    return lines + [""]


def page(rounds, far, options, fsync_ms, classes, directory_kind):
    found = ratios(rounds)
    middle = lambda key, name: median_of(rounds, lambda r: r[key][name])[0]
    lines = ["# Titip beside what a team would pick instead", "",
             "Written by `tests/run.sh bench`. The ratios are what counts: the rates are this machine's, of that day.", "",
             f"- {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC; {machine()}; file system {directory_kind}",
             f"- {versions()}",
             f"- one `fdatasync` of 4 KiB appended, median before each round: {', '.join(f'{ms:.2f}' for ms in fsync_ms)} ms",
             f"- {len(rounds)} interleaved rounds, {options.seconds:g} s each after 1 s of warm-up; {options.connections} connections, closed "
             "loop; 800 bytes of JSON, each of another person under a key of its own; every store fresh", "",
             "## Accepts", "",
             row(["", "answers/s", "CPU µs each", "p99 ms", "durability", "as"]), "|---|---|---|---|---|---|"]
    for peer in classes:
        cells = [peer.name, f"{middle(peer.package, 'per_s'):,.0f}"]
        known = "cpu_us" in rounds[0][peer.package]
        cells += [f"{middle(peer.package, 'cpu_us'):.1f}", f"{middle(peer.package, 'p99_ms'):.1f}"] if known else ["", ""]
        lines.append(row(cells + [peer.durability, peer.command]))
    titip = peers.Titip
    lines.append(row([titip.name, f"{middle('titip', 'per_s'):,.0f}", f"{middle('titip', 'cpu_us'):.1f}", f"{middle('titip', 'p99_ms'):.1f}",
                      titip.durability, titip.command]))
    lines += ["", "Titip's are accepts of its whole path: guard, facility, validation, natural key, idempotency key, sealing, metrics; the "
              "national server is down meanwhile.", "",
              f"At half of that rate, open loop, as people come: p50 {middle('titip', 'half_p50_ms'):.1f} ms, p99 "
              f"{middle('titip', 'half_p99_ms'):.1f} ms, p99.9 {middle('titip', 'half_p999_ms'):.1f} ms.", "",
              "## Drain", "",
              row(["", "records/s", "the server's CPU µs each", "Titip's CPU µs each"]), "|---|---|---|---|",
              row([f"wrk, {peers.DRAIN_CONNECTIONS} connections, straight to the server", f"{middle('direct', 'per_s'):,.0f}",
                   f"{middle('direct', 'national_cpu_us'):.1f}", ""]),
              row([f"Titip, window {peers.DRAIN_CONNECTIONS}, a backlog of {middle('titip', 'backlog'):,.0f}",
                   f"{middle('titip', 'drain_per_s'):,.0f}", f"{middle('titip', 'national_cpu_us'):.1f}", f"{middle('titip', 'drain_cpu_us'):.1f}"]),
              "", "The server is `pcare_sim` in memory with all its rules; records count once their settlement is durable.", "",
              f"Accept and drain at once: {middle('titip', 'accept_beside_per_s'):,.0f} accepts/s and "
              f"{middle('titip', 'drain_beside_per_s'):,.0f} settlements/s.", "", *of_reach(far), "## Ratios", "",
              row(["", "median", "least", "most", "floor", "goal", "reached"]), "|---|---|---|---|---|---|---|"]
    for name, (value, least, most) in (found | more_ratios(rounds, far)).items():
        floor, goal, side = (BOUNDS | MORE_BOUNDS)[name]
        lines.append(row([f"`{name}`", f"{value:.2f}", f"{least:.2f}", f"{most:.2f}", f"{side} {floor}", f"{side} {goal}",
                          standing(name, value)]))
    lines += ["", f"`{last_line(found, rounds)}`", ""]
    return "\n".join(lines)
