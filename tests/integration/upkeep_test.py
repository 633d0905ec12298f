"""An operator at the command line while a gateway runs: every command, and every mistake."""

import json
import os
import pathlib
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import FAILED, NIK, NOT_ALLOWED, NOT_FOUND, OK, USAGE, WHY, Upkeep, bytes_below  # noqa: E402
from gateway import BUILD, Gateway, Place, person, wait_for  # noqa: E402


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
            self.assertIn("same disk", answer["sentence"])
            self.assertTrue((copy / "titip-backup").exists())
            self.assertNotIn(NIK.encode(), bytes_below(copy))
            self.said(gateway.titip("backup", "--to", copy), FAILED, "is there already", "does not exist yet")
            self.said(gateway.titip("backup", "--to", place.directory / "no/such/place"), FAILED, "make it first")
            self.said(gateway.titip("backup", "--to", place.directory / "data/copy"), FAILED, "lies in the data directory")
            gateway.stop()

    def test_a_backup_cut_short_is_made_anew(self):
        with Place() as place:
            _, gateway = self.served(place)
            copy, mark = place.directory / "copy", place.directory / "copy.making"
            self.said(gateway.titip("backup", "--to", copy), OK)
            self.assertFalse(mark.exists())
            # As the end of the process leaves it: no manifest, or RocksDB's own name for what it was making.
            (copy / "titip-backup").unlink()
            self.said(gateway.titip("backup", "--to", copy), FAILED, "is there already")
            unfinished = place.directory / "copy.tmp"
            unfinished.mkdir()
            (unfinished / "000007.sst").write_text("half")
            mark.write_text("making\n")
            mark.chmod(0o600)
            mine = copy / "notes.txt"
            mine.write_text("somebody's own")
            self.said(gateway.titip("backup", "--to", copy), FAILED, "is there already")
            self.assertTrue(mine.exists())
            mine.unlink()
            self.said(gateway.titip("backup", "--to", copy), OK, "The backup is in")
            self.assertTrue((copy / "titip-backup").exists())
            self.assertFalse(unfinished.exists() or mark.exists())
            other = place.directory / "other"
            (place.directory / "other.tmp").mkdir()
            self.said(gateway.titip("backup", "--to", other), FAILED, "no backup of ours left it there")
            self.assertTrue((place.directory / "other.tmp").exists())
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
                (("keys",), USAGE, ["Run with --help"]),
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
                (("outages", "--since", "kemarin"), USAGE, ["'kemarin' is no date", "2026-08-15"]),
                (("outages", "--since", "2026-02-30"), USAGE, ["is no date"]),
                (("outages", "--csv", "--json"), USAGE, ["exclude"]),
                (("profile",), USAGE, ["Run with --help"]),
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


if __name__ == "__main__":
    unittest.main(verbosity=2)
