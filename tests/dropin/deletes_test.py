"""What clinics take back, and what looks alike: however often and whenever a DELETE comes, nobody's line is blocked by it and
nothing that was taken back stays with the server; equal drugs are each there once; another facility's visit is not ours.
"""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from families import OldPhp, TypeScriptA  # noqa: E402
from programs import wait_for  # noqa: E402
from served import FIRST, SECOND, Served  # noqa: E402


class Deletes(Served):
    def both_eras(self, number):
        """(family, patient) of each, nobody twice."""
        for kind, mount in ((TypeScriptA, self.new), (OldPhp, self.old)):
            family = kind(FIRST, self.gateway.port, mount)
            yield family, self.patient(family, number)[1]
            number += 1

    def up(self):
        self.simulator.weather([])

    def nobody_waits(self):
        wait_for(self.drained, "the lines to be empty: nobody is blocked or held", 40)

    def count(self, state):
        return sum(count for (_, each), count in self.gateway.queue().items() if each == state)

    def effects(self, patient, kind=None):
        """What the server did for a person, in order."""
        return [each for each in self.simulator.ledger()["effects"]
                if each.get("of", {}).get("noKartu") == patient.card and kind in (None, each["method"])]

    def unregister(self, family, patient, number):
        card, date, policlinic = patient.of
        answer = self.send(family, "DELETE", f"pendaftaran/peserta/{card}/tglDaftar/{date}/noUrut/{number}/kdPoli/{policlinic}", None)
        self.assertEqual((answer.status, answer.envelope()[1]), (200, 200), answer)

    def post(self, family, path, body):
        answer = self.send(family, "POST", path, family.text(body))
        self.assertEqual((answer.status, answer.envelope()[1]), (201, 201), answer)
        said = family.opened(answer)
        return (said[0] if isinstance(said, list) else said)["message"]

    def test_twice_of_what_still_waits(self):
        for family, patient in self.both_eras(60):
            self.down()
            registered = patient.register()
            self.assertIsNotNone(patient.see())
            for _ in range(3):
                self.unregister(family, patient, registered.told)
            self.assertIsNotNone(patient.register(), "and then he comes after all")
            self.up()
            self.nobody_waits()
            self.assertEqual([each["method"] for each in self.effects(patient)], ["POST"])

    def test_of_what_the_server_refused(self):
        for family, patient in self.both_eras(70):
            self.down()
            body = {**patient.attendance(), "kdProviderPeserta": "", "keluhan": "demam", "kunjSakit": True, "kdTkp": "10"}
            number = self.post(family, "pendaftaran", body)
            visit = patient.see()
            self.assertIsNotNone(visit)
            before = self.count("rejected")
            self.up()
            wait_for(lambda: self.count("rejected") > before, "the rejection", 40)
            for _ in range(2):
                self.unregister(family, patient, number)
            self.assertIsNotNone(patient.register(), "entered again, as it should be")
            self.nobody_waits()
            self.assertEqual([each["method"] for each in self.effects(patient)], ["POST"])

    def test_of_what_was_on_its_way(self):
        """The registration hangs and lands late, or not at all; meanwhile it is taken back, twice."""
        for weather in ("late_apply", "hang"):
            for family, patient in self.both_eras(80 if weather == "hang" else 90):
                self.simulator.weather([{"from_s": 0, "to_s": 900, "kind": weather, "after_ms": 500, "writes_only": True}
                                        if weather == "late_apply" else
                                        {"from_s": 0, "to_s": 900, "kind": weather, "writes_only": True}])
                self.addCleanup(self.simulator.weather, [])
                registered = patient.register()
                self.assertIsNotNone(registered)
                for _ in range(2):
                    self.unregister(family, patient, registered.told)
                self.up()
                self.nobody_waits()
                entered, taken = (len(self.effects(patient, kind)) for kind in ("POST", "DELETE"))
                self.assertEqual(entered, taken, self.effects(patient))
                self.assertLessEqual(entered, 1)

    def test_by_the_servers_own_number_while_it_is_in_doubt(self):
        """Its reply was lost and nobody can be asked; the clinic knows the number from elsewhere. It must not come back."""
        for family, patient in self.both_eras(130):
            self.up()
            self.assertIsNotNone(patient.register())
            self.nobody_waits()
            self.simulator.weather([{"from_s": 0, "to_s": 900, "kind": "lose_reply", "writes_only": True},
                                    {"from_s": 0, "to_s": 900, "kind": "html_503"}])
            self.addCleanup(self.simulator.weather, [])
            self.assertIsNotNone(patient.see())
            landed = self.effects(patient)[-1]
            self.assertEqual(landed["given"][0], "noKunjungan")
            self.simulator.weather([{"from_s": 0, "to_s": 8, "kind": "slow", "ms": 1700}])  # a probe comes to nothing, a write lands
            answer = self.send(family, "DELETE", f"kunjungan/{landed['given'][1]}", None)
            self.assertEqual(answer.status, 200, answer)
            self.nobody_waits()
            self.assertEqual([each["method"] for each in self.effects(patient)], ["POST", "POST", "DELETE"])

    def drug(self, visit):
        return {"noKunjungan": visit, "kdObatSK": 0, "racikan": False, "kdObat": "DP0001", "signa1": 3, "signa2": 1, "jmlObat": 10}

    def test_equal_drugs_of_one_visit(self):
        """Every reply is lost, then nothing is applied: each is there once, and is taken back by its own number."""
        for spell in ("lose_reply", "hang"):
            for family, patient in self.both_eras(100 if spell == "hang" else 110):
                self.up()
                self.assertIsNotNone(patient.register())
                visit = patient.see()
                self.assertIsNotNone(visit)
                self.nobody_waits()
                first = self.post(family, "obat/kunjungan", self.drug(visit.told))
                self.simulator.weather([{"from_s": 0, "to_s": 900, "kind": spell, "writes_only": True}])
                self.addCleanup(self.simulator.weather, [])
                second, third = (self.post(family, "obat/kunjungan", self.drug(visit.told)) for _ in range(2))
                if spell == "hang":
                    wait_for(lambda: self.count("unknown"), "an outcome in doubt")
                self.up()
                self.nobody_waits()
                given = [each["given"][1] for each in self.effects(patient, "POST") if "obat" in each["path"]]
                self.assertEqual(len(given), 3, given)
                for number in (third, first, second):
                    answer = self.send(family, "DELETE", f"obat/{number}/kunjungan/{visit.told}", None)
                    self.assertEqual(answer.status, 200, answer)
                self.nobody_waits()
                gone = [dict(each["quoted"])["kdObatSK"]
                        for each in self.effects(patient, "DELETE")]
                self.assertEqual(sorted(gone), sorted(given))

    def test_another_facilitys_visit_of_the_same_day(self):
        for number, spell in ((120, "lose_reply"), (122, "hang")):
            for family, patient in self.both_eras(number):
                theirs = type(family)(SECOND, self.gateway.port, family.mount)
                elsewhere = self.patient(theirs, int(patient.card))[1]
                elsewhere.of = (patient.card, patient.date, patient.policlinic)
                elsewhere.policlinic = patient.policlinic
                self.up()
                for each in (elsewhere, patient):
                    self.assertIsNotNone(each.register())
                self.assertIsNotNone(elsewhere.see())
                self.nobody_waits()
                self.simulator.weather([{"from_s": 0, "to_s": 900, "kind": spell, "writes_only": True}])
                self.addCleanup(self.simulator.weather, [])
                visit = patient.see()
                self.assertIsNotNone(visit)
                if spell == "hang":
                    wait_for(lambda: self.count("unknown"), "an outcome in doubt")
                self.up()
                self.nobody_waits()
                visits = [each for each in self.effects(patient, "POST") if "kunjungan" in each["path"].lower()]
                self.assertEqual(sorted(each["kdPpk"] for each in visits), [FIRST.facility, SECOND.facility], json.dumps(visits))
                answer = self.send(family, "DELETE", f"kunjungan/{visit.told}", None)
                self.assertEqual(answer.status, 200, answer)
                self.nobody_waits()
                self.assertEqual([each["kdPpk"] for each in self.effects(patient, "DELETE")], [FIRST.facility])


if __name__ == "__main__":
    unittest.main()
