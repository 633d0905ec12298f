"""Judges a day: each answer as the client that got it could read it, and at the end the national server's own ledger."""

import collections
import re

from bpjs import Sealed

WRITE_MS, READ_MS = 3000, 2000
HANDLED_READS = {200, 201, 204, 401, 404, 412, 500, 503}  # codes that every family tells its user in words
MARK = re.compile(r"UJI-\d+")
DUPLICATE = "sudah di-entri di poli yang sama"
DELETE_ROUTE = {"unregister": "pendaftaran/peserta/*/tglDaftar/*/noUrut/*/kdPoli/*", "delete_visit": "kunjungan/*",
                "delete_drug": "obat/*/kunjungan/*"}


def shape_fault(kind, response):
    """What is wrong with the `response` of a write that was taken; the number in it is for number_in()."""
    if kind in DELETE_ROUTE:
        return None
    wanted = {"register": "noUrut", "visit": "noKunjungan"}.get(kind)
    entry = response[0] if isinstance(response, list) and response else response
    if kind == "change" and response is None:
        return None  # a PUT gives no number
    if not isinstance(entry, dict) or not isinstance(entry.get("message"), str) or not entry["message"]:
        return f"no field and message in {response!r}"
    if wanted and entry.get("field") != wanted:
        return f"{wanted} is not what {response!r} gives"
    if kind == "register" and isinstance(response, list):
        return "noUrut comes as an object, not in an array"
    return None


def number_in(response):
    entry = response[0] if isinstance(response, list) and response else response
    return entry["message"] if isinstance(entry, dict) else None


def write_fault(family, kind, answer, may_be_refused=(), old_visit=False):
    """Nothing, or why the client cannot make something of the answer to a write. `may_be_refused`: texts of the server's own
    rejections that this write earns."""
    if answer.ms >= WRITE_MS:
        return f"slow: {answer.ms:.0f} ms"
    if answer.envelope() is None:
        return "no envelope"
    response, code, message = answer.envelope()
    if answer.status >= 400 or code >= 400:
        said = f"{message} {response if isinstance(response, list) else ''}".lower()
        if any(text.lower() in said for text in may_be_refused):
            return None
        return f"refused: {code} {said.strip()}"
    posted = kind in ("register", "visit", "item")
    if not (family.takes(answer) if posted else 200 <= answer.status < 300):
        return "not what this family takes for success"
    if code != (201 if posted else 200):
        return f"code {code}"
    if family.encrypted and response is not None and not isinstance(response, str):
        return "a plain response for an encrypted family"
    try:
        response = family.opened(answer)
    except Sealed as error:
        return f"cannot be unsealed: {error}"
    if kind == "visit" and isinstance(response, list) == old_visit:
        return "kunjungan/v1 answers an array, the older kunjungan an object"
    return shape_fault(kind, response)


def read_fault(family, answer, down, shape):
    """Likewise for a read. `down`: the server was or may have been away, so that *unavailable* is an answer; `shape`: what
    tells a true one."""
    if answer.ms > READ_MS:
        return f"slow: {answer.ms:.0f} ms"
    if answer.status == 204 and not answer.body:
        return None  # no data
    if answer.envelope() is None:
        return "no envelope"
    response, code, _ = answer.envelope()
    if code not in HANDLED_READS:
        return f"code {code}"
    if code >= 500 and not down:
        return f"unavailable ({code}) while the server is up"
    if code != 200:
        return None
    if family.encrypted and not isinstance(response, str):
        return "a plain response for an encrypted family"
    try:
        return None if shape(family.opened(answer)) else "not what was asked for"
    except (Sealed, KeyError, TypeError, AttributeError) as error:
        return f"cannot be read: {error!r}"


class Intention:
    """One thing that a clinic wanted written, once, however often its button was pressed."""

    def __init__(self, mark, kind, facility, of, text=None, quotes=()):
        self.mark, self.kind, self.facility, self.of = mark, kind, facility, of  # of: (noKartu, tglDaftar, kdPoli)
        self.text = text
        self.quotes = list(quotes)  # (name, number as told, the intention that was told it); what a DELETE deletes is last
        self.told = None  # the number that the client was given
        self.refused = False  # the server's own rejection came
        self.earns_rejection = False
        self.taken_back_by = None  # another intention


