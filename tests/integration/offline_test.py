"""An operator at the command line while no gateway runs, and how a gateway ends by itself."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import FAILED, NIK, NOT_ALLOWED, NOT_FOUND, OFFLINE, OK, PARTIAL, STORE_FAILED, UNREACHABLE, USAGE, WHY, Upkeep  # noqa: E402
from gateway import Gateway, Place, person  # noqa: E402


class WithoutAGateway(Upkeep):
    def stopped(self, place, **settings):
        _, gateway = self.served(place, **settings)
        gateway.stop()
        return gateway

    def test_each_command_opens_the_store_itself_and_says_so(self):
        with Place() as place:
            gateway = self.stopped(place)
            done = self.said(gateway.titip("status"), UNREACHABLE, OFFLINE, "No gateway runs", "nothing is sent")
            self.assertIn("delivered", done.stdout)
            self.assertFalse(json.loads(gateway.titip("status", "--json").stdout)["gateway_runs"])
            self.said(gateway.titip("verify"), OK, OFFLINE, "sound")
            self.said(gateway.titip("backup", "--to", place.directory / "copy"), OK, OFFLINE, "The backup is in")
            self.said(gateway.titip("keys", "rotate", *WHY), OK, OFFLINE, "Key 2 wraps everything now")
            self.said(gateway.titip("retain", *WHY), OK, OFFLINE, "0 records were erased")
            self.said(gateway.titip("export", "--nik-file", "-", stdin=NIK), OK, OFFLINE, "1 record of 1 person.")
            self.said(gateway.titip("resume", "pcare-vaksin", *WHY), NOT_FOUND, OFFLINE, "There is no gate")
            self.said(gateway.titip("erase", "--nik-file", "-", "--yes", *WHY, stdin=NIK), OK, OFFLINE, "1 record destroyed")
            gateway.start()
            self.assertEqual(gateway.submit("/sasaran/simpan", person(1))[2]["Idempotency-Replayed"], "true")
            gateway.stop()
            self.audit_is_clean(place)

    def test_after_a_kill_the_socket_that_is_left_fools_nobody(self):
        with Place() as place:
            _, gateway = self.served(place)
            gateway.stop(signal.SIGKILL)
            self.assertTrue((place.directory / "data/control").exists())
            self.said(gateway.titip("verify"), OK, OFFLINE, "sound")
            gateway.start()
            self.said(gateway.titip("status"), OK)
            gateway.stop()

    def test_keys_reindex(self):
        with Place() as place:
            gateway = self.stopped(place)
            self.said(gateway.titip("keys", "reindex"), USAGE, "--reason")
            self.said(gateway.titip("keys", "reindex", "--dry-run"), OK, "A new index key would be made")
            self.said(gateway.titip("keys", "reindex", *WHY), OK, "moved on to index key 2", "new copy")
            gateway.start()
            self.assertEqual(gateway.submit("/sasaran/simpan", person(1))[2]["Idempotency-Replayed"], "true")
            self.said(gateway.titip("export", "--nik-file", "-", stdin=NIK), OK, "1 record of 1 person.")
            self.said(gateway.titip("verify"), OK, "sound")
            gateway.stop()

    def test_keys_rotate_with_an_older_key_file(self):
        with Place() as place:
            gateway = self.stopped(place)
            key = place.directory / "data/titip.key"
            older = key.read_bytes()
            self.said(gateway.titip("keys", "rotate", *WHY), OK, "Key 2 wraps everything now")
            newer = place.directory / "newer"
            shutil.copy(key, newer)
            key.write_bytes(older)
            self.said(gateway.titip("keys", "rotate", *WHY), FAILED, "older than the store", "--forget-lost")
            self.assertEqual(key.read_bytes(), older)
            self.said(gateway.titip("keys", "rotate", "--forget-lost", *WHY), PARTIAL, "Key 3 wraps everything now",
                      "cannot be read until such a key turns up")
            self.said(gateway.titip("restore", "--as-it-is", "--old-key-file", newer, *WHY, "--yes"), OK)
            self.said(gateway.titip("keys", "rotate", "--forget-damaged", *WHY), OK, "Key 3 wraps everything now")
            self.assertEqual(json.loads(gateway.titip("export", "--nik-file", "-", stdin=NIK).stdout)["content"], "whole")

    def test_who_of_nothing_is_kept_stands_on_the_list(self):
        with Place() as place:
            gateway = self.stopped(place)
            erase = ("erase", "--nik-file", "-", *WHY)
            nobody, list = person(7)["nik"], place.directory / "data/titip.key.erased"
            self.assertEqual(len(list.read_text().splitlines()), 1, "there since the first start, and empty")
            self.said(gateway.titip(*erase, "--dry-run", stdin=nobody), NOT_FOUND, "Nothing is kept")
            self.said(gateway.titip(*erase, stdin=nobody), USAGE, "would stand on the list", "--yes")
            self.assertEqual(len(list.read_text().splitlines()), 1)
            self.said(gateway.titip(*erase, "--yes", stdin=nobody), NOT_FOUND, "stand on the list")
            self.assertEqual(len(list.read_text().splitlines()), 2)

    def test_a_store_somebody_else_has_open(self):
        with Place() as place:
            gateway = Gateway(place).start()
            (place.directory / "data/control").unlink()  # it runs, and cannot be reached
            for command in ("verify", "status"):
                done = self.said(gateway.titip(command), UNREACHABLE, "cannot be reached")
                self.assertEqual(done.stdout, "")
            gateway.stop()

    @unittest.skipUnless(os.geteuid() == 0, "only root can be a stranger who may write")
    def test_root_touches_nothing_of_another_user(self):
        with Place() as place:
            gateway = self.stopped(place)
            data, copy = place.directory / "data", place.directory / "copy"
            self.said(gateway.titip("backup", "--to", copy), OK)
            for path in (data, *data.rglob("*")):
                os.chown(path, 65534, 65534)
            before = sorted((str(path), path.lstat().st_mtime_ns) for path in (data, *data.rglob("*")))
            for arguments in (("verify",), ("status",), ("retain", *WHY), ("backup", "--to", place.directory / "other"),
                              ("restore", "--from", copy, *WHY, "--yes"), ("restore", "--as-it-is", *WHY, "--yes"),
                              ("keys", "rotate", *WHY), ("keys", "reindex", *WHY)):
                with self.subTest(arguments=arguments):
                    self.said(gateway.titip(*arguments), NOT_ALLOWED, "belongs to user 65534", "sudo -u titip")
            code, said = gateway.refuses_to_start()
            self.assertEqual(code, FAILED, said)
            self.assertIn("belongs to user 65534", said)
            self.assertEqual(sorted((str(path), path.lstat().st_mtime_ns) for path in (data, *data.rglob("*"))), before)

    def test_no_store_at_all(self):
        with Place() as place:
            gateway = Gateway(place)
            for arguments in (("status",), ("verify",), ("backup", "--to", place.directory / "copy"), ("retain", *WHY)):
                self.said(gateway.titip(*arguments), NOT_FOUND, "there is no store", "data_directory")
            self.assertFalse((place.directory / "data").exists(), "looking makes nothing")


class WrongClock(Upkeep):
    def test_a_clock_that_leaps_erases_nothing_until_a_person_says_that_it_is_right(self):
        library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
        self.assertIsNotNone(library, "libfaketime is missing; install the package faketime")
        later = lambda days: {**os.environ, "LD_PRELOAD": str(library), "FAKETIME": f"+{days}d", "FAKETIME_DISABLE_SHM": "1",
                              "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        with Place() as place:
            _, gateway = self.served(place)
            gateway.stop()
            self.said(gateway.titip("retain", *WHY, "--clock-is-right"), NOT_FOUND, "Nobody doubts the clock")
            self.said(gateway.titip("retain", *WHY, env=later(200)), PARTIAL, "0 records were erased", "The clock went from")
            self.said(gateway.titip("retain", "--dry-run", env=later(201)), PARTIAL, "0 records would be erased")
            self.said(gateway.titip("status", env=later(201)), UNREACHABLE, "The clock went from", "--clock-is-right")
            gateway.start()  # with the right clock; what is not confirmed is not forgotten
            self.assertEqual(gateway.metric("titip_clock_doubted"), 1)
            self.said(gateway.titip("status"), OK, "The clock went from")
            self.assertNotIn("clock", gateway.get("/v1/status")[1]["sentence"]["en"], "clinics cannot see to it")
            self.assertEqual(gateway.submit("/sasaran/simpan", person(1))[2]["Idempotency-Replayed"], "true")
            gateway.stop()
            self.said(gateway.titip("retain", *WHY, "--clock-is-right", "--dry-run", env=later(200)), OK, "would be believed")
            self.said(gateway.titip("retain", *WHY, "--clock-is-right", env=later(200)), OK, "is believed again",
                      "1 record was erased")
            exported = gateway.titip("export", "--nik-file", "-", stdin=NIK, env=later(200))
            self.assertEqual(json.loads(exported.stdout)["content"], "erased")


class FailStop(Upkeep):
    def test_a_store_that_cannot_write_ends_the_process_with_a_status_of_its_own(self):
        with Place() as place:
            gateway = Gateway(place)
            # Ignored by the program then: a file that grows beyond its limit is an error, not a signal.
            gateway.start(before=["env", "--ignore-signal=XFSZ"])
            kept = [gateway.submit("/sasaran/simpan", person(1))[2]["Titip-Submission-Id"]]
            # Longer than its log by then, so that the end is in it; the store's is full after a few more.
            subprocess.run(["prlimit", "--pid", str(gateway.process.pid), "--fsize=32768"], check=True)
            with self.assertRaises((ConnectionError, OSError)) as gone:
                for number in range(2, 200):
                    kept.append(gateway.submit("/sasaran/simpan", person(number))[2]["Titip-Submission-Id"])
            self.assertNotIsInstance(gone.exception, TimeoutError)
            self.assertEqual(gateway.process.wait(timeout=20), STORE_FAILED)
            self.assertIn('"event":"store_failed"', place.log("titip-1.log"))
            gateway.start()
            for each in kept:
                self.assertEqual(gateway.get(f"/v1/submissions/{each}")[0], 200, "what was acknowledged is there")
            gateway.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
