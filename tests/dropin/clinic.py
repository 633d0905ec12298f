"""A clinic's day at a deployed client: a patient is looked up, registered, seen, given drugs and actions; some walk away, some
are entered twice, some are nobody the server knows. What was wanted and what was answered is written down."""

import itertools
import random
import threading

import judge
from bpjs import Sealed

MARKS = itertools.count(1)


class Record:
    """What the whole run wanted and heard. Any thread."""

    def __init__(self, say=print):
        self.lock = threading.Lock()
        self.intentions = {}
        self.calls = self.understood = self.unavailable = self.provisional = 0
        self.slowest_ms = 0.0
        self.faults = []
        self.say = say

    def intend(self, kind, facility, of, **more):
        intention = judge.Intention(f"UJI-{next(MARKS)}", kind, facility, of, **more)
        with self.lock:
            self.intentions[intention.mark] = intention
        return intention

    def heard(self, family, what, answer, fault):
        with self.lock:
            self.calls += 1
            self.slowest_ms = max(self.slowest_ms, answer.ms)
            if fault is None:
                self.understood += 1
                return
            self.faults.append(f"{family.name} {family.consumer.facility} {what}: {fault} ({answer})")
            if len(self.faults) <= 10:
                self.say(f"not understood: {self.faults[-1]}")


