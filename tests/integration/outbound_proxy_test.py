"""The national server behind an HTTP proxy: nothing is lost while the proxy is away, refuses or hangs, its password is told to
nobody else, and the destination proves itself through it."""

import base64
import pathlib
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1] / "leaks")]
from certificates import Authority  # noqa: E402
from command_line import USAGE, Upkeep, bytes_below  # noqa: E402
from gateway import Gateway, Place, Simulator, person, wait_for  # noqa: E402
from outbound_tls_test import Front  # noqa: E402
from plumbing import Proxy  # noqa: E402
from search import dresses  # noqa: E402

CREDENTIALS = "gerbang:sandi-perantara-7"
NATIONAL = "nasional.invalid"  # a name that only the proxy can look up


class OutboundProxy(Upkeep):
    def gateway(self, place, proxy, scheme="http", credentials=CREDENTIALS):
        file = place.directory.parent / (place.directory.name + ".proxy")  # not where the search for it looks
        self.addCleanup(file.unlink, missing_ok=True)
        file.write_text(credentials + "\n")
        file.chmod(0o600)
        gateway = Gateway(place, f"{scheme}://{NATIONAL}:8443/vaksin")
        gateway.settings["destinations"][0] |= {
            "proxy": {"url": f"http://127.0.0.1:{proxy.port}", "credentials_file": str(file)}, "connect_timeout_ms": 500}
        return gateway

    def outage(self, gateway, cause):
        name = f'titip_upstream_outages_total{{destination="pcare-vaksin",cause="{cause}"}}'
        wait_for(lambda: gateway.metric(name) >= 1, f"the outage of {cause}")

    def healthy(self, gateway, delivered):
        wait_for(lambda: gateway.counts()["delivered"] == delivered, f"{delivered} to be delivered")
        wait_for(lambda: gateway.metric('titip_upstream_state{destination="pcare-vaksin",state="closed"}') == 1, "the end of the outage")

    def accepts(self, gateway, numbers):
        for number in numbers:
            self.assertEqual(gateway.submit("/sasaran/simpan", person(number))[0], 201)

    def test_whatever_becomes_of_the_proxy_nothing_is_lost(self):
        with Place() as place:
            simulator = Simulator(place)
            proxy = Proxy(simulator.port, CREDENTIALS)
            gateway = self.gateway(place, proxy).start()
            self.accepts(gateway, range(1, 6))
            self.healthy(gateway, 5)
            self.assertEqual(set(proxy.asked), {f"CONNECT {NATIONAL}:8443 HTTP/1.1"})
            done = 5
            for mood, cause in (("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "proxy_refused"),
                                ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "proxy_cannot_reach"),
                                ("HTTP/1.1 2", "proxy_timeout"), ("+OK ready\r\n", "proxy_malformed")):
                proxy.close()  # the tunnels of before
                proxy.mood = mood
                proxy.open()
                self.accepts(gateway, range(done + 1, done + 6))
                self.outage(gateway, cause)
                self.assertEqual((gateway.counts()["delivered"], simulator.effects()), (done, done), "nothing was said")
                proxy.mood = "works"
                done += 5
                self.healthy(gateway, done)
            proxy.close()
            self.accepts(gateway, range(done + 1, done + 6))
            self.outage(gateway, "proxy_unreachable")
            proxy.open()
            self.healthy(gateway, done + 5)
            self.assertEqual((simulator.effects(), gateway.counts()["ledger_difference"]), (done + 5, 0))
            self.nowhere(place, gateway)
            gateway.stop()
            proxy.close()

    def test_credentials_it_refuses_are_an_outage_with_its_cause(self):
        with Place() as place:
            simulator = Simulator(place)
            proxy = Proxy(simulator.port, CREDENTIALS)
            gateway = self.gateway(place, proxy, credentials="gerbang:salah").start()
            self.accepts(gateway, range(1, 6))
            self.outage(gateway, "proxy_credentials")
            self.assertEqual((gateway.counts()["pending"], simulator.effects()), (5, 0))
            self.said(gateway.titip("outages"), 0, "the proxy refused the credentials (407)")
            file = pathlib.Path(gateway.settings["destinations"][0]["proxy"]["credentials_file"])
            file.write_text(CREDENTIALS)
            gateway.reloads("needs_a_restart", "/destinations/0/proxy/credentials_file")
            gateway.stop()
            gateway.start()
            self.healthy(gateway, 5)
            gateway.stop()
            proxy.close()

    def test_the_destination_proves_itself_through_it(self):
        with Place() as place:
            authority = Authority(place.directory)
            simulator = Simulator(place)
            front = Front(simulator, authority.sign("localhost"))  # a proxy's name, or anybody's, but not the destination's
            proxy = Proxy(front.port, CREDENTIALS)
            gateway = self.gateway(place, proxy, "https")
            gateway.settings["destinations"][0]["ca_file"] = authority.certificate.name
            gateway.start()
            self.accepts(gateway, range(1, 6))
            self.outage(gateway, "tls_failed")
            self.assertEqual((front.served, simulator.effects()), (0, 0), "nothing was said")
            front.show(authority.sign(NATIONAL, "right"))
            self.healthy(gateway, 5)
            self.assertEqual(simulator.effects(), 5)
            gateway.stop()
            front.close()
            proxy.close()

    def nowhere(self, place, gateway):
        """The proxy's password lies nowhere but in its file."""
        seen = bytes_below(place.directory) + gateway.call("GET", "/metrics", port=gateway.operations_port)[1].encode()
        seen += gateway.titip("config", "show").stdout.encode()
        patterns = [pattern for word in (CREDENTIALS, CREDENTIALS.partition(":")[2]) for _, pattern in dresses(word)]
        found = lambda text: [pattern for pattern in patterns if pattern in text]
        self.assertEqual(found(seen), [])
        # What the proxy is told is the dress it would be met in.
        self.assertTrue(found(b"Proxy-Authorization: Basic " + base64.b64encode(CREDENTIALS.encode())))
        for pattern in patterns:
            self.assertIn(pattern, found(seen + pattern + seen))
        self.assertGreater(len(seen), 10_000, "so much was looked through")

    def test_credentials_that_others_may_read_keep_it_from_starting(self):
        with Place() as place:
            gateway = self.gateway(place, Proxy(9, CREDENTIALS))
            pathlib.Path(gateway.settings["destinations"][0]["proxy"]["credentials_file"]).chmod(0o644)
            status, said = gateway.refuses_to_start()
            self.assertEqual(status, USAGE)
            self.assertIn("/destinations/0/proxy/credentials_file", said)
            self.assertIn("chmod 600", said)


if __name__ == "__main__":
    unittest.main()
