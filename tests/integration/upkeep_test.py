"""An operator at the command line: every command with a gateway that runs and without one, and every mistake."""

import json
import os
import pathlib
import signal
import stat
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from gateway import BUILD, Gateway, Place, Simulator, dose, person, wait_for  # noqa: E402

NIK = person(1)["nik"]
OK, FAILED, USAGE, PARTIAL, NOT_FOUND, UNREACHABLE, NOT_ALLOWED, STORE_FAILED = 0, 1, 2, 3, 4, 5, 6, 74
OFFLINE = "no gateway runs on"
WHY = ("--reason", "uji coba")


def bytes_below(directory):
    """Everything on disk below it, for a canary to be looked for."""
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


class Upkeep(unittest.TestCase):
    def said(self, done, status, *words):
        """What was said where it belongs, with its exit status; returns both streams."""
        both = done.stdout + done.stderr
        self.assertEqual(done.returncode, status, both)
        for word in words:
            self.assertIn(word, both)
        self.assertNotIn(NIK, done.stderr, "a person's number is never said")
        return done

    def served(self, place, **settings):
        """A gateway with one person's record delivered."""
        simulator = Simulator(place)
        gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin")
        gateway.settings.update(settings)
        gateway.start()
        self.submitted(gateway, "/sasaran/simpan", person(1))
        return simulator, gateway

    def submitted(self, gateway, path, body, state="delivered"):
        status, answer, headers = gateway.submit(path, body)
        self.assertEqual(status, 201, answer)
        id = headers["Titip-Submission-Id"]
        wait_for(lambda: gateway.state(id) == state, f"{id} to be {state}")
        return id

    def audit_is_clean(self, place):
        self.assertNotIn(NIK.encode(), bytes_below(place.directory / "data"))
        for log in place.directory.glob("*.log"):
            self.assertNotIn(NIK, log.read_text(errors="replace"), log.name)