class Patient:
    """One person's day. `down()` tells whether the server is, or was just now, away."""

    def __init__(self, family, record, down, number, date, seed):
        self.family, self.record, self.down = family, record, down
        self.random = random.Random(f"{seed}/{family.name}/{number}")
        self.card = f"000{number:010d}"
        self.date, self.policlinic = date, self.random.choice(["001", "001", "002"])
        self.of = (self.card, date, self.policlinic)
        self.facility = family.consumer.facility

    def read(self, path, shape):
        answer = self.family.call("GET", path)
        self.record.heard(self.family, f"GET {path}", answer, judge.read_fault(self.family, answer, self.down(), shape))
        envelope = answer.envelope()
        if envelope and envelope[1] >= 500:
            with self.record.lock:
                self.record.unavailable += 1

    def write(self, method, path, intention, may_be_refused=()):
        """Whether the client goes on; the intention is told its number."""
        answer = self.family.call(method, path, intention.text)
        fault = judge.write_fault(self.family, intention.kind, answer, may_be_refused, not self.family.encrypted)
        self.record.heard(self.family, f"{method} {path}", answer, fault)
        if fault is not None:
            return False
        if answer.status >= 400 or answer.envelope()[1] >= 400:
            intention.refused = intention.refused or intention.told is None
            return False
        try:
            number = judge.number_in(self.family.opened(answer)) if method == "POST" else None
        except Sealed:
            return False
        intention.told = intention.told or number
        return True

    def body(self, intention, **more):
        intention.text = self.family.text({**more, "keterangan": f"{intention.mark} \u00e9 5/7 {more.get('noKunjungan') or 'A1'}"})

    def attendance(self):
        card, date, policlinic = self.of
        return {"kdProviderPeserta": self.facility, "noKartu": card, "tglDaftar": date, "kdPoli": policlinic}

    def vital_signs(self):
        return {"sistole": 120, "diastole": 80, "beratBadan": 60.5, "tinggiBadan": 160, "respRate": 20, "lingkarPerut": 0,
                "heartRate": 80}

    def day(self):
        dice = self.random.random
        self.read(f"peserta/{self.card}", lambda said: said["noKartu"] == self.card)
        if dice() < 0.03:
            return self.nobody_known()
        registration = self.register()
        if registration is None:
            return None
        if dice() < 0.3:
            self.read(f"pendaftaran/tglDaftar/{self.date}/0/10", lambda said: said["count"] >= 0 and said["list"])
        if dice() < 0.06:
            return self.walk_away(registration)
        self.read(*self.random.choice([
            ("diagnosa/J0/0/10", lambda said: said["list"][0]["kdDiag"]),
            ("dokter/0/10", lambda said: said["list"][0]["kdDokter"]),
            ("poli/fktp/0/10", lambda said: said["list"][0]["kdPoli"]),
            ("kesadaran", lambda said: said["list"][0]["kdSadar"]),
            ("obat/dpho/para/0/10", lambda said: said["list"][0]["kdObat"])]))
        visit = self.see()
        if visit is None:
            return None
        if dice() < 0.04:
            return self.delete_visit(visit)
        drugs = [self.item("obat/kunjungan", visit, {"kdObatSK": 0, "racikan": False, "kdRacikan": None, "obatDPHO": True,
                           "kdObat": "DP0001", "signa1": 3, "signa2": 1, "jmlObat": 10, "jmlPermintaan": 10, "nmObatNonDPHO": ""})
                 for _ in range(self.random.choice([0, 1, 1, 2]))]
        if drugs and drugs[0] and dice() < 0.1:
            self.delete_drug(visit, drugs[0])
        if dice() < 0.5:
            action = {"kdTindakanSK": 0, "kdTindakan": "01001", "biaya": 0, "hasil": 0}
            done = self.item("tindakan", visit, action)
            if done and dice() < 0.15:
                self.change("tindakan", action, [("noKunjungan", visit), ("kdTindakanSK", done)])
        if dice() < 0.3:
            self.item("MCU", visit, {"kdMCU": 0, "kdProvider": self.facility, "tglPelayanan": self.date,
                                     "tekananDarahSistole": 120, "tekananDarahDiastole": 80})
        if dice() < 0.15:
            self.change("kunjungan/v1", {**self.visit_body(None), "kdPrognosa": "2", "terapiNonObat": "istirahat"},
                        [("noKunjungan", visit)])
        return None

    def registration_intent(self):
        intention = self.record.intend("register", self.facility, self.of)
        self.body(intention, **self.attendance(), keluhan="demam", kunjSakit=True, rujukBalik=0, kdTkp="10", **self.vital_signs())
        return intention

    def register(self):
        intention = self.registration_intent()
        if not self.write("POST", "pendaftaran", intention):
            return None
        if self.random.random() < 0.05:  # the button pressed twice
            self.write("POST", "pendaftaran", intention, [judge.DUPLICATE])
        return intention

    def nobody_known(self):
        self.of = ("999" + self.card[3:], *self.of[1:])
        intention = self.registration_intent()
        intention.earns_rejection = True
        self.write("POST", "pendaftaran", intention, ["Peserta tidak ditemukan"])

    def walk_away(self, registration):
        intention = self.record.intend("unregister", self.facility, self.of, quotes=quotes(("noUrut", registration)))
        registration.taken_back_by = intention
        card, date, policlinic = self.of
        self.write("DELETE", f"pendaftaran/peserta/{card}/tglDaftar/{date}/noUrut/{registration.told}/kdPoli/{policlinic}",
                   intention)

    def visit_body(self, number):
        return {"noKunjungan": number, **self.attendance(), "keluhan": "demam", "kdSadar": "01", **self.vital_signs(),
                "kdStatusPulang": "4", "tglPulang": self.date, "kdDokter": "100001", "kdDiag1": "J00", "kdDiag2": None,
                "kdDiag3": None, "rujukLanjut": None, "kdTacc": -1, "anamnesa": "sejak kemarin", "alergiMakan": "00",
                "kdPrognosa": "1", "terapiObat": "Parasetamol", "terapiNonObat": "-", "bmhp": "-", "suhu": "36,5"}

    def see(self):
        intention = self.record.intend("visit", self.facility, self.of)
        self.body(intention, **self.visit_body(None))
        return intention if self.write("POST", "kunjungan/v1", intention) else None

    def delete_visit(self, visit):
        intention = self.record.intend("delete_visit", self.facility, self.of, quotes=quotes(("noKunjungan", visit)))
        visit.taken_back_by = intention
        self.write("DELETE", f"kunjungan/{visit.told}", intention)

    def delete_drug(self, visit, drug):
        intention = self.record.intend("delete_drug", self.facility, self.of,
                                       quotes=quotes(("noKunjungan", visit), ("kdObatSK", drug)))
        drug.taken_back_by = intention
        self.write("DELETE", f"obat/{drug.told}/kunjungan/{visit.told}", intention)

    def item(self, path, visit, more):
        intention = self.record.intend("item", self.facility, self.of, quotes=quotes(("noKunjungan", visit)))
        self.body(intention, noKunjungan=visit.told, **more)
        return intention if self.write("POST", path, intention) else None

    def change(self, path, body, named):
        intention = self.record.intend("change", self.facility, self.of, quotes=quotes(*named))
        self.body(intention, **{**body, **{name: other.told for name, other in named}})
        self.write("PUT", path, intention)


def quotes(*named):
    return [(name, other.told, other) for name, other in named]
