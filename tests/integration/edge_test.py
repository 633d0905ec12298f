"""The edge: proxies that are believed and others that are not, web pages of other origins, the admin API under TLS, and who
is connected after its authority is gone. Over real sockets."""

import http.client
import json
import pathlib
import re
import socket
import ssl
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from certificates import Authority  # noqa: E402
from command_line import OK, USAGE, WHY, Upkeep  # noqa: E402
from gateway import MOUNT, Gateway, Place, person, wait_for  # noqa: E402
from tls_test import DOMAIN, Clinic, SecureGateway, secured  # noqa: E402

PROVINCE, ELSEWHERE = "10.20.3.4", "192.0.2.7"
PAGE = "https://app.example"


def line(address):
    return f"PROXY TCP4 {address} 198.51.100.1 56324 443\r\n".encode()


def block(address, command=0x21):
    addresses = socket.inet_aton(address) + socket.inet_aton("198.51.100.1") + struct.pack("!HH", 56324, 443)
    more = b"\x04\x00\x03pad"  # what a proxy tells besides
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", command, 0x11, len(addresses + more)) + addresses + more


def submits(gateway, number, first=b"", source="127.0.0.1", headers=(), context=None):
    """The status; None where the connection is closed without a word."""
    connection = http.client.HTTPConnection("localhost", gateway.port, timeout=10)
    connection.sock = socket.create_connection(("127.0.0.1", gateway.port), timeout=10, source_address=(source, 0))
    try:
        connection.sock.sendall(first)
        if context:
            connection.sock = context.wrap_socket(connection.sock, server_hostname="localhost")
        connection.request("POST", MOUNT + "/sasaran/simpan", json.dumps(person(number)), {"x-kdppk": "P0001", **dict(headers)})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLError):
        return None
    finally:
        connection.close()


