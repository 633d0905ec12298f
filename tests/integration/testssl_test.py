"""The listener before testssl.sh (Debian's package): protocols, ciphers, forward secrecy, preferences, known holes; nothing worse
than LOW. The control: a server that is weak on purpose must be found out by the same words."""

import json
import pathlib
import shutil
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from certificates import Authority  # noqa: E402
from gateway import Gateway, Place, wait_for  # noqa: E402

TESTSSL = shutil.which("testssl")
TOO_BAD = ("MEDIUM", "HIGH", "CRITICAL", "FATAL")
SUITES = ("--protocols", "--std")
ALL = (*SUITES, "--fs", "--server-preference", "--vulnerable")


def found(place, port, name, checks=ALL):
    """What testssl.sh says of the server on that port: severity and finding by id."""
    report = place.directory / f"{name}.json"
    subprocess.run([TESTSSL, *checks, "--quiet", "--color", "0", "--warnings", "off", "--nodns", "min",
                    "--connect-timeout", "5", "--openssl-timeout", "5", "--jsonfile", report, f"127.0.0.1:{port}"],
                   stdin=subprocess.DEVNULL, capture_output=True, timeout=170)
    return {each["id"]: (each["severity"], each["finding"]) for each in json.loads(report.read_text())}


def too_bad(findings):
    return {id: each for id, each in findings.items() if each[0] in TOO_BAD}


class Testssl(unittest.TestCase):
    def setUp(self):
        self.assertTrue(TESTSSL, "there is no testssl here: install the Debian package testssl.sh (deploy/install-packages.sh does)")

    def test_nothing_above_low(self):
        with Place() as place:
            authority = Authority(place.directory)
            certificate, key = authority.sign("localhost")
            gateway = Gateway(place)
            gateway.settings["front"] |= {"tls": {"certificate_file": str(certificate), "key_file": str(key)}}
            gateway.get = lambda path: gateway.call("GET", path, port=gateway.operations_port)  # the other one speaks TLS
            gateway.start()
            findings = found(place, gateway.port, "gateway")
            self.assertEqual(too_bad(findings), {})
            # It was looked at, and not from afar.
            for id, words in (("TLS1", "not offered"), ("TLS1_1", "not offered"), ("TLS1_2", "offered"), ("TLS1_3", "offered"),
                              ("PFS", "offered"), ("cipherlist_NULL", "not offered"), ("heartbleed", "not vulnerable"),
                              ("secure_client_renego", "not vulnerable"), ("CRIME_TLS", "not vulnerable")):
                self.assertTrue(findings[id][1].startswith(words), (id, findings[id]))
            self.assertGreater(len(findings), 30)
            gateway.stop()

    def test_a_weak_server_is_found_out(self):
        with Place() as place, socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
            held.close()
            certificate, key = Authority(place.directory).sign("localhost")
            server = place.start(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", certificate, "-key", key, "-www",
                                  "-cipher", "ALL:eNULL:aNULL:@SECLEVEL=0", "-no_tls1_3"], "weak.log", stdin=subprocess.DEVNULL)
            wait_for(lambda: "ACCEPT" in place.log("weak.log"), "the weak server")
            bad = too_bad(found(place, port, "weak", SUITES))
            self.assertIsNone(server.poll())
            self.assertIn("cipherlist_NULL", bad, bad)
            self.assertIn("cipherlist_aNULL", bad)


if __name__ == "__main__":
    unittest.main()
