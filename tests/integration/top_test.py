"""`titip top` in a real terminal (tmux) and into a pipe."""

import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import OK, UNREACHABLE, USAGE, Upkeep  # noqa: E402
from gateway import BUILD, Place, person, wait_for  # noqa: E402

NAME = "pcare-vaksin"


class Terminal:
    """A shell in a terminal of its own, by a tmux server of its own that ends with this."""

    def __init__(self, place):
        self.socket = place.directory / "tmux"
        environment = {**os.environ, "TERM": "xterm", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PS1": "$ "}
        environment.pop("TMUX", None)
        subprocess.run([*self.tmux(), "-f", "/dev/null", "new-session", "-d", "-x", "110", "-y", "30",
                        "env PS1='ready$ ' sh"], check=True, env=environment)
        wait_for(lambda: "ready$" in self.shown(), "the shell")

    def tmux(self):
        return ["tmux", "-u", "-S", str(self.socket)]

    def shown(self):
        return subprocess.run([*self.tmux(), "capture-pane", "-p"], capture_output=True, text=True).stdout

    def has(self, format):
        return subprocess.run([*self.tmux(), "display-message", "-p", format], capture_output=True,
                              text=True).stdout.strip()

    def type(self, *keys):
        subprocess.run([*self.tmux(), "send-keys", *keys], check=True)

    def end(self):
        subprocess.run([*self.tmux(), "kill-server"], capture_output=True)


class Top(Upkeep):
    def begun(self, place, terminal, gateway, *options):
        terminal.type(" ".join(["clear;", shlex.quote(str(BUILD / "titip")), "top", "--config",
                                shlex.quote(str(place.directory / "titip.json")), *options, "; echo ended $?"]), "Enter")
        wait_for(lambda: NAME in terminal.shown() and terminal.has("#{alternate_on}") == "1", "the picture")

    def restored(self, terminal, status):
        wait_for(lambda: f"ended {status}" in terminal.shown(), "the end")
        self.assertEqual(terminal.has("#{alternate_on} #{cursor_flag}"), "0 1", "the screen and the cursor are back")
        terminal.type("clear; stty -a", "Enter")
        wait_for(lambda: "icanon" in terminal.shown(), "the terminal's settings")
        words = terminal.shown().replace(";", " ").split()
        self.assertTrue({"icanon", "echo", "isig"} <= set(words), words)
        self.assertEqual(words[words.index("susp") + 2], "^Z")
        self.assertNotIn("q: quit", terminal.shown())

    def test_in_a_terminal(self):
        with Place() as place:
            _, gateway = self.served(place)
            terminal = Terminal(place)
            try:
                self.begun(place, terminal, gateway)
                self.assertIn("delivered 1", terminal.shown())
                self.submitted(gateway, "/sasaran/simpan", person(2))
                wait_for(lambda: "delivered 2" in terminal.shown(), "the next picture")
                self.assertEqual(terminal.has("#{cursor_flag}"), "0")
                terminal.type("x")
                time.sleep(0.3)
                self.assertEqual(terminal.has("#{alternate_on}"), "1", "another key does nothing")
                terminal.type("q")
                self.restored(terminal, OK)

                self.begun(place, terminal, gateway, "--lang", "id")
                self.assertIn("terkirim 2", terminal.shown())
                terminal.type("C-c")
                self.restored(terminal, OK)

                self.begun(place, terminal, gateway)
                subprocess.run([*terminal.tmux(), "resize-window", "-x", "40", "-y", "5"], check=True)
                wait_for(lambda: "need" not in terminal.shown() and len(terminal.shown().rstrip("\n").split("\n")) <= 5 and
                         "titip top" in terminal.shown(), "a picture that fits")
                subprocess.run([*terminal.tmux(), "resize-window", "-x", "110", "-y", "30"], check=True)
                gateway.stop()
                wait_for(lambda: "does not answer" in terminal.shown(), "the gateway to be missed")
                gateway.start()
                wait_for(lambda: "does not answer" not in terminal.shown() and NAME in terminal.shown(), "it to be back")
                pid = subprocess.run(["pgrep", "-f", f"titip top --config {place.directory}"], capture_output=True,
                                     text=True).stdout.split()
                for each in pid:
                    if "top" in pathlib.Path(f"/proc/{each}/cmdline").read_text().split("\0"):
                        os.kill(int(each), signal.SIGTERM)
                self.restored(terminal, OK)
            finally:
                terminal.end()

    def test_into_a_pipe(self):
        with Place() as place:
            _, gateway = self.served(place)
            done = self.said(gateway.titip("top", "--once", "--lang", "en"), OK, NAME, "delivered 1", "closed")
            self.assertNotIn("\x1b", done.stdout, "nothing that moves a cursor")
            self.assertEqual(done.stdout.count("titip top"), 1)
            self.said(gateway.titip("top", "--once", "--lang", "id"), OK, "terkirim 1", "melayani")
            self.said(gateway.titip("top", "--once", "--lang", "fr"), USAGE)
            goes_on = subprocess.Popen([BUILD / "titip", "top", "--lang", "en", "--config", place.directory / "titip.json"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
            try:
                seen = b""
                while seen.count(b"titip top") < 3:
                    part = os.read(goes_on.stdout.fileno(), 65536)
                    self.assertTrue(part, goes_on.stderr)
                    seen += part
                self.assertNotIn(b"\x1b", seen)
                gateway.stop()
                self.assertEqual(goes_on.wait(timeout=20), UNREACHABLE)
            finally:
                goes_on.kill()
                goes_on.communicate()
            self.said(gateway.titip("top", "--once"), UNREACHABLE)


if __name__ == "__main__":
    unittest.main()
