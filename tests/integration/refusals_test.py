"""What keeps the gateway from starting is said with its place, and with what to do."""

import os
import pathlib
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from gateway import BUILD, Gateway, Place, dose  # noqa: E402


class RefusesToStart(unittest.TestCase):
    """What is wrong is said with its place, and what to do."""

    def refuses(self, change, *words, status=2):
        with Place() as place:
            gateway = Gateway(place)
            change(gateway)
            code, said = gateway.refuses_to_start()
            self.assertEqual(code, status, said)
            for word in words:
                self.assertIn(word, said)

    def test_unknown_key(self):
        self.refuses(lambda g: g.settings["front"].update(prot=1), "/front/prot", "is not a key that Titip knows", "port")

    def test_out_of_bounds(self):
        self.refuses(lambda g: g.settings["front"].update(port=70000), "/front/port", "from 0 to 65535")

    def test_no_destinations(self):
        self.refuses(lambda g: g.settings.pop("destinations"), 'needs "destinations"')

    def test_bad_base_url(self):
        self.refuses(lambda g: g.settings["destinations"][0].update(base_url="ftp://x"), "/destinations/0/base_url", "http://")

    def test_clashing_mounts(self):
        def second(mount, profile="pcare-vaksin"):
            def change(gateway):
                first = gateway.settings["destinations"][0]
                other = {"name": "second", "profile": profile, "base_url": first["base_url"]}
                gateway.settings["destinations"].append(other | ({"mount": mount} if mount else {}))
            return change
        for mount, place in ((None, "profile"), ("/pcare-vaksin", "mount"), ("/pcare-vaksin/dua", "mount")):
            self.refuses(second(mount), f"/destinations/1/{place}", "'/pcare-vaksin'", 'give this one a "mount" of its own',
                         status=1)

    def test_bad_zone(self):
        self.refuses(lambda g: g.settings["facilities"][0].update(time_zone="CET"), "/facilities/0/time_zone", "WIB, WITA or WIT")

    def test_unknown_profile(self):
        self.refuses(lambda g: g.settings["destinations"][0].update(profile="pcare"), "/destinations/0/profile", "pcare-vaksin",
                     status=1)

    def test_wrong_profile(self):
        def change(gateway):
            text = (pathlib.Path(os.environ["TITIP_SOURCE_DIR"]) / "upstream/profiles/pcare-vaksin.json").read_text()
            (gateway.place.directory / "mine.json").write_text(text.replace('"probe"', '"porbe"', 1))
            gateway.settings["destinations"][0]["profile"] = "mine.json"
        self.refuses(change, "mine.json", "/routes/", status=1)

    def test_readable_password_file(self):
        def change(gateway):
            path = gateway.place.directory / "password"
            path.write_text("uji\n")
            path.chmod(0o644)
            gateway.settings["facilities"][0]["login"] = {"username": "uji", "password_file": "password"}
        self.refuses(change, "/facilities/0/login/password_file", "chmod 600")

    def test_a_credential_of_systemds_is_no_readable_password_file(self):
        with Place() as place:
            gateway = Gateway(place)
            credentials = place.directory / "credentials"
            credentials.mkdir()
            (credentials / "password").write_text("uji\n")
            (credentials / "password").chmod(0o440)  # systemd's own, with an access list
            gateway.settings["facilities"][0]["login"] = {"username": "uji", "password_file": str(credentials / "password")}
            code, said = gateway.refuses_to_start()
            self.assertEqual((code, "chmod 600" in said), (2, True), said)
            gateway.start(env=os.environ | {"CREDENTIALS_DIRECTORY": str(credentials)})
            self.assertEqual(gateway.stop(), 0)

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.refuses(lambda g: g.settings["front"].update(port=taken.getsockname()[1]), "cannot bind", "in use", status=1)

    def test_lost_or_readable_key_file(self):
        with Place() as place:
            gateway = Gateway(place).start()
            key = place.directory / "data/titip.key"
            self.assertEqual(key.stat().st_mode & 0o777, 0o600)
            self.assertEqual(gateway.stop(), 0)
            key.chmod(0o644)
            code, said = gateway.refuses_to_start()
            self.assertEqual(code, 1)
            self.assertIn("chmod 600", said)
            key.rename(place.directory / "elsewhere")
            code, said = gateway.refuses_to_start()
            self.assertEqual(code, 1)
            self.assertIn("titip.key", said)
            self.assertFalse(key.exists(), "a new key would make everything in custody unreadable")

    def test_destination_with_pending_records_gone(self):
        with Place() as place:
            gateway = Gateway(place).start()
            self.assertEqual(gateway.submit("/vaksin/simpan", dose(1))[0], 201)
            gateway.stop()
            gateway.settings["destinations"][0]["name"] = "another"
            code, said = gateway.refuses_to_start()
            self.assertEqual(code, 1)
            self.assertIn("1 submissions wait for 'pcare-vaksin'", said)

    def test_second_gateway_on_the_same_data(self):
        with Place() as place:
            gateway = Gateway(place).start()
            code, said = gateway.refuses_to_start()
            self.assertEqual(code, 1, said)
            gateway.stop()

    def test_usage(self):
        done = subprocess.run([str(BUILD / "titip"), "serve"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--config", done.stderr)

    def test_a_facility_with_pending_records_gone(self):
        with Place() as place:
            gateway = Gateway(place).start()
            self.assertEqual(gateway.submit("/vaksin/simpan", dose(1), facility="P0002")[0], 201)
            gateway.stop()
            del gateway.settings["facilities"][1]
            code, said = gateway.refuses_to_start()
            self.assertEqual(code, 1)
            self.assertIn("P0002", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
