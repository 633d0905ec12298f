"""As many records of a facility wait as may: what is new beyond that is refused and nothing of it stored, others are not hindered, what is
safe already is answered as before, and room comes back with delivery. A kill changes none of it."""

import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import OK, WHY, Upkeep  # noqa: E402
from gateway import Gateway, Place, Simulator, person, wait_for  # noqa: E402

NAME = "pcare-vaksin"
MOST = 3
PLACE = "/sasaran/simpan"


class Quota(Upkeep):
    def refused(self, gateway, number):
        status, answer, headers = gateway.submit(PLACE, person(number))
        self.assertEqual(status, 429, answer)
        self.assertGreater(int(headers["Retry-After"]), 0)
        self.assertIn("metaData", answer)
        self.assertNotIn("Titip-Submission-Id", headers, "nothing was stored")

    def test_a_facility_waits_for_itself_alone(self):
        with Place() as place:
            simulator = Simulator(place)
            gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin")
            gateway.settings["front"]["facility_pending"] = MOST
            gateway.settings["facilities"][1]["most_pending"] = MOST + 1
            gateway.start()
            self.said(gateway.titip("pause", NAME, *WHY), OK)
            ids = []
            for number in range(1, MOST + 1):
                status, answer, headers = gateway.submit(PLACE, person(number), key=f"nomor-{number}")
                self.assertEqual(status, 201, answer)
                ids.append(headers["Titip-Submission-Id"])
            self.refused(gateway, 50)
            self.assertEqual(gateway.counts()["accepted"], MOST)
            for number in range(60, 60 + MOST + 1):
                self.assertEqual(gateway.submit(PLACE, person(number), facility="P0002")[0], 201, "another facility, with a limit of its own")
            self.assertEqual(gateway.submit(PLACE, person(70), facility="P0002")[0], 429)
            gateway.stop(signal.SIGKILL)
            gateway.start()
            self.refused(gateway, 50)
            status, answer, headers = gateway.submit(PLACE, person(1), key="nomor-1")
            self.assertEqual((status, headers["Titip-Submission-Id"], headers["Idempotency-Replayed"]), (201, ids[0], "true"),
                             "what is safe already is no new record")
            self.said(gateway.titip("cancel", ids[0], *WHY), OK)
            self.assertEqual(gateway.submit(PLACE, person(50))[0], 201, "who gives one up makes room for another")
            self.refused(gateway, 51)
            self.said(gateway.titip("resume", NAME, *WHY), OK)
            wait_for(lambda: gateway.counts()["pending"] == 0, "delivery")
            self.assertEqual(gateway.submit(PLACE, person(51))[0], 201)
            wait_for(lambda: gateway.counts()["pending"] == 0, "delivery")
            self.assertEqual((gateway.counts()["accepted"], gateway.counts()["ledger_difference"]), (2 * MOST + 3, 0))
            self.assertEqual(simulator.effects(), 2 * MOST + 2, "all but the one given up")
            text = gateway.call("GET", "/metrics", port=gateway.operations_port)[1]
            self.assertRegex(text, r'titip_\w+\{[^}]*outcome="over_quota"[^}]*\} [1-9]')
            gateway.stop()


if __name__ == "__main__":
    unittest.main()
