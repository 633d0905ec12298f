"""`titip profile test`: every shipped profile keeps its word, and a profile that does not is found out."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import FAILED, NOT_FOUND, OK, USAGE  # noqa: E402
from gateway import BUILD, shipped_profile  # noqa: E402

PROFILES = sorted((pathlib.Path(os.environ["TITIP_SOURCE_DIR"]) / "upstream/profiles").glob("*.json"))
LAST = re.compile(r"profile: (\S+) fixtures=(\d+) passed=(\d+) rules=(\d+)/(\d+)")


def tested(profile, *more):
    return subprocess.run([str(BUILD / "titip"), "profile", "test", str(profile), *more], capture_output=True, text=True, timeout=60)


def rule(profile, id):
    return next(rule for rule in profile["rules"] if rule["id"] == id)


class ProfileTest(unittest.TestCase):
    def last_line(self, done):
        found = LAST.fullmatch(done.stdout.splitlines()[-1])
        self.assertTrue(found, done.stdout + done.stderr)
        return found[1], *map(int, found.groups()[1:])

    def test_every_shipped_profile_by_its_name_and_as_a_file(self):
        self.assertTrue(PROFILES)
        for path in PROFILES:
            for profile in (path.stem, path):
                with self.subTest(profile=profile):
                    done = tested(profile)
                    self.assertEqual(done.returncode, OK, done.stdout + done.stderr)
                    self.assertEqual(len(done.stdout.splitlines()), 1, done.stdout)
                    name, fixtures, passed, covered, rules = self.last_line(done)
                    self.assertEqual(name, path.stem)
                    self.assertEqual((passed, covered), (fixtures, rules))
                    self.assertGreater(fixtures, rules)

    def test_as_json(self):
        done = tested("pcare-vaksin", "--json")
        self.assertEqual(done.returncode, OK, done.stderr)
        answer = json.loads(done.stdout)
        self.assertEqual((answer["failures"], answer["not_reached"]), ([], []))
        self.assertEqual(answer["passed"], answer["fixtures"])

    def test_a_profile_that_does_not_keep_its_word(self):
        """The controls: what is spoilt must be told of, by name, and never pass."""
        def wrong_expectation(profile):
            profile["fixtures"][0]["expect_rule"] = "rejected"

        def wrong_outcome(profile):
            profile["fixtures"][0]["expect_outcome"] = "rejected"

        def broken_text(profile):
            rule(profile, "duplicate")["text"] = "Peserta sudah dientri"

        def broken_code(profile):
            rule(profile, "accepted")["code"] = [201]

        def narrowed(profile):
            rule(profile, "not-in-reference")["routes"] = ["vaksin/simpan"]

        def unproven(profile):
            profile["rules"].insert(0, {"id": "new", "text": "kalimat baru", "outcome": "rejected", "served": True})

        def no_fixtures(profile):
            del profile["fixtures"]

        rows = [
            (wrong_expectation, ["FAILED a person or a dose is saved (sasaran/simpan): expected delivered by the rule rejected, "
                                 "came out as delivered by accepted"]),
            (wrong_outcome, ["expected rejected by the rule accepted, came out as delivered by accepted"]),
            (broken_text, ["FAILED duplicate with 428 (vaksin/ubah)", "came out as unknown by unrecognised-answer",
                           "UNPROVEN rule duplicate"]),
            (broken_code, ["FAILED a person or a dose is changed (vaksin/ubah)"]),
            (narrowed, ["(sasaran/simpan): expected rejected by the rule not-in-reference, came out as unknown by server-error"]),
            (unproven, ["UNPROVEN rule new: no fixture reaches it"]),
            (no_fixtures, ["UNPROVEN rule accepted", "fixtures=0 passed=0 rules=0/15"]),
        ]
        with tempfile.TemporaryDirectory(prefix="titip-profile-") as directory:
            file = pathlib.Path(directory) / "spoilt.json"
            file.write_text(json.dumps(shipped_profile()))
            self.assertEqual(tested(file).returncode, OK, "unspoilt, written anew")
            for spoil, words in rows:
                with self.subTest(spoil=spoil.__name__):
                    profile = shipped_profile()
                    spoil(profile)
                    file.write_text(json.dumps(profile))
                    done = tested(file)
                    self.assertEqual(done.returncode, FAILED, done.stdout + done.stderr)
                    for word in words:
                        self.assertIn(word, done.stdout)
                    self.last_line(done)
                    answer = json.loads(tested(file, "--json").stdout)
                    self.assertTrue(answer["failures"] or answer["not_reached"])

    def test_what_is_no_profile(self):
        with tempfile.TemporaryDirectory(prefix="titip-profile-") as directory:
            file = pathlib.Path(directory) / "wrong.json"
            profile = shipped_profile()
            profile["rules"][0]["outcme"] = "rejected"
            for text, words in (("{", ["not JSON at line 1"]), (json.dumps(profile), ["/rules/0/outcme", "unknown key"])):
                file.write_text(text)
                done = tested(file)
                self.assertEqual((done.returncode, done.stdout), (FAILED, ""), done.stderr)
                for word in (str(file), *words):
                    self.assertIn(word, done.stderr)
            done = tested(file.with_name("none.json"))
            self.assertEqual(done.returncode, NOT_FOUND, done.stderr)
            self.assertIn("neither a built-in profile (antreanfktp, pcare-rest-v3, pcare-rest, pcare-vaksin", done.stderr)
            done = subprocess.run([str(BUILD / "titip"), "profile", "test"], capture_output=True, text=True)
            self.assertEqual(done.returncode, USAGE)


if __name__ == "__main__":
    unittest.main(verbosity=2)
