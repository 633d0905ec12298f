"""Callbacks through the gateway as shipped: a receiver of its own, written after the text of Standard Webhooks 1.0.0 and
sharing no code with the gateway, verifies every signature; it is down, comes back, says 410, and the gateway is killed."""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import secrets
import signal
import ssl
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import OK, USAGE, WHY, Upkeep, bytes_below  # noqa: E402
from gateway import Gateway, Place, Simulator, dose, person, wait_for  # noqa: E402

TOLERANCE_S = 300
QUICK = {"private_targets": True, "timeout_ms": 1000, "backoff_first_ms": 50, "backoff_max_ms": 300, "breaker_pause_ms": 200}


def new_secret():
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def verified(secret, headers, body):
    """As a receiver must: id, timestamp and the bytes of the body, any one of the signatures, a time that is near."""
    sent_at = int(headers["webhook-timestamp"])
    if abs(time.time() - sent_at) > TOLERANCE_S:
        return False
    signed = f"{headers['webhook-id']}.{sent_at}.".encode() + body
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(mac).decode()
    return any(hmac.compare_digest(expected, each) for each in headers["webhook-signature"].split(" "))


class Receiver:
    """Listens on one port for as long as it is up; keeps what it was told. `status` is what it answers; a redirect leads
    to a path of its own, which nobody may ask for."""

    def __init__(self, port=0, context=None):
        self.told, self.status, self.paths = [], 204, []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.paths.append(self.path)
                receiver.told.append((dict(self.headers), body))
                self.send_response(receiver.status)
                if receiver.status in (301, 307):
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *ignored):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def news(self):
        """What was told, once each, by webhook-id in the order of arrival."""
        found = {}
        for headers, body in self.told:
            found.setdefault(headers["webhook-id"], json.loads(body))
        return list(found.values())


def certificate(place, name="localhost"):
    """A key and a certificate that signs itself."""
    key, cert = place.directory / f"{name}.key", place.directory / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-keyout", key, "-out", cert, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


