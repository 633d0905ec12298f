"""The program speaks the language that is asked for: by --lang, by the environment, by Accept-Language; and nobody's program that reads
exit statuses, keys or JSON notices."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import NOT_FOUND, OK, USAGE, WHY, Upkeep  # noqa: E402
from gateway import BUILD, MOUNT, Gateway, Place, person  # noqa: E402

NAME = "pcare-vaksin"
NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def told(language, *words):
    return subprocess.run([BUILD / "titip", "--lang", language, *words], capture_output=True, text=True, timeout=20, check=True).stdout


def descriptions():
    """{what it is of: what is said of it}, for each language: every command and option there is, every key of the config."""
    for language in ("id", "en"):
        found, place = {}, None
        for line in told(language, "man").splitlines():
            if line.startswith((".SS ", ".SH ")):
                command, place = line[4:], line[4:]
            elif line.startswith("\\f"):
                place = f"{command} {line.split()[0]}"
            elif not line.startswith("."):
                found[place] = line
        keys = json.loads(told(language, "config", "reference", "--json"))
        yield {place: text for place, text in found.items() if place.startswith("titip ")} | {each["key"]: each["meaning"] for each in keys}


class Language(Upkeep):
    def test_nothing_is_described_in_one_language_for_both(self):
        indonesian, english = descriptions()
        self.assertEqual(set(indonesian), set(english))
        self.assertGreater(len(english), 300)
        self.assertEqual({}, {place: text for place, text in english.items() if indonesian[place] == text})

    def test_a_configs_faults_in_the_language_asked_for(self):
        def without(*keys):
            def change(settings):
                *way, last = keys
                for key in way:
                    settings = settings[key]
                del settings[last]
            return change

        rows = ((without("data_directory"), 'needs a "data_directory"', 'memerlukan "data_directory"'),
                (without("destinations", 0, "base_url"), 'needs a "base_url"', 'memerlukan "base_url"'),
                (without("facilities", 0, "code"), 'needs a "code"', 'memerlukan "code"'),
                (lambda settings: settings.update(time_zone="CET"), "must be WIB, WITA or WIT", "harus WIB, WITA, atau WIT"),
                (lambda settings: settings["destinations"][0].update(profile="none"), "neither a built-in profile", "bukan profil bawaan"))
        for change, english, indonesian in rows:
            with Place() as place:
                gateway = Gateway(place)
                change(gateway.settings)
                gateway.write_config()
                self.said(gateway.titip("--lang", "en", "config", "check"), USAGE, english)
                self.said(gateway.titip("--lang", "id", "config", "check"), USAGE, indonesian)

    def test_every_command_in_the_language_asked_for(self):
        with Place() as place:
            gateway = Gateway(place).start()
            self.assertEqual(gateway.submit("/sasaran/simpan", person(1))[0], 201)
            rows = ((("status",), OK, "diterima", "accepted"),
                    (("queue", "show", NOBODY), NOT_FOUND, None, None),
                    (("pause", NAME, *WHY), OK, None, None),
                    (("status",), OK, "gerbang pcare-vaksin tertutup sejak", "gated since"),
                    (("resume", NAME, *WHY), OK, None, None),
                    (("backup",), USAGE, "--to wajib diberikan", "--to is required"),
                    (("queue", "ls", "--nope"), USAGE, "Argumen ini tidak dikenal: --nope", "was not expected: --nope"),
                    (("hold", *WHY, "--state", "mati"), USAGE, "bukan status", "is no state"))
            for words, status, indonesian, english in rows:
                said = {}
                for language in ("id", "en"):
                    done = gateway.titip("--lang", language, *words)
                    self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
                    said[language] = done.stdout + done.stderr
                    if undo := {"pause": "resume", "resume": "pause"}.get(words[0] if language == "id" else None):
                        gateway.titip(undo, NAME, *WHY)  # or there were nothing to do in the second language
                self.assertNotEqual(said["id"], said["en"], words)
                if indonesian:
                    self.assertIn(indonesian, said["id"])
                    self.assertIn(english, said["en"])
                    self.assertNotIn(english, said["id"])
            gateway.stop()

    def test_the_environment_decides_where_no_option_does(self):
        with Place() as place:
            gateway = Gateway(place)
            gateway.write_config()
            def said(*words, **variables):
                others = {name: value for name, value in os.environ.items() if name not in ("LANG", "LC_ALL", "LC_MESSAGES")}
                done = gateway.titip(*words, env=others | variables)
                return done.stdout + done.stderr
            self.assertIn("The config is sound", said("config", "check"))
            self.assertIn("Konfigurasi benar", said("config", "check", LANG="id_ID.UTF-8"))
            self.assertIn("The config is sound", said("config", "check", "--lang", "en", LANG="id_ID.UTF-8"))
            self.assertIn("Konfigurasi benar", said("config", "check", "--lang=id", LC_ALL="C"))

    def test_a_start_that_is_refused_says_why(self):
        with Place() as place:
            gateway = Gateway(place)
            gateway.settings["front"]["prot"] = 1
            gateway.write_config()
            self.said(gateway.titip("--lang", "id", "serve"), USAGE, "pada /front/prot: bukan kunci yang dikenal Titip", "port")

    def test_json_is_the_same_but_for_sentences(self):
        with Place() as place:
            gateway = Gateway(place).start()
            self.assertEqual(gateway.submit("/sasaran/simpan", person(1))[0], 201)
            documents = [json.loads(gateway.titip("queue", "shape", "--json", "--lang", language).stdout) for language in ("id", "en")]
            self.assertEqual(documents[0], documents[1])
            gateway.stop()

    def test_a_read_that_cannot_be_answered(self):
        with Place() as place:
            gateway = Gateway(place).start()
            for language, words in ((None, "Server nasional tidak tersedia"), ("en", "The national server is not available"),
                                    ("id", "Server nasional tidak tersedia")):
                headers = {"x-kdppk": "P0001"} | ({"Accept-Language": language} if language else {})
                status, answer, given = gateway.call("GET", MOUNT + "/tiket/nik/9901011501900001", headers=headers)
                self.assertEqual(status, 503)
                self.assertIn(words, answer["metaData"]["message"])
                self.assertEqual((given["Content-Language"], "Accept-Language" in given["Vary"]), (language, True))
            gateway.stop()


if __name__ == "__main__":
    unittest.main()
