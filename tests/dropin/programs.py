"""The programs of a run on loopback: the simulated national server, and the gateway with its three destinations."""

import http.client
import json
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from serving import PATIENCE_S, wait_for  # noqa: E402


def get(port, path, method="GET", body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


class Program:
    def __init__(self, directory, name, arguments):
        self.log_file = directory / f"{name}.log"
        with open(self.log_file, "ab") as stream:
            self.process = subprocess.Popen([str(a) for a in arguments], stdout=stream, stderr=stream)

    def log(self):
        return self.log_file.read_text(errors="replace")

    def says(self, pattern, what):
        wait_for(lambda: re.search(pattern, self.log()) or self.process.poll() is not None, what)
        found = re.search(pattern, self.log())
        if not found:
            raise RuntimeError(f"{what} ended: {self.log()[-2000:]}")
        return found

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


class Simulator(Program):
    def __init__(self, build, directory, consumers):
        file = directory / "consumers.json"
        file.write_text(json.dumps([consumer.as_json() for consumer in consumers]))
        super().__init__(directory, "simulator", [build / "pcare_sim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0",
                                                  "--consumers-file", file])
        self.control = int(self.says(r"control on port (\d+)", "the simulator").group(1))
        self.port = int(re.search(r"listening on 127\.0\.0\.1:(\d+)", self.log()).group(1))

    def weather(self, script):
        status, said = get(self.control, "/_sim/weather", "POST", json.dumps(script))
        if status != 200:
            raise RuntimeError(said)

    def ledger(self):
        effects, after = [], 0
        while True:
            page = json.loads(get(self.control, f"/_sim/rest?after={after}")[1])
            effects += page["effects"]
            after = page["next_after"]
            if not page["more"]:
                return {"totals": page["totals"], "effects": effects}


class Gateway(Program):
    """Time-outs, retries and breaker in step with a day that lasts minutes; all else as shipped."""

    hurry = {"response_timeout_ms": 1500, "late_apply_wait_ms": 3000, "breaker": {"window_ms": 2000, "open_first_ms": 300, "open_max_ms": 1000},
             "backoff": {"first_ms": 100, "max_ms": 1000}}

    def __init__(self, build, directory, consumers, server_port):
        facilities = []
        for consumer in consumers:
            secret = directory / f"secret-{consumer.cons_id}"
            secret.write_text(consumer.secret + "\n")
            secret.chmod(0o600)
            facilities.append({"code": consumer.facility, "name": f"Klinik {consumer.facility}", "time_zone": "WIB",
                               "consumer_id": consumer.cons_id, "consumer_secret_file": secret.name})
        base = f"http://127.0.0.1:{server_port}"
        settings = {"data_directory": "data", "front": {"address": "127.0.0.1", "port": 0},
                    "operations": {"address": "127.0.0.1", "port": 0}, "facilities": facilities,
                    "destinations": [{"profile": "pcare-rest", "base_url": base + "/pcare-rest", **self.hurry},
                                     {"profile": "pcare-rest-v3", "base_url": base + "/pcare-rest-v3.0", **self.hurry},
                                     {"profile": "antreanfktp", "base_url": base + "/antreanfktp", **self.hurry}]}
        (directory / "titip.json").write_text(json.dumps(settings, indent=1))
        super().__init__(directory, "gateway", [build / "titip", "serve", "--config", directory / "titip.json"])
        self.operations = int(self.says(r'"listener":"operations".*"port":(\d+)', "the gateway").group(1))
        self.port = int(self.says(r'"listener":"front".*"port":(\d+)', "the gateway").group(1))
        wait_for(lambda: get(self.port, "/readyz")[0] == 200, "readiness")

    def queue(self):
        """{(destination, state): records}"""
        text = get(self.operations, "/metrics")[1]
        found = re.findall(r'^titip_queue_submissions\{destination="([^"]*)",state="([^"]*)"\} (\S+)$', text, re.M)
        return {(destination, state): int(float(count)) for destination, state, count in found}


def mounts(source):
    """Where the shipped profiles are mounted: {profile: path}."""
    out = {}
    for name in ("pcare-rest", "pcare-rest-v3", "antreanfktp"):
        text = (pathlib.Path(source) / "upstream/profiles" / f"{name}.json").read_text()
        out[name] = re.search(r'"mount":\s*"([^"]+)"', text).group(1)
    return out
