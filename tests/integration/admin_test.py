"""The admin API of the real program: off without tokens, there with the first, gone with the last; and one operator's
work over HTTP, by the acts of the command line."""

import json
import re
import stat
import time
import sys
import pathlib
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from command_line import FAILED, NIK, NOT_ALLOWED, NOT_FOUND, OFFLINE, OK, USAGE, WHY, Upkeep, bytes_below  # noqa: E402
from gateway import Place, dose, wait_for  # noqa: E402

NAME = "pcare-vaksin"


class Admin(Upkeep):
    def begun(self, place):
        return self.served(place, admin={"listen": {"port": 0}})

    def made(self, gateway, name, role, *more):
        done = self.said(gateway.titip("admin", "token", "add", name, "--role", role, *more, *WHY), OK, "this once")
        self.assertRegex(done.stdout, r"\Atitip_[0-9a-f]{64}\n\Z", "stdout is the token alone")
        return done.stdout.strip()

    def port(self, gateway):
        log = gateway.place.log(f"titip-{gateway.starts}.log")
        return int(re.findall(r'"listener":"admin".*"port":(\d+)', log)[-1])

    def api(self, gateway, token, method, path, body=None, status=200):
        got, answer, headers = gateway.call(method, "/admin/v1" + path, body, {"Authorization": f"Bearer {token}"},
                                            port=self.port(gateway))
        self.assertEqual(got, status, answer)
        self.assertNotIn(NIK, json.dumps(answer))
        return answer if status >= 400 else answer["result"]

    def test_it_is_there_while_there_are_tokens(self):
        with Place() as place:
            _, gateway = self.begun(place)
            self.assertNotIn('"listener":"admin"', place.log("titip-1.log"))
            self.said(gateway.titip("admin", "token", "ls"), OK, "0 tokens")
            self.said(gateway.titip("admin", "token", "add", "a b", "--role", "viewer", *WHY), USAGE, "name")
            self.said(gateway.titip("admin", "token", "add", "a", "--role", "king", *WHY), USAGE, "viewer")
            self.said(gateway.titip("admin", "token", "add", "a", "--role", "viewer"), USAGE, "--reason")
            self.said(gateway.titip("admin", "token", "add", "a", "--role", "viewer", "--days", "0", *WHY), USAGE, "days")
            viewer = self.made(gateway, "budi", "viewer", "--days", "2")
            file = place.directory / "data" / "admin-tokens.json"
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
            self.assertNotIn(viewer, file.read_text())
            self.assertIn("sentence", gateway.call("GET", "/admin/v1/status", headers={"Authorization": f"Bearer {viewer}"},
                                                   port=self.port(gateway))[1])
            self.said(gateway.titip("admin", "token", "add", "budi", "--role", "viewer", *WHY), FAILED, "revoke it first")
            self.said(gateway.titip("admin", "token", "ls"), OK, "budi", "viewer", "1 token")
            gateway.stop()

            offline = self.said(gateway.titip("admin", "token", "add", "sari", "--role", "operator", *WHY), OK, OFFLINE)
            gateway.start()
            self.api(gateway, viewer, "GET", "/status")
            operator = re.search(r"titip_[0-9a-f]{64}", offline.stdout).group(0)
            self.api(gateway, operator, "POST", "/gates/pause", {"destination": NAME, "reason": "uji"})
            self.said(gateway.titip("resume", NAME, *WHY), OK)
            port = self.port(gateway)
            self.said(gateway.titip("admin", "token", "revoke", "nobody", *WHY), NOT_FOUND)
            self.said(gateway.titip("admin", "token", "revoke", "sari", *WHY), OK, "refused from now on")
            self.api(gateway, operator, "GET", "/status", status=401)
            self.said(gateway.titip("admin", "token", "revoke", "budi", *WHY), OK, "listens no more")
            with self.assertRaises(ConnectionRefusedError):
                gateway.call("GET", "/admin/v1/status", port=port)
            gateway.stop()

            file.chmod(0o640)
            gateway.start()  # clinics do not wait for what operators need
            said = place.log(f"titip-{gateway.starts}.log")
            self.assertIn("chmod 600", said)
            self.assertNotIn('"listener":"admin"', said)
            gateway.stop()

    def test_it_is_refused_where_others_can_hear_it(self):
        with Place() as place:
            _, gateway = self.begun(place)
            gateway.stop()
            gateway.settings["admin"] = {"listen": {"address": "0.0.0.0", "port": 0}}
            status, words = gateway.refuses_to_start()
            self.assertEqual(status, USAGE)
            self.assertIn("/admin/listen/address", words)
            gateway.settings["admin"]["behind_proxy"] = True
            gateway.start()
            gateway.stop()

    def test_an_edit_that_another_person_approves(self):
        with Place() as place:
            simulator, gateway = self.served(place, admin={"listen": {"port": 0}, "edit_needs_approval": True})
            admin = self.made(gateway, "sari", "admin")
            time.sleep(1.1)  # it is older than the proposal
            gateway.submit("/vaksin/simpan", dose(30))  # nobody registered that person: the server refuses
            wait_for(lambda: gateway.counts()["rejected"] == 1, "the rejection")
            id = json.loads(gateway.titip("attention", "--json").stdout)[0]["id"]
            self.said(gateway.titip("edits", "ls"), OK, "0 edits")
            self.said(gateway.titip("edit", id, "--set", "/nama=Orang Baru", *WHY), OK, "another person approves")
            self.said(gateway.titip("edit", id, "--set", "/nama=Orang Lain", *WHY), FAILED, "already")
            self.assertEqual(gateway.counts()["accepted"], 2, "nothing is sent yet")
            listed = self.said(gateway.titip("edits", "ls"), OK, id, "/nama", "uji coba", "1 edit waits")
            self.assertNotIn("Orang Baru", listed.stdout)
            digest = self.api(gateway, admin, "GET", "/edits")["items"][0]["digest"]
            self.assertIn(digest, listed.stdout)
            self.said(gateway.titip("edits", "approve", id, *WHY), USAGE, "--digest")
            self.said(gateway.titip("edits", "approve", id, "--digest", "0" * 32, *WHY), FAILED, "titip edits ls")
            approve = ("edits", "approve", id, "--digest", digest, *WHY)
            self.said(gateway.titip(*approve), NOT_ALLOWED, "another person")
            gateway.stop()
            self.said(gateway.titip(*approve), NOT_ALLOWED, OFFLINE)
            gateway.start()
            later = self.made(gateway, "budi", "admin")
            self.api(gateway, later, "POST", f"/submissions/{id}/edit/approve", {"reason": "benar", "digest": digest}, 403)
            self.assertEqual(len(self.api(gateway, admin, "GET", "/edits")["items"]), 1)
            self.api(gateway, admin, "POST", f"/submissions/{id}/edit/approve", {"reason": "benar", "digest": digest})
            self.assertEqual(gateway.counts()["accepted"], 3)
            self.said(gateway.titip(*approve), NOT_FOUND)
            again = self.api(gateway, admin, "GET", f"/submissions/{id}")["replaced_by"]
            difference = self.api(gateway, admin, "GET", f"/submissions/{again}")["edited"]
            self.assertEqual((difference["approved_by"], difference["reason"]), ("token:sari", "uji coba"))
            self.assertRegex(difference["by"], r"^uid:\d+$")
            wait_for(lambda: gateway.counts()["rejected"] == 2, "the second rejection")
            edits = [{"pointer": "/nama", "value": "Lagi"}]
            self.api(gateway, admin, "POST", f"/submissions/{again}/edit", {"reason": "uji", "edits": edits})
            self.api(gateway, admin, "POST", f"/submissions/{again}/edit/approve", {"reason": "uji", "digest": self.api(gateway, admin, "GET", "/edits")["items"][0]["digest"]}, 403)
            self.said(gateway.titip("edits", "withdraw", again, *WHY), OK, "withdrawn")
            self.said(gateway.titip("edits", "approve", again, "--digest", digest, *WHY), NOT_FOUND)
            gateway.stop()

    def test_an_operators_work(self):
        with Place() as place:
            simulator, gateway = self.begun(place)
            viewer, operator, admin = (self.made(gateway, role, role) for role in ("viewer", "operator", "admin"))
            for number in (30, 31, 32):  # nobody registered them: the server refuses
                gateway.submit("/vaksin/simpan", dose(number))
            wait_for(lambda: gateway.counts()["rejected"] == 3, "the rejections")
            items = self.api(gateway, viewer, "GET", "/submissions?state=rejected&older_than_s=0")["items"]
            self.assertEqual([each["state"] for each in items], ["rejected"] * 3)
            self.assertEqual(len(self.api(gateway, viewer, "GET", "/attention?facility=P0001")["items"]), 3)
            found = self.api(gateway, viewer, "POST", "/submissions/search", {"nik": NIK})["items"]
            self.assertEqual([each["person"] for each in found], ["*" * 12 + NIK[-4:]])
            shown = self.api(gateway, viewer, "GET", "/submissions/" + items[0]["receipt"])
            self.assertEqual((shown["id"], len(shown["attempts"])), (items[0]["id"], 1))

            where = "/submissions/" + items[0]["id"]
            self.api(gateway, viewer, "POST", where + "/requeue", {"reason": "uji"}, 403)
            self.api(gateway, operator, "POST", where + "/edit", {"reason": "uji", "edits": []}, 403)
            edits = [{"pointer": "/nama", "value": "Orang Uji Baru"}]
            foreseen = self.api(gateway, admin, "POST", where + "/edit", {"dry_run": True, "edits": edits})
            self.assertEqual(gateway.counts()["accepted"], 4, foreseen)
            self.api(gateway, admin, "POST", where + "/edit", {"reason": "salah nama", "edits": edits})
            self.assertEqual(gateway.counts()["accepted"], 5)
            after = self.api(gateway, viewer, "GET", where)
            self.assertTrue(after["replaced_by"], "the original stays")

            wait_for(lambda: gateway.counts()["rejected"] == 4, "the edited one to be rejected as well")
            order = {"action": "requeue", "filter": {"states": ["rejected"], "facility": "P0001"}, "dry_run": True}
            count = self.api(gateway, operator, "POST", "/bulk", order)["count"]
            self.assertEqual(count, 4)
            del order["dry_run"]
            order["reason"] = "uji"
            self.api(gateway, operator, "POST", "/bulk", {**order, "at_most": count - 1}, 409)
            self.api(gateway, operator, "POST", "/bulk", {**order, "at_most": count})
            job = self.api(gateway, viewer, "GET", "/bulk")
            self.assertEqual(job["done"] + job["refused_count"], count, job)

            self.api(gateway, viewer, "GET", f"/drains/{NAME}", status=404)  # none was begun
            self.api(gateway, viewer, "GET", "/outages")
            self.api(gateway, viewer, "GET", "/shape")
            codes = [each["code"] for each in self.api(gateway, viewer, "GET", "/facilities")["facilities"]]
            self.assertIn("P0001", codes)
            self.api(gateway, operator, "POST", "/facilities", {"facility": {"code": "P0009"}, "reason": "uji"}, 403)
            self.api(gateway, admin, "POST", "/facilities", {"facility": {"code": "P0009"}, "reason": "uji"})
            self.assertEqual(gateway.get("/v1/submissions", "P0009")[0], 200)

            lines = self.api(gateway, viewer, "GET", "/audit")["items"]
            self.assertEqual({each["by"] for each in lines if each["action"] in ("edit", "facility add")}, {"token:admin"})
            self.assertEqual({each["by"] for each in lines if each["action"] == "requeue"}, {"token:operator"})
            whole = self.api(gateway, operator, "GET", "/audit/verification")
            self.assertEqual((whole["broken_count"], whole["lines"] >= len(lines)), (0, True))
            self.said(gateway.titip("audit", "ls", "--limit", "3"), OK, "token:", "3 lines")
            for token in (viewer, operator, admin):
                self.assertNotIn(token.encode(), bytes_below(place.directory), "a token is on no disk")
            gateway.stop()
            self.audit_is_clean(place)


if __name__ == "__main__":
    unittest.main()
