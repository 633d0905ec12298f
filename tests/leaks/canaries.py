"""What may lie nowhere but sealed: people, passwords, secrets. All of it is made up; area code 99 is no province."""

import base64

FACILITY, NEIGHBOUR = "0115A099", "P0002"
REST_PASSWORD = "Kenari-pw-Rest-31"
REST_USER = "perawat-kenari"

PEOPLE = {
    "NIK": "9901015503907731",
    "NIK of nobody": "9901015503907742",
    "NIK in a search": "9901015503907753",
    "card": "0009907731001",
    "card of nobody": "9999907742002",
    "ticket": "A-99077310",
    "name": "Kenari Tersembunyi",
    "phone": "081299077310",
    "address": "Gang Kenari Rahasia 7731",
    "complaint": "demam kenari berdarah",
}
SECRETS = {
    "user": "petugas-kenari-77",
    "password": "Kenari-pw-Vaksin-77",
    "wrong password": "Kenari-pw-Salah-78",
    "user of P-Care": REST_USER,
    "password of P-Care": REST_PASSWORD,
    "X-authorization": base64.b64encode(f"{REST_USER}:{REST_PASSWORD}:095".encode()).decode(),
    "consumer secret": "kenari-consumer-secret-5511",
    "next consumer secret": "kenari-consumer-secret-5522",
    "imported consumer secret": "kenari-consumer-secret-5533",
    "user key": "kenari-user-key-6644",
    "callback secret": "whsec_" + base64.b64encode(b"kenari-callback-secret-0123456789").decode(),
    "user and password at the proxy": "gerbang-kenari:kenari-pw-proksi-6655",
    "password at the proxy": "kenari-pw-proksi-6655",
    "idempotency key": "kunjungan-kenari-8855",
    "bearer token": "kenari-bearer-token-9966",
    "API key": "kenari-api-key-9977-is-as-long-as-one-must-be",
    "cookie": "kenari-cookie-9988",
    "token in a query": "kenari-query-token-9999",
}


def person(**other):
    """As clinics register people for a vaccination."""
    return {"nik": PEOPLE["NIK"], "noTiket": PEOPLE["ticket"], "nama": PEOPLE["name"], "tglLahir": "1990-03-15",
            "noHp": PEOPLE["phone"], "kodeKategori": "1", "alamat": PEOPLE["address"], "isCetak": 0, **other}


def dose(date, **other):
    base = {name: value for name, value in person().items() if name != "isCetak"}
    return {**base, "kdPpk": FACILITY, "tglVaksin": date, "dosis": 1, "jenisVaksin": "1", "noBatch": "B1",
            "skrining": {"suhu": 36.5, "tekananDarah": "120/80", "hasil": "lanjut"},
            "observasi": {"keluhan": PEOPLE["complaint"]}, **other}


def private_number(pem):
    """What is secret in a P-256 key file: the 32 bytes behind the tag of an octet string of that length."""
    text = pem.read_text()
    der = base64.b64decode("".join(line for line in text.splitlines() if not line.startswith("-----")))
    at = der.index(b"\x04\x20") + 2
    return der[at:at + 32]


def keys_of(key_file):
    """The keys in a key file: they too may be there alone."""
    found = {}
    for line in key_file.read_text().splitlines():
        name, *words = line.split()
        if name.endswith("-key") and words and len(words[-1]) == 64:
            found[f"{name} {words[0]}"] = bytes.fromhex(words[-1])
    return found
