"""Backups put back, and stores that are damaged or gone: what is refused, what waits, what is said."""

import json
import pathlib
import shutil
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import FAILED, NIK, NOT_FOUND, OFFLINE, OK, PARTIAL, STORE_DAMAGED, UNREACHABLE, USAGE, WHY, Upkeep  # noqa: E402
from gateway import Gateway, Place, Simulator, person, wait_for  # noqa: E402


class Restoring(Upkeep):
    def test_gates_shut_and_open_again_without_a_restart(self):
        with Place() as place:
            simulator, gateway = self.served(place)
            simulator.weather([{"from_s": 0, "to_s": 600, "kind": "html_503"}])
            waiting = gateway.submit("/sasaran/simpan", person(2))[2]["Titip-Submission-Id"]
            copy = place.directory / "copy"
            self.said(gateway.titip("backup", "--to", copy), OK)
            simulator.weather([])
            wait_for(lambda: gateway.state(waiting) == "delivered", "delivery after the backup")
            gateway.stop()

            self.said(gateway.titip("restore", "--from", copy), USAGE, "--reason")
            self.said(gateway.titip("restore", "--from", copy, "--dry-run"), OK, "is whole", "would become unknown")
            self.said(gateway.titip("restore", "--from", copy, *WHY), USAGE, "--yes")
            done = self.said(gateway.titip("restore", "--from", copy, *WHY, "--yes", "--json"), OK)
            result = json.loads(done.stdout)["result"]
            self.assertEqual((result["made_unknown"], result["destinations"]), (1, 1))
            self.assertTrue(pathlib.Path(result["kept_in"]).is_dir(), "what was there is kept")
            done = self.said(gateway.titip("status"), UNREACHABLE, "gated since", "restored", "titip resume pcare-vaksin")

            gateway.start()
            # What had been delivered after the backup is found there, not sent again; new records wait.
            wait_for(lambda: gateway.state(waiting) == "delivered", "the probe behind the gate")
            behind = gateway.submit("/sasaran/simpan", person(3))[2]["Titip-Submission-Id"]
            time.sleep(1)
            self.assertEqual(gateway.state(behind), "queued")
            status = gateway.get("/v1/status")[1]
            self.assertIn("held back until its operator opens the gate", status["sentence"]["en"])
            self.assertEqual(status["destinations"][0]["gate"]["reason"], "restored")
            self.assertEqual(gateway.metric('titip_destination_gated{destination="pcare-vaksin"}'), 1)
            self.said(gateway.titip("resume", "pcare", *WHY), NOT_FOUND, "There is no gate before pcare;")
            self.said(gateway.titip("resume", "pcare-vaksin"), USAGE, "--reason")
            self.said(gateway.titip("resume", "pcare-vaksin", "--dry-run"), OK, "would be taken away")
            self.assertEqual(gateway.state(behind), "queued")
            self.said(gateway.titip("resume", "pcare-vaksin", *WHY), OK, "pcare-vaksin sends again")
            wait_for(lambda: gateway.state(behind) == "delivered", "delivery behind the opened gate")
            self.assertEqual(simulator.effects(), 3, "each once")
            self.assertIsNone(gateway.get("/v1/status")[1]["destinations"][0]["gate"])
            self.said(gateway.titip("verify"), OK, "sound")
            gateway.stop()
            gateway.start()
            self.assertIsNone(gateway.get("/v1/status")[1]["destinations"][0]["gate"], "it stays open")
            gateway.stop()

    def test_a_destination_the_backup_knows_nothing_of_waits_too(self):
        with Place() as place:
            simulator = Simulator(place)
            gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin").start()
            copy = place.directory / "copy"
            self.said(gateway.titip("backup", "--to", copy), OK)
            lost = gateway.submit("/sasaran/simpan", person(1))[2]["Titip-Submission-Id"]
            wait_for(lambda: gateway.state(lost) == "delivered", "delivery after the backup")
            gateway.stop()
            self.said(gateway.titip("restore", "--from", copy, *WHY, "--yes"), OK, "Every destination waits behind a gate")
            self.said(gateway.titip("status"), UNREACHABLE, "pcare-vaksin", "gated since")
            gateway.start()
            again = gateway.submit("/sasaran/simpan", person(1))[2]["Titip-Submission-Id"]
            time.sleep(1)
            self.assertEqual(gateway.state(again), "queued", "it is sent twice")
            self.assertEqual(simulator.effects(), 1)
            self.said(gateway.titip("resume", "pcare", *WHY), NOT_FOUND, "There is no gate before pcare;")
            gateway.stop()
            self.said(gateway.titip("resume", "pcare-vaksin", *WHY), OK, OFFLINE, "pcare-vaksin sends again")
            gateway.start()
            wait_for(lambda: gateway.state(again) in ("delivered", "rejected"), "delivery behind the opened gate")
            gateway.stop()

    def test_who_was_erased_stays_erased(self):
        with Place() as place:
            _, gateway = self.served(place)
            copy = place.directory / "copy"
            self.said(gateway.titip("backup", "--to", copy), OK)
            self.said(gateway.titip("erase", "--nik-file", "-", "--yes", *WHY, stdin=NIK), OK)
            gateway.stop()
            restore = ("restore", "--from", copy, *WHY, "--yes")
            self.said(gateway.titip(*restore), OK, "The store is back", "1 person was erased again", "delete it")
            done = gateway.titip("export", "--nik-file", "-", stdin=NIK)
            self.assertEqual(json.loads(done.stdout)["content"], "erased")
            self.assertFalse((place.directory / "data/erasures-due").exists())
            # What was moved aside still holds everybody, and an erasure says so.
            self.said(gateway.titip("erase", "--nik-file", "-", "--yes", *WHY, stdin=NIK), PARTIAL, "moved aside still holds",
                      "store.before-20")

            # Without the list the erased would come back.
            list = place.directory / "data/titip.key.erased"
            kept = list.read_bytes()
            list.unlink()
            before = self.files(place)
            for arguments in (restore, (*restore, "--dry-run"), ("restore", "--as-it-is", *WHY, "--yes")):
                self.said(gateway.titip(*arguments), FAILED, "titip.key.erased is missing", "--no-erasures")
            self.assertEqual(self.files(place), before)
            list.write_bytes(kept)
            list.chmod(0o600)
            self.said(gateway.titip(*restore), OK, "1 person was erased again")
            list.unlink()
            self.said(gateway.titip(*restore, "--no-erasures"), OK, "has to be erased once more")
            self.assertTrue(list.exists())
            gateway.start().stop()

    def files(self, place):
        data = place.directory / "data"
        return sorted(str(path.relative_to(data)) for path in data.rglob("*") if not path.name.endswith(".lock"))

    def test_a_key_file_of_another_store_replaces_nothing(self):
        with Place() as place, Place() as elsewhere:
            Gateway(elsewhere).start().stop()
            _, gateway = self.served(place)
            copy, key = place.directory / "copy", place.directory / "data/titip.key"
            self.said(gateway.titip("backup", "--to", copy), OK)
            gateway.stop()
            right = key.read_bytes()
            key.write_bytes((elsewhere.directory / "data/titip.key").read_bytes())
            before = self.files(place)
            for how in (("--from", copy), ("--from", copy, "--dry-run"), ("--as-it-is",)):
                self.said(gateway.titip("restore", *how, *WHY, "--yes"), FAILED, "the key file is not the one of",
                          "Nothing was changed")
            self.assertEqual(self.files(place), before)
            code, said = gateway.refuses_to_start()
            self.assertEqual(code, STORE_DAMAGED, said)  # starting again does not bring the right one
            self.assertIn("no duplicate would be recognised", said)
            key.write_bytes(right)
            self.assertIn("No record waits", gateway.titip("status").stdout, "the store that was there is as it was")
            self.said(gateway.titip("restore", "--from", copy, *WHY, "--yes"), OK, "Nobody stands on the list")

    def test_what_fails_after_the_store_is_back_does_not_hide_the_gap(self):
        with Place() as place:
            _, gateway = self.served(place)
            copy = place.directory / "copy"
            self.said(gateway.titip("backup", "--to", copy), OK)
            gateway.stop()
            list = place.directory / "data/titip.key.erased"
            list.write_text("titip-erasures 1\nnot a line\n")
            done = self.said(gateway.titip("restore", "--from", copy, *WHY, "--yes"), FAILED, "The store is back",
                             "issing between", "is kept in", "damaged in line 2")
            self.assertIn("store.before-20", done.stderr)

    def test_a_backup_from_before_a_rotation_needs_the_key_of_its_time(self):
        with Place() as place:
            _, gateway = self.served(place)
            copy, key, old = place.directory / "copy", place.directory / "data/titip.key", place.directory / "old.key"
            self.said(gateway.titip("backup", "--to", copy), OK)
            shutil.copy(key, old)
            self.said(gateway.titip("keys", "rotate", *WHY), OK, "keep the old one")
            gateway.stop()
            restore = ("restore", "--from", copy, *WHY, "--yes")
            self.said(gateway.titip(*restore), PARTIAL, "1 record is sealed with a key that is not in", "--old-key-file")
            self.said(gateway.titip(*restore, "--old-key-file", place.directory / "nothing"), FAILED, "nothing")
            self.said(gateway.titip(*restore, "--old-key-file", old), OK, "The store is back")
            self.assertEqual(json.loads(gateway.titip("export", "--nik-file", "-", stdin=NIK).stdout)["content"], "whole")
            gateway.start()  # with two keys in its file: the rotation goes on by itself
            wait_for(lambda: "key_rotation_went_on" in place.log("titip-2.log"), "the rotation to be finished")
            self.assertEqual(json.loads(gateway.titip("export", "--nik-file", "-", stdin=NIK).stdout)["content"], "whole")
            gateway.stop()

    def test_as_it_is(self):
        with Place() as place:
            _, gateway = self.served(place)
            gateway.stop()
            self.said(gateway.titip("restore", "--as-it-is", *WHY, "--yes"), OK, "The store is back", "gate")
            self.said(gateway.titip("status"), UNREACHABLE, "gated since")
            self.said(gateway.titip("resume", "pcare-vaksin", *WHY), OK, OFFLINE, "sends again")
            gateway.start()
            self.submitted(gateway, "/sasaran/simpan", person(2))
            gateway.stop()

    def test_a_backup_that_is_not_whole_replaces_nothing(self):
        with Place() as place:
            _, gateway = self.served(place)
            copy = place.directory / "copy"
            self.said(gateway.titip("backup", "--to", copy), OK)
            gateway.stop()
            victim = max(copy.glob("*.sst"), default=None) or max(copy.glob("*.log"))
            content = bytearray(victim.read_bytes())
            content[len(content) // 2] ^= 1
            victim.unlink()  # on one disk the store has the same file
            victim.write_bytes(content)
            before = sorted(path.name for path in (place.directory / "data/store").iterdir())
            self.said(gateway.titip("restore", "--from", copy, *WHY, "--yes"), FAILED, victim.name)
            self.assertEqual(sorted(path.name for path in (place.directory / "data/store").iterdir()), before)
            self.said(gateway.titip("restore", "--from", place.directory, *WHY, "--yes"), FAILED)
            self.said(gateway.titip("restore", "--from", place.directory / "nothing", *WHY, "--yes"), FAILED)
            gateway.start()
            self.assertEqual(gateway.counts()["delivered"], 1)
            gateway.stop()

    def test_a_gateway_does_not_start_empty_after_half_a_restore(self):
        with Place() as place:
            gateway = Gateway(place)
            data = place.directory / "data"
            data.mkdir(mode=0o700)
            (data / "erasures-due").write_text("restored\n")
            code, said = gateway.refuses_to_start()
            self.assertEqual(code, STORE_DAMAGED, said)  # half restored: starting again does not help
            self.assertIn("run `titip restore` again", said)
            self.assertFalse((data / "store").exists())

    def test_a_store_that_is_gone_is_not_taken_for_a_first_start(self):
        with Place() as place:
            _, gateway = self.served(place)
            data = place.directory / "data"
            copy = place.directory / "copy"
            self.said(gateway.titip("backup", "--to", copy), OK)
            gateway.stop()
            self.assertFalse((data / "first-start").exists(), "a start that succeeded leaves no mark")
            shutil.rmtree(data / "store")
            code, said = gateway.refuses_to_start()
            self.assertEqual(code, FAILED, said)
            self.assertIn("titip.key says that there was one", said)
            self.assertFalse((data / "store").exists())
            key = (data / "titip.key").read_bytes()
            # The list of who was erased says the same, where the key file is lost as well.
            (data / "titip.key").rename(place.directory / "kept.key")
            erased = (data / "titip.key.erased").read_bytes()
            code, said = gateway.refuses_to_start()
            self.assertIn("titip.key.erased says that there was one", said)
            self.assertFalse((data / "titip.key").exists(), "no new key is made")
            self.assertEqual((data / "titip.key.erased").read_bytes(), erased)
            (place.directory / "kept.key").rename(data / "titip.key")
            self.said(gateway.titip("restore", "--from", copy, *WHY, "--yes"), OK, "The store is back")
            gateway.start()
            self.assertEqual(gateway.counts()["accepted"], 1)
            self.assertEqual((data / "titip.key").read_bytes(), key)
            gateway.stop()

    def test_a_first_start_that_was_cut_short_goes_on(self):
        with Place() as place:
            gateway = Gateway(place)
            data = place.directory / "data"
            data.mkdir(mode=0o700)
            # The store cannot be made where a file stands in its way: the key is there by then.
            (data / "store").write_text("")
            self.assertNotEqual(gateway.refuses_to_start()[0], OK)
            self.assertTrue((data / "titip.key").exists())
            self.assertTrue((data / "first-start").exists())
            (data / "store").unlink()
            gateway.start().stop()
            self.assertFalse((data / "first-start").exists())


class Damaged(Upkeep):
    """What a damaged store holds is neither served as an empty one nor destroyed by being started again and again."""

    def killed(self, place):
        gateway = Gateway(place).start()
        self.assertIn(gateway.submit("/sasaran/simpan", person(1))[0], (201, 202, 504))
        time.sleep(0.5)  # the note of what was acknowledged is at most a tenth of a second behind
        gateway.stop(signal.SIGKILL)
        return gateway

    def files(self, place):
        return {path: path.read_bytes() for path in (place.directory / "data").rglob("*") if path.is_file()}

    def refuses(self, place, gateway, *words):
        before = self.files(place)
        for _ in range(2):
            code, said = gateway.refuses_to_start()
            self.assertEqual(code, STORE_DAMAGED, said)
            for word in words:
                self.assertIn(word, said)
            self.said(gateway.titip("verify"), FAILED, *words)
        self.assertEqual(self.files(place), before, "nothing was touched")

    def the_log(self, place):
        return next(path for path in (place.directory / "data/store").glob("*.log") if path.stat().st_size > 0)

    def test_a_young_store_whose_log_is_damaged_or_gone(self):
        for is_gone in (False, True):
            with Place() as place:
                gateway = self.killed(place)
                log = self.the_log(place)
                whole = log.read_bytes()
                if is_gone:
                    log.unlink()
                else:
                    log.write_bytes(whole[:12] + bytes([whole[12] ^ 1]) + whole[13:])
                words = ([f"{log.name} is missing"] if is_gone
                         else ["1 accepted submissions were acknowledged", "titip restore --from"])
                self.refuses(place, gateway, *words, "titip restore")
                log.write_bytes(whole)
                gateway.start()
                self.assertEqual(gateway.submit("/sasaran/simpan", person(1))[2]["Idempotency-Replayed"], "true")
                gateway.stop()

    def test_without_current_neither_a_new_database_nor_a_new_key_is_made(self):
        with Place() as place:
            gateway = self.killed(place)
            (place.directory / "data/store/CURRENT").unlink()
            for key in list((place.directory / "data").glob("*.key")):
                key.unlink()
            self.refuses(place, gateway, "lacks its file CURRENT", "look at the disk")


if __name__ == "__main__":
    unittest.main(verbosity=2)
