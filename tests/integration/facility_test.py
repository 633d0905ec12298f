"""The registry of facilities at the command line: while the gateway serves, without a restart, and while none runs."""

import csv
import json
import pathlib
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import FAILED, NOT_FOUND, OFFLINE, OK, PARTIAL, USAGE, WHY, Upkeep, bytes_below  # noqa: E402
from gateway import BUILD, Gateway, Place, Simulator, person, wait_for  # noqa: E402

MANY = 20_000
SECRET = "rahasia-kenari"
HTML = [{"from_s": 0, "to_s": 600, "kind": "html_503"}]


class Facility(Upkeep):
    def secret(self, place, text=SECRET, name="secret", mode=0o600):
        path = place.directory / name
        path.write_text(text + "\n")
        path.chmod(mode)
        return path

    def table(self, place, rows, name="many.csv", mode=0o600, columns=("code", "name", "consumer_id", "secret")):
        path = place.directory / name
        with open(path, "w", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
        path.chmod(mode)
        return path

    def rows(self, first, count):
        return [(f"K{n:05}", f"Klinik, {n}", 100_000 + n, f"{SECRET}-{n}") for n in range(first, first + count)]

    def listed(self, gateway):
        done = self.said(gateway.titip("facility", "ls", "--json"), OK)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        return {each["code"]: each for each in json.loads(done.stdout)}

    def status_of(self, gateway, number, facility):
        return gateway.submit("/sasaran/simpan", person(number), facility=facility)[0]

    def known(self, gateway, state):
        return gateway.metric(f'titip_facilities{{state="{state}"}}')

    def test_one_facility_lives_without_a_restart(self):
        with Place() as place:
            simulator = Simulator(place)
            gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin").start()
            secret = self.secret(place)
            add = ("facility", "add", "K0001", "--name", "Klinik Uji", "--consumer-id", "4711", "--secret-file", secret)
            self.assertEqual(self.status_of(gateway, 1, "K0001"), 401)
            self.said(gateway.titip(*add), USAGE, "--reason")
            self.said(gateway.titip(*add, *WHY, "--dry-run"), OK, "1 facility would be added")
            self.assertEqual(self.status_of(gateway, 1, "K0001"), 401)
            self.said(gateway.titip(*add, *WHY), OK, "1 facility added.")
            self.assertEqual(self.status_of(gateway, 1, "K0001"), 201)
            self.assertEqual(self.known(gateway, "enabled"), 3)
            self.said(gateway.titip(*add, *WHY), OK, "there already")
            thief = list(add)
            thief[2] = "K0002"
            self.said(gateway.titip(*thief, *WHY), FAILED, "consumer id 4711 belongs to facility K0001")
            thief[2] = "P0001"
            self.said(gateway.titip(*thief, *WHY), FAILED, "consumer id 4711")
            self.said(gateway.titip("facility", "add", "P0001", "--name", "a", *WHY), FAILED, "stands in the config")

            # Disabled, it is refused at once; what is in custody is delivered.
            wait_for(lambda: gateway.counts()["delivered"] == 1, "the first record")
            simulator.weather(HTML)
            self.assertEqual(self.status_of(gateway, 2, "K0001"), 201)
            self.said(gateway.titip("facility", "disable", "K0001", *WHY), OK, "refused", "still delivered")
            self.assertEqual(self.status_of(gateway, 3, "K0001"), 401)
            self.assertEqual(gateway.get("/v1/submissions/00000000000000000000000000", "K0001")[0], 401)
            self.assertEqual((self.known(gateway, "enabled"), self.known(gateway, "disabled")), (2, 1))
            simulator.weather([])
            wait_for(lambda: gateway.counts()["delivered"] == 2, "the record in custody")
            gateway.stop()
            gateway.start()
            self.assertEqual(self.status_of(gateway, 3, "K0001"), 401, "it outlives a restart")
            self.said(gateway.titip("facility", "enable", "K0001", *WHY), OK, "enabled")
            self.assertEqual(self.status_of(gateway, 3, "K0001"), 201)
            self.said(gateway.titip("facility", "disable", "K0009", *WHY), NOT_FOUND, "no facility K0009")
            self.said(gateway.titip("facility", "disable", "P0001", *WHY), FAILED, "stands in the config")

            # A rotation has two secrets until it is done.
            other = self.secret(place, SECRET + "-baru", "other")
            self.said(gateway.titip("facility", "rotate", "K0001", *WHY), USAGE, "the new secret", "done")
            self.said(gateway.titip("facility", "rotate", "K0001", "--secret-file", other, *WHY), OK, "signed with the new secret")
            self.assertTrue(self.listed(gateway)["K0001"]["is_rotating"])
            self.said(gateway.titip("facility", "rotate", "K0001", "--secret-file", secret, *WHY), FAILED, "--done")
            self.said(gateway.titip("facility", "ls"), OK, "K0001", "two secrets", "P0002", "3 facilities enabled, 0 disabled")
            self.said(gateway.titip("facility", "rotate", "K0001", "--done", *WHY), OK, "former secret", "gone")
            self.assertFalse(self.listed(gateway)["K0001"]["is_rotating"])
            self.assertEqual(gateway.metric('titip_admin_actions_total{action="facility rotate"}'), 2)
            self.said(gateway.titip("keys", "rotate", *WHY), OK)
            gateway.stop()
            gateway.start()
            self.assertEqual(self.status_of(gateway, 3, "K0001"), 201)
            gateway.stop()
            everywhere = bytes_below(place.directory / "data") + b"".join(p.read_bytes() for p in place.directory.glob("*.log"))
            self.assertNotIn(SECRET.encode(), everywhere)
            self.assertIn(b"facility rotate", everywhere, "the audit log is there to be searched")

    def test_twenty_thousand_come_from_a_file(self):
        with Place() as place:
            gateway = Gateway(place).start()
            rows = self.rows(0, MANY)
            half = self.table(place, rows[: MANY // 2], "half.csv")
            whole = self.table(place, rows)
            self.said(gateway.titip("facility", "import", half, "--dry-run"), OK, "10,000 facilities would be added.")
            self.assertEqual(len(self.listed(gateway)), 2)
            self.said(gateway.titip("facility", "import", half, *WHY), OK, "10,000 facilities added.")
            began = time.monotonic()
            done = self.said(gateway.titip("facility", "import", whole, "--json", *WHY), OK)
            print(f"import of {MANY}: {time.monotonic() - began:.2f} s", file=sys.stderr)
            self.assertEqual(json.loads(done.stdout)["result"], {"added": MANY // 2, "replaced": 0, "unchanged": MANY // 2, "faults": []})
            self.assertEqual(self.status_of(gateway, 1, rows[-1][0]), 201, "without a restart")
            self.assertEqual(self.known(gateway, "enabled"), MANY + 2)
            # The district sends the file again, with other names and secrets.
            renewed = self.table(place, [(code, "Puskesmas", id, secret + "-baru") for code, _, id, secret in rows[:300]], "renewed.csv")
            self.said(gateway.titip("facility", "import", renewed, *WHY), USAGE, "line 301", "--replace", "300 of 300 lines")
            self.said(gateway.titip("facility", "import", renewed, "--replace", *WHY), OK, "0 facilities added. 300 replaced.")
            listed = self.listed(gateway)
            self.assertEqual(len(listed), MANY + 2)
            self.assertEqual(sum(each["is_rotating"] and each["name"] == "Puskesmas" for each in listed.values()), 300)
            self.assertEqual(listed[rows[777][0]]["name"], rows[777][1])
            self.assertEqual(listed[rows[77][0]]["consumer_id"], str(rows[77][2]))
            gateway.stop()
            gateway.start()
            self.assertEqual(len(self.listed(gateway)), MANY + 2)
            self.assertEqual(self.status_of(gateway, 2, rows[0][0]), 201)
            gateway.stop()
            self.assertNotIn(SECRET.encode(), bytes_below(place.directory / "data"))

    def test_a_kill_in_the_middle_and_the_rest_afterwards(self):
        with Place() as place:
            gateway = Gateway(place).start()
            rows = self.rows(0, MANY)
            whole = self.table(place, rows)
            config = place.directory / "titip.json"
            importing = place.start([BUILD / "titip", "facility", "import", whole, *WHY, "--config", config], "import.log")
            wait_for(lambda: self.known(gateway, "enabled") > 1_000, "a part of them")
            gateway.stop(signal.SIGKILL)
            status = importing.wait(timeout=60)
            words = place.log("import.log")
            self.assertIn(status, (OK, PARTIAL), words)  # it may go on beside the store, once nobody serves it
            gateway.start()
            self.assertEqual(self.said(gateway.titip("facility", "import", whole, *WHY), OK, "there already").returncode, OK)
            self.assertEqual(len(self.listed(gateway)), MANY + 2)
            gateway.stop()

    def test_every_fault_of_a_file_is_listed_and_nothing_added(self):
        with Place() as place:
            gateway = Gateway(place).start()
            secret = self.secret(place)
            self.said(gateway.titip("facility", "add", "K0001", "--name", "a", "--consumer-id", "1", "--secret-file", secret, *WHY), OK)
            rows = self.rows(0, 6)
            rows[1] = ("K 1", *rows[1][1:])
            rows[2] = (*rows[2][:2], 1, rows[2][3])
            rows[3] = ("P0001", *rows[3][1:])
            rows[4] = rows[0]
            table = self.table(place, rows)
            done = self.said(gateway.titip("facility", "import", table, *WHY), USAGE, "line 3: the code must be",
                             "line 4: K00002: the consumer id 1 belongs to facility K0001", "line 5: P0001: it stands in the config",
                             "line 6: the code K00000 stands in line 2", "4 of 6 lines cannot be added, so none was")
            self.assertNotIn(SECRET, done.stdout + done.stderr)
            self.assertEqual(len(self.listed(gateway)), 3)
            document = json.loads(gateway.titip("facility", "import", table, "--json", *WHY).stdout)
            self.assertEqual([each["line"] for each in document["result"]["faults"]], [3, 4, 5, 6])
            self.said(gateway.titip("facility", "import", table, "--skip-faulty", *WHY), PARTIAL, "2 facilities added", "4 lines left out")
            self.assertEqual(len(self.listed(gateway)), 5)
            for mode in (0o640, 0o604):
                open_to_others = self.table(place, self.rows(10, 1), "open.csv", mode)
                self.said(gateway.titip("facility", "import", open_to_others, *WHY), USAGE, "chmod 600")
            readable = self.secret(place, name="readable", mode=0o644)
            self.said(gateway.titip("facility", "rotate", "K0001", "--secret-file", readable, *WHY), USAGE, "chmod 600")
            for arguments, words in (
                    (("facility",), ["--help"]),
                    (("facility", "add", "K0009", *WHY), ["--name"]),
                    (("facility", "add", "K0009", "--name", "a", "--consumer-id", "1", *WHY), ["--secret-file"]),
                    (("facility", "add", "K 9", "--name", "a", *WHY), ["the code must be"]),
                    (("facility", "add", "K0009", "--name", "a" * 201, *WHY), ["200 bytes"]),
                    (("facility", "add", "K0009", "--name", "a", "--utc-offset", "7", *WHY), ["--utc-offset"]),
                    (("facility", "add", "K0009", "--name", "a", "--encrypted", "maybe", *WHY), ["--encrypted"]),
                    (("facility", "add", "K0009", "--name", "a", "--secret", "s", *WHY), ["--secret"]),
                    (("facility", "import", "/no/such.csv", *WHY), ["/no/such.csv"]),
                    (("facility", "import", table), ["--reason"]),
                    (("facility", "disable", *WHY), ["code"])):
                with self.subTest(arguments=arguments):
                    self.said(gateway.titip(*arguments), USAGE, *words)
            self.assertEqual(len(self.listed(gateway)), 5)
            gateway.stop()

    def test_while_no_gateway_runs(self):
        with Place() as place:
            gateway = Gateway(place).start()
            gateway.stop()
            table = self.table(place, self.rows(0, 1_500))
            self.said(gateway.titip("facility", "import", table, *WHY), OK, OFFLINE, "1,500 facilities added.")
            self.said(gateway.titip("facility", "disable", "K00007", *WHY), OK, OFFLINE, "disabled")
            self.assertEqual(self.listed(gateway)["K00007"]["state"], "disabled")
            gateway.start()
            self.assertEqual(self.status_of(gateway, 1, "K00008"), 201)
            self.assertEqual(self.status_of(gateway, 2, "K00007"), 401)
            gateway.stop()
            # One code, or one consumer id, in both places is a mistake of the config.
            facilities = gateway.settings["facilities"]
            gateway.settings["facilities"] = [*facilities, {"code": "K00009"}]
            status, words = gateway.refuses_to_start()
            self.assertNotEqual(status, OK)
            self.assertIn("/facilities/2/code: K00009 is in the registry already", words)
            self.secret(place)
            gateway.settings["facilities"] = [{"code": "P0001", "consumer_id": "100009", "consumer_secret_file": "secret"}]
            self.assertIn("/facilities/0/consumer_id: the consumer id 100009 belongs to facility K00009", gateway.refuses_to_start()[1])
            # What is in custody keeps its facility: one that is nowhere any more is asked for.
            gateway.settings["facilities"] = facilities
            gateway.start()
            gateway.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
