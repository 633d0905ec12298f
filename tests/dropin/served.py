"""A simulated server and the gateway before it, for tests that look at single requests of deployed clients."""

import http.client
import json
import os
import pathlib
import shutil
import tempfile
import time
import unittest

from bpjs import Consumer
from clinic import Patient, Record
from families import Answer
from programs import Gateway, Simulator, get, mounts

BUILD = pathlib.Path(os.environ["TITIP_BUILD_DIR"])
SOURCE = pathlib.Path(os.environ["TITIP_SOURCE_DIR"])
FIRST, SECOND, THIRD = (Consumer(f"980{n}", f"rahasia-lain-{n}", f"kunci-lain-{n}", f"0115A02{n}", f"perawat{n}", f"Sandi?{n}")
                        for n in range(3))
TERMINAL = ("delivered", "rejected", "cancelled", "expired")


class Served(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="titip-dropin-"))
        cls.simulator = Simulator(BUILD, cls.directory, [FIRST, SECOND, THIRD])
        cls.gateway = Gateway(BUILD, cls.directory, [FIRST, SECOND], cls.simulator.port)
        where = mounts(SOURCE)
        cls.new, cls.old, cls.queues = where["pcare-rest"], where["pcare-rest-v3"], where["antreanfktp"]
        cls.date = time.strftime("%d-%m-%Y", time.gmtime(time.time() + 7 * 3600))

    @classmethod
    def tearDownClass(cls):
        cls.gateway.end()
        cls.simulator.end()
        shutil.rmtree(cls.directory, ignore_errors=True)

    def setUp(self):
        self.simulator.weather([])

    def down(self):
        """Until the test is over, and long enough for the gateway to know."""
        self.simulator.weather([{"from_s": 0, "to_s": 900, "kind": "refuse"}])
        self.addCleanup(self.simulator.weather, [])

    def accepted(self):
        return sum(self.gateway.queue().values())

    def drained(self):
        return not any(count for (_, state), count in self.gateway.queue().items() if state not in TERMINAL)

    def patient(self, family, number):
        record = Record(say=lambda text: None)
        return record, Patient(family, record, lambda: True, number, self.date, "refusals")

    def send(self, family, method, path, text, change=lambda headers: None):
        timestamp = family.timestamp()
        headers = family.headers(timestamp)
        change(headers)
        connection = http.client.HTTPConnection("127.0.0.1", family.port, timeout=10)
        connection.request(method, f"{family.mount}/{path}", body=text, headers=headers)
        reply = connection.getresponse()
        answer = Answer(reply.status, reply.read(), timestamp=timestamp)
        connection.close()
        return answer

    def server_knows(self, *consumers):
        status, said = get(self.simulator.control, "/_sim/consumers", "POST", json.dumps([c.as_json() for c in consumers]))
        self.assertEqual(status, 200, said)
