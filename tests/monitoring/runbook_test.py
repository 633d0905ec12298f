"""The operator's way through an outage, as deploy/runbooks/UpstreamOutageLong.md has it: its own commands, in its own order, against the
shipped gateway with a backlog. Fewer than ten, each of them works, and at the end everything has landed once.
`--print N` does it with N records and prints what was typed and said, for the runbook."""

import json
import pathlib
import re
import shlex
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1] / "integration")]
from gateway import Gateway, Place, Simulator, person, wait_for  # noqa: E402
import serving  # noqa: E402
from shipped import RUNBOOKS  # noqa: E402

RUNBOOK = RUNBOOKS / "UpstreamOutageLong.md"
NAME = "pcare-vaksin"


def commands():
    block = re.search(r"```console\n(.*?)```", RUNBOOK.read_text(), re.S)
    return [shlex.split(at_another_hour(line[2:])) for line in block[1].splitlines() if line.startswith("$ ")]


def at_another_hour(line):
    """The runbook's hours without sending must not be those in which this is run."""
    return line.replace("12:00-13:30", "02:00-03:30") if 11 <= time.gmtime(time.time() + 7 * 3600).tm_hour <= 13 else line


class Rehearsal:
    def __init__(self, place, records):
        self.simulator = Simulator(place)
        self.gateway = Gateway(place, f"http://127.0.0.1:{self.simulator.port}/vaksin")
        self.gateway.start()
        self.records = records
        self.said = []
        self.away = True
        # Nobody takes a word about the weather while connections are refused.
        self.simulator.weather([{"from_s": 0, "to_s": 4, "kind": "refuse"}, {"from_s": 4, "to_s": 3600, "kind": "html_503"}])
        for number in range(records):
            facility = "P0002" if number % 4 == 0 else "P0001"
            status = self.gateway.submit("/sasaran/simpan", person(100 + number), facility=facility)[0]
            assert status == 201, status

    def drain(self):
        return json.loads(self.gateway.titip("drain", "status", NAME, "--json").stdout)["result"]

    def between(self, command):
        """What happens meanwhile: nothing until the drain is ordered; then the server comes back."""
        ordered = command[:2] == ["drain", NAME] and "--dry-run" not in command
        if ordered:
            wait_for(lambda: self.simulator_listens(), "the simulated server to take a word")
            assert self.drain()["settled"] == 0, "nothing may have been sent yet"
            self.simulator.weather([])
            self.away = False
            wait_for(lambda: self.drain()["settled"] >= min(60, self.records // 4), "the canary and some more")
        if command[:2] == ["drain", "resume"]:
            wait_for(lambda: self.drain()["state"] == "done", "the drain to be done")

    def simulator_listens(self):
        try:
            return self.simulator.call("GET", "/_sim/stats")[0] == 200
        except OSError:
            return False

    def run(self, typed):
        assert typed[0] == "titip", typed
        command = typed[1:]
        done = self.gateway.titip(*command)
        assert done.returncode == 0, f"{typed}: {done.stdout}{done.stderr}"
        self.said.append("$ " + " ".join(f'"{word}"' if " " in word else word for word in typed) + "\n" + done.stdout.rstrip())
        self.between(command)
        return done.stdout


def main():
    records = int(sys.argv[2]) if sys.argv[1:2] == ["--print"] else 240
    serving.PATIENCE_S = 30 + records / 20
    typed = commands()
    assert 5 <= len(typed) < 10, f"{len(typed)} commands"
    with Place() as place:
        rehearsal = Rehearsal(place, records)
        last = [rehearsal.run(command) for command in typed][-1]
        assert not rehearsal.away, "the runbook orders no drain"
        assert f"is done: {records} of {records} settled" in last, last
        assert rehearsal.simulator.effects() == records, rehearsal.simulator.effects()
        whole = " ".join(" ".join(command) for command in typed)
        for word in ("--canary", "drain pause", "drain resume", "--dry-run"):
            assert word in whole, word
    if records != 240:
        print("\n\n".join(rehearsal.said))
    print(f"runbook: commands={len(typed)} records={records} effects={records} duplicates=0")


if __name__ == "__main__":
    main()
