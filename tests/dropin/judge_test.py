"""The judge must see what it is there to see: planted answers and ledgers, good and bad, each named."""

import copy
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import judge  # noqa: E402
import lz  # noqa: E402
from bpjs import Consumer, Sealed  # noqa: E402
from families import Answer, OldPhp, Php, TypeScriptA, TypeScriptB  # noqa: E402

US = Consumer("9900", "rahasia-uji", "kunci-uji", "0114A021", "dokter", "sandi")
THEN = "1666000000"
NUMBER = {"field": "noUrut", "message": "A1"}


def answer(status, response, code=None, message="CREATED", ms=20.0, sealed=True, name="metaData"):
    if sealed and response is not None:
        response = US.sealed(THEN, response)
    text = json.dumps({"response": response, name: {"message": message, "code": status if code is None else code}})
    return Answer(status, text.encode(), ms, timestamp=THEN)


def client(kind):
    return kind(US, 1, "/x")


class Sealing(unittest.TestCase):
    def test_known_answers(self):
        """Computed with lz-string 1.5.0 and Node's crypto."""
        self.assertEqual(lz.unpack("N4IgZglgpgNgJiAXCAdgewKoCcCuAXEAGhAFsoBncgQwHMokQBBARhAF8g"), json.dumps(NUMBER, separators=(",", ":")))
        self.assertEqual(lz.unpack("JeIntLwbgAe6lA"), "é漢\U0001f600é漢\U0001f600")
        consumer = Consumer("1234", "rahasia-uji", "", "", "", "")
        self.assertEqual(consumer.signature(THEN), "9bPokLn2NMP77Apqi1hceBBci5wVa3+FAyNaZCMPcPc=")
        self.assertEqual(consumer.opened(THEN, "L9U7EUGIz/TeQKPJ9DQbzfxjCybziU+IBrwoa8pWCeUKPawqiA0bvPsqQf20aAxmbxbTKdirtTvzbLD"
                                               "E3YFCPQ=="), NUMBER)

    def test_round_trips_and_rubbish(self):
        for text in ("", "a", "aaaa" * 500, "é漢\U0001f600" * 50, json.dumps({"list": [NUMBER] * 40})):
            self.assertEqual(lz.unpack(lz.pack(text)), text)
        sealed = US.sealed(THEN, NUMBER)
        for spoiled in (sealed[:-4], sealed[:20], "A" * 88, "halo", sealed.replace("=", "!")):
            with self.assertRaises(Sealed):
                US.opened(THEN, spoiled)
        with self.assertRaises(Sealed):
            US.opened("1666000001", sealed)


class Leniency(unittest.TestCase):
    def test_what_three_families_take_for_success(self):
        sealed = US.sealed(THEN, NUMBER)
        rows = [  # answer, A, B, PHP
            (answer(201, NUMBER), True, True, True),
            (answer(201, NUMBER, sealed=False), False, False, True),
            (answer(201, None), True, False, True),
            (answer(412, [NUMBER], sealed=False), False, False, False),
            (Answer(204), False, False, False),
            (Answer(503, b"<html>"), False, False, False),
            (Answer(fault="reset"), False, False, False),
            (Answer(201, json.dumps({"response": sealed, "metaData": {"code": "201", "message": ""}}).encode(), timestamp="1"),
             False, False, False)]
        for at, (said, *taken) in enumerate(rows):
            self.assertEqual([client(kind).takes(said) for kind in (TypeScriptA, TypeScriptB, Php)], taken, at)