class Edge(Upkeep):
    def behind(self, place, **front):
        gateway = SecureGateway(place)
        gateway.settings["front"] |= {"admission": {"networks": ["10.20.0.0/16"]}, **front}
        return gateway

    def refused(self, gateway, reason):
        return gateway.metric(f'titip_http_refused_total{{listener="front",reason="{reason}"}}')

    def test_a_proxys_header_says_whose_the_connection_is(self):
        with Place() as place:
            gateway = self.behind(place, trusted_proxies=["127.0.0.1"], proxy_protocol="required").start()
            forged = {"X-Forwarded-For": PROVINCE, "Forwarded": f"for={PROVINCE}"}.items()
            for number, first in enumerate((line, block)):
                self.assertEqual(submits(gateway, number, first(PROVINCE)), 201)
                self.assertEqual(submits(gateway, number, first(ELSEWHERE)), 401)
                self.assertEqual(submits(gateway, number, first(ELSEWHERE), headers=forged), 401, "a field is not believed")
            for first in (b"PROXY UNKNOWN\r\n", block(PROVINCE, command=0x20), line("127.0.0.1")):
                self.assertEqual(submits(gateway, 3, first), 401, "a proxy that names nobody is in no network")
            self.assertIsNone(submits(gateway, 4))
            self.assertIsNone(submits(gateway, 4, b"PROXY TCP4 10.20.3.4 1\r\n"))
            self.assertIsNone(submits(gateway, 4, line(PROVINCE), source="127.0.0.2"), "no proxy that is trusted")
            wait_for(lambda: self.refused(gateway, "proxy_header") == 2, "both to be counted")
            self.assertEqual(self.refused(gateway, "proxy_untrusted"), 1)
            self.assertEqual(gateway.stop(), 0)

    def test_a_header_comes_before_tls(self):
        with Place() as place:
            authority = Authority(place.directory)
            certificate, key = authority.sign("localhost")
            gateway = self.behind(place, trusted_proxies=["127.0.0.1"], proxy_protocol="required",
                                  tls={"certificate_file": str(certificate), "key_file": str(key)}).start()
            context = ssl.create_default_context(cafile=authority.certificate)
            for number, first in enumerate((line, block)):
                self.assertEqual(submits(gateway, number, first(PROVINCE), context=context), 201)
                self.assertEqual(submits(gateway, number, first(ELSEWHERE), context=context), 401)
            self.assertIsNone(submits(gateway, 3, context=context))
            self.assertEqual(gateway.stop(), 0)

    def test_a_trusted_proxys_field_says_whose_a_request_is_and_nobody_elses(self):
        with Place() as place:
            gateway = self.behind(place, trusted_proxies=["127.0.0.1"]).start()
            field = lambda value: [("X-Forwarded-For", value)]
            self.assertEqual(submits(gateway, 1, headers=field(PROVINCE)), 201)
            self.assertEqual(submits(gateway, 2, headers=field(f"{ELSEWHERE}, {PROVINCE}")), 201)
            self.assertEqual(submits(gateway, 3, headers=field(f"{PROVINCE}, {ELSEWHERE}")), 401, "the client's own word")
            self.assertEqual(submits(gateway, 3, headers=field(f"{PROVINCE}, unknown")), 401)
            self.assertEqual(submits(gateway, 3), 401, "a proxy that says nothing is in no network")
            self.assertEqual(submits(gateway, 3, headers=[("Forwarded", f"for={PROVINCE}")]), 401, "the other field")
            self.assertEqual(submits(gateway, 3, headers=field(PROVINCE), source="127.0.0.2"), 401, "whoever is no proxy")
            self.assertEqual(gateway.stop(), 0)
            gateway.settings["front"]["forwarded_field"] = "forwarded"
            gateway.start()
            self.assertEqual(submits(gateway, 4, headers=[("Forwarded", f"for={PROVINCE};proto=https")]), 201)
            self.assertEqual(submits(gateway, 5, headers=field(PROVINCE)), 401)
            self.assertEqual(gateway.stop(), 0)

    def test_serve_wants_proof_also_behind_a_proxy_on_this_machine(self):
        with Place() as place:
            gateway = Gateway(place)
            for front, words in (
                    ({"trusted_proxies": ["127.0.0.1"]}, "titip facility key"),
                    ({"plain_http": True}, "titip facility key"),
                    ({"proxy_protocol": "required"}, "trusted_proxies"),
                    ({"proxy_protocol": "maybe"}, '"off" or "required"'),
                    ({"trusted_proxies": ["0.0.0.0/0"]}, "too wide"),
                    ({"address": "0.0.0.0", "trusted_proxies": ["127.0.0.1"], "admission": {"api_keys": True}}, "certificate_file"),
                    ({"plain_http": True, "admission": {"networks": ["10.20.0.0/16"]}}, "trusted_proxies")):
                gateway.settings["front"] = {"port": 0, **front}
                status, said = gateway.refuses_to_start()
                self.assertEqual((status, words in said), (USAGE, True), said)
            gateway.settings["front"] = {"port": 0}
            for address, words in (("0.0.0.0", "certificate_file"), ("localhost", "certificate_file")):
                gateway.settings["admin"] = {"listen": {"address": address, "port": 0}}
                status, said = gateway.refuses_to_start()
                self.assertEqual((status, words in said), (USAGE, True), said)

    def test_a_code_alone_lets_nobody_in_whom_a_proxy_on_this_machine_sends(self):
        with Place() as place:
            gateway = Gateway(place).start()
            self.assertIn('"codes_alone_let_in"', place.log("titip-1.log"))
            self.assertEqual(submits(gateway, 1), 201)
            for field in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
                self.assertEqual(submits(gateway, 2, headers=[(field, "for=127.0.0.1")]), 401, field)
            self.assertEqual(gateway.get("/v1/submissions")[0], 200)
            self.assertEqual(gateway.call("GET", "/v1/submissions", headers={"x-kdppk": "P0001", "Via": "1.1 nginx"})[0], 401)
            self.assertEqual(gateway.stop(), 0)

    def told(self, gateway, method, target):
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        connection.request(method, target, headers={"x-kdppk": "P0001"})
        answer = connection.getresponse()
        headers = {name: value for name, value in answer.getheaders() if name not in ("Date", "RateLimit", "X-Request-Id")}
        told = answer.status, headers, answer.read()
        connection.close()
        return told

    def test_pages_of_named_origins_read_answers_and_ask_before(self):
        with Place() as place:
            gateway = Gateway(place)
            gateway.settings["front"]["cors"] = {"origins": [PAGE], "max_age_s": 60}
            gateway.start()
            path = MOUNT + "/sasaran/simpan"
            asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-kdppk"}
            status, body, headers = gateway.call("OPTIONS", path, headers=asked)
            self.assertEqual((status, body), (204, ""))
            self.assertEqual(headers["Access-Control-Allow-Origin"], PAGE)
            self.assertIn("x-kdppk", headers["Access-Control-Allow-Headers"])
            self.assertEqual(headers["Access-Control-Max-Age"], "60")
            status, body, headers = gateway.call("OPTIONS", path, headers=asked | {"Origin": "https://evil.example"})
            self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (204, None))
            status, body, headers = gateway.call("POST", path, person(1), {"x-kdppk": "P0001", "Origin": PAGE})
            self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (201, PAGE))
            self.assertIn("Origin", headers["Vary"])
            # HEAD where there is a GET: the same header, and no body.
            for target in ("/v1/submissions", "/v1/status"):
                told = {method: self.told(gateway, method, target) for method in ("GET", "HEAD")}
                self.assertEqual(told["HEAD"][:2], told["GET"][:2])
                self.assertEqual((len(told["HEAD"][2]), len(told["GET"][2])), (0, int(told["GET"][1]["Content-Length"])))
            gateway.stop()
            del gateway.settings["front"]["cors"]
            gateway.start()
            status, _, headers = gateway.call("OPTIONS", path, headers=asked)
            self.assertEqual((status, headers["Allow"], headers["Access-Control-Allow-Origin"]), (405, "POST", None))
            gateway.stop()

    def test_the_admin_api_under_tls_and_its_next_certificate(self):
        with Place() as place:
            authority = Authority(place.directory)
            certificate, key = authority.sign("localhost")
            gateway = Gateway(place)
            gateway.settings["admin"] = {"listen": {"address": "127.0.0.1", "port": 0},
                                         "tls": {"certificate_file": str(certificate), "key_file": str(key)}}
            gateway.start()
            token = self.said(gateway.titip("admin", "token", "add", "sari", "--role", "viewer", *WHY), OK).stdout.strip()
            port = int(re.findall(r'"listener":"admin".*"port":(\d+)', place.log("titip-1.log"))[-1])
            context = ssl.create_default_context(cafile=authority.certificate)

            def asked():
                connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=context)
                connection.request("GET", "/admin/v1/status", headers={"Authorization": f"Bearer {token}"})
                status = connection.getresponse().status
                serial = connection.sock.getpeercert()["serialNumber"]
                connection.close()
                return status, serial

            status, first = asked()
            self.assertEqual(status, 200)
            with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
                plain.sendall(b"GET /admin/v1/status HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertNotIn(b"HTTP/1.1", plain.recv(4096))
            authority.sign("localhost")  # in the place of the other one
            gateway.reloads("certificate_reloaded", '"admin"')
            status, second = asked()
            self.assertEqual(status, 200)
            self.assertNotEqual(first, second)
            del gateway.settings["admin"]["tls"]
            gateway.write_config()
            gateway.reloads("needs_a_restart", "/admin/tls")
            self.assertEqual(asked(), (200, second), "never in plain because of a reload")
            self.assertEqual(gateway.stop(), 0)

    def test_who_is_connected_is_nobody_once_its_authority_is_gone(self):
        with Place() as place:
            authority, clinics, others = (Authority(place.directory, *name) for name in ((), ("clinics",), ("others",)))
            gateway = secured(place, authority, certificate_domain=DOMAIN)
            believed = place.directory / "believed.pem"
            believed.write_text(clinics.certificate.read_text())
            gateway.settings["front"]["tls"]["client_authorities_file"] = str(believed)
            gateway.start()
            self.said(gateway.titip("facility", "add", "P0001", "--name", "Puskesmas Uji 1", "--late-entry-reason", "1", *WHY), OK)
            own = clinics.sign(f"P0001.{DOMAIN}")
            staying, idle = Clinic(gateway, authority, own), Clinic(gateway, authority, own)
            self.assertEqual([staying.submits(1), idle.submits(2)], [201, 201])
            sock = staying.connection.sock
            believed.write_text(clinics.certificate.read_text() + others.certificate.read_text())
            gateway.reloads("certificate_reloaded")
            self.assertEqual(staying.submits(3), 201)
            self.assertIs(staying.connection.sock, sock, "still believed, on the same connection")
            believed.write_text(others.certificate.read_text())
            gateway.reloads("certificate_reloaded")
            self.assertEqual([staying.submits(4), idle.submits(5)], [401, 401])
            self.assertIsNone(staying.connection.sock, "closed behind that answer")
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                Clinic(gateway, authority, own).submits(6)
            self.assertEqual(gateway.metric('titip_http_refused_total{listener="front",reason="certificate_withdrawn"}'), 2)
            self.assertEqual(gateway.stop(), 0)


if __name__ == "__main__":
    unittest.main()
