"""Log-ins come from anybody, so a flood of them reaches the national server no faster than the bounds say, and costs those who
read nothing; in an outage who guesses shuts nobody out who is elsewhere. Over real sockets, behind a proxy that is trusted."""

import http.client
import json
import pathlib
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from gateway import MOUNT, Gateway, Place, Simulator, wait_for  # noqa: E402

CLINIC, STRANGER = "10.20.3.4", "192.0.2.7"
USER = {"username": "uji", "password": "sandi-uji"}
RATE, BURST, PLACES = 2, 10, 4
REASON = 'titip_http_refused_total{listener="front",reason="log_in_rate"}'
CROWDED = 'titip_auth_failures_total{reason="crowded"}'


class Client:
    """One connection to the proxy's side of the gateway, in the name of an address."""

    def __init__(self, gateway, address):
        self.connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
        self.headers = {"X-Forwarded-For": address, "x-kdppk": "P0001"} if address else {}

    def call(self, method, path, body=None):
        self.connection.request(method, MOUNT + path, None if body is None else json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer

    def log_in(self, username="nobody", password="guess"):
        return self.call("POST", "/login", {"username": username, "password": password})

    def read(self, number):
        """What the national server itself says: it knows no such person."""
        return self.call("GET", f"/tiket/nik/990101150190{number:04d}").status == 404

    def close(self):
        self.connection.close()


def flood(gateway, address_of, clients, seconds):
    """So many connections, each of which logs in one time after the other; gives what waits for them, and their statuses."""
    statuses, until = [], time.monotonic() + seconds

    def run(number):
        client = Client(gateway, address_of(number))
        while time.monotonic() < until:
            statuses.append(client.log_in().status)
        client.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()

    def end():
        for thread in threads:
            thread.join()
        return statuses
    return end


class LogIns(unittest.TestCase):
    def gateway(self, place, simulator, **front):
        gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin")
        gateway.settings["front"] |= {
            "trusted_proxies": ["127.0.0.1"], "admission": {"networks": ["10.20.0.0/16"]},
            "log_ins_per_second": RATE, "log_ins_burst": BURST, **front}
        gateway.settings["log_in"] = {"at_once": PLACES}
        return gateway.start()

    def clinic(self, gateway):
        """It has logged in, and its log-in is remembered."""
        client = Client(gateway, CLINIC)
        self.assertEqual(client.log_in(**USER).status, 200)
        return client

    def asked(self, simulator):
        return simulator.call("GET", "/_sim/stats")[1]["totals"]["logins"]

    def test_a_flood_from_one_address_reaches_the_server_no_faster_than_its_bound(self):
        with Place() as place:
            simulator = Simulator(place, "--facilities", "P0001:uji:sandi-uji")
            gateway = self.gateway(place, simulator)
            clinic = self.clinic(gateway)
            began = time.monotonic()
            end = flood(gateway, lambda _: STRANGER, 20, 3)
            reads = [clinic.read(number) for number in range(20)]
            log_in = clinic.log_in(**USER).status
            statuses = end()
            self.assertEqual((reads.count(True), log_in), (20, 200), "another address notices nothing")
            bound = BURST + RATE * (time.monotonic() - began) + 3
            self.assertLessEqual(self.asked(simulator), bound)
            refused = statuses.count(429)
            self.assertGreater(refused, 10 * bound, "so much of a flood it was")
            # Whom the bound let through may have found no place, which is told by the same number.
            self.assertEqual(gateway.metric(REASON) + gateway.metric(CROWDED), refused)
            stranger = Client(gateway, STRANGER)
            answers = [stranger.log_in() for _ in range(3)]
            self.assertEqual((answers[-1].status, answers[-1].getheader("Retry-After")), (429, "1"))
            stranger.close()
            clinic.close()
            self.assertEqual(gateway.stop(), 0)

    def test_a_proxy_that_names_nobody_has_a_larger_bound_for_all_behind_it(self):
        with Place() as place:
            simulator = Simulator(place, "--facilities", "P0001:uji:sandi-uji")
            gateway = self.gateway(place, simulator, shared_log_ins_per_second=1, shared_log_ins_burst=30)
            client = Client(gateway, None)
            statuses = [client.log_in().status for _ in range(60)]
            self.assertGreaterEqual(60 - statuses.count(429), 30)
            self.assertLess(60 - statuses.count(429), 50)
            client.close()
            self.assertEqual(gateway.stop(), 0)

    def test_log_ins_from_everywhere_take_no_reads_place(self):
        with Place() as place:
            simulator = Simulator(place, "--facilities", "P0001:uji:sandi-uji")
            gateway = self.gateway(place, simulator)
            clinic = self.clinic(gateway)
            slow_ms = 300
            simulator.weather([{"from_s": 0, "to_s": 600, "kind": "slow", "ms": slow_ms}])
            began = time.monotonic()
            end = flood(gateway, lambda number: f"198.51.{number // 200}.{number % 200}", 300, 3)
            reads = [clinic.read(number) for number in range(8)]
            end()
            clinic.close()
            self.assertEqual(reads.count(True), 8)
            self.assertLessEqual(self.asked(simulator), PLACES * ((time.monotonic() - began) / (slow_ms / 1000) + 1))
            crowded = gateway.metric(CROWDED)
            self.assertGreater(crowded, 100, "so many found no place")
            self.assertEqual(gateway.stop(), 0)

    def test_in_an_outage_who_guesses_shuts_nobody_out_who_is_elsewhere(self):
        with Place() as place:
            simulator = Simulator(place, "--facilities", "P0001:uji:sandi-uji")
            gateway = self.gateway(place, simulator)
            clinic = self.clinic(gateway)
            stranger, another = Client(gateway, STRANGER), Client(gateway, "192.0.2.8")
            verifier = 'titip_reads_total{source="verifier"}'
            simulator.weather([{"from_s": 0, "to_s": 600, "kind": "html_503"}])
            wait_for(lambda: clinic.log_in(**USER).status == 200 and gateway.metric(verifier) > 0, "the verifier")
            statuses = [stranger.log_in(USER["username"], "guess").status for _ in range(8)]
            self.assertEqual((statuses[0], statuses[-1]), (401, 429), statuses)
            self.assertEqual(stranger.log_in(**USER).status, 429)
            self.assertEqual(another.log_in(**USER).status, 200, "the right user, wherever it be")
            for each in (clinic, stranger, another):
                each.close()
            self.assertEqual(gateway.stop(), 0)


if __name__ == "__main__":
    unittest.main()
