"""The clinics' listener as others may reach it: TLS, what proves a facility, where serve refuses to listen, and what a
reload changes while a clinic stays connected."""

import http.client
import json
import pathlib
import socket
import ssl
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from certificates import Authority  # noqa: E402
from command_line import FAILED, OK, USAGE, WHY, Upkeep, bytes_below  # noqa: E402
from gateway import MOUNT, Gateway, Place, person, wait_for  # noqa: E402

DOMAIN = "faskes.test"


class Clinic:
    """A clinic's program: one connection that it keeps."""

    def __init__(self, gateway, authority, own=None, name="localhost"):
        context = ssl.create_default_context(cafile=authority.certificate)
        context.set_alpn_protocols(["http/1.1"])
        if own:
            context.load_cert_chain(*own)
        self.context, self.port = context, gateway.port
        self.connection = http.client.HTTPSConnection(name, gateway.port, timeout=10, context=context)

    def call(self, method, path, body=None, headers=None):
        self.connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers or {})
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def submits(self, number, key=None, facility="P0001", **headers):
        if key:
            headers["X-Api-Key"] = key
        return self.call("POST", MOUNT + "/sasaran/simpan", person(number),
                         {"x-kdppk": facility, "Content-Type": "application/json", **headers})[0]

    def __del__(self):
        self.connection.close()

    def serial(self):
        """Of the certificate the connection began with."""
        return self.connection.sock.getpeercert()["serialNumber"]


class SecureGateway(Gateway):
    """Its readiness is asked for on the operations listener: the other one speaks TLS."""

    def get(self, path, facility="P0001"):
        return self.call("GET", path, headers={"x-kdppk": facility}, port=self.operations_port)


def secured(place, authority, **admission):
    certificate, key = authority.sign("localhost")
    gateway = SecureGateway(place)
    gateway.settings["front"] |= {"tls": {"certificate_file": str(certificate), "key_file": str(key)}}
    if admission:
        gateway.settings["front"]["admission"] = admission
    gateway.settings["facilities"] = gateway.settings["facilities"][1:]  # the other is in the registry
    return gateway


