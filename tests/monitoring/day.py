"""A day of two minutes: clinics at work in fair weather, answers that get lost, an outage, an operator's drain, the gateway's death.
What each step is for is that some panel or alert can only then show anything."""

import csv
import http.client
import json
import random
import signal
import ssl
import threading
import time

from certificates import Authority
from gateway import MOUNT, Gateway, dose, person, wait_for

NAME = "pcare-vaksin"
MANY = 10_000
WHY = ("--reason", "uji coba")
# Known to the simulated server alone as of P0001; the gateway knows all of these.
MANY_CODES = [f"M{number:05d}" for number in range(MANY)]


class SecureGateway(Gateway):
    """Clinics come under TLS; its certificate has 20 days left until renew() gives it another."""

    def secure(self):
        self.authority = Authority(self.place.directory)
        self.certificate, self.key = self.authority.sign("localhost")
        self.settings["front"]["tls"] = {"certificate_file": str(self.certificate), "key_file": str(self.key),
                                         "client_authorities_file": str(self.authority.certificate)}
        self.context = ssl.create_default_context(cafile=self.authority.certificate)
        return self

    def connect(self, port):
        if port == self.operations_port:
            return super().connect(port)
        return http.client.HTTPSConnection("localhost", port, timeout=10, context=self.context)

    def renew(self):
        certificate, key = self.authority.sign("localhost", file="renewed", days=60)
        certificate.replace(self.certificate)
        key.replace(self.key)
        self.process.send_signal(signal.SIGHUP)


class Clinics(threading.Thread):
    """Posts at an even pace until told to stop; each record is of another person."""

    def __init__(self, gateway, per_second):
        super().__init__(daemon=True)
        self.gateway, self.pause = gateway, 1 / per_second
        self.ended = threading.Event()
        self.number = 0
        self.answers = {}

    def run(self):
        dice = random.Random(7)
        while not self.ended.wait(self.pause):
            self.number += 1
            try:
                self.one(self.number, dice)
            except OSError:  # while the gateway is dead
                self.count("no answer")

    def one(self, number, dice):
        status, _, _ = self.gateway.submit("/sasaran/simpan", person(number), facility="P0002" if number % 4 == 0 else "P0001")
        self.count(status)
        if number % 5 == 0:
            self.count(self.gateway.submit("/vaksin/simpan", dose(5_000 + number))[0])  # of somebody the server does not know
        if number % 7 == 0:
            self.gateway.submit("/sasaran/simpan", "{")  # invalid
            self.gateway.submit("/sasaran/simpan", person(number), facility="P0002" if number % 4 == 0 else "P0001")  # once more
        if number % 3 == 0:
            self.gateway.get(f"{MOUNT}/referensi/{dice.choice(['jenisvaksin', 'alasan', 'keluhan'])}")
        if number % 11 == 0:
            self.gateway.call("POST", MOUNT + "/login", {"username": "nobody", "password": "nothing"})
            self.gateway.get("/no/such/place")

    def count(self, answer):
        self.answers[answer] = self.answers.get(answer, 0) + 1

    def stop(self):
        self.ended.set()
        self.join()


def expose(gateway):
    status, text, _ = gateway.call("GET", "/metrics", port=gateway.operations_port)
    assert status == 200
    return text


def series_of(exposition):
    """{name and labels}, without the values."""
    return {line.rsplit(" ", 1)[0] for line in exposition.splitlines() if line and not line.startswith("#")}


def import_many(gateway, place):
    path = place.directory / "many.csv"
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["code", "name", "consumer_id", "secret"])
        writer.writerows([code, f"Klinik Uji {code}", "", ""] for code in MANY_CODES)
    path.chmod(0o600)
    done = gateway.titip("facility", "import", path, *WHY)
    assert done.returncode == 0, done.stderr


def same_things(gateway, facilities, first):
    """The same requests for each facility: accepted, invalid, listed, refused."""
    for number, facility in enumerate(facilities):
        who = person(first + number)
        gateway.submit("/sasaran/simpan", who, facility=facility)
        gateway.submit("/sasaran/simpan", "{", facility=facility)
        gateway.get("/v1/submissions", facility)
        gateway.get("/v1/attention", facility)


def ten_thousand_facilities_add_no_series(gateway, place):
    """What is exposed before any of them is known, and after they came and 300 of them worked."""
    same_things(gateway, ["P0001", "P0002"], 9_000)
    gateway.titip("facility", "ls")
    wait_for(lambda: gateway.counts()["delivered"] >= 2, "the first records")
    expose(gateway)  # which is a request itself
    before = series_of(expose(gateway))
    import_many(gateway, place)
    worked = MANY_CODES[:: MANY // 300]
    same_things(gateway, worked, 9_100)
    wait_for(lambda: gateway.counts()["delivered"] >= 2 + len(worked), "their records")
    text = expose(gateway)
    more = series_of(text) - before
    # The last count of each state and the oldest record come and go; everything else must have been there.
    assert all(each.startswith("titip_queue_oldest_accepted") for each in more), sorted(more)[:10]
    assert not any(code in text for code in worked), "a facility's code is a label"
    assert f'titip_facilities{{state="enabled"}} {MANY + 2}' in text
    return len(before)


def outage(gateway, simulator, told, while_away):
    """From the first refused connection until operators were told; then an operator gets a drain ready that waits for the server.
    The simulated server that refuses connections takes no word about its weather either, so a page stands in for it then."""
    simulator.weather([{"from_s": 0, "to_s": 5, "kind": "refuse"}, {"from_s": 5, "to_s": 600, "kind": "html_503"}])
    wait_for(lambda: gateway.counts()["queued"] + gateway.counts()["deferred"] >= 100, "a backlog")
    wait_for(lambda: "UpstreamOutage" in told(), "operators to be told of UpstreamOutage")
    while_away()
    done = gateway.titip("drain", NAME, "--canary", "5", "--per-second", "12", *WHY, "--yes")
    assert done.returncode == 0, done.stderr
    simulator.weather([])


def drained(gateway):
    state = lambda: json.loads(gateway.titip("drain", "status", NAME, "--json").stdout)["result"]["state"]
    wait_for(lambda: state() == "done", "the drain to be done")


def certificate_renewed(gateway, told, over):
    wait_for(lambda: "CertificateExpiresSoon" in told(), "operators to be told of CertificateExpiresSoon")
    gateway.renew()
    wait_for(lambda: "CertificateExpiresSoon" in over(), "operators to hear that the certificate is another")


def killed(gateway, firing, told):
    """Dead until operators were told (of what ends before that they never hear), then started again with the same ports."""
    gateway.process.kill()
    gateway.process.wait()
    wait_for(lambda: "GatewayDown" in told(), "operators to be told of GatewayDown")
    gateway.start()
    wait_for(lambda: "GatewayDown" not in firing(), "GatewayDown to end")


def slept(seconds):
    time.sleep(seconds)