class Callback(Upkeep):
    def secret_file(self, place, secret, name="callback-secret"):
        path = place.directory / name
        path.write_text(secret + "\n")
        path.chmod(0o600)
        return path

    def gateway(self, place, **callbacks):
        simulator = Simulator(place)
        gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin")
        gateway.settings["callbacks"] = QUICK | callbacks
        # The national server knows this one too, but the config leaves it to the registry.
        gateway.settings["facilities"] = gateway.settings["facilities"][:1]
        return simulator, gateway.start()

    def add(self, place, gateway, url, secret, *more, facility="P0002"):
        self.said(gateway.titip("facility", "add", facility, "--name", "Puskesmas Uji 2", "--utc-offset", "WITA",
                                "--late-entry-reason", "1", "--callback-url", url, "--callback-secret-file",
                                self.secret_file(place, secret), *more, *WHY), OK)

    def refused(self, gateway, number):
        """A dose of somebody the national server does not know: rejected."""
        id = gateway.submit("/vaksin/simpan", dose(number, kdPpk="P0002"), facility="P0002")[2]["Titip-Submission-Id"]
        wait_for(lambda: gateway.state(id, "P0002") == "rejected", f"{id} to be rejected")
        return id

    def metric(self, gateway, name):
        return gateway.metric(f"titip_{name}")

    def test_a_late_rejection_is_told_and_verifies(self):
        with Place() as place:
            receiver, secret = Receiver(), new_secret()
            simulator, gateway = self.gateway(place)
            self.add(place, gateway, f"http://127.0.0.1:{receiver.port}/titip?klinik=2", secret)
            simulator.weather([{"from_s": 0, "to_s": 600, "kind": "html_503"}])
            ids = [gateway.submit("/vaksin/simpan", dose(n, kdPpk="P0002"), facility="P0002")[2]["Titip-Submission-Id"]
                   for n in range(31, 36)]
            taken = gateway.submit("/sasaran/simpan", person(1), facility="P0002")[2]["Titip-Submission-Id"]
            self.assertEqual(receiver.told, [])
            simulator.weather([])
            wait_for(lambda: len(receiver.news()) >= 5, "five callbacks")
            wait_for(lambda: gateway.state(taken, "P0002") == "delivered", "a delivery")
            self.assertEqual({each["data"]["submission"] for each in receiver.news()}, set(ids))
            for headers, body in receiver.told:
                self.assertTrue(verified(secret, headers, body))
                self.assertFalse(verified(new_secret(), headers, body), "a receiver with another secret refuses it")
                self.assertFalse(verified(secret, headers, body + b" "), "nor was it changed on the way")
                self.assertFalse(verified(secret, headers | {"webhook-id": "other"}, body))
                self.assertEqual(headers["Content-Type"], "application/json")
                self.assertNotIn(b"9901", body, "nobody's number")
                self.assertNotIn(b"Orang", body)
            for each in receiver.news():
                self.assertEqual(each["type"], "submission.rejected")
                self.assertEqual(set(each["data"]), {"submission", "receipt", "state", "rule"})
                found = gateway.get(f"/v1/submissions/{each['data']['submission']}", "P0002")[1]
                self.assertEqual((each["data"]["state"], each["data"]["receipt"]), (found["state"], found["receipt"]))
            self.assertEqual(set(receiver.paths), {"/titip?klinik=2"})
            wait_for(lambda: self.metric(gateway, 'callbacks_total{outcome="delivered"}') == 5, "five settled")
            self.assertEqual(self.metric(gateway, 'callbacks_total{outcome="taken"}'), 5)
            wait_for(lambda: self.metric(gateway, "callbacks_waiting") == 0, "an empty queue")
            # The facility's own lists are about what it sent.
            listed = gateway.get("/v1/submissions?limit=200", "P0002")[1]["items"]
            self.assertEqual({each["id"] for each in listed}, {*ids, taken})
            self.said(gateway.titip("verify"), OK, "The store is sound")
            self.assertNotIn(secret.encode(), bytes_below(place.directory / "data"), "secrets are sealed")
            self.assertNotIn(secret, gateway.titip("facility", "ls", "--json").stdout)
            gateway.stop()
            receiver.close()

    def test_receiver_down_gateway_killed_and_nothing_is_lost(self):
        with Place() as place:
            receiver, secret = Receiver(), new_secret()
            port = receiver.port
            receiver.close()
            _, gateway = self.gateway(place)
            self.add(place, gateway, f"http://127.0.0.1:{port}/titip", secret, "--callback-delivered")
            ids = [self.refused(gateway, n) for n in range(41, 49)]
            started = time.monotonic()
            status, _, headers = gateway.submit("/sasaran/simpan", person(9), facility="P0002")
            self.assertEqual(status, 201)
            self.assertLess(time.monotonic() - started, 2.5, "a dead receiver holds no clinic up")
            ids.append(headers["Titip-Submission-Id"])
            wait_for(lambda: gateway.state(ids[-1], "P0002") == "delivered", "a delivery")
            wait_for(lambda: self.metric(gateway, 'callback_attempts_total{outcome="deferred"}') >= 3, "attempts in vain")
            self.assertEqual(self.metric(gateway, "callbacks_waiting"), 9)
            self.assertGreater(self.metric(gateway, "callbacks_oldest_accepted_timestamp_seconds"), time.time() - 300)
            gateway.stop(signal.SIGKILL)
            receiver = Receiver(port)
            receiver.status = 500
            gateway.start()
            wait_for(lambda: len(receiver.told) >= 3, "attempts that are answered 500")
            gateway.stop(signal.SIGKILL)
            receiver.status = 204
            gateway.start()
            wait_for(lambda: self.metric(gateway, "callbacks_waiting") == 0, "all callbacks")
            self.assertEqual({each["data"]["submission"] for each in receiver.news()}, set(ids))
            self.assertEqual(len(receiver.news()), 9, "each has one webhook-id, whatever happened in between")
            self.assertTrue(all(verified(secret, *each) for each in receiver.told))
            self.said(gateway.titip("verify"), OK, "The store is sound")
            gateway.stop()
            receiver.close()

    def test_gone_is_believed_until_somebody_opens_the_way(self):
        with Place() as place:
            receiver, secret = Receiver(), new_secret()
            _, gateway = self.gateway(place)
            self.add(place, gateway, f"http://127.0.0.1:{receiver.port}/titip", secret)
            receiver.status = 410
            self.refused(gateway, 51)
            wait_for(lambda: self.metric(gateway, "callback_receivers_gone") == 1, "the receiver to be shut off")
            self.refused(gateway, 52)
            time.sleep(1)
            self.assertEqual(len(receiver.told), 1, "410 is not asked again")
            gateway.stop()
            receiver.status = 204
            gateway.start()
            time.sleep(1)
            self.assertEqual(len(receiver.told), 1, "nor after a restart")
            shut = json.loads(gateway.titip("status", "--json").stdout)["callbacks"]["gated_facilities"]
            self.assertIn("410", shut["P0002"]["reason"])
            self.said(gateway.titip("resume", "callback/P0002", *WHY), OK)
            wait_for(lambda: len(receiver.news()) == 2, "what had waited")
            wait_for(lambda: self.metric(gateway, "callbacks_waiting") == 0, "an empty queue")
            gateway.stop()
            receiver.close()

    def test_secrets_rotate_redirects_lead_nowhere_and_giving_up_is_shown(self):
        with Place() as place:
            receiver, first, second = Receiver(), new_secret(), new_secret()
            _, gateway = self.gateway(place, maximum_attempts=3)
            self.add(place, gateway, f"http://127.0.0.1:{receiver.port}/titip", first)
            rotate = ("facility", "rotate", "P0002")
            self.said(gateway.titip(*rotate, "--callback-secret-file", self.secret_file(place, "whsec_short", "short"), *WHY),
                      USAGE, "whsec_")
            self.said(gateway.titip(*rotate, "--callback-secret-file", self.secret_file(place, second, "second"), *WHY), OK,
                      "both secrets")
            self.refused(gateway, 61)
            wait_for(lambda: len(receiver.told) == 1, "a callback")
            self.assertEqual(len(receiver.told[0][0]["webhook-signature"].split(" ")), 2)
            self.assertTrue(verified(first, *receiver.told[0]) and verified(second, *receiver.told[0]))
            self.said(gateway.titip(*rotate, "--callback-done", *WHY), OK, "is gone")
            receiver.status = 307
            self.refused(gateway, 62)
            wait_for(lambda: self.metric(gateway, 'callbacks_total{outcome="given_up"}') == 1, "it to be given up")
            self.assertEqual(len(receiver.told), 4, "tried three times")
            self.assertEqual(set(receiver.paths), {"/titip"}, "a redirect is not followed")
            self.assertTrue(verified(second, *receiver.told[-1]))
            self.assertFalse(verified(first, *receiver.told[-1]))
            records = gateway.get("/v1/attention?format=json", "P0002")[1]["items"]
            given_up = [each for each in records if each["destination"] == "callback"]
            self.assertEqual([each["state"] for each in given_up], ["expired"])
            self.assertIn("jangan diinput ulang", json.dumps(given_up))
            gateway.stop()
            receiver.close()

    def test_https_is_checked_and_inner_networks_are_not_called(self):
        with Place() as place:
            trusted, context = certificate(place)
            _, other = certificate(place, "other")
            receiver, stranger, secret = Receiver(context=context), Receiver(context=other), new_secret()
            _, gateway = self.gateway(place, ca_file=str(trusted))
            self.add(place, gateway, f"https://localhost:{receiver.port}/titip", secret)
            self.refused(gateway, 71)
            wait_for(lambda: len(receiver.news()) == 1, "a callback over TLS")
            self.assertTrue(verified(secret, *receiver.told[0]))
            self.add(place, gateway, f"https://localhost:{stranger.port}/titip", secret, "--replace")
            self.refused(gateway, 72)
            wait_for(lambda: self.metric(gateway, 'callback_attempts_total{outcome="deferred"}') >= 2, "failed handshakes")
            self.assertEqual(stranger.told, [], "who cannot show who they are is told nothing")
            gateway.stop()
            gateway.settings["callbacks"]["private_targets"] = False
            gateway.start()
            self.add(place, gateway, f"https://localhost:{receiver.port}/titip", secret, "--replace")
            wait_for(lambda: self.metric(gateway, 'callback_attempts_total{outcome="address_refused"}') >= 1, "a refusal")
            self.assertEqual(len(receiver.told), 1, "this machine is not called unless the config says so")
            add = ("facility", "add", "P0003", "--name", "Uji 3", "--callback-secret-file", self.secret_file(place, secret))
            self.said(gateway.titip(*add, "--callback-url", "http://klinik.example/x", *WHY), USAGE, "https://")
            gateway.stop()
            receiver.close()
            stranger.close()


if __name__ == "__main__":
    unittest.main()