class Tls(Upkeep):
    def add(self, gateway):
        self.said(gateway.titip("facility", "add", "P0001", "--name", "Puskesmas Uji 1", "--late-entry-reason", "1", *WHY), OK)

    def test_a_clinic_is_served_and_only_under_tls(self):
        with Place() as place:
            authority = Authority(place.directory)
            gateway = secured(place, authority).start()
            self.add(gateway)
            clinic = Clinic(gateway, authority)
            self.assertEqual(clinic.submits(1), 201)
            self.assertEqual(clinic.submits(2), 201, "on the same connection")
            self.assertEqual(clinic.connection.sock.version(), "TLSv1.3")
            self.assertEqual(clinic.connection.sock.selected_alpn_protocol(), "http/1.1")
            with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as plain:
                plain.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertNotIn(b"HTTP/1.1", plain.recv(4096))
            with self.assertRaises(ssl.SSLCertVerificationError):
                Clinic(gateway, Authority(place.directory, "stranger")).submits(3)
            wait_for(lambda: gateway.metric('titip_http_refused_total{listener="front",reason="handshake_failed"}') == 2,
                     "both to be counted")
            self.assertEqual(gateway.stop(), 0)

    def test_an_api_key_lets_in_and_is_shown_once(self):
        with Place() as place:
            authority = Authority(place.directory)
            gateway = secured(place, authority, api_keys=True, failures_per_second=1000, failures_burst=1000).start()
            self.add(gateway)
            clinic = Clinic(gateway, authority)
            self.assertEqual(clinic.submits(1), 401)
            self.said(gateway.titip("facility", "key", "P0001", "--dry-run", *WHY), OK, "It would be")
            self.said(gateway.titip("facility", "key", "P0002", *WHY), FAILED, "stands in the config")
            first = self.said(gateway.titip("facility", "key", "P0001", *WHY), OK, "shown this once").stdout.strip()
            self.assertRegex(first, r"^titip_[0-9a-f]{64}$")
            self.assertEqual(clinic.submits(1, first), 201)
            self.assertEqual(clinic.submits(2, first[:-1] + ("0" if first[-1] != "0" else "1")), 401)
            self.assertEqual(clinic.submits(2, first, facility="P0002"), 401, "another facility's")
            said = self.said(gateway.titip("facility", "key", "P0001", "--json", *WHY), OK)
            second = json.loads(json.loads(said.stdout)["result"])["api_key"] if isinstance(
                json.loads(said.stdout)["result"], str) else json.loads(said.stdout)["result"]["api_key"]
            self.assertEqual([clinic.submits(3, each) for each in (first, second)], [201, 201])
            self.said(gateway.titip("facility", "key", "P0001", *WHY), FAILED, "two API keys")
            self.said(gateway.titip("facility", "key", "P0001", "--done", *WHY), OK, "gone")
            self.assertEqual([clinic.submits(4, each) for each in (first, second)], [401, 201])
            status, answer = clinic.call("GET", "/v1/submissions", headers={"x-kdppk": "P0001"})
            self.assertEqual(status, 401)
            status, answer = clinic.call("GET", "/v1/submissions", headers={"x-kdppk": "P0001", "X-Api-Key": second})
            self.assertEqual(status, 200, answer)
            gateway.stop()
            gateway.start()
            clinic = Clinic(gateway, authority)
            self.assertEqual([clinic.submits(5, each) for each in (first, second)], [401, 201], "kept")
            self.said(gateway.titip("facility", "key", "P0001", "--revoke", *WHY), OK)
            self.assertEqual(clinic.submits(6, second), 401)
            gateway.stop()
            # What was shown once stands nowhere.
            for key in (first, second):
                self.assertNotIn(key.encode(), bytes_below(place.directory))

    def test_who_guesses_is_not_looked_at_for_a_while(self):
        with Place() as place:
            authority = Authority(place.directory)
            gateway = secured(place, authority, api_keys=True, failures_per_second=1, failures_burst=3).start()
            self.add(gateway)
            key = self.said(gateway.titip("facility", "key", "P0001", *WHY), OK).stdout.strip()
            clinic = Clinic(gateway, authority)
            refused = {clinic.call("POST", MOUNT + "/sasaran/simpan", person(1), {"x-kdppk": code, "X-Api-Key": guess})
                       for code, guess in (("P0001", "a"), ("P0001", "b"), ("P0001", "c"), ("P0001", key), ("P9999", "a"))}
            self.assertEqual(len(refused), 1, "the same answer for all causes")
            self.assertEqual(refused.pop()[0], 401)
            locked = 'titip_http_refused_total{listener="front",reason="locked_out"}'
            self.assertGreaterEqual(gateway.metric(locked), 1)
            wait_for(lambda: clinic.submits(1, key) == 201, "the right key to be looked at again")
            gateway.stop()

    def test_a_certificate_in_its_name_lets_a_facility_in(self):
        with Place() as place:
            authority, clinics = Authority(place.directory), Authority(place.directory, "clinics")
            gateway = secured(place, authority, certificate_domain=DOMAIN)
            gateway.settings["front"]["tls"]["client_authorities_file"] = str(clinics.certificate)
            gateway.start()
            self.add(gateway)
            own = clinics.sign(f"P0001.{DOMAIN}")
            self.assertEqual(Clinic(gateway, authority, own).submits(1), 201)
            self.assertEqual(Clinic(gateway, authority, own).submits(2, facility="P0002"), 401)
            self.assertEqual(Clinic(gateway, authority).submits(3), 401)
            for bad in (authority.sign(f"P0001.{DOMAIN}", "stranger"), clinics.sign(f"P0001.{DOMAIN}", "late", expired=True)):
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    Clinic(gateway, authority, bad).submits(4)
            gateway.stop()

    def test_a_network_lets_in_whom_it_has(self):
        with Place() as place:
            authority = Authority(place.directory)
            gateway = secured(place, authority, networks=["127.0.0.0/8"]).start()
            self.add(gateway)
            self.assertEqual(Clinic(gateway, authority).submits(1), 201)
            gateway.stop()
            gateway.settings["front"]["admission"]["networks"] = ["10.0.0.0/8"]
            gateway.start()
            self.assertEqual(Clinic(gateway, authority).submits(2), 401)
            gateway.stop()

    def test_serve_opens_no_listener_to_others_without_proof(self):
        with Place() as place:
            authority = Authority(place.directory)
            gateway = secured(place, authority)
            tls = gateway.settings["front"].pop("tls")
            gateway.settings["front"]["address"] = "0.0.0.0"
            for settings, words in (({}, "certificate_file"), ({"plain_http": True}, "titip facility key"),
                                    ({"tls": tls}, "titip facility key"), ({"tls": tls, "admission": {}}, "lets nobody in")):
                gateway.settings["front"] = {"address": "0.0.0.0", "port": 0, **settings}
                status, said = gateway.refuses_to_start()
                self.assertEqual(status, USAGE, said)
                self.assertIn(words, said)
                self.said(gateway.titip("config", "check"), USAGE, words)
            self.assertFalse((place.directory / "data").exists(), "nothing was touched")
            # The service manager's socket counts, whatever the config says.
            gateway.settings["front"] = {"address": "127.0.0.1", "port": 0, "tls": tls}
            with socket.create_server(("0.0.0.0", 0)) as listener:
                take = f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=front exec "$@"'
                with self.assertRaisesRegex(AssertionError, "other machines reach 0.0.0.0"):
                    gateway.start(before=("sh", "-c", take, "sh"), pass_fds=(listener.fileno(),))

    def test_a_reload_takes_up_a_certificate_while_a_clinic_stays(self):
        with Place() as place:
            authority = Authority(place.directory)
            gateway = secured(place, authority).start()
            self.add(gateway)
            staying = Clinic(gateway, authority)
            self.assertEqual(staying.submits(1), 201)
            sock, first = staying.connection.sock, staying.serial()
            certificate, key = authority.sign("localhost")  # in the place of the other one
            gateway.reloads("certificate_reloaded")
            self.assertEqual(staying.submits(2), 201)
            self.assertIs(staying.connection.sock, sock, "the same connection")
            new = Clinic(gateway, authority)
            self.assertEqual(new.submits(3), 201)
            self.assertNotEqual(new.serial(), first)
            # A certificate that cannot be used changes nothing, and says so.
            good = certificate.read_text()
            certificate.write_text("nonsense")
            gateway.reloads("reload_refused", "the certificate cannot be read")
            certificate.write_text(good)
            key.chmod(0o644)
            gateway.reloads("reload_refused", "chmod 600")
            other = Clinic(gateway, authority)
            self.assertEqual(other.submits(4), 201)
            self.assertEqual(other.serial(), new.serial())
            self.assertEqual(staying.submits(5), 201)
            self.assertIs(staying.connection.sock, sock)
            self.assertEqual(gateway.stop(), 0)

    def told_of_reloads(self, gateway):
        lines = json.loads(self.said(gateway.titip("audit", "ls", "--json"), OK).stdout)
        return [each for each in lines["result"]["items"] if each["action"] == "reload"]

    def test_a_reload_takes_up_facilities_and_log_level_and_names_the_rest(self):
        with Place() as place:
            gateway = Gateway(place).start()
            submit = lambda number, facility: gateway.submit("/sasaran/simpan", person(number), facility=facility)[0]
            self.assertEqual([submit(1, each) for each in ("P0001", "P0002", "P0003")], [201, 201, 401])
            kept = dict(gateway.settings["facilities"][0])
            gateway.settings["facilities"][1:] = [{"code": "P0003", "name": "Baru", "time_zone": "WIB"}]
            gateway.settings["front"]["idle_ms"] = 1234
            gateway.settings["destinations"][0]["reply_bytes"] = 4096
            gateway.write_config()
            gateway.reloads("needs_a_restart", "/front/idle_ms")
            wait_for(lambda: "/destinations/0/reply_bytes" in place.log("titip-1.log"), "the other place")
            wait_for(lambda: '"reloaded"' in place.log("titip-1.log"), "the end")
            told = self.told_of_reloads(gateway)
            self.assertEqual([(each["by"], each["reason"]) for each in told], [("config", str(place.directory / "titip.json"))])
            changed = {each["what"]: (each["before"], each["after"]) for each in told[0]["changed"]}
            self.assertEqual(sorted(changed), ["facility:P0002", "facility:P0003"], "and not who stayed as he was")
            self.assertIsNone(changed["facility:P0003"][0])
            self.assertEqual([len(each) for each in changed["facility:P0002"]], [32, 32], "disabled, and still there")
            self.assertEqual([submit(2, each) for each in ("P0001", "P0002", "P0003")], [201, 401, 201])
            self.assertEqual(gateway.counts()["pending"], 4, "what was accepted is still in custody")
            gateway.settings["facilities"] = [kept, {"code": "P0002", "name": "Lagi", "time_zone": "WITA"}]
            gateway.settings["log_level"] = "warning"
            gateway.write_config()
            gateway.reloads("needs_a_restart", "/front/idle_ms")
            wait_for(lambda: submit(3, "P0003") == 401, "the third to be gone")
            self.assertEqual(submit(3, "P0002"), 201, "let in again")
            self.assertEqual(place.log("titip-1.log").count('"reloaded"'), 1, "the second was not worth a warning")
            again = {each["what"]: each for line in self.told_of_reloads(gateway)[:1] for each in line["changed"]}
            self.assertEqual(again["facility:P0002"]["before"], changed["facility:P0002"][1], "nobody was at work in between")
            gateway.reloads("needs_a_restart", "/front/idle_ms")
            self.assertEqual(len(self.told_of_reloads(gateway)), 2, "one that changes no facility leaves no line")
            # A file that is no config changes nothing.
            (place.directory / "titip.json").write_text("{")
            gateway.reloads("reload_refused", "not JSON")
            self.assertEqual(submit(4, "P0001"), 201)
            self.assertEqual(gateway.stop(), 0)


if __name__ == "__main__":
    unittest.main()