class WithAGateway(Upkeep):
    def test_status(self):
        with Place() as place:
            _, gateway = self.served(place)
            done = self.said(gateway.titip("status"), OK, "Server nasional melayani", "The national server is serving.",
                             "pcare-vaksin (circuit closed)", "delivered")
            self.assertEqual(done.stderr, "")
            document = json.loads(gateway.titip("status", "--json").stdout)
            self.assertTrue(document["gateway_runs"])
            self.assertEqual(document["destinations"][0]["delivered"], 1)
            gateway.stop()
            self.assertFalse((place.directory / "data/control").exists(), "an orderly stop takes its socket away")

    def test_backup(self):
        with Place() as place:
            _, gateway = self.served(place)
            copy = place.directory / "copy"
            self.said(gateway.titip("backup", "--to", "copy", "--dry-run", cwd=place.directory), OK, "would be made", str(copy))
            self.assertFalse(copy.exists())
            done = self.said(gateway.titip("backup", "--to", "copy", "--json", cwd=place.directory), OK)
            answer = json.loads(done.stdout)
            self.assertEqual(answer["result"]["to"], str(copy), "relative to where the operator stands")
            self.assertGreater(answer["result"]["last_position"], 0)
            self.assertTrue((copy / "titip-backup").exists())
            self.assertNotIn(NIK.encode(), bytes_below(copy))
            self.said(gateway.titip("backup", "--to", copy), FAILED, "is there already", "does not exist yet")
            self.said(gateway.titip("backup", "--to", place.directory / "no/such/place"), FAILED, "make it first")
            self.said(gateway.titip("backup", "--to", place.directory / "data/copy"), FAILED, "lies in the data directory")
            gateway.stop()

    def test_verify(self):
        with Place() as place:
            _, gateway = self.served(place)
            done = self.said(gateway.titip("verify"), OK, "The store is sound: 1 submissions looked at, 0 pending.")
            self.assertEqual(done.stderr, "")
            gateway.stop()

    def test_export_and_erase(self):
        with Place() as place:
            _, gateway = self.served(place)
            # A record that is on its way nowhere: a facility without a reason for late entries holds it.
            self.assertEqual(gateway.submit("/sasaran/simpan", person(1), facility="P0002")[0], 201)
            numbers = place.directory / "nik"
            numbers.write_text(f"# diminta tertulis\n{NIK}\n")
            done = self.said(gateway.titip("export", "--nik-file", numbers, *WHY), OK, "2 records of 1 person.")
            records = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual({record["content"] for record in records}, {"whole"})
            self.assertEqual(json.loads(records[0]["sent"]["body"]), person(1))
            self.assertIn("answered", records[0])
            self.assertNotIn("credentials", done.stdout)
            self.said(gateway.titip("export", "--nik-file", "-", stdin="9901011501909999\n"), NOT_FOUND, "Nothing is kept")

            self.said(gateway.titip("erase", "--nik-file", numbers, *WHY, "--dry-run"), OK, "2 records of 1 person")
            self.said(gateway.titip("erase", "--nik-file", numbers, *WHY), USAGE, "2 records", "cannot be taken back", "--yes")
            self.said(gateway.titip("erase", "--nik-file", numbers, "--yes"), USAGE, "--reason")
            again = gateway.titip("export", "--nik-file", numbers)
            self.assertEqual(again.stdout, done.stdout, "nothing was touched so far")
            self.said(gateway.titip("erase", "--nik-file", numbers, *WHY, "--yes"), OK, "2 records destroyed")
            done = gateway.titip("export", "--nik-file", numbers)
            self.assertEqual({json.loads(line)["content"] for line in done.stdout.splitlines()}, {"erased"})
            self.assertNotIn("sent", json.loads(done.stdout.splitlines()[0]))
            # A duplicate is recognised all the same.
            self.assertEqual(gateway.submit("/sasaran/simpan", person(1))[2]["Idempotency-Replayed"], "true")
            self.said(gateway.titip("verify"), OK, "sound")
            gateway.stop()
            self.audit_is_clean(place)

    def test_keys_rotate(self):
        with Place() as place:
            _, gateway = self.served(place)
            key = place.directory / "data/titip.key"
            before = key.read_text()
            self.said(gateway.titip("keys", "rotate"), USAGE, "--reason")
            self.said(gateway.titip("keys", "rotate", "--dry-run"), OK, "would be made")
            self.assertEqual(key.read_text(), before)
            self.said(gateway.titip("keys", "rotate", *WHY), OK, "Key 2 wraps everything now", "new copy")
            self.assertNotEqual(key.read_text(), before)
            self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
            exported = gateway.titip("export", "--nik-file", "-", stdin=NIK)
            self.assertEqual(json.loads(exported.stdout)["content"], "whole")
            self.submitted(gateway, "/sasaran/simpan", person(2))
            gateway.stop()
            gateway.start()
            self.assertEqual(gateway.submit("/sasaran/simpan", person(1))[2]["Idempotency-Replayed"], "true")
            gateway.stop()

    def test_retain(self):
        with Place() as place:
            _, gateway = self.served(place)
            self.said(gateway.titip("retain"), USAGE, "--reason")
            self.said(gateway.titip("retain", *WHY), OK, "0 records were erased, of 1 looked at")
            gateway.stop()
            gateway.settings["retention"] = {"delivered_days": 0}
            gateway.start()
            # Now the gateway's own round does it.
            wait_for(lambda: json.loads(gateway.titip("export", "--nik-file", "-", stdin=NIK).stdout)["content"] == "erased",
                     "retention to come round")
            wait_for(lambda: gateway.metric("titip_retention_last_pass_timestamp_seconds") > 0, "the end of the pass")
            self.assertEqual(gateway.metric("titip_retention_erased_submissions_total"), 1)
            gateway.stop()

    def test_who_may_not_is_told_so(self):
        with Place() as place:
            gateway = Gateway(place).start()
            data = place.directory / "data"
            self.assertEqual(stat.S_IMODE((data / "control").stat().st_mode), 0o600)
            data.chmod(0o755)
            self.said(gateway.titip("status"), NOT_ALLOWED, "chmod 700")
            data.chmod(0o700)
            if os.geteuid() == 0:
                program = pathlib.Path(BUILD / "titip")
                place.directory.chmod(0o755)
                done = gateway.titip("status", user=65534, group=65534, extra_groups=[])
                self.assertIn(done.returncode, (NOT_ALLOWED, 126), f"{program}: {done.stderr}")
            self.said(gateway.titip("status"), OK)
            gateway.stop()

    def test_commands_that_need_the_store_for_themselves(self):
        with Place() as place:
            gateway = Gateway(place).start()
            for arguments in (("restore", "--as-it-is", *WHY, "--yes"), ("keys", "reindex", *WHY)):
                self.said(gateway.titip(*arguments), FAILED, "A gateway serves", "Stop it first")
            self.said(gateway.titip("status"), OK)
            gateway.stop()


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

    def test_a_store_somebody_else_has_open(self):
        with Place() as place:
            gateway = Gateway(place).start()
            (place.directory / "data/control").unlink()  # it runs, and cannot be reached
            done = gateway.titip("verify")
            self.assertEqual(done.returncode, FAILED, done.stderr)
            self.assertEqual(done.stdout, "")
            gateway.stop()

    def test_no_store_at_all(self):
        with Place() as place:
            gateway = Gateway(place)
            for arguments in (("status",), ("verify",), ("backup", "--to", place.directory / "copy"), ("retain", *WHY)):
                self.said(gateway.titip(*arguments), NOT_FOUND, "there is no store", "data_directory")
            self.assertFalse((place.directory / "data").exists(), "looking makes nothing")


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

    def test_who_was_erased_stays_erased(self):
        with Place() as place:
            _, gateway = self.served(place)
            copy = place.directory / "copy"
            self.said(gateway.titip("backup", "--to", copy), OK)
            self.said(gateway.titip("erase", "--nik-file", "-", "--yes", *WHY, stdin=NIK), OK)
            gateway.stop()
            self.said(gateway.titip("restore", "--from", copy, *WHY, "--yes"), OK, "The store is back")
            done = gateway.titip("export", "--nik-file", "-", stdin=NIK)
            self.assertEqual(json.loads(done.stdout)["content"], "erased")
            self.assertFalse((place.directory / "data/erasures-due").exists())
            gateway.start().stop()

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
            victim.write_bytes(content)
            before = sorted(path.name for path in (place.directory / "data/store").iterdir())
            self.said(gateway.titip("restore", "--from", copy, *WHY, "--yes"), FAILED, victim.name)
            self.assertEqual(sorted(path.name for path in (place.directory / "data/store").iterdir()), before)
            self.said(gateway.titip("restore", "--from", place.directory, *WHY, "--yes"), FAILED)
            self.said(gateway.titip("restore", "--from", place.directory / "nothing", *WHY, "--yes"), FAILED)
            gateway.start()
            self.assertEqual(gateway.counts()["delivered"], 1)
            gateway.stop()


