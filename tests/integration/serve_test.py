"""The gateway as a clinic, an operator and a bad day meet it: real programs, real sockets, real files."""

import http.client
import json
import os
import pathlib
import signal
import socket
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from gateway import MOUNT, Gateway, Place, Simulator, dose, person, shipped_profile, wait_for  # noqa: E402


class Mounts(unittest.TestCase):
    """Where the config says, not where the profile does; so two destinations may have one profile."""

    def test_two_places_of_one_profile(self):
        with Place() as place:
            gateway = Gateway(place)
            first = gateway.settings["destinations"][0]
            gateway.settings["destinations"].append({**first, "name": "second", "mount": "/dinas/vaksin"})
            first["mount"] = "/dinas/pcare-vaksin"
            gateway.start()
            headers = {"x-kdppk": "P0001", "Content-Type": "application/json"}
            for mount, name in (("/dinas/pcare-vaksin", "pcare-vaksin"), ("/dinas/vaksin", "second")):
                status, answer, _ = gateway.call("POST", mount + "/vaksin/simpan", dose(1), headers)
                self.assertEqual(status, 201, answer)
                waiting = {each["destination"]: each["accepted"] for each in gateway.get("/v1/status")[1]["destinations"]}
                self.assertEqual(waiting[name], 1, waiting)
            for nowhere in (MOUNT, "/dinas"):
                self.assertEqual(gateway.call("POST", nowhere + "/vaksin/simpan", dose(2), headers)[0], 404)
            gateway.stop()