class Verdict:
    def __init__(self):
        self.effects = self.duplicates = self.dangling = 0
        self.put_again = 0  # changes that were made twice with the same values after an answer that was lost
        self.faults = collections.Counter()
        self.examples = {}

    def fault(self, what, example):
        self.faults[what] += 1
        self.examples.setdefault(what, example)

    def sound(self):
        return not self.faults and not self.duplicates and not self.dangling


def intention_of(effect, intentions, deletes):
    if effect["method"] == "DELETE":
        return deletes.get((effect["kdPpk"], effect["route"], *(effect["of"][k] for k in ("noKartu", "tglDaftar", "kdPoli"))))
    found = MARK.findall(effect["body"])
    return intentions.get(found[0]) if found else None


def judge_ledger(intentions, ledger):
    """`ledger`: the simulator's totals and effects. Each intention must be there once, under the right numbers, byte for byte."""
    verdict = Verdict()
    verdict.effects = len(ledger["effects"])
    verdict.dangling = ledger["totals"]["dangling_references"]
    deletes = {(i.facility, DELETE_ROUTE[i.kind], *i.of): i for i in intentions.values() if i.kind in DELETE_ROUTE}
    came = collections.defaultdict(list)
    for effect in ledger["effects"]:
        intention = intention_of(effect, intentions, deletes)
        if intention is None:
            verdict.fault("invented", effect)
        else:
            came[intention.mark].append(effect)
    given = {mark: effects[0]["given"][1] for mark, effects in came.items() if "given" in effects[0]}
    for intention in intentions.values():
        judge_intention(intention, came, given, verdict)
    judge_told(intentions, given, verdict)
    return verdict


def judge_intention(intention, came, given, verdict):
    effects = came.get(intention.mark, [])
    if len(effects) > 1 and put_again(effects):
        verdict.put_again += len(effects) - 1
    elif len(effects) > 1:
        verdict.duplicates += len(effects) - 1
        verdict.fault(f"duplicate {effects[0]['method']} {effects[0]['route']}", effects)
    if not effects:
        other = intention.taken_back_by or (intention.quotes[-1][2] if intention.kind in DELETE_ROUTE else None)
        if other and other.mark not in came:
            return  # both were cancelled before either was sent
        if not (intention.refused or intention.earns_rejection):
            verdict.fault("missing", vars(intention))
        return
    if intention.earns_rejection:
        verdict.fault("taken although it is wrong", effects[0])
    effect = effects[0]
    if tuple(effect["of"][k] for k in ("noKartu", "tglDaftar", "kdPoli")) != intention.of:
        verdict.dangling += 1
        verdict.fault("quotes another's number", (vars(intention), effect))
    real = [[name, given.get(other.mark)] for name, _, other in intention.quotes]
    if real and effect["quoted"] != real:
        verdict.dangling += 1
        verdict.fault("quotes the wrong number", (effect["quoted"], real))
    if intention.text is not None:
        expected = intention.text
        for (name, told, _), (_, number) in zip(intention.quotes, real):
            expected = re.sub(f'("{name}": ?"){re.escape(told)}"', rf'\g<1>{number}"', expected)
        if effect["body"] != expected:
            verdict.fault("other bytes", (expected, effect["body"]))


def put_again(effects):
    """Whether it is one change all the same: a PUT with the same bytes, sent again because nobody was told that it had landed. (The
    day changes nothing a second time, so no newer values can have been undone.)"""
    lost = all(effect["weather"] for effect in effects[:-1])
    return lost and all(e["method"] == "PUT" and (e["path"], e["body"]) == (effects[0]["path"], effects[0]["body"]) for e in effects)


def judge_told(intentions, given, verdict):
    """A number that a client was told is the real one or can be nobody's, and no two are alike."""
    seen = {}
    real = {}
    for intention in intentions.values():
        if intention.mark in given and intention.kind in ("register", "visit"):
            real[number_scope(intention, given[intention.mark])] = intention.mark
    for intention in intentions.values():
        if intention.told is None or intention.kind not in ("register", "visit"):
            continue
        scope = number_scope(intention, intention.told)
        if seen.setdefault(scope, intention.mark) != intention.mark:
            verdict.fault("two were told the same number", scope)
        if real.get(scope, intention.mark) != intention.mark:
            verdict.fault("told another's number", scope)


def number_scope(intention, number):
    """noUrut is counted by day and policlinic, noKunjungan by facility."""
    return (intention.facility, intention.kind, number, *(intention.of[1:] if intention.kind == "register" else ()))