class BadInput(Upkeep):
    """Every mistake is a sentence on stderr that says what to do, and changes nothing."""

    def test_mistakes(self):
        with Place() as place:
            gateway = Gateway(place)
            gateway.write_config()
            empty, name, directory = place.directory / "empty", place.directory / "name", place.directory
            empty.write_text("")
            name.write_text("9901011501900001 Orang Uji\n")
            rows = [
                (("nothing",), USAGE, ["nothing"]),
                (("keys",), USAGE, ["subcommand"]),
                (("backup",), USAGE, ["--to"]),
                (("erase", *WHY), USAGE, ["--nik-file"]),
                (("erase", "--nik", NIK, *WHY), USAGE, ["--nik"]),
                (("erase", "--nik-file", "/no/such/file", *WHY), USAGE, ["/no/such/file", "cannot be read"]),
                (("erase", "--nik-file", directory, *WHY), USAGE, ["is a directory"]),
                (("erase", "--nik-file", empty, *WHY), USAGE, ["no number in it", "16 digits"]),
                (("erase", "--nik-file", name, *WHY), USAGE, ["line 1 is not a number of 16 digits"]),
                (("erase", "--nik-file", "-"), USAGE, ["stdin", "no number in it"]),
                (("export",), USAGE, ["--nik-file"]),
                (("resume", *WHY), USAGE, ["destination"]),
                (("retain", "--reason", ""), USAGE, ["--reason"]),
                (("retain", "--reason", "for 9901011501900009"), USAGE, ["must name nobody"]),
                (("retain", "--reason", "x" * 501), USAGE, ["longer than 500"]),
                (("retain", "--reason", "a\nb"), USAGE, ["one line"]),
                (("restore", *WHY), USAGE, ["--from", "--as-it-is"]),
                (("restore", "--from", directory, "--as-it-is", *WHY), USAGE, ["exclude"]),
            ]
            for arguments, status, words in rows:
                with self.subTest(arguments=arguments):
                    done = gateway.titip(*arguments)
                    self.assertEqual(done.returncode, status, done.stderr)
                    self.assertEqual(done.stdout, "")
                    for word in words:
                        self.assertIn(word, done.stderr)
            self.assertFalse((place.directory / "data").exists())
            done = subprocess.run([str(BUILD / "titip"), "status", "--config", "/no/such.json"], capture_output=True, text=True)
            self.assertEqual(done.returncode, USAGE)
            self.assertIn("/no/such.json", done.stderr)


class FailStop(Upkeep):
    def test_a_store_that_cannot_write_ends_the_process_with_a_status_of_its_own(self):
        with Place() as place:
            gateway = Gateway(place)
            # Ignored by the program then: a file that grows beyond its limit is an error, not a signal.
            gateway.start(before=["env", "--ignore-signal=XFSZ"])
            kept = gateway.submit("/sasaran/simpan", person(1))[2]["Titip-Submission-Id"]
            subprocess.run(["prlimit", "--pid", str(gateway.process.pid), "--fsize=1024"], check=True)
            try:
                status, answer, _ = gateway.submit("/sasaran/simpan", person(2))
                self.fail(f"answered {status} {answer} though nothing was stored")
            except (ConnectionError, OSError) as gone:
                self.assertNotIsInstance(gone, TimeoutError)
            self.assertEqual(gateway.process.wait(timeout=20), STORE_FAILED)
            self.assertIn('"event":"store_failed"', place.log("titip-1.log"))
            gateway.start()
            self.assertEqual(gateway.get(f"/v1/submissions/{kept}")[0], 200, "what was acknowledged is there")
            gateway.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
