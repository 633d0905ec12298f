"""An operator looks at what is in custody: lists, one record with its timeline, the shape of the queue."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import FAILED, NIK, NOT_FOUND, OFFLINE, OK, USAGE, Upkeep  # noqa: E402
from gateway import Place, dose, person, wait_for  # noqa: E402

NAME = "pcare-vaksin"
WHY = ("--reason", "uji coba")


class Queue(Upkeep):
    def listed(self, gateway, *arguments, stdin=""):
        done = gateway.titip("queue", "ls", "--json", *arguments, stdin=stdin)
        self.said(done, OK)
        return json.loads(done.stdout)

    def test_lists_a_record_and_the_shape(self):
        with Place() as place:
            simulator, gateway = self.served(place)
            self.said(gateway.titip("pause", NAME, *WHY), OK)
            for number in range(2, 9):
                status, answer, headers = gateway.submit("/sasaran/simpan", person(number))
                self.assertEqual(status, 201, answer)
            waiting = headers["Titip-Submission-Id"]
            everything = self.listed(gateway)
            self.assertEqual(len(everything), 8)
            self.assertEqual(everything[0]["person"], "*" * 12 + NIK[-4:])
            self.assertEqual(self.listed(gateway, "--state", "delivered")[0]["id"], everything[0]["id"])
            self.assertEqual(len(self.listed(gateway, "--state", "queued,deferred")), 7)
            self.assertEqual(self.listed(gateway, "--state", "rejected"), [])
            self.assertEqual(self.listed(gateway, "--older-than", "1h"), [])
            self.assertEqual(len(self.listed(gateway, "--newer-than", "1h")), 8)
            self.assertEqual([each["id"] for each in self.listed(gateway, "--nik-file", "-", stdin=NIK + "\n")],
                             [everything[0]["id"]])
            page = gateway.titip("queue", "ls", "--limit", "3")
            self.said(page, OK, "3 records.", "--after")
            self.assertEqual(page.stdout.count("\n"), 4, "a heading and three records")
            rest = self.listed(gateway, "--all", "--after", everything[2]["id"])
            self.assertEqual([each["id"] for each in rest], [each["id"] for each in everything[3:]])

            shown = self.said(gateway.titip("queue", "show", everything[0]["id"]), OK, "delivered", "attempts", "sent")
            self.assertNotIn(NIK, shown.stdout)
            receipt = json.loads(gateway.titip("queue", "show", "--json", everything[0]["receipt"]).stdout)
            self.assertEqual((receipt["id"], len(receipt["attempts"])), (everything[0]["id"], 1))
            self.said(gateway.titip("queue", "show", waiting), OK, "queued", "Never sent.")
            self.said(gateway.titip("queue", "shape"), OK, NAME, "together", "<1280")
            shape = json.loads(gateway.titip("queue", "shape", "--json").stdout)["destinations"][0]
            self.assertEqual((shape["waiting"], shape["by_age"][0]), (7, 7))

            self.said(gateway.titip("queue", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV"), NOT_FOUND, "no record")
            self.said(gateway.titip("queue", "ls", "--state", "lost"), USAGE, "is no state")
            self.said(gateway.titip("queue", "ls", "--day", "15-08-2026"), USAGE, "2026-08-15")
            self.said(gateway.titip("queue", "ls", "--older-than", "long"), USAGE, "is no span")
            self.said(gateway.titip("queue", "ls", "--limit", "0"), USAGE, "at least")
            self.said(gateway.titip("queue"), USAGE)
            gateway.stop()

            offline = gateway.titip("queue", "ls", "--json")
            self.said(offline, OK, OFFLINE)
            self.assertEqual(len(json.loads(offline.stdout)), 8)
            self.said(gateway.titip("queue", "show", everything[0]["id"]), OK, "*" * 12 + NIK[-4:])
            self.audit_is_clean(place)

    def test_what_needs_a_person_and_the_audit_log(self):
        with Place() as place:
            simulator, gateway = self.served(place)
            self.said(gateway.titip("attention"), OK, "0 records")
            for number in (30, 31):
                gateway.submit("/vaksin/simpan", dose(number))
            wait_for(lambda: gateway.counts()["rejected"] == 2, "the rejections")
            listed = self.said(gateway.titip("attention"), OK, "rejected", "Server nasional menolak", "The national server refused")
            self.assertNotIn(dose(30)["nik"], listed.stdout)
            items = json.loads(gateway.titip("attention", "--json", "--destination", NAME).stdout)
            self.assertEqual([each["state"] for each in items], ["rejected"] * 2)
            self.assertIn("id", items[0]["to_do"])
            self.assertEqual(json.loads(gateway.titip("attention", "--json", "--facility", "P0002").stdout), [])
            first = json.loads(gateway.titip("attention", "--json", "--limit", "1").stdout)
            second = json.loads(gateway.titip("attention", "--json", "--after", first[0]["id"]).stdout)
            self.assertEqual([each["id"] for each in first + second], [each["id"] for each in items])

            self.said(gateway.titip("hold", first[0]["id"], *WHY), FAILED)
            whole = gateway.titip("audit", "verify", "--json")
            self.said(whole, OK, "is whole: 2 lines")
            last = json.loads(whole.stdout)["result"]["last"]
            kept = f"{last['number']}:{last['hash']}"
            self.said(gateway.titip("pause", NAME, *WHY), OK)
            self.said(gateway.titip("audit", "verify", "--kept", kept), OK, "4 lines")
            self.said(gateway.titip("audit", "verify", "--kept", "2:" + "0" * 64), FAILED, "not the one")
            self.said(gateway.titip("audit", "verify", "--kept", "2"), USAGE, "NUMBER:HASH")
            gateway.stop()
            self.said(gateway.titip("audit", "verify", "--kept", kept), OK, OFFLINE)


if __name__ == "__main__":
    unittest.main()