class Answers(unittest.TestCase):
    def fault(self, said, kind="register", family=TypeScriptA, **more):
        return judge.write_fault(client(family), kind, said, **more)

    def test_good_ones(self):
        visit = [{"field": "noKunjungan", "message": "0114A0211022Y000001"}]
        for family in (TypeScriptA, TypeScriptB, Php):
            self.assertIsNone(self.fault(answer(201, NUMBER), family=family))
            self.assertIsNone(self.fault(answer(201, NUMBER, code="201"), family=family))
            self.assertIsNone(self.fault(answer(201, visit), "visit", family))
        self.assertIsNone(self.fault(answer(201, NUMBER, sealed=False), family=OldPhp))
        self.assertIsNone(self.fault(answer(201, visit[0], sealed=False), "visit", OldPhp, old_visit=True))
        self.assertIsNone(self.fault(answer(200, None, message="OK"), "delete_visit"))
        words = "Peserta sudah di-entri di poli yang sama pada hari yang sama."
        for said in (answer(401, None, message=words), answer(428, None, message=words.upper()),
                     answer(412, [{"field": "noKartu", "message": words}], message="PRECONDITION_FAILED", sealed=False)):
            self.assertIsNone(self.fault(said, may_be_refused=[judge.DUPLICATE]))

    def test_bad_ones(self):
        rows = [
            ("slow", answer(201, NUMBER, ms=3000)),
            ("no envelope", Answer(503, b"<html>busy</html>")),
            ("no envelope", Answer(fault="timed out")),
            ("no envelope", Answer(200, b"")),
            ("refused: 503", answer(503, None, message="sedang gangguan")),
            ("refused: 401", answer(401, None, message="Peserta sudah di-entri di poli yang sama")),
            ("not what this family", answer(201, NUMBER, sealed=False)),
            ("code 202", answer(202, NUMBER)),
            ("code 200", answer(201, NUMBER, code=200)),
            ("noUrut is not", answer(201, {"field": "noKunjungan", "message": "x"})),
            ("no field and message", answer(201, {"noUrut": "A1"})),
            ("no field and message", answer(201, {"field": "noUrut", "message": ""})),
            ("not in an array", answer(201, [NUMBER]))]
        for words, said in rows:
            self.assertIn(words, self.fault(said) or "nothing", said)
        self.assertIn("a plain response for an encrypted family", self.fault(answer(201, NUMBER, sealed=False), family=Php))
        self.assertIn("not what this family", self.fault(answer(201, NUMBER), family=OldPhp))
        self.assertIn("answers an array", self.fault(answer(201, {"field": "noKunjungan", "message": "1"}), "visit"))
        self.assertIn("no field", self.fault(answer(201, None), "item"))

    def test_reads(self):
        shape = lambda said: said["list"]
        fault = lambda said, down=False, family=TypeScriptA: judge.read_fault(client(family), said, down, shape)
        page = {"count": 1, "list": [1]}
        self.assertIsNone(fault(answer(200, page)))
        self.assertIsNone(fault(answer(200, page, sealed=False), family=OldPhp))
        self.assertIsNone(fault(Answer(204)))
        self.assertIsNone(fault(answer(503, None), down=True))
        self.assertIn("while the server is up", fault(answer(503, None)))
        self.assertIn("slow", fault(answer(200, page, ms=2001)))
        self.assertIn("a plain response", fault(answer(200, page, sealed=False)))
        self.assertIn("a plain response", fault(answer(200, page, sealed=False), family=Php))
        self.assertIn("not what was asked", fault(answer(200, {"list": []})))
        self.assertIn("cannot be read", fault(answer(200, {})))
        self.assertIn("no envelope", fault(Answer(502, b"<html>"), down=True))
        self.assertIn("code 599", fault(answer(599, None), down=True))


OF = ("0000000000001", "17-10-2022", "001")
REAL = "0114A0211022Y000001"


def planted():
    """A registration, a visit and a drug as they should be; the drug quoted a provisional number."""
    register = judge.Intention("UJI-1", "register", "0114A021", OF, text='{"k":"UJI-1"}')
    visit = judge.Intention("UJI-2", "visit", "0114A021", OF, text='{"noKunjungan":null,"k":"UJI-2"}')
    drug = judge.Intention("UJI-3", "item", "0114A021", OF, text='{"noKunjungan":"T7","k":"UJI-3 T7"}', quotes=[("noKunjungan", "T7", visit)])
    register.told, visit.told = "A1", "T7"
    of = dict(zip(("noKartu", "tglDaftar", "kdPoli"), OF))
    effect = lambda mark, body, given, quoted=(): {"method": "POST", "route": "r", "kdPpk": "0114A021", "body": body, "of": dict(of),
                                                   "given": given, "weather": None, "quoted": [list(q) for q in quoted]}
    effects = [effect("UJI-1", '{"k":"UJI-1"}', ["noUrut", "A1"]),
               effect("UJI-2", '{"noKunjungan":null,"k":"UJI-2"}', ["noKunjungan", REAL]),
               effect("UJI-3", f'{{"noKunjungan":"{REAL}","k":"UJI-3 T7"}}', ["kdObatSK", "1"], [("noKunjungan", REAL)])]
    return {i.mark: i for i in (register, visit, drug)}, {"totals": {"dangling_references": 0}, "effects": effects}