class BadInput(unittest.TestCase):
    """Each fault is named, and nothing is stored."""

    @classmethod
    def setUpClass(cls):
        cls.place = Place()
        cls.gateway = Gateway(cls.place).start()

    @classmethod
    def tearDownClass(cls):
        cls.gateway.stop()
        cls.place.__exit__()

    def refused(self, status, words, method, path, body, headers):
        before = self.gateway.counts()["accepted"]
        for prefix in (MOUNT, "/v1/destinations/pcare-vaksin"):
            got, answer, answer_headers = self.gateway.call(method, prefix + path, body, headers)
            self.assertEqual(got, status, answer)
            if prefix == MOUNT:
                self.assertEqual(answer["metaData"]["code"], status)
            else:
                self.assertEqual(answer_headers["Content-Type"], "application/problem+json")
                self.assertEqual(answer["status"], status)
            for word in words:
                self.assertIn(word, json.dumps(answer))
        self.assertEqual(self.gateway.counts()["accepted"], before)
        return answer_headers

    def test_faults(self):
        known = {"x-kdppk": "P0001"}
        whole = json.dumps(dose(1))
        missing = json.dumps({k: v for k, v in dose(1).items() if k not in ("nik", "tglVaksin")})
        self.refused(400, ["not JSON"], "POST", "/vaksin/simpan", "{", known)
        self.refused(422, ["/nik", "/tglVaksin"], "POST", "/vaksin/simpan", missing, known)
        self.refused(422, ["must be a JSON object"], "POST", "/vaksin/simpan", "[]", known)
        self.refused(422, ["YYYY-MM-DD"], "POST", "/vaksin/simpan", json.dumps(dose(1, tglVaksin="15-08-2026")), known)
        self.refused(400, ["nested"], "POST", "/vaksin/simpan", "[" * 200_000, known)
        self.refused(404, ["no such path"], "POST", "/vaksin/hapus", whole, known)
        self.refused(401, ["not known"], "POST", "/vaksin/simpan", whole, {"x-kdppk": "P9999"})
        self.refused(401, ["x-kdppk"], "POST", "/vaksin/simpan", whole, {})
        self.refused(400, ["Idempotency-Key"], "POST", "/vaksin/simpan", whole, {**known, "Idempotency-Key": '"open'})
        allow = self.refused(405, ["method"], "DELETE", "/vaksin/simpan", whole, known)
        self.assertEqual(allow["Allow"], "POST")

    def test_oversized_body(self):
        before = self.gateway.counts()["accepted"]
        body = json.dumps(dose(1, alamat="x" * 300_000))
        status, answer, _ = self.gateway.submit("/vaksin/simpan", body)
        self.assertEqual(status, 413)
        self.assertIn("larger than", json.dumps(answer))
        self.assertEqual(self.gateway.counts()["accepted"], before)

    def test_smuggling_is_answered_and_closed(self):
        for raw in (b"POST /v1/status HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    b"POST /v1/status HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
                    b"GET /v1/status HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                    b"GET http://a/v1/status HTTP/1.1\r\nHost: a\r\n\r\n",
                    b"GET /v1/status HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.gateway.port), timeout=5) as client:
                client.sendall(raw + b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
                answer = b""
                while chunk := client.recv(65536):
                    answer += chunk
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1, raw)
            self.assertIn(b"HTTP/1.1 4", answer, raw)

    def test_somebody_elses_submission_is_absent(self):
        status, _, headers = self.gateway.submit("/vaksin/simpan", dose(77))
        self.assertEqual(status, 201)
        path = headers["Location"]
        self.assertEqual(self.gateway.get(path)[0], 200)
        self.assertEqual(self.gateway.get(path, "P0002")[0], 404)
        self.assertEqual(self.gateway.call("GET", path)[0], 401)


class Custody(unittest.TestCase):
    def test_verdicts_and_restart(self):
        with Place() as place:
            gateway = Gateway(place).start()
            status, first, headers = gateway.submit("/vaksin/simpan", dose(1), key="a")
            self.assertEqual(status, 201)
            id = headers["Titip-Submission-Id"]
            again = gateway.submit("/vaksin/simpan", dose(1), key="a")
            self.assertEqual((again[0], again[1], again[2]["Idempotency-Replayed"]), (201, first, "true"))
            self.assertEqual(gateway.submit("/vaksin/simpan", dose(1))[2]["Titip-Submission-Id"], id)
            reused = gateway.submit("/vaksin/simpan", dose(1, noBatch="B2"), key="a")
            self.assertEqual(reused[0], 422)
            self.assertIn("/noBatch", json.dumps(reused[1]))
            correction = gateway.submit("/vaksin/simpan", dose(1, noBatch="B2"), key="b")
            self.assertEqual(correction[0], 201)
            self.assertNotEqual(correction[2]["Titip-Submission-Id"], id)
            before = gateway.counts()
            gateway.stop(signal.SIGKILL)
            gateway.start()
            after = gateway.counts()
            self.assertEqual((before["accepted"], before["pending"]), (2, 2))
            self.assertEqual((after["accepted"], after["pending"], after["ledger_difference"]), (2, 2, 0))
            self.assertEqual(gateway.submit("/vaksin/simpan", dose(1), key="a")[2]["Titip-Submission-Id"], id)
            self.assertEqual(gateway.stop(), 0)


class Delivery(unittest.TestCase):
    def test_a_lost_reply_is_found_not_sent_again(self):
        with Place() as place:
            simulator = Simulator(place)
            gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin").start()
            simulator.weather([{"from_s": 0, "to_s": 600, "kind": "lose_reply", "writes_only": True}])
            _, _, headers = gateway.submit("/sasaran/simpan", person(1))
            id = headers["Titip-Submission-Id"]
            wait_for(lambda: gateway.state(id) == "delivered", "delivery")
            shown = gateway.get(f"/v1/submissions/{id}")[1]
            self.assertEqual([a["outcome"] for a in shown["attempts"]], ["unknown", "found"])
            replay = gateway.submit("/sasaran/simpan", person(1))
            self.assertEqual(replay[2]["Idempotency-Replayed"], "true")
            gateway.stop()

    def test_log_in_during_an_outage(self):
        with Place() as place:
            simulator = Simulator(place, "--facilities", "P0001:uji:sandi-uji")
            gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin").start()
            right, wrong = {"username": "uji", "password": "sandi-uji"}, {"username": "uji", "password": "salah"}
            status, accepted, _ = gateway.call("POST", MOUNT + "/login", right)
            self.assertEqual(status, 200, accepted)
            self.assertEqual(gateway.call("POST", MOUNT + "/login", wrong)[0], 401)
            simulator.weather([{"from_s": 0, "to_s": 600, "kind": "html_503"}])
            # The verifier is made and kept behind the answer, and so many tries a minute are free.
            for _ in range(3):
                status, answer, _ = gateway.call("POST", MOUNT + "/login", right)
                if status != 503:
                    break
                time.sleep(1)
            self.assertEqual((status, answer), (200, accepted))
            self.assertEqual(gateway.call("POST", MOUNT + "/login", wrong)[0], 401)
            status, answer, _ = gateway.call("POST", MOUNT + "/login", {"username": "baru", "password": "x"})
            self.assertEqual(status, 503)
            self.assertIn("tidak dapat diperiksa sekarang", json.dumps(answer))
            # And a read says that the server is away, in the envelope.
            status, answer, _ = gateway.get(MOUNT + "/referensi/jenisvaksin")
            self.assertEqual((status, answer["metaData"]["code"]), (503, 503))
            gateway.stop()

    def test_delivery_logs_in_by_itself(self):
        with Place() as place:
            simulator = Simulator(place, "--facilities", "P0001:uji:sandi-uji")
            password = place.directory / "sandi"
            password.write_text("sandi-uji\n")
            password.chmod(0o600)
            gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin")
            gateway.settings["facilities"][0]["login"] = {"username": "uji", "password_file": "sandi"}
            gateway.start()
            _, _, headers = gateway.submit("/sasaran/simpan", person(1))
            id = headers["Titip-Submission-Id"]
            wait_for(lambda: gateway.state(id) == "delivered", "delivery")
            shown = gateway.get(f"/v1/submissions/{id}")[1]
            self.assertEqual(shown["attempts_counted"], 1, "an expired log-in burns no attempt")
            gateway.stop()

    def test_late_entry_is_patched_or_held(self):
        with Place() as place:
            simulator = Simulator(place)
            gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin").start()
            yesterday = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * 3600 - 86400))
            for facility in ("P0001", "P0002"):
                self.assertEqual(gateway.submit("/sasaran/simpan", person(1), facility=facility)[0], 201)
            late = dose(1, tglVaksin=yesterday)
            patched = gateway.submit("/vaksin/simpan", late)[2]["Titip-Submission-Id"]
            held = gateway.submit("/vaksin/simpan", {**late, "kdPpk": "P0002"}, facility="P0002")[2]["Titip-Submission-Id"]
            wait_for(lambda: gateway.state(patched) == "delivered", "delivery of the patched one")
            wait_for(lambda: gateway.state(held, "P0002") == "held", "the hold")
            shown = gateway.get(f"/v1/submissions/{patched}")[1]
            self.assertEqual(shown["attempts"][-1]["patched"], ["/alasan"])
            self.assertEqual(gateway.get(f"/v1/submissions/{held}", "P0002")[1]["hold_reason"], "late_entry")
            gateway.stop()

    def test_a_server_that_honours_the_key_may_be_repeated(self):
        with Place() as place:
            simulator = Simulator(place, "--honour-idempotency-key")
            profile = shipped_profile()
            profile["honours_idempotency_key"] = True
            for route in profile["routes"]:
                if route.get("after_unknown") == "probe":
                    route["after_unknown"] = "repeat"
                    del route["probe"]
            (place.directory / "repeat.json").write_text(json.dumps(profile))
            gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin")
            gateway.settings["destinations"][0]["profile"] = "repeat.json"
            gateway.start()
            simulator.weather([{"from_s": 0, "to_s": 2, "kind": "lose_reply", "writes_only": True}])
            ids = [gateway.submit("/sasaran/simpan", person(n))[2]["Titip-Submission-Id"] for n in range(1, 9)]
            wait_for(lambda: all(gateway.state(id) == "delivered" for id in ids), "delivery")
            self.assertEqual(simulator.effects(), 8)
            gateway.stop()

    def test_a_stop_in_the_middle_loses_nothing(self):
        with Place() as place:
            simulator = Simulator(place)
            gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin").start()
            simulator.weather([{"from_s": 0, "to_s": 600, "kind": "slow", "ms": 300}])
            ids = [gateway.submit("/sasaran/simpan", person(n))[2]["Titip-Submission-Id"] for n in range(1, 30)]
            began = time.monotonic()
            self.assertEqual(gateway.stop(), 0)
            self.assertLess(time.monotonic() - began, 8)
            self.assertIn('"event":"stopped"', place.log("titip-1.log"))
            gateway.start()
            self.assertEqual(gateway.counts()["open_attempts_at_start"], 0, "an orderly stop leaves no attempt open")
            simulator.weather([])
            wait_for(lambda: gateway.counts()["delivered"] == len(ids), "delivery")
            self.assertEqual(simulator.effects(), len(ids))
            gateway.stop()


