"""What a gateway before deployed clients must bear: bad requests on all mounts are refused in the national envelope, nothing
of them is kept and nothing of anybody leaks; a secret and a password change in the middle of a backlog; the day's list is whole.
"""

import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from bpjs import Consumer  # noqa: E402
from families import OldPhp, TypeScriptA, TypeScriptB  # noqa: E402
from programs import wait_for  # noqa: E402
from served import BUILD, FIRST, SECOND, THIRD, Served  # noqa: E402


class Bad(Served):
    def registration(self, family, number):
        return family.text(self.patient(family, number)[1].attendance())

    def refused(self, answer, statuses=(401,)):
        self.assertIn(answer.status, statuses, answer)
        self.assertIsNotNone(answer.envelope(), answer)
        _, code, message = answer.envelope()
        self.assertEqual(code, answer.status, answer)
        self.assertTrue(message)
        for consumer in (FIRST, SECOND, THIRD):
            for secret in (consumer.secret, consumer.password, consumer.authorization()):
                self.assertNotIn(secret.encode(), answer.body)

    def queueing(self, number):
        date = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * 3600))
        return {"nomorkartu": f"{number:013d}", "tanggalperiksa": date, "kodepoli": "001", "keluhan": "demam"}

    def test_who_is_not_let_in(self):
        stranger = Consumer("1", FIRST.secret, FIRST.user_key, FIRST.facility, FIRST.user, FIRST.password)
        a_patient = lambda family, number: self.registration(family, number)
        a_queue = lambda family, number: family.text(self.queueing(number))
        for number, (kind, mount, path, body, read, done) in enumerate((
                (TypeScriptA, self.new, "pendaftaran", a_patient, "dokter/0/10", 201),
                (OldPhp, self.old, "pendaftaran", a_patient, "dokter/0/10", 201),
                (TypeScriptA, self.queues, "antrean/add", a_queue, "ref/poli/tanggal/2026-11-23", 200))):
            family = kind(FIRST, self.gateway.port, mount)
            text = body(family, 20 + number)
            before = self.accepted()

            def without(name):
                return lambda headers: headers.pop(name)

            def wrong(name, value):
                return lambda headers: headers.update({name: value})
            for change in (without("X-cons-id"), without("X-timestamp"), without("X-signature"), wrong("X-signature", ""),
                           wrong("X-signature", FIRST.signature("1")), wrong("X-timestamp", "1"), wrong("X-timestamp", "besok"),
                           wrong("X-signature", FIRST.signature(family.timestamp())[:-5]), wrong("X-cons-id", SECOND.cons_id),
                           wrong("X-cons-id", "tidak-ada")):
                self.refused(self.send(family, "POST", path, text, change))
                self.refused(self.send(family, "GET", read, None, change))
            self.refused(self.send(kind(stranger, self.gateway.port, mount), "POST", path, text))
            self.assertEqual(self.accepted(), before, "nothing of them is kept")
            known = self.send(family, "POST", path, text)
            self.assertEqual(known.status, done, f"and who is known is let in: {known}")

    def test_bodies_that_are_none(self):
        family = TypeScriptA(FIRST, self.gateway.port, self.new)
        before = self.accepted()
        nested = "[" * (128 << 10) + "]" * (128 << 10)
        queue = TypeScriptA(FIRST, self.gateway.port, self.queues)
        for text in ("{", "", "[]", nested, '{"a":' + nested[2:-2] + "}", "\xff\xfe"):
            for client, path in ((family, "pendaftaran"), (queue, "antrean/add"), (queue, "antrean/batal")):
                self.refused(self.send(client, "POST", path, text.encode("latin-1")), (400, 412, 413, 415, 422))
        self.refused(self.send(family, "POST", "pendaftaran", b'{"noKartu":"1"}'), (400, 412, 422))
        for client in (family, queue):
            self.refused(self.send(client, "POST", "tidak/ada", "{}"), (404,))
        self.assertEqual(self.accepted(), before)
        self.assertEqual(self.send(family, "POST", "pendaftaran", self.registration(family, 2)).status, 201)

    def test_anothers_provisional_number(self):
        self.down()
        mine, yours = (kind(consumer, self.gateway.port, self.new) for kind, consumer in ((TypeScriptA, FIRST), (TypeScriptB, SECOND)))
        record, patient = self.patient(mine, 3)
        self.assertIsNotNone(patient.register(), record.faults)
        visit = patient.see()
        self.assertIsNotNone(visit, record.faults)
        before = self.accepted()
        drug = {"noKunjungan": visit.told, "kdObat": "DP0001", "signa1": 1, "signa2": 1, "jmlObat": 1}
        answer = self.send(yours, "POST", "obat/kunjungan", yours.text(drug))
        self.refused(answer, (400, 404, 409, 412, 422))
        self.assertNotIn(patient.card.encode(), answer.body)
        self.refused(self.send(yours, "DELETE", f"kunjungan/{visit.told}", None), (400, 404, 409, 412, 422))
        self.assertEqual(self.accepted(), before)
        self.simulator.weather([])
        wait_for(self.drained, "the backlog to be sent", 60)
        self.assertEqual(self.simulator.ledger()["totals"]["dangling_references"], 0)

    def test_the_days_list_has_who_is_queued(self):
        family = TypeScriptB(FIRST, self.gateway.port, self.new)
        self.assertIsNotNone(self.patient(family, 30)[1].register())
        wait_for(self.drained, "the server to know", 60)

        def listed():
            answer = family.call("GET", f"pendaftaran/tglDaftar/{self.date}/0/100")
            self.assertEqual(answer.envelope()[1] if answer.envelope() else 0, 200, answer)
            return {entry["peserta"]["noKartu"]: entry["noUrut"] for entry in family.opened(answer)["list"]}
        known = f"{30:013d}"
        self.assertIn(known, listed())
        self.down()
        record, patient = self.patient(family, 31)
        registered = patient.register()
        self.assertIsNotNone(registered, record.faults)
        self.assertEqual(listed().get(patient.card), registered.told)
        self.assertIn(known, listed(), "and who was there before")

    def test_a_queue_goes_on_without_the_server(self):
        """Added, called, added again: acknowledged at once, sent in this order, told apart by the server alone."""
        family = TypeScriptA(FIRST, self.gateway.port, self.queues)
        before = len(self.simulator.ledger()["effects"])
        self.down()
        for path in ("antrean/add", "antrean/panggil", "antrean/batal", "antrean/add"):
            answer = family.call("POST", path, family.text(self.queueing(60)))
            self.assertTrue(family.takes(answer), answer)
            self.assertEqual(answer.envelope()[1], 200, answer)
        self.assertEqual(len(self.simulator.ledger()["effects"]), before)
        self.simulator.weather([])
        wait_for(self.drained, "the backlog to be sent", 60)
        sent = [effect["route"] for effect in self.simulator.ledger()["effects"][before:]]
        self.assertEqual(sent, ["antrean/add", "antrean/panggil", "antrean/batal", "antrean/add"])

    def test_a_password_changes_in_the_middle_of_a_backlog(self):
        """Records keep the one they came with; once the server has taken the new one, in a look-up here, it is theirs too."""
        self.addCleanup(self.server_knows, FIRST, SECOND, THIRD)
        self.down()
        before = len(self.simulator.ledger()["effects"])
        changed = Consumer(**{**SECOND.as_json(), "password": "Sandi!baru"})
        for number, consumer in ((40, SECOND), (41, SECOND), (42, SECOND), (43, changed)):
            record, patient = self.patient(TypeScriptB(consumer, self.gateway.port, self.new), number)
            self.assertIsNotNone(patient.register(), record.faults)
        self.server_knows(FIRST, changed, THIRD)
        self.simulator.weather([])
        refused = lambda: self.simulator.ledger()["totals"]["unauthorized_writes"] > 0
        wait_for(refused, "the old one to be refused")
        family = TypeScriptB(changed, self.gateway.port, self.new)
        self.assertEqual(family.call("GET", "kunjungan/peserta/0000000000044").status, 200)
        record, patient = self.patient(family, 44)
        self.assertIsNotNone(patient.register(), record.faults)
        wait_for(self.drained, "the backlog to be sent", 60)
        self.assertEqual(len(self.simulator.ledger()["effects"]) - before, 5)

    def titip(self, *arguments):
        done = subprocess.run([str(BUILD / "titip"), *map(str, arguments), "--reason", "uji", "--config",
                               str(self.directory / "titip.json")], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_secret_rotates_in_the_middle_of_a_backlog(self):
        def secret_file(name, text):
            path = self.directory / name
            path.write_text(text + "\n")
            path.chmod(0o600)
            return path
        self.titip("facility", "add", THIRD.facility, "--name", "Klinik Tiga", "--consumer-id", THIRD.cons_id,
                   "--secret-file", secret_file("lama", THIRD.secret))
        self.down()
        before = len(self.simulator.ledger()["effects"])
        unauthorized = self.simulator.ledger()["totals"]["unauthorized_writes"]
        family = TypeScriptA(THIRD, self.gateway.port, self.new)
        for number in range(10, 15):
            record, patient = self.patient(family, number)
            self.assertIsNotNone(patient.register(), record.faults)
        self.titip("facility", "rotate", THIRD.facility, "--secret-file", secret_file("baru", "rahasia-baru"))
        changed = Consumer(**{**THIRD.as_json(), "secret": "rahasia-baru"})
        self.server_knows(FIRST, SECOND, changed)
        for number, consumer in ((15, THIRD), (16, changed)):
            record, patient = self.patient(TypeScriptA(consumer, self.gateway.port, self.new), number)
            self.assertIsNotNone(patient.register(), record.faults)
        self.simulator.weather([])
        wait_for(self.drained, "the backlog to be sent", 60)
        ledger = self.simulator.ledger()
        self.assertEqual(len(ledger["effects"]) - before, 7)
        self.assertEqual(ledger["totals"]["unauthorized_writes"], unauthorized)


if __name__ == "__main__":
    unittest.main()
