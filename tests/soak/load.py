"""Who is at the door of the gateway during the soak: readers in batches, a clinic that registers people, and the rude."""

import http.client
import json
import random
import socket
import threading
import time

READS = ("/livez", "/v1/status", "/v1/submissions?limit=3", "/pcare-vaksin/referensi/jenisvaksin", "/nowhere")
BATCH, BATCHES, PACE_S = 75, 20, 0.1  # requests a second: BATCH / PACE_S of each reader
REGISTRATION_S, RUDE_S = 0.25, 0.2
FACILITY = "P0001"


def person(number):
    return {"nik": f"99010115{number:08d}", "noTiket": f"A-{number:08d}", "nama": f"Orang Uji {number}", "tglLahir": "1990-01-15",
            "noHp": "000000000000", "kodeKategori": "1", "alamat": "Jalan Uji", "isCetak": 0}


class Load:
    def __init__(self, port, seed):
        self.port, self.seed = port, seed
        self.lock = threading.Lock()
        self.requests = self.accepted = self.not_stored = 0
        self.faults = []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self.forever, args=(who,)) for who in (self.read, self.read, self.register, self.be_rude)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def forever(self, who):
        dice = random.Random(f"{self.seed}/{who.__name__}")
        while not self.stopped.is_set():
            try:
                who(dice)
            except Exception as error:  # told at the end; whoever it was goes on
                self.fault(f"{who.__name__}: {error!r}")
                time.sleep(0.5)

    def fault(self, text):
        with self.lock:
            self.faults.append(text)

    def count(self, many):
        with self.lock:
            self.requests += many

    def read(self, dice):
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as wire, wire.makefile("rb") as answers:
            for _ in range(BATCHES):
                began = time.monotonic()
                wire.sendall(b"".join(f"GET {dice.choice(READS)} HTTP/1.1\r\nHost: titip\r\nx-kdppk: {FACILITY}\r\n\r\n".encode()
                                      for _ in range(BATCH)))
                for _ in range(BATCH):
                    self.hear(answers)
                self.count(BATCH)
                if self.stopped.wait(max(0.0, PACE_S - (time.monotonic() - began))):
                    return

    @staticmethod
    def hear(answers):
        if not answers.readline().startswith(b"HTTP/1.1 "):
            raise ConnectionError("no status line")
        length = 0
        while (line := answers.readline()) != b"\r\n":
            if not line:
                raise ConnectionError("an answer without end")
            if line.lower().startswith(b"content-length:"):
                length = int(line[15:])
        answers.read(length)

    def register(self, dice):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        for _ in range(100):
            with self.lock:
                number = self.accepted + self.not_stored + 1
            headers = {"x-kdppk": FACILITY, "Content-Type": "application/json", "Idempotency-Key": f'"soak-{number}"'}
            if dice.random() < 0.8:
                headers["Prefer"] = "respond-async"
            connection.request("POST", "/pcare-vaksin/sasaran/simpan", json.dumps(person(number)), headers)
            answer = connection.getresponse()
            said = answer.read()
            with self.lock:
                self.requests += 1
                if answer.status in (200, 201, 202):
                    self.accepted += 1
                else:
                    self.not_stored += 1
                    if answer.status not in (503, 507):
                        self.faults.append(f"a registration was answered {answer.status}: {said[:200]!r}")
            if self.stopped.wait(REGISTRATION_S):
                break
        connection.close()

    def be_rude(self, dice):
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as wire:
            wire.sendall(dice.choice([b"", b"GET /livez HTTP/1.1\r\nHo", b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
                                      b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
                                      b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 20]))
            if dice.random() < 0.5:
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closing resets it
            self.count(1)
        self.stopped.wait(RUDE_S)
