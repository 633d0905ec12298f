"""What confines the gateway on its host: the shipped unit as systemd judges it, the system-call list in force, and what
the compiler built into the program."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from gateway import BUILD, Gateway, Place  # noqa: E402

SOURCE = pathlib.Path(os.environ["TITIP_SOURCE_DIR"]).resolve()
UNIT = SOURCE / "deploy/titip.service"
LAUNCH = [sys.executable, "-B", SOURCE / "tests/confined/launch.py"]
MOST_EXPOSED = 1.5


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


def exposure(text):
    """systemd's own measure of a unit with this text: 0 (confined) to 10."""
    with Place() as place:
        unit = place.directory / "titip.service"
        unit.write_text(text)
        told = run("systemd-analyze", "--no-pager", "security", "--offline=true", unit)
        return float(re.search(r"Overall exposure level for titip\.service: ([\d.]+)", told.stdout).group(1))


class Unit(unittest.TestCase):
    def test_systemd_calls_it_confined(self):
        self.assertLessEqual(exposure(UNIT.read_text()), MOST_EXPOSED)

    def test_control_a_looser_unit_is_seen(self):
        self.assertGreater(exposure(UNIT.read_text().replace("NoNewPrivileges=yes\nCapabilityBoundingSet=\n", "")), MOST_EXPOSED)

    def complaints(self, name, text):
        with Place() as place:
            # The program and its page are not installed here; what else systemd says of the unit counts.
            (place.directory / name).write_text(text.replace("/usr/bin/titip", str((BUILD / "titip").resolve()))
                                                .replace("Documentation=man:titip(1)\n", ""))
            return run("systemd-analyze", "--no-pager", "verify", place.directory / name).stderr

    def test_systemd_understands_every_line(self):
        for name in ("titip.service", "titip.socket"):
            text = (SOURCE / "deploy" / name).read_text()
            if name == "titip.socket":
                text = text.replace("[Socket]", "[Socket]\nService=dbus.service")  # the verdict is of the socket alone
            self.assertNotIn(name, self.complaints(name, text))

    def test_control_a_line_it_does_not_know_is_seen(self):
        self.assertIn("titip.service", self.complaints("titip.service", UNIT.read_text() + "ProtectEverything=yes\n"))


class SystemCalls(unittest.TestCase):
    def test_what_is_not_on_the_list_fails(self):
        opens = "import os; os.open('/dev/null', os.O_RDONLY); print('opened')"
        self.assertIn("opened", run(*LAUNCH, UNIT, sys.executable, "-c", opens).stdout)
        mounts = "import ctypes; print(ctypes.CDLL(None, use_errno=True).mount(b'x', b'/', b'x', 0, None), ctypes.get_errno())"
        self.assertEqual(run(*LAUNCH, UNIT, sys.executable, "-c", mounts).stdout, "-1 1\n")

    def test_a_gateway_that_may_not_sync_does_not_start(self):
        with Place() as place:
            gateway = Gateway(place)
            with self.assertRaisesRegex(AssertionError, "Operation not permitted"):
                gateway.start(before=[*LAUNCH, UNIT, "--without", "fdatasync"])


class Program(unittest.TestCase):
    """The flags of the build, as they show in what was built."""

    @classmethod
    def setUpClass(cls):
        cls.text = {what: run("readelf", "--wide", what, BUILD / "titip").stdout
                    for what in ("--file-header", "--program-headers", "--dynamic", "--symbols", "--notes")}

    def test_it_may_lie_anywhere(self):
        self.assertRegex(self.text["--file-header"], r"Type:\s+DYN")
        self.assertIn("PIE", self.text["--dynamic"])

    def test_its_tables_are_read_only_once_it_runs(self):
        self.assertIn("GNU_RELRO", self.text["--program-headers"])
        self.assertIn("BIND_NOW", self.text["--dynamic"])

    def test_no_page_is_writable_and_executable(self):
        self.assertRegex(self.text["--program-headers"], r"GNU_STACK(\s+0x\w+){5}\s+RW ")
        self.assertNotRegex(self.text["--program-headers"], r"LOAD(\s+0x\w+){5}\s+RWE")

    def test_stack_and_buffers_are_checked(self):
        self.assertIn("__stack_chk_fail", self.text["--symbols"])
        self.assertRegex(self.text["--symbols"], r"__\w+_chk@GLIBC")

    def test_jumps_land_where_jumps_may(self):
        self.assertIn("endbr64", run("objdump", "-d", "--disassemble=main", BUILD / "titip").stdout)


if __name__ == "__main__":
    unittest.main()
