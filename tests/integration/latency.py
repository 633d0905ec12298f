"""What the gateway adds to a healthy server's answers: an open loop of doses, first to the simulated server itself (20 ms a
request) and then through the gateway, while fdatasync is timed on the same disk. Only relayed answers count. A line for each
rate; the exit status is 0 if at least 99 % were relayed, p50 rose by 2 ms and three median fdatasyncs at most, and p99 by 10 ms
and three 99th percentiles of them. By hand, on a quiet machine:

    TITIP_BUILD_DIR=build/release TITIP_SOURCE_DIR=. python3 tests/integration/latency.py [RATE …]
"""

import asyncio
import json
import os
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from gateway import MOUNT, Gateway, Place, Simulator  # noqa: E402

SECONDS = 15
FACILITIES = [f"F{number:04}" for number in range(500)]
SERVICE_MS = 20


def dose(number, facility, date):
    return json.dumps({"kdPpk": facility, "noTiket": f"U-{number % 10**8:08}", "nik": f"99{number:014}", "nama": f"Orang Uji {number}",
                       "tglLahir": "1990-01-01", "noHp": "000000000", "alamat": "Jalan Contoh 1, Desa Uji", "kodeKategori": "4",
                       "tglVaksin": date, "dosis": 1, "jenisVaksin": "1", "noBatch": "UJI0001",
                       "skrining": {"suhu": 36.5, "tekananDarah": "120/80", "hasil": "lanjut"}, "observasi": {"keluhan": ""},
                       "alasan": ""}).encode()


class Clinics:
    """Sends at a rate, whatever comes back, over as many connections as that takes."""

    def __init__(self, port, path, first):
        self.port, self.path, self.first = port, path, first
        self.date = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * 3600))
        self.idle, self.relayed_s, self.taken_s, self.refused = [], [], [], 0

    async def call(self, number):
        facility = FACILITIES[number % len(FACILITIES)]
        body = dose(self.first + number, facility, self.date)
        began = time.perf_counter()
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"POST {self.path} HTTP/1.1\r\nHost: a\r\nx-kdppk: {facility}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        answer = json.loads(await reader.readexactly(length))
        took = time.perf_counter() - began
        self.idle.append((reader, writer))
        self.taken_s.append(took)
        if not head.startswith(b"http/1.1 201 "):
            self.refused += 1
        elif not isinstance(answer["response"], dict) or "receipt" not in answer["response"]:
            self.relayed_s.append(took)

    async def day(self, rate, seconds=SECONDS):
        begin, calls = time.perf_counter(), []
        for number in range(rate * seconds):
            wait = begin + number / rate - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            calls.append(asyncio.create_task(self.call(number)))
        await asyncio.gather(*calls)
        return self


class Disk:
    """Times fdatasync for as long as it lives."""

    def __init__(self, file):
        self.file, self.took_s, self.ended = file, [], threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        place = os.open(self.file, os.O_CREAT | os.O_WRONLY, 0o600)
        while not self.ended.wait(0.05):
            began = time.perf_counter()
            os.write(place, b"x" * 4096)
            os.fdatasync(place)
            self.took_s.append(time.perf_counter() - began)
        os.close(place)

    def end(self):
        self.ended.set()
        self.thread.join()
        return self.took_s


def share_ms(seconds, share):
    return 1000 * sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * share))]


def measure(rate):
    with Place() as place:
        simulator = Simulator(place, "--accept-unregistered")
        simulator.weather([{"from_s": 0, "to_s": 3600, "kind": "slow", "ms": SERVICE_MS}])
        gateway = Gateway(place, f"http://127.0.0.1:{simulator.port}/vaksin")
        gateway.settings["destinations"][0].update(response_timeout_ms=5000, window={"initial": 64, "cap": 256})
        gateway.settings["facilities"] = [{"code": code, "name": "Puskesmas Uji", "time_zone": "WIB"} for code in FACILITIES]
        gateway.start()
        direct = asyncio.run(Clinics(simulator.port, "/vaksin/vaksin/simpan", 0).day(rate))
        disk = Disk(place.directory / "fdatasync")
        relayed = asyncio.run(Clinics(gateway.port, MOUNT + "/vaksin/simpan", 10**9).day(rate))
        syncs = disk.end()
        gateway.stop()
    share = len(relayed.relayed_s) / (rate * SECONDS)
    added = {part: share_ms(relayed.relayed_s, part) - share_ms(direct.relayed_s, part) for part in (0.5, 0.99)}
    allowed = {0.5: 2 + 3 * share_ms(syncs, 0.5), 0.99: 10 + 3 * share_ms(syncs, 0.99)}
    print(f"latency: rate={rate} relayed={share:.4f} refused={relayed.refused + direct.refused} "
          f"direct_p50_ms={share_ms(direct.relayed_s, 0.5):.1f} direct_p99_ms={share_ms(direct.relayed_s, 0.99):.1f} "
          f"added_p50_ms={added[0.5]:.1f} allowed_p50_ms={allowed[0.5]:.1f} "
          f"added_p99_ms={added[0.99]:.1f} allowed_p99_ms={allowed[0.99]:.1f}", flush=True)
    return share >= 0.99 and all(added[part] <= allowed[part] for part in added)


if __name__ == "__main__":
    sys.exit(0 if all([measure(int(rate)) for rate in sys.argv[1:] or ("200", "1000")]) else 1)
