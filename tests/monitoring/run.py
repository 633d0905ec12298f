"""The shipped gateway, the simulated national server, Debian's Prometheus and Alertmanager with what deploy/monitoring ships (started
by its own up.sh), and a day of two minutes with an outage. Ends with the line of figures; what is wrong is named before it.

The test's Prometheus has the shipped rules with every duration (scrapes, `for`, ranges, Alertmanager's waits) divided by FACTOR."""

import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.request

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1] / "integration")]
import day  # noqa: E402
import lint  # noqa: E402
import page  # noqa: E402
from gateway import Place, Simulator, wait_for  # noqa: E402
from judge import Judge, Prometheus  # noqa: E402
import serving  # noqa: E402
from shipped import SHIPPED, expressions, write_shortened  # noqa: E402

FACTOR = 60
MUST_FIRE = {"UpstreamOutage", "GatewayDown", "CertificateExpiresSoon"}
# What this day may show besides, by its own weather or a neighbour who fills the disk or keeps it busy.
MAY_FIRE = MUST_FIRE | {"IngestErrorBudgetBurn", "NeedsAttentionGrowing", "StoreWillFill", "UnknownOutcomes"}


class Operators(http.server.ThreadingHTTPServer):
    """Who is told by Alertmanager: of each alert when it fired and when it was over."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Told)
        self.fired, self.resolved, self.labels, self.words = [], [], [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Told(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        for alert in json.loads(self.rfile.read(int(self.headers["Content-Length"])))["alerts"]:
            self.server.labels.append(alert["labels"])
            self.server.words += alert["annotations"].values()
            if alert["labels"].get("made_by") == "test":
                continue
            told = self.server.fired if alert["status"] == "firing" else self.server.resolved
            if alert["labels"]["alertname"] not in told:
                told.append(alert["labels"]["alertname"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *ignored):
        pass


class Monitoring:
    """up.sh with its two programs, which end with it."""

    def __init__(self, place, gateway_port, operators):
        self.ports = serving.free_port(), serving.free_port()
        config = place.directory / "monitoring"
        write_shortened(config, FACTOR, [("127.0.0.1:9494", f"127.0.0.1:{operators.server_address[1]}")])
        data = place.directory / "prometheus"
        self.process = place.start(
            ["bash", SHIPPED / "up.sh", "--config", config, "--data", data, "--gateway", f"127.0.0.1:{gateway_port}",
             "--prometheus-port", self.ports[0], "--alertmanager-port", self.ports[1]], "up.log", start_new_session=True)
        wait_for(lambda: "Ctrl-C ends both" in place.log("up.log") or self.process.poll() is not None, "up.sh")
        assert self.process.poll() is None, place.log("up.log")
        self.prometheus = Prometheus(self.ports[0])
        self.alertmanager = f"http://127.0.0.1:{self.ports[1]}"

    def firing(self):
        return {alert["labels"]["alertname"] for alert in self.prometheus.ask("alerts")["alerts"] if alert["state"] == "firing"}

    def alerts(self):
        with urllib.request.urlopen(self.alertmanager + "/api/v2/alerts", timeout=10) as answer:
            return json.load(answer)

    def end(self):
        """True: everything it started ended with it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        finally:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return True
        return False


def inhibits(monitoring):
    """In the outage an old record is no news, but one of another destination is."""
    for destination in (day.NAME, "another"):
        subprocess.run(["amtool", "alert", "add", "OldestPendingTooOld", f"destination={destination}", "severity=warning", "made_by=test",
                        f"--alertmanager.url={monitoring.alertmanager}"], check=True, capture_output=True, timeout=20)
    state = lambda name: [alert["status"]["state"] for alert in monitoring.alerts()
                          if alert["labels"]["alertname"] == "OldestPendingTooOld" and alert["labels"].get("destination") == name]
    wait_for(lambda: state(day.NAME) == ["suppressed"] and state("another") == ["active"],
             "the outage to silence what follows from it, and nothing else")


def went_through_all_states(prometheus, name, begin, end):
    """pending, then firing, then neither."""
    times = {}
    for labels, values in prometheus.series(f'ALERTS{{alertname="{name}"}}', begin, end, 0.25):
        times.setdefault(labels["alertstate"], []).extend(at for at, _ in values)
    if not times.get("pending") or not times.get("firing"):
        return f"{name} was never {'firing' if times.get('pending') else 'pending'}"
    if min(times["pending"]) >= min(times["firing"]):
        return f"{name} fired before it was pending"
    if max(times["firing"]) > end - 1:
        return f"{name} was still firing at the end"
    return None


