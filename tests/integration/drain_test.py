"""An operator brings a backlog home at the command line: a gate, a preview, a canary, a pace, a pause, a kill in the
middle, and whoever comes meanwhile goes on beside it."""

import json
import pathlib
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import FAILED, NOT_FOUND, OFFLINE, OK, USAGE, Upkeep  # noqa: E402
from gateway import Gateway, Place, Simulator, person, wait_for  # noqa: E402

NAME = "pcare-vaksin"
WHY = ("--why", "uji coba")
STATE = f'titip_drain_state{{destination="{NAME}",state="%s"}}'


class Drain(Upkeep):
    def piled_up(self, place, count):
        """A gateway behind a gate with so many records of two facilities in custody."""
        simulator = Simulator(place)
        gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin")
        gateway.start()
        self.said(gateway.titip("pause", NAME), USAGE, "--reason")
        self.said(gateway.titip("pause", "no-such-place", *WHY), NOT_FOUND, "no destination", NAME)
        self.said(gateway.titip("pause", NAME, *WHY, "--dry-run"), OK, "would be shut")
        self.said(gateway.titip("pause", NAME, *WHY), OK, "sends nothing new until")
        self.said(gateway.titip("pause", NAME, *WHY), FAILED, "already")
        for number in range(count):
            self.accepted(gateway, 100 + number, "P0002" if number % 4 == 0 else "P0001")
        self.assertEqual(gateway.counts()["queued"], count)
        return simulator, gateway

    def accepted(self, gateway, number, facility="P0001"):
        status, answer, headers = gateway.submit("/sasaran/simpan", person(number), facility=facility)
        self.assertEqual(status, 201, answer)
        return headers["Titip-Submission-Id"]

    def drain(self, gateway):
        return json.loads(gateway.titip("drain", "status", NAME, "--json").stdout)["result"]

    def stands_still(self, gateway, seconds):
        before = gateway.counts()["delivered"]
        time.sleep(seconds)
        self.assertEqual(gateway.counts()["delivered"], before)
        return before

    def test_canary_pace_pause_and_a_kill(self):
        with Place() as place:
            simulator, gateway = self.piled_up(place, 60)
            self.said(gateway.titip("drain", "status", NAME), NOT_FOUND, "no drain")
            noon = time.strftime("%H", time.gmtime(time.time() + (7 + 12) * 3600))  # on the other side of the server's day
            asked = ("drain", NAME, "--canary", "5", "--per-second", "10", "--pause", f"{noon}:10-{noon}:11")
            preview = self.said(gateway.titip(*asked, "--dry-run"), OK, "60 records wait", "of 2 facilities", "P0001 45, P0002 15",
                                "5 records go first", "10 a second")
            self.assertEqual(preview.stderr, "")
            document = json.loads(gateway.titip(*asked, "--dry-run", "--json").stdout)["result"]
            self.assertEqual(document["by_facility"], [{"facility": "P0001", "waiting": 45}, {"facility": "P0002", "waiting": 15}])
            self.assertEqual(document["estimated_s"], 6)
            self.said(gateway.titip(*asked, "--yes"), USAGE, "--reason")
            self.said(gateway.titip(*asked, *WHY), USAGE, "60 records wait", "Nothing was done", "--yes")
            self.said(gateway.titip("drain", "status", NAME), NOT_FOUND, "no drain")
            self.said(gateway.titip(*asked, *WHY, "--yes"), OK, "waits for its canary of 5")
            self.said(gateway.titip(*asked, *WHY, "--yes"), FAILED, "already")
            self.assertEqual(self.stands_still(gateway, 0.3), 0, "the gate stands before the drain")

            began = time.monotonic()
            self.said(gateway.titip("resume", NAME, *WHY), OK, "sends again")
            wait_for(lambda: gateway.counts()["delivered"] >= 15, "the canary and some more")
            self.assertGreater(time.monotonic() - began, 1, "15 at 10 a second")
            self.said(gateway.titip("drain", "pause", NAME, *WHY, "--until", "25:00"), USAGE, "is no time")
            self.said(gateway.titip("drain", "pause", NAME, *WHY, "--for", "1h", "--until", "07:00"), USAGE, "excludes")
            self.said(gateway.titip("drain", "pause", NAME, "--why", "server minta jeda", "--for", "1h"), OK, "is paused until",
                      "server minta jeda")
            wait_for(lambda: gateway.counts()["in_flight"] == 0, "what was in flight to end")
            settled = self.stands_still(gateway, 1)
            self.assertLess(settled, 60)
            today = self.accepted(gateway, 1)
            wait_for(lambda: gateway.state(today) == "delivered", "who comes today")
            self.said(gateway.titip("status"), OK, "its drain is paused until", "server minta jeda", f"{settled} of 60 settled")
            self.assertEqual(gateway.metric(STATE % "paused"), 1)
            self.assertEqual(gateway.metric(f'titip_drain_paused{{destination="{NAME}"}}'), 1)

            gateway.stop(signal.SIGKILL)
            gateway.start()
            self.assertEqual(self.stands_still(gateway, 1), settled + 1, "paused over the end of the process")
            another = self.accepted(gateway, 2)
            wait_for(lambda: gateway.state(another) == "delivered", "who comes today after the restart")
            found = self.drain(gateway)
            self.assertEqual((found["state"], found["reason"], found["of"]), ("paused", "server minta jeda", 60))
            self.assertEqual(found["settled"], settled)

            self.said(gateway.titip("drain", "resume", NAME, *WHY), OK, "runs at 10 a second")
            self.said(gateway.titip("drain", "resume", NAME, *WHY), FAILED, "not paused")
            wait_for(lambda: self.drain(gateway)["state"] == "done", "the drain to be done")
            self.said(gateway.titip("drain", "status", NAME), OK, "is done: 60 of 60 settled.")
            self.assertEqual(gateway.counts()["delivered"], 62)
            self.assertEqual(simulator.effects(), 62)
            self.assertEqual(gateway.metric(STATE % "done"), 1)
            self.assertEqual(gateway.metric('titip_admin_actions_total{action="drain pause"}'), 0, "since its last start")
            self.assertEqual(gateway.metric('titip_admin_actions_total{action="drain resume"}'), 1)
            self.said(gateway.titip("verify"), OK, "sound")
            gateway.stop()
            self.audit_is_clean(place)

    def test_beside_a_store_that_nobody_serves(self):
        with Place() as place:
            simulator, gateway = self.piled_up(place, 20)
            self.said(gateway.titip("resume", NAME, *WHY), OK)
            wait_for(lambda: gateway.counts()["delivered"] == 20, "all to be delivered")
            self.said(gateway.titip("drain", NAME, "--dry-run"), NOT_FOUND, "nothing to drain")
            self.said(gateway.titip("pause", f"{NAME}/P0002", *WHY), OK, "P0002 sends nothing new")
            self.said(gateway.titip("pause", f"{NAME}/P9999", *WHY), NOT_FOUND, "no facility")
            waiting = [self.accepted(gateway, number, "P0002") for number in range(5)]
            self.said(gateway.titip("status"), OK, "pcare-vaksin/P0002 gated since", "uji coba",
                      "titip resume pcare-vaksin/P0002")
            gateway.stop()

            # A backlog that shall not go all at once when the gateway comes back.
            self.said(gateway.titip("drain", NAME, "--canary", "2", *WHY, "--yes"), OK, "waits for its canary of 2", OFFLINE)
            self.said(gateway.titip("drain", "pause", NAME, *WHY), OK, "is paused (uji coba)", OFFLINE)
            self.said(gateway.titip("resume", f"{NAME}/P0002", *WHY), OK, "sends again", OFFLINE)
            gateway.start()
            self.assertEqual(self.stands_still(gateway, 1), 20)
            self.said(gateway.titip("drain", "cancel", NAME, *WHY), OK, "taken away")
            wait_for(lambda: all(gateway.state(id, "P0002") == "delivered" for id in waiting), "all to be delivered")
            self.assertEqual(simulator.effects(), 25)
            self.said(gateway.titip("drain", "cancel", NAME, *WHY), NOT_FOUND, "no drain")
            gateway.stop()
            self.said(gateway.titip("drain", "status", NAME), NOT_FOUND, "no drain")
            self.audit_is_clean(place)


if __name__ == "__main__":
    unittest.main()
