"""The national server behind https: only one that proves itself is told anything. With each of the four bad certificates what
was accepted stays in custody and the outage is raised; with the right one it is delivered."""

import pathlib
import socket
import ssl
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from certificates import Authority  # noqa: E402
from command_line import USAGE, Upkeep  # noqa: E402
from gateway import Gateway, Place, Simulator, person, wait_for  # noqa: E402
from plumbing import pump  # noqa: E402


class Front:
    """Ends TLS in front of the simulator, with whatever certificate it is told to show."""

    def __init__(self, simulator, shown):
        self.target, self.failed, self.served = simulator.port, 0, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.show(shown)
        threading.Thread(target=self.accept, daemon=True).start()

    def show(self, shown):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*shown)

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            client.settimeout(10)
            secure = self.context.wrap_socket(client, server_side=True)
            # In TLS 1.3 the client's refusal comes after the server's own end of the handshake.
            first = secure.recv(65536)
        except OSError:
            self.failed += 1
            return client.close()
        if not first:
            self.failed += 1
            return secure.close()
        self.served += 1
        server = socket.create_connection(("127.0.0.1", self.target))
        server.sendall(first)
        threading.Thread(target=pump, args=(server, secure), daemon=True).start()
        pump(secure, server)

    def close(self):
        self.listener.close()


class OutboundTls(Upkeep):
    def stays_in_custody(self, bad):
        """`bad` makes the certificate that is shown at first."""
        with Place() as place:
            authority = Authority(place.directory)
            simulator = Simulator(place)
            front = Front(simulator, bad(place, authority))
            gateway = Gateway(place, f"https://localhost:{front.port}/vaksin")
            gateway.settings["destinations"][0]["ca_file"] = authority.certificate.name
            gateway.start()
            status, answer, headers = gateway.submit("/sasaran/simpan", person(1))
            self.assertEqual(status, 201, answer)
            id = headers["Titip-Submission-Id"]
            outages = 'titip_upstream_outages_total{destination="pcare-vaksin",cause="tls_failed"}'
            for number in range(2, 6):  # one person alone opens no breaker
                self.assertEqual(gateway.submit("/sasaran/simpan", person(number))[0], 201)
            wait_for(lambda: gateway.metric(outages) >= 1, "the outage by its cause")
            self.assertEqual(gateway.metric('titip_upstream_state{destination="pcare-vaksin",state="closed"}'), 0, "what UpstreamOutage looks at")
            self.assertIn(gateway.state(id), ("queued", "deferred"))
            self.assertEqual((gateway.counts()["accepted"], gateway.counts()["pending"]), (5, 5))
            self.assertEqual((front.served, simulator.effects()), (0, 0), "nothing was said")
            self.assertGreater(front.failed, 0)
            front.show(authority.sign("localhost", "right"))
            wait_for(lambda: gateway.counts()["delivered"] == 5, "delivery once the server proves itself")
            self.assertEqual((simulator.effects(), gateway.counts()["ledger_difference"]), (5, 0))
            wait_for(lambda: gateway.metric('titip_upstream_state{destination="pcare-vaksin",state="closed"}') == 1, "the end of the outage")
            gateway.stop()
            front.close()

    def test_of_another_name(self):
        self.stays_in_custody(lambda place, authority: authority.sign("other.test"))

    def test_expired(self):
        self.stays_in_custody(lambda place, authority: authority.sign("localhost", "late", expired=True))

    def test_signed_by_itself(self):
        def itself(place, authority):
            own = Authority(place.directory, "localhost")
            return own.certificate, own.key
        self.stays_in_custody(itself)

    def test_of_another_authority(self):
        self.stays_in_custody(lambda place, authority: Authority(place.directory, "stranger").sign("localhost"))

    def test_authorities_that_cannot_be_read_keep_it_from_starting(self):
        with Place() as place:
            gateway = Gateway(place, "https://localhost:9/vaksin")
            gateway.settings["destinations"][0]["ca_file"] = "none.pem"
            status, said = gateway.refuses_to_start()
            self.assertEqual(status, USAGE)
            self.assertIn("/destinations/0/ca_file", said)


if __name__ == "__main__":
    unittest.main()
