"""An operator's levers on records: one, and all that a filter fits; a bulk action that is killed in the middle."""

import json
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import FAILED, NOT_FOUND, OFFLINE, OK, PARTIAL, USAGE, WHY, Upkeep, bytes_below  # noqa: E402
from gateway import BUILD, Gateway, Place, Simulator, dose, person, wait_for  # noqa: E402

NAME = "pcare-vaksin"
MANY = 800


class Bulk(Upkeep):
    def started(self, place):
        simulator = Simulator(place)
        gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin")
        # So many rejections would shut a gate before the facility.
        gateway.settings["destinations"][0]["surge"] = {"sample": 10_000, "minimum": 10_000}
        gateway.start()
        return simulator, gateway

    def accepted(self, gateway, path, body):
        status, answer, headers = gateway.submit(path, body)
        self.assertEqual(status, 201, answer)
        return headers["Titip-Submission-Id"]

    def rejected(self, gateway, numbers, already=0):
        """Doses of people whom the server does not know."""
        ids = [gateway.submit("/vaksin/simpan", dose(number))[2]["Titip-Submission-Id"] for number in numbers]
        wait_for(lambda: gateway.counts()["rejected"] == already + len(ids), "the rejections")
        return ids

    def result(self, done):
        return json.loads(done.stdout)["result"]

    def test_one_record(self):
        with Place() as place:
            simulator, gateway = self.started(place)
            self.said(gateway.titip("pause", NAME, *WHY), OK)
            id = self.accepted(gateway, "/sasaran/simpan", person(1))
            self.said(gateway.titip("hold", id), USAGE, "--reason")
            self.said(gateway.titip("hold", id, *WHY, "--dry-run"), OK, "would be held")
            self.said(gateway.titip("hold", id, *WHY), OK, f"{id} is held.")
            self.said(gateway.titip("hold", id, *WHY), FAILED, "cannot be held", "it is held")
            self.said(gateway.titip("resume", NAME, *WHY), OK)
            time.sleep(0.5)
            self.assertEqual(gateway.state(id), "held")
            self.said(gateway.titip("release", id, *WHY), OK, "is released")
            wait_for(lambda: gateway.state(id) == "delivered", "the released record")
            self.said(gateway.titip("cancel", id, *WHY), FAILED, "it is delivered")
            self.said(gateway.titip("requeue", "01ARZ3NDEKTSV4RRFFQ69G5FAV", *WHY), NOT_FOUND, "no record")

            refused, = self.rejected(gateway, [50])
            self.submitted(gateway, "/sasaran/simpan", person(50))
            again = json.loads(gateway.titip("requeue", refused, *WHY, "--json").stdout)["result"]["other"]
            wait_for(lambda: gateway.state(again) == "delivered", "the repetition")
            self.assertEqual(gateway.state(refused), "rejected")
            self.said(gateway.titip("requeue", refused, *WHY), FAILED, "sent again before")
            shown = json.loads(gateway.titip("queue", "show", refused, "--json").stdout)
            self.assertEqual(shown["replaced_by"], again)

            # The person of the ticket is known; the dose named another one.
            wrong, = self.rejected(gateway, [60], already=1)
            self.submitted(gateway, "/sasaran/simpan", person(61))
            self.said(gateway.titip("edit", wrong, *WHY), USAGE, "--set")
            self.said(gateway.titip("edit", wrong, "--set", "nik=1", *WHY), USAGE, "not written /place=value")
            edits = "".join(f"/{key}={person(61)[key]}\n" for key in ("nik", "noTiket"))
            edit = ("edit", wrong, "--set-file", "-", "--set", "/nama=Orang Uji 0061")
            self.said(gateway.titip(*edit, "--dry-run", stdin=edits), OK, "would be sent again", "/nama, /nik, /noTiket")
            edited = json.loads(gateway.titip(*edit, *WHY, "--json", stdin=edits).stdout)["result"]["other"]
            wait_for(lambda: gateway.state(edited) == "delivered", "the edited record")
            self.assertEqual(gateway.state(wrong), "rejected")
            shown = self.said(gateway.titip("queue", "show", edited), OK, "repeats", wrong, "/nama: ", "*" * 12 + "0061")
            self.assertNotIn(person(61)["nik"], shown.stdout)
            self.said(gateway.titip("edit", wrong, "--set", "/nama=Lain", *WHY), FAILED, "sent again before")
            self.said(gateway.titip("verify"), OK, "sound")
            gateway.stop()
            self.audit_is_clean(place)
            self.assertNotIn(person(61)["nik"].encode(), bytes_below(place.directory / "data"))

    def test_all_that_fit_and_a_kill_in_the_middle(self):
        with Place() as place:
            simulator, gateway = self.started(place)
            ids = self.rejected(gateway, range(100, 100 + MANY))
            self.said(gateway.titip("requeue", *WHY), USAGE, "all of them is refused")
            self.said(gateway.titip("requeue", "--state", "rejected"), USAGE, "--reason")
            self.said(gateway.titip("requeue", "--state", "rejected", *WHY), USAGE, f"{MANY} records fit", "Nothing was done", "--yes")
            preview = gateway.titip("requeue", "--state", "rejected", "--dry-run", "--json")
            self.assertEqual((self.result(preview)["count"], self.result(preview)["from_counts"]), (MANY, True))
            self.said(gateway.titip("requeue", "--day", "2020-01-01", *WHY, "--yes"), NOT_FOUND, "There are no")
            self.said(gateway.titip("bulk", "status"), NOT_FOUND, "No bulk action")
            self.assertEqual(gateway.counts()["rejected"], MANY)

            self.said(gateway.titip("pause", NAME, *WHY), OK)
            config = place.directory / "titip.json"
            process = subprocess.Popen([BUILD / "titip", "requeue", "--state", "rejected", *WHY, "--yes", "--config", config],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            wait_for(lambda: gateway.counts()["queued"] > 0, "the first batch")
            gateway.stop(signal.SIGKILL)
            process.communicate(timeout=20)
            self.assertNotEqual(process.returncode, 0, "nobody knows how it came out")
            gateway.start()
            done = lambda: self.result(gateway.titip("bulk", "status", "--json"))
            wait_for(lambda: done()["state"] == "done", "the bulk action to go on by itself")
            self.assertEqual((done()["done"], done()["refused_count"]), (MANY, 0))
            self.assertEqual(gateway.counts()["queued"], MANY, "each once")
            self.said(gateway.titip("bulk", "status"), OK, "requeue of rejected records",
                      f"{MANY} done")
            self.said(gateway.titip("bulk", "resume", *WHY), NOT_FOUND, "nothing to go on with")

            # Sent again before: the verdicts refuse them, each is listed, and the exit status says so.
            again = self.said(gateway.titip("requeue", "--state", "rejected", *WHY, "--yes"), PARTIAL, f"0 done, {MANY} refused")
            self.assertEqual(again.stdout.count("replaced_before"), MANY)
            for id in ids:
                self.assertIn(id, again.stdout)
            self.said(gateway.titip("cancel", "--state", "queued", *WHY, "--yes"), OK, f"{MANY} done")
            self.said(gateway.titip("verify"), OK, "sound")
            gateway.stop()
            self.said(gateway.titip("bulk", "status"), OK, OFFLINE, "cancel of queued records", f"{MANY} done")
            self.audit_is_clean(place)


if __name__ == "__main__":
    unittest.main()