def live(place):
    """The day. Returns what is judged: prometheus, its bounds, what operators were told, expositions, the number of series."""
    simulator = Simulator(place)
    gateway = day.SecureGateway(place, f"http://127.0.0.1:{simulator.port}/vaksin").secure()
    gateway.settings["front"]["port"], gateway.settings["operations"]["port"] = serving.free_port(), serving.free_port()
    gateway.start()
    operators = Operators()
    series = day.ten_thousand_facilities_add_no_series(gateway, place)
    monitoring = Monitoring(place, gateway.operations_port, operators)
    try:
        begin = time.time()
        told = lambda: operators.fired
        clinics = day.Clinics(gateway, 8)
        clinics.start()
        day.slept(6)
        simulator.weather([{"from_s": 0, "to_s": 5, "kind": "lose_reply", "probability": 0.5, "writes_only": True}])
        day.slept(8)
        expositions = [day.expose(gateway)]
        day.outage(gateway, simulator, told, lambda: (inhibits(monitoring), expositions.append(day.expose(gateway))))
        clinics.stop()
        day.drained(gateway)
        wait_for(lambda: "UpstreamOutage" in operators.resolved, "operators to hear that it is over")
        day.certificate_renewed(gateway, told, lambda: operators.resolved)
        day.slept(4)
        expositions.append(day.expose(gateway))
        day.killed(gateway, monitoring.firing, told)
        wait_for(lambda: "GatewayDown" in operators.resolved, "operators to hear that the gateway is back")
        end = time.time()
        problems = judged(monitoring.prometheus, begin, end, operators, expositions)
        lasted = end - begin
    finally:
        orphans = not monitoring.end()
    if orphans:
        problems.append("up.sh left something running behind it")
    return problems, operators, series, lasted


def judged(prometheus, begin, end, operators, expositions):
    judge = Judge(prometheus, begin, end, FACTOR)
    found = expressions()
    problems = [f"no data: {each.where}: {each.text}" for each in found if judge.is_empty(each)]
    print(f"expressions that were judged without their comparison: {len(judge.bare)}")
    # The control: each metric of each expression misspelt once; every one must be found.
    wrong = [(each, each.with_a_wrong_name(metric)) for each in found for metric in sorted(each.metrics())]
    missed = [spoiled.text for each, spoiled in wrong if spoiled.text == each.text or not judge.is_empty(spoiled)]
    print(f"wrong names: {len(wrong)} tried, {len(wrong) - len(missed)} found")
    problems += [f"a wrong name went unnoticed: {text}" for text in missed]
    for name in sorted(MUST_FIRE):
        problems += filter(None, [went_through_all_states(prometheus, name, begin, end)])
        if name not in operators.fired or name not in operators.resolved:
            problems.append(f"operators were not told that {name} began and ended")
    problems += [f"{name} fired, and nothing in this day is a reason for it" for name in set(operators.fired) - MAY_FIRE]
    told = [labels for labels in operators.labels if labels["alertname"] == "OldestPendingTooOld"]
    if not any(labels.get("destination") == "another" for labels in told):
        problems.append("operators were not told of the alert that nothing inhibits")
    problems += [f"a text of an alert came out wrong: {words}" for words in set(operators.words)
                 if any(mark in words for mark in ("{{", "<no value>", "<error", "NaN"))]
    problems += page.differences(expositions)
    return problems


def main():
    began = time.monotonic()
    serving.PATIENCE_S = 60
    with Place() as place:
        try:
            problems, operators, series, lasted = live(place)
        except AssertionError:
            for log in sorted(place.directory.glob("*.log")) + sorted(place.directory.glob("prometheus/*.log")):
                print(f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-15:]))
            raise
    findings = lint.everything(unit_tests=False) + [p for p in problems if p.startswith("promtool")]
    problems = [p for p in problems if not p.startswith("promtool")] + findings
    print("\n".join(problems))
    print(f"monitoring: series={series} of 10002 facilities, a day of {lasted:.0f} s, {time.monotonic() - began:.0f} s in all")
    empty = sum(problem.startswith("no data") for problem in problems)
    print(f"monitoring: expressions={len(expressions())} empty={empty} alerts_fired=[{','.join(sorted(operators.fired))}] "
          f"alerts_resolved=[{','.join(sorted(operators.resolved))}] lint_errors={len(findings)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
