"""Outages as evidence: made with the simulator, listed while the gateway serves and while it does not."""

import csv
import io
import json
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import NOT_FOUND, OFFLINE, OK, Upkeep  # noqa: E402
from gateway import Gateway, Place, Simulator, person, today, wait_for  # noqa: E402

HEADER = ["destination", "began_at", "ended_at", "seconds", "cause", "accepted_meanwhile", "delayed"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
BAD_WEATHER = [{"from_s": 0, "to_s": 600, "kind": "html_503"}]


class Outages(Upkeep):
    def as_json(self, gateway, *arguments):
        done = gateway.titip("outages", *arguments, "--json")
        self.assertEqual(done.returncode, OK, done.stderr)
        return json.loads(done.stdout)

    def as_csv(self, gateway, *arguments):
        done = gateway.titip("outages", *arguments, "--csv")
        self.assertEqual(done.returncode, OK, done.stderr)
        rows = list(csv.reader(io.StringIO(done.stdout, newline=""), strict=True))
        self.assertEqual(rows[0], HEADER)
        return [dict(zip(HEADER, row, strict=True)) for row in rows[1:]]

    def begun(self, place, people):
        """A gateway in an outage, with a record of each of `people` waiting."""
        simulator = Simulator(place)
        gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin")
        gateway.start()
        simulator.weather(BAD_WEATHER)
        self.accepted(gateway, people)
        wait_for(lambda: self.as_json(gateway), "an outage to be written down")
        return simulator, gateway

    def accepted(self, gateway, people):
        for number in people:
            self.assertEqual(gateway.submit("/sasaran/simpan", person(number))[0], 201)

    def over(self, simulator, gateway):
        simulator.weather([])
        return wait_for(lambda: [each for each in self.as_json(gateway) if each["ended_at"]], "the outage's end")

    def test_none(self):
        with Place() as place:
            _, gateway = self.served(place)
            done = self.said(gateway.titip("outages"), OK, "No outage was written down.")
            self.assertEqual(done.stderr, "")
            self.assertEqual(self.as_json(gateway), [])
            self.assertEqual(self.as_csv(gateway), [])
            self.said(gateway.titip("outages", "sehat"), NOT_FOUND, "There is no destination sehat", "pcare-vaksin")
            gateway.stop()

    def test_served(self):
        with Place() as place:
            simulator, gateway = self.begun(place, range(1, 9))
            self.accepted(gateway, range(9, 12))
            done = self.said(gateway.titip("outages"), OK, "pcare-vaksin (times in WIB)", "goes on", "answered HTTP 503",
                             "1 outage, ", "1 is not over.")
            self.assertEqual(done.stderr, "")
            going_on = self.as_json(gateway)[0]
            self.assertIsNone(going_on["ended_at"])
            self.assertIsNone(going_on["seconds"])
            self.assertGreaterEqual(going_on["accepted_meanwhile"], 3, "as of now, not as of the last note")
            self.assertEqual(going_on["delayed"], 11)

            ended = self.over(simulator, gateway)
            self.assertEqual(len(ended), 1)
            self.assertEqual(list(ended[0]), HEADER)
            self.assertEqual((ended[0]["destination"], ended[0]["cause"]), ("pcare-vaksin", "http_503"))
            self.assertEqual(ended[0]["accepted_meanwhile"], going_on["accepted_meanwhile"])
            self.assertLessEqual(ended[0]["delayed"], 11)
            for key in ("began_at", "ended_at"):
                self.assertRegex(ended[0][key], TIME)
            self.assertLess(ended[0]["began_at"], ended[0]["ended_at"])
            self.three_formats_agree(gateway, ended)
            self.assertEqual(self.as_json(gateway, "pcare-vaksin", "--since", today()), ended)
            self.assertEqual(self.as_json(gateway, "--since", "2999-01-01"), [])
            done = gateway.titip("outages", "--csv")
            self.assertIn("1 outage, ", done.stderr, "what is said about it stays out of the data")
            gateway.stop()

    def three_formats_agree(self, gateway, expected):
        self.assertEqual(self.as_json(gateway), expected)
        rows = self.as_csv(gateway)
        self.assertEqual(rows, [{key: "" if value is None else str(value) for key, value in each.items()} for each in expected])
        table = gateway.titip("outages").stdout
        for each in expected:
            self.assertRegex(table, rf"{each['accepted_meanwhile']} +{each['delayed']}  answered HTTP 503")

    def test_offline_and_over_restarts(self):
        with Place() as place:
            simulator, gateway = self.begun(place, range(1, 9))
            before = self.as_json(gateway)[0]
            gateway.stop()
            done = self.said(gateway.titip("outages"), OK, OFFLINE, "goes on", "answered HTTP 503")
            self.assertNotIn(OFFLINE, done.stdout)
            self.assertEqual(self.as_json(gateway)[0]["began_at"], before["began_at"])
            gateway.start()
            self.accepted(gateway, range(9, 14))
            gateway.process.kill()
            gateway.process.wait()
            gateway.start()
            self.accepted(gateway, range(14, 16))
            ended = self.over(simulator, gateway)
            self.assertEqual(len(ended), 1, "one outage, however often the gateway was started")
            self.assertEqual(ended[0]["began_at"], before["began_at"])
            self.assertEqual(ended[0]["accepted_meanwhile"], before["accepted_meanwhile"] + 7, "exact over both restarts")
            gateway.stop()
            self.three_formats_agree(gateway, ended)
            self.said(gateway.titip("outages", "sehat"), NOT_FOUND, OFFLINE, "There is no destination sehat")


if __name__ == "__main__":
    unittest.main(verbosity=2)
