"""Starts the real programs on loopback for the integration tests: a gateway, a simulated national server, both in a
directory of their own that goes when the test ends."""

import http.client
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import serving  # noqa: E402
from serving import wait_for  # noqa: E402

BUILD = pathlib.Path(os.environ["TITIP_BUILD_DIR"])
UNDER = shlex.split(os.environ.get("TITIP_UNDER", ""))  # what `titip serve` is started by, if by anything
MOUNT = "/pcare-vaksin"


class Place:
    """A data directory and whatever runs in it."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="titip-integration-"))
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, arguments, log, **how):
        with open(self.directory / log, "ab") as stream:
            process = subprocess.Popen([str(a) for a in arguments], stdout=stream, stderr=stream, **how)
        self.processes.append(process)
        return process

    def log(self, name):
        return (self.directory / name).read_text(errors="replace")


class Simulator:
    def __init__(self, place, *options):
        self.place = place
        self.process = place.start([BUILD / "pcare_sim", "--listen", "127.0.0.1:0", "--base", "/vaksin", *options], "sim.log")
        found = wait_for(lambda: re.search(r"listening on 127\.0\.0\.1:(\d+)", place.log("sim.log")), "the simulator")
        self.port = int(found.group(1))

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request(method, path, body=None if body is None else json.dumps(body))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, json.loads(content or b"null")

    def weather(self, script):
        status, answer = self.call("POST", "/_sim/weather", script)
        assert status == 200, answer

    def effects(self):
        return self.call("GET", "/_sim/stats")[1]["totals"]["effects"]


class Gateway:
    """One `titip serve`; config() may be changed between starts."""

    def __init__(self, place, base_url="http://127.0.0.1:9/vaksin"):
        self.place = place
        self.settings = {
            "data_directory": str(place.directory / "data"),
            "front": {"address": "127.0.0.1", "port": 0},
            "operations": {"address": "127.0.0.1", "port": 0},
            "destinations": [{
                "profile": "pcare-vaksin", "base_url": base_url, "response_timeout_ms": 700, "late_apply_wait_ms": 1000,
                "breaker": {"window_ms": 2000, "open_first_ms": 200, "open_max_ms": 500},
                "backoff": {"first_ms": 50, "max_ms": 300}}],
            "facilities": [{"code": "P0001", "name": "Puskesmas Uji 1", "time_zone": "WIB", "late_entry_reason": "1"},
                           {"code": "P0002", "name": "Puskesmas Uji 2", "time_zone": "WITA"}],
        }
        self.program = BUILD / "titip"
        self.starts = 0
        self.process = None
        self.port = self.operations_port = 0

    def write_config(self):
        path = self.place.directory / "titip.json"
        path.write_text(json.dumps(self.settings))
        return path

    def start(self, before=(), **how):
        self.starts += 1
        log = f"titip-{self.starts}.log"
        self.process = self.place.start([*before, *UNDER, self.program, "serve", "--config", self.write_config()], log, **how)
        find = lambda name: re.search(rf'"listener":"{name}".*"port":(\d+)', self.place.log(log))
        wait_for(lambda: find("operations") or self.process.poll() is not None, "the gateway's listeners")
        assert self.process.poll() is None, self.place.log(log)
        self.port, self.operations_port = int(find("front").group(1)), int(find("operations").group(1))
        wait_for(lambda: self.get("/readyz")[0] == 200, "readiness")
        return self

    def refuses_to_start(self):
        """Exit status and words of a start that must fail."""
        done = subprocess.run([str(BUILD / "titip"), "serve", "--config", str(self.write_config())], capture_output=True,
                              text=True, timeout=serving.PATIENCE_S)
        return done.returncode, done.stderr

    def titip(self, *arguments, stdin="", **how):
        """Runs another command of the program with this gateway's config, and waits for it."""
        config = self.place.directory / "titip.json"
        if not config.exists():
            self.write_config()
        done = subprocess.run([str(BUILD / "titip"), *map(str, arguments), "--config", str(config)], input=stdin,
                              capture_output=True, text=True, timeout=60, **how)
        return done

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(timeout=serving.PATIENCE_S)

    def reloads(self, event, words=""):
        """Tells it to reload; waits for one more line that says so."""
        log = f"titip-{self.starts}.log"
        lines = lambda: [line for line in self.place.log(log).splitlines() if f'"{event}"' in line and words in line]
        before = len(lines())
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(lines()) > before, f"{event} {words}")

    def connect(self, port):
        return http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def call(self, method, path, body=None, headers=None, port=None):
        connection = self.connect(port or self.port)
        text = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        connection.request(method, path, body=text, headers=headers or {})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        kind = answer.getheader("Content-Type", "")
        return answer.status, json.loads(content) if "json" in kind else content.decode(), answer.headers

    def get(self, path, facility="P0001"):
        return self.call("GET", path, headers={"x-kdppk": facility})

    def submit(self, path, body, key=None, method="POST", facility="P0001"):
        headers = {"x-kdppk": facility, "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = f'"{key}"'
        return self.call(method, MOUNT + path, body, headers)

    def metric(self, name):
        """The value of a series; its labels in any order."""
        parts = lambda series: (series.partition("{")[0], set(series.partition("{")[2].rstrip("}").split(",")))
        for line in self.call("GET", "/metrics", port=self.operations_port)[1].splitlines():
            series, _, value = line.rpartition(" ")
            if not line.startswith("#") and parts(series) == parts(name):
                return float(value)
        raise AssertionError(f"no series {name}")

    def counts(self):
        return self.get("/v1/status")[1]["destinations"][0]

    def state(self, id, facility="P0001"):
        return self.get(f"/v1/submissions/{id}", facility)[1]["state"]


def shipped_profile():
    """The shipped profile as an object: JSON without its comments."""
    text = (pathlib.Path(os.environ["TITIP_SOURCE_DIR"]) / "upstream/profiles/pcare-vaksin.json").read_text()
    return json.loads(re.sub(r"(^|\s)//.*$", "", text, flags=re.M))


# Synthetic people: area code 99 is no province.
def person(number, **other):
    return {"nik": f"990101150190{number:04d}", "noTiket": f"A-{number:08d}", "nama": f"Orang Uji {number:04d}",
            "tglLahir": "1990-01-15", "noHp": "000000000000", "kodeKategori": "1", "alamat": "Jalan Uji", "isCetak": 0, **other}


def today(offset_hours=7):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + offset_hours * 3600))


def dose(number, **other):
    base = {k: v for k, v in person(number).items() if k != "isCetak"}
    return {**base, "kdPpk": "P0001", "tglVaksin": today(), "dosis": 1, "jenisVaksin": "1", "noBatch": "B1",
            "skrining": {"suhu": 36.5, "tekananDarah": "120/80", "hasil": "lanjut"}, "observasi": {"keluhan": ""}, **other}
