"""/v1 as a clinic's own program and its people use it: receipts, lists in pages, what needs attention, the document."""

import base64
import csv
import hashlib
import html.parser
import io
import json
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from gateway import Gateway, Place, Simulator, dose, person, wait_for  # noqa: E402

EVIL = '<script>alert("x")</script>'


class Page(html.parser.HTMLParser):
    """What a browser would see: the tags, and the text outside the style."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.style, self.inside = set(), "", "", ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "style":
            self.style += data
        self.text += data


class Native(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Place()
        cls.simulator = Simulator(cls.place)
        cls.gateway = Gateway(cls.place, f"http://127.0.0.1:{cls.simulator.port}/vaksin").start()
        # A person is delivered; doses of people whom the server does not know are rejected.
        cls.taken = [cls.submit("/sasaran/simpan", person(1))]
        cls.refused = [cls.submit("/vaksin/simpan", dose(n, nama=EVIL)) for n in range(11, 16)]
        wait_for(lambda: all(cls.gateway.state(id) == "rejected" for id, _ in cls.refused), "five rejections")
        wait_for(lambda: cls.gateway.state(cls.taken[0][0]) == "delivered", "a delivery")

    @classmethod
    def tearDownClass(cls):
        cls.gateway.stop()
        cls.place.__exit__()

    @classmethod
    def submit(cls, path, body):
        _, _, headers = cls.gateway.submit(path, body)
        return headers["Titip-Submission-Id"], headers["Titip-Receipt"]

    def ask(self, path, facility="P0001", **headers):
        named = {"x-kdppk": facility} if facility else {}
        return self.gateway.call("GET", path, headers={**named, **headers})

    def test_a_receipt_is_enough_to_ask_how_it_stands(self):
        for id, code in (*self.taken, *self.refused):
            status, answer, headers = self.ask(f"/v1/receipts/{code}", facility=None)
            self.assertEqual((status, answer["id"], answer["code"]), (200, id, code))
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertNotIn("9901011501", json.dumps(answer))
        self.assertEqual(self.ask("/v1/receipts/" + "7" * 26, facility=None)[0], 404)

    def test_a_receipt_outlives_a_restart_and_a_reindex(self):
        with Place() as place:
            gateway = Gateway(place).start()
            code = gateway.submit("/sasaran/simpan", person(2))[2]["Titip-Receipt"]
            gateway.stop()
            done = gateway.titip("keys", "reindex", "--reason", "a test")
            self.assertEqual(done.returncode, 0, done.stderr)
            gateway.start()
            status, answer, _ = gateway.call("GET", f"/v1/receipts/{code}")
            self.assertEqual((status, answer["code"]), (200, code))
            later = gateway.submit("/sasaran/simpan", person(3))[2]["Titip-Receipt"]
            self.assertEqual(gateway.call("GET", f"/v1/receipts/{later}")[0], 200)
            gateway.stop()

    def test_lists_in_pages_of_ones_own(self):
        found, next_page = [], "/v1/submissions?state=rejected&limit=2"
        while next_page:
            status, answer, headers = self.ask(next_page)
            self.assertEqual(status, 200, answer)
            self.assertLessEqual(len(answer["items"]), 2)
            found += [each["id"] for each in answer["items"]]
            link = re.fullmatch(r'<(.+)>; rel="next"', headers.get("Link", ""))
            self.assertEqual(bool(link), answer["next"] is not None)
            next_page = link and link.group(1)
        self.assertEqual(sorted(found), sorted(id for id, _ in self.refused))
        self.assertEqual(self.ask("/v1/submissions", facility="P0002")[1], {"items": [], "next": None})
        self.assertEqual(self.ask("/v1/submissions", facility=None)[0], 401)

    def test_attention_as_json_csv_and_a_page(self):
        status, answer, _ = self.ask("/v1/attention")
        self.assertEqual((status, len(answer["items"])), (200, len(self.refused)))
        words = {each["server_words"] for each in answer["items"]}
        self.assertTrue(all(words), "the server said why")
        self.assertIn(EVIL, json.loads(answer["items"][0]["sent"]["body"])["nama"])

        status, text, headers = self.ask("/v1/attention", Accept="text/csv")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        self.assertEqual((status, [row["state"] for row in rows]), (200, ["rejected"] * len(self.refused)))
        self.assertEqual({row["receipt"] for row in rows}, {code for _, code in self.refused})
        self.assertEqual({row["server_words"] for row in rows}, words)

        status, text, headers = self.ask("/v1/attention?format=html&limit=3")
        page = Page(text)
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertNotIn("script", page.tags)
        self.assertIn(EVIL, page.text, "it is there, as text")
        self.assertIn("Halaman berikutnya", page.text)
        digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
        self.assertIn(f"style-src 'sha256-{digest}'", headers["Content-Security-Policy"])
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertEqual(self.ask("/v1/attention?format=pdf")[0], 406)
        self.assertEqual(len(self.ask("/v1/attention", facility="P0002")[1]["items"]), 0)

    def test_the_document_is_served(self):
        source = pathlib.Path(__file__).parents[2] / "gateway/front/openapi.json"
        status, answer, headers = self.ask("/openapi.json", facility=None)
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        self.assertEqual(answer, json.loads(source.read_text()))


if __name__ == "__main__":
    unittest.main()
