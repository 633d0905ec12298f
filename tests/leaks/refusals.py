"""Requests full of canaries that a gateway refuses by itself, as bytes."""

import json
import re

import canaries
from canaries import FACILITY, NEIGHBOUR, PEOPLE, SECRETS

REFUSED = re.compile(r"[45]\d\d$")


def request(line, *headers, body=b""):
    fields = [f"{line} HTTP/1.1", "Host: titip", "Connection: close", *headers]
    if body:
        fields.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(fields) + "\r\n\r\n").encode() + body


def as_facility(code):
    return f"x-kdppk: {code}"


def raw_requests(mount, id):
    """[(name, bytes)]: nobody, another facility, bad bodies, bad places, and what the guard refuses."""
    bearer = f"Authorization: Bearer {SECRETS['bearer token']}"
    telling = (bearer, f"Cookie: session={SECRETS['cookie']}", f"X-Api-Key: {SECRETS['API key']}",
               f"X-authorization: Basic {SECRETS['X-authorization']}", f"user_key: {SECRETS['user key']}")
    everything = json.dumps({**canaries.person(), "password": SECRETS["password"]}).encode()
    own = as_facility(FACILITY)
    json_body = "Content-Type: application/json"
    query = f"?nik={PEOPLE['NIK']}&nama=Kenari%20Tersembunyi&token={SECRETS['token in a query']}"
    return [
        ("nobody", request(f"POST {mount}/sasaran/simpan", *telling, json_body, body=everything)),
        ("nobody under /v1", request("GET /v1/submissions" + query, *telling)),
        ("nobody at P-Care", request(f"GET /pcare-rest/peserta/{PEOPLE['card']}", *telling, "X-cons-id: 98099",
                                     "X-timestamp: 1", f"X-signature: {SECRETS['consumer secret']}")),
        ("a neighbour", request(f"GET /v1/submissions/{id}", as_facility(NEIGHBOUR), *telling)),
        ("no place", request(f"GET /nowhere/{PEOPLE['NIK']}{query}", own, *telling)),
        ("no place on the mount", request(f"GET {mount}/orang/{PEOPLE['NIK']}{query}", own, *telling)),
        ("another method", request(f"DELETE /v1/submissions/{PEOPLE['NIK']}", own, *telling)),
        ("no record", request(f"GET /v1/submissions/{PEOPLE['ticket']}", own, *telling)),
        ("no receipt", request(f"GET /v1/receipts/{PEOPLE['NIK']}", *telling)),
        ("a bad day", request("GET /v1/submissions?from=" + PEOPLE["NIK"], own)),
        ("a bad cursor", request("GET /v1/submissions?cursor=" + SECRETS["token in a query"], own)),
        ("a bad word", request("GET /v1/submissions?state=" + SECRETS["token in a query"], own)),
        ("no JSON", request(f"POST {mount}/sasaran/simpan", own, json_body, body=everything[:-1])),
        ("no JSON at all", request(f"POST {mount}/sasaran/simpan", own, json_body, body=PEOPLE["name"].encode())),
        ("a list", request(f"POST {mount}/sasaran/simpan", own, json_body, body=b"[" + everything + b"]")),
        ("no number", request(f"POST {mount}/sasaran/simpan", own, json_body,
                              body=json.dumps({"nama": PEOPLE["name"], "noHp": PEOPLE["phone"]}).encode())),
        ("no ticket under /v1", request("POST /v1/destinations/pcare-vaksin/sasaran/simpan", own, json_body,
                                        body=json.dumps({"nama": PEOPLE["name"], "nik": [PEOPLE["NIK"]]}).encode())),
        ("a key used otherwise", request(f"POST {mount}/sasaran/simpan", own, json_body, f'Idempotency-Key: "{SECRETS["idempotency key"]}"',
                                         body=json.dumps(canaries.person(alamat=PEOPLE["address"] + " 2")).encode())),
        ("a key that is none", request(f"POST {mount}/sasaran/simpan", own, json_body, "Idempotency-Key: " + SECRETS["idempotency key"] * 20,
                                       body=everything)),
        ("a log-in that is none", request(f"POST {mount}/login", json_body, body=json.dumps([SECRETS["password"]]).encode())),
        ("too much", request(f"POST {mount}/sasaran/simpan", own, json_body, body=everything + b" " * 400_000)),
        ("two lengths", request("POST /livez", *telling, "Content-Length: 3", "Content-Length: 4")),
        ("two bearers", request("GET /v1/submissions" + query, bearer, bearer)),
        ("a bad target", request(f"GET /v1/%zz/{PEOPLE['NIK']}{query}", *telling)),
        ("a bad field", request("GET /livez", f"{PEOPLE['name']}: {SECRETS['API key']}")),
        ("a bad line", f"{PEOPLE['NIK']} {SECRETS['API key']}\r\n\r\n".encode()),
        ("a header without end", request("GET /livez", "X-A: " + SECRETS["API key"] * 800)),
    ]