class Stopping(unittest.TestCase):
    def test_reads_that_hang_do_not_break_the_stop(self):
        with socket.socket() as server, Place() as place:
            server.bind(("127.0.0.1", 0))
            server.listen(200)  # accepts and never answers
            gateway = Gateway(place, f"http://127.0.0.1:{server.getsockname()[1]}/vaksin")
            gateway.settings["front"]["loops"] = 4
            gateway.settings["stop_grace_ms"] = 50
            gateway.settings["destinations"][0]["response_timeout_ms"] = 60_000
            for _ in range(5):
                gateway.start()
                clients = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(40)]
                for number, client in enumerate(clients):
                    client.sendall(f"GET {MOUNT}/tiket/nik/99{number:014d} HTTP/1.1\r\nHost: a\r\nx-kdppk: P0001\r\n\r\n".encode())
                time.sleep(0.2)
                self.assertEqual(gateway.stop(), 0)
                for client in clients:
                    client.close()

    def test_idle_clients_leave_descriptors_for_the_work(self):
        with Place() as place:
            simulator = Simulator(place)
            gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin")
            gateway.start(before=["prlimit", "--nofile=256:256"])
            kept = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=5)  # there before the crowd

            def ask(method, path, body=None):
                kept.request(method, path, body=body, headers={"x-kdppk": "P0001"})
                answer = kept.getresponse()
                return answer.headers, json.loads(answer.read())

            ask("GET", "/v1/status")
            crowd = [socket.create_connection(("127.0.0.1", gateway.port), timeout=2) for _ in range(400)]
            wait_for(lambda: len(os.listdir(f"/proc/{gateway.process.pid}/fd")) > 120, "the crowd")
            headers, _ = ask("POST", MOUNT + "/sasaran/simpan", json.dumps(person(1)))
            path = headers["Location"]
            wait_for(lambda: ask("GET", path)[1]["state"] == "delivered", "delivery beside the crowd")
            self.assertLess(len(os.listdir(f"/proc/{gateway.process.pid}/fd")), 200)
            for client in [*crowd, kept]:
                client.close()
            self.assertEqual(gateway.stop(), 0)


class Operations(unittest.TestCase):
    def test_health_and_metrics(self):
        with Place() as place:
            gateway = Gateway(place).start()
            for path in ("/livez", "/readyz"):
                for port in (gateway.port, gateway.operations_port):
                    self.assertEqual(gateway.call("GET", path, port=port)[0], 200)
            self.assertEqual(gateway.call("GET", "/metrics")[0], 404, "metrics are not for clinics")
            text = gateway.call("GET", "/metrics", port=gateway.operations_port)[1]
            for family in ("titip_build_info", "titip_queue_submissions", "titip_ledger_difference", "titip_attempts_total",
                           "titip_upstream_state", "titip_store_commit_duration_seconds", "process_resident_memory_bytes"):
                self.assertIn(f"# TYPE {family} ", text)
            status = gateway.get("/v1/status")[1]
            self.assertIn("Tidak ada laporan yang menunggu", status["sentence"]["id"])
            gateway.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
