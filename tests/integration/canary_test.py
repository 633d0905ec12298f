"""Nothing personal lies readable on the disk of a gateway that accepted, delivered, failed, logged in, was killed and
started again, backed up, rekeyed and asked to erase: neither in its data directory nor in a backup nor in its
log nor in its metrics. The search is proven on what is planted."""

import base64
import json
import pathlib
import signal
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1] / "leaks")]
from gateway import MOUNT, Gateway, Place, Simulator, dose, person, wait_for  # noqa: E402
from search import dresses  # noqa: E402

PASSWORD = "sandi-kenari-77"
USER = "petugas-kenari"
KEY = "kunjungan-kenari"
CANARY = {"nama": "Kenari Rahasia", "noHp": "000111222333", "alamat": "Gang Kenari 4711"}


def words():
    one = person(4321, **CANARY)
    return [one["nik"], one["noTiket"], *CANARY.values(), PASSWORD, USER, KEY]


def files_of(directory):
    return [path for path in directory.rglob("*") if path.is_file()]


def found_in(place):
    """(word, dress, file) of everything that lies readable anywhere below the place."""
    patterns = [(word, how, pattern) for word in words() for how, pattern in dresses(word)]
    found = []
    for path in files_of(place.directory):
        try:
            content = path.read_bytes() + path.name.encode()
        except FileNotFoundError:  # a compaction took it away; what was in it is in another file
            continue
        found += [(word, how, path.name) for word, how, pattern in patterns if pattern in content]
    return found


class Canaries(unittest.TestCase):
    def test_nothing_readable_on_disk(self):
        with Place() as place:
            simulator = Simulator(place, "--facilities", f"P0001:{USER}:{PASSWORD}")
            gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin")
            gateway.settings["storage"] = {"ballast_bytes": 1 << 20}  # it is read through each time
            gateway.start()
            status, answer, _ = gateway.call("POST", MOUNT + "/login", {"username": USER, "password": PASSWORD})
            self.assertEqual(status, 200, answer)
            self.assertEqual(gateway.call("POST", MOUNT + "/login", {"username": USER, "password": PASSWORD + "x"})[0], 401)
            self.work_of_a_day(gateway, simulator)
            self.assertEqual(found_in(place), [], "while it serves")
            metrics = gateway.call("GET", "/metrics", port=gateway.operations_port)[1]
            self.assertEqual([word for word in words() if word in metrics], [])
            gateway.stop(signal.SIGKILL)
            self.assertEqual(found_in(place), [], "killed")
            gateway.start()
            self.assertEqual(found_in(place), [], "started again")
            replayed = gateway.submit("/sasaran/simpan", person(4321, **CANARY), key=KEY)
            self.assertEqual(replayed[2]["Idempotency-Replayed"], "true", "the canaries are in custody indeed")
            self.upkeep(gateway, place)
            kinds = {path.suffix or path.name.rstrip("0123456789") for path in files_of(place.directory)}
            for kind in (".log", ".sst", "MANIFEST-", "LOG", "NOTE", ".key", ".erased", "titip-backup"):
                self.assertIn(kind, kinds, "no such file was looked at")

    def upkeep(self, gateway, place):
        """Everything an operator may do with what is in custody."""
        nik = person(4321)["nik"]
        copy = place.directory / "copy"
        reason = ("--reason", "uji coba")

        def run(*arguments, **how):
            done = gateway.titip(*arguments, **how)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(found_in(place), [], arguments)
            return done

        run("backup", "--to", copy)
        run("keys", "rotate", *reason)
        exported = run("export", "--nik-file", "-", *reason, stdin=nik + "\n")
        self.assertIn(CANARY["nama"], exported.stdout, "the canaries are in custody indeed")
        self.assertEqual(gateway.stop(), 0)
        self.assertEqual(found_in(place), [], "stopped")
        run("keys", "reindex", *reason)
        gateway.start()
        replayed = gateway.submit("/sasaran/simpan", person(4321, **CANARY), key=KEY)
        self.assertEqual(replayed[2]["Idempotency-Replayed"], "true", "after a rotation and a reindex")
        gateway.titip("erase", "--nik-file", "-", *reason, "--yes", stdin=nik + "\n")  # some may be under way
        self.assertEqual(found_in(place), [], "erased")
        self.assertEqual(gateway.stop(), 0)

    def work_of_a_day(self, gateway, simulator):
        """Delivered, refused by the server in words that name the person, lost on the way, and still waiting."""
        canary = person(4321, **CANARY)
        status, _, headers = gateway.submit("/sasaran/simpan", canary, key=KEY)
        self.assertEqual(status, 201)
        wait_for(lambda: gateway.state(headers["Titip-Submission-Id"]) == "delivered", "delivery")
        visit = gateway.submit("/vaksin/simpan", dose(4321, **CANARY), key=KEY + "-2")[2]["Titip-Submission-Id"]
        wait_for(lambda: gateway.state(visit) in ("delivered", "rejected"), "the dose")
        nobody = dose(4321, **CANARY, jenisVaksin="99", dosis=2)
        gateway.submit("/vaksin/simpan", nobody, key=KEY + "-3")
        simulator.weather([{"from_s": 0, "to_s": 600, "kind": "html_503"}])
        gateway.submit("/vaksin/simpan", dose(4321, **CANARY, dosis=3), key=KEY + "-4")
        gateway.submit("/vaksin/simpan", dose(4321, **CANARY, noBatch="B9"), key=KEY)  # a key used twice: refused
        gateway.get(f"/v1/submissions/{visit}")

    def test_the_search_finds_what_is_planted(self):
        with Place() as place:
            for word in words():
                for how, pattern in dresses(word):
                    planted = place.directory / "planted"
                    planted.write_bytes(b"in the midst of " + pattern + b" others")
                    self.assertIn((word, how, "planted"), found_in(place))
            planted.write_text(json.dumps({"token": base64.b64encode(f'{{"user":"{USER}"}}'.encode()).decode()}))
            self.assertIn((USER, "base64", "planted"), found_in(place))


if __name__ == "__main__":
    unittest.main(verbosity=2)
