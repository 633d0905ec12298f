"""What the command line says of itself: completions that a shell takes, a man page that groff takes, a config's reference."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import OK, USAGE, Upkeep  # noqa: E402
from gateway import BUILD, Gateway, Place  # noqa: E402


def titip(*arguments):
    return subprocess.run([BUILD / "titip", *arguments], capture_output=True, text=True, timeout=20)


class Completion(Upkeep):
    def completed(self, script, *words):
        """What bash offers behind these words."""
        line = " ".join(f"'{word}'" for word in words)
        done = subprocess.run(["bash", "--norc", "-c", f"source /dev/stdin; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _titip; "
                               "printf '%s\\n' \"${COMPREPLY[@]}\""], input=script, capture_output=True, text=True, timeout=20)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_offers_what_the_command_line_knows(self):
        script = self.said(titip("completion", "bash"), OK).stdout
        self.assertIn("requeue", self.completed(script, "titip", ""))
        self.assertEqual(self.completed(script, "titip", "req"), ["requeue"])
        self.assertEqual(self.completed(script, "titip", "queue", "s"), ["show", "shape"])
        self.assertEqual(self.completed(script, "titip", "requeue", "--not"), ["--not-landed"])
        self.assertEqual(self.completed(script, "titip", "facility", "add", "--consumer"), ["--consumer-id"])
        self.assertEqual(self.completed(script, "titip", "queue", "ls", "--rule", "x", "--stat"), ["--state"])
        self.assertEqual(self.completed(script, "titip", "no-such", "req"), ["requeue"])
        self.assertIn("/etc/", self.completed(script, "titip", "status", "--config", "/et")[0] + "/")

    def test_every_command_has_its_completions_and_its_place_in_the_man_page(self):
        bash, zsh, man = (titip(*each).stdout for each in (("completion", "bash"), ("completion", "zsh"), ("man",)))
        pending, seen = [()], 0
        while pending:
            path = pending.pop()
            usage = titip(*path, "--help").stdout
            commands = re.findall(r"^  ([a-z]+) {2,}", usage.partition("Subcommands:")[2], re.M)
            pending += [(*path, each) for each in commands]
            words = " ".join(("titip", *path))
            self.assertIn(f"'{words}')", bash)
            self.assertIn(f"'{words}')", zsh)
            if path:
                self.assertIn(f".SS {words}".replace("-", "\\-") + "\n", man)
                seen += 1
            for flag in re.findall(r"(--[a-z-]+)", usage.partition("Subcommands:")[0].partition("Options:")[2]):
                self.assertIn(flag, bash)
        self.assertGreater(seen, 40)

    def test_groff_takes_the_man_page(self):
        man = self.said(titip("man"), OK).stdout
        if not shutil.which("groff"):
            self.skipTest("groff is not installed: only the page's own text was looked at")
        done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-P-c"], input=man, capture_output=True, text=True, timeout=20)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        text = re.sub(r".\x08", "", done.stdout)
        for words in ("TITIP(1)", "titip requeue", "--not-landed", "EXIT STATUS", "facility import"):
            self.assertIn(words, text)

    def test_zsh_takes_its_completions(self):
        script = titip("completion", "zsh").stdout
        self.assertTrue(script.startswith("#compdef titip"))
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed: only the beginning of the script was looked at")
        self.assertEqual(subprocess.run(["zsh", "-n"], input=script, capture_output=True, text=True, timeout=20).stderr, "")

    def test_the_config_is_checked_shown_and_explained(self):
        with Place() as place:
            gateway = Gateway(place)
            self.said(gateway.titip("config", "check"), OK, "is sound: 1 destination, 2 facilities")
            shown = json.loads(self.said(gateway.titip("config", "show"), OK).stdout)
            self.assertEqual(shown, gateway.settings)
            gateway.settings["destinations"][0]["profile"] = "no-such"
            gateway.write_config()
            self.said(gateway.titip("config", "check"), USAGE, "/destinations/0/profile")
            gateway.settings["front"]["lops"] = 1
            gateway.write_config()
            self.said(gateway.titip("config", "check"), USAGE, "/front/lops", "is not a key")
        keys = {each["key"]: each for each in json.loads(titip("config", "reference", "--json").stdout)}
        self.assertEqual(keys["/front/loops"]["kind"], "whole number from 1 to 64")
        self.assertEqual(keys["/destinations"]["kind"], "list")
        self.assertEqual(keys["/destinations/*/breaker/failure_ratio"]["kind"], "number above 0 and at most 1")
        self.assertEqual(keys["/facilities/*/login/password_file"]["kind"], "text")
        self.assertEqual(keys["/facilities/*/encrypted_replies"]["kind"], "true or false")
        self.assertTrue(all(each["meaning"] for each in keys.values()))
        example = pathlib.Path(os.environ["TITIP_SOURCE_DIR"]) / "deploy/titip.example.json"
        text = re.sub(r"(^|\s)//.*$", "", example.read_text(), flags=re.M)

        def known(value, place):
            """Every key of the example stands in the reference."""
            if isinstance(value, dict):
                for key, each in value.items():
                    self.assertIn(f"{place}/{key}", keys)
                    known(each, f"{place}/{key}")
            if isinstance(value, list):
                for each in value:
                    known(each, place + "/*")

        known(json.loads(text), "")
        self.said(titip("config", "reference"), OK, "/data_directory", "where everything in custody lies")

    def test_usage(self):
        self.said(titip("completion"), USAGE)
        self.said(titip("completion", "fish"), USAGE)


if __name__ == "__main__":
    unittest.main()