class Ledgers(unittest.TestCase):
    def verdict(self, spoil):
        intentions, ledger = planted()
        spoil(intentions, ledger)
        return judge.judge_ledger(intentions, ledger)

    def test_a_sound_one(self):
        verdict = self.verdict(lambda i, l: None)
        self.assertTrue(verdict.sound(), verdict.faults)
        self.assertEqual(verdict.effects, 3)

    def test_spoiled_ones(self):
        def twice(_, ledger):
            ledger["effects"].append(copy.deepcopy(ledger["effects"][1]))

        def anothers(_, ledger):
            ledger["effects"][2]["of"]["noKartu"] = "0000000000002"

        def quotes(number):
            return lambda _, ledger: ledger["effects"][2].update(quoted=[["noKunjungan", number]])

        def told(mark, number):
            return lambda intentions, _: setattr(intentions[mark], "told", number)

        def two_alike(intentions, _):
            other = judge.Intention("UJI-9", "visit", "0114A021", OF)
            other.told, other.refused = "T7", True
            intentions["UJI-9"] = other

        def wrong_yet_taken(intentions, _):
            intentions["UJI-1"].earns_rejection = True

        rows = [("duplicate POST r", twice), ("missing", lambda _, l: l["effects"].pop()),
                ("invented", lambda i, _: i.pop("UJI-3")), ("quotes another's number", anothers),
                ("quotes the wrong number", quotes("T7")), ("quotes the wrong number", quotes("0114A0211022Y000002")),
                ("other bytes", lambda _, l: l["effects"][2].update(body=f'{{"noKunjungan":"{REAL}","k":"UJI-3 {REAL}"}}')),
                ("two were told the same number", two_alike), ("taken although it is wrong", wrong_yet_taken)]
        for words, spoil in rows:
            verdict = self.verdict(spoil)
            self.assertFalse(verdict.sound(), words)
            self.assertIn(words, verdict.faults)
        self.assertEqual(self.verdict(twice).duplicates, 1)
        self.assertEqual(self.verdict(anothers).dangling, 1)
        dangling = self.verdict(lambda _, l: l["totals"].update(dangling_references=2))
        self.assertEqual((dangling.sound(), dangling.dangling), (False, 2))
        self.assertTrue(self.verdict(told("UJI-2", REAL)).sound() is True)

    def test_a_change_that_is_made_twice(self):
        def again(weather, **second):
            def spoil(_, ledger):
                first = {**ledger["effects"][2], "method": "PUT", "path": "p", "weather": weather}
                ledger["effects"][2:] = [first, {**first, "weather": None, **second}]
            return spoil
        lost = self.verdict(again("lose_reply"))
        self.assertEqual((lost.sound(), lost.put_again, lost.duplicates), (True, 1, 0))
        self.assertEqual(self.verdict(again(None)).duplicates, 1, "it had been told")
        self.assertEqual(self.verdict(again("lose_reply", method="POST")).duplicates, 1)
        self.assertEqual(self.verdict(again("lose_reply", body="UJI-3 x")).duplicates, 1)

    def test_told_anothers_number(self):
        def spoil(intentions, ledger):
            other = judge.Intention("UJI-9", "visit", "0114A021", ("0000000000002", *OF[1:]))
            other.told, other.refused = REAL, True
            intentions["UJI-9"] = other
        self.assertIn("told another's number", self.verdict(spoil).faults)

    def test_what_was_taken_back(self):
        def pair(intentions, ledger, delivered):
            gone = judge.Intention("UJI-4", "delete_visit", "0114A021", OF, quotes=[("noKunjungan", "T7", intentions["UJI-2"])])
            intentions["UJI-2"].taken_back_by = gone
            intentions["UJI-4"] = gone
            del intentions["UJI-3"], ledger["effects"][2]
            if delivered:
                ledger["effects"].append({**ledger["effects"][1], "method": "DELETE", "route": "kunjungan/*", "body": "",
                                          "quoted": [["noKunjungan", REAL]]})
                del ledger["effects"][2]["given"]
            else:
                del ledger["effects"][1]
        self.assertTrue(self.verdict(lambda i, l: pair(i, l, True)).sound())
        self.assertTrue(self.verdict(lambda i, l: pair(i, l, False)).sound())

        def half(intentions, ledger):
            pair(intentions, ledger, True)
            ledger["effects"].pop()
        self.assertIn("missing", self.verdict(half).faults)


if __name__ == "__main__":
    unittest.main()
