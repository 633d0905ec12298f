"""What tests of the operator's command line share: what was said, and a gateway with something in custody."""

import contextlib
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from gateway import Gateway, Simulator, person, wait_for  # noqa: E402

NIK = person(1)["nik"]
OK, FAILED, USAGE, PARTIAL, NOT_FOUND, UNREACHABLE, NOT_ALLOWED, STORE_DAMAGED, STORE_FAILED = 0, 1, 2, 3, 4, 5, 6, 65, 74
OFFLINE = "no gateway runs on"
WHY = ("--reason", "uji coba")


def bytes_below(directory):
    """Everything on disk below it, for a canary to be looked for. Below a gateway that runs, files and folders come and go
    while they are read."""
    found = []
    for folder, _, names in os.walk(directory):
        for path in (pathlib.Path(folder) / name for name in names):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file():  # the control socket is none
                    found.append(path.read_bytes())
    return b"".join(found)


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
