"""What the gateway tells a service manager, and the sockets it takes over from one: systemd's protocol, spoken by this test."""

import os
import pathlib
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from gateway import Gateway, Place, dose, wait_for  # noqa: E402

BEAT_S = 0.1  # four to a span of the watchdog
STALL_S = 1.0


class Manager:
    """Hears what is sent to NOTIFY_SOCKET, and when."""

    def __init__(self, place):
        self.path = str(place.directory / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.heard = []  # (when, what)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            for word in self.socket.recv(4096).decode().split("\n"):
                self.heard.append((time.monotonic(), word))

    def environment(self):
        return {**os.environ, "NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": str(int(4 * BEAT_S * 1e6))}

    def words(self):
        return [word for _, word in list(self.heard)]

    def beats(self):
        return [when for when, word in list(self.heard) if word == "WATCHDOG=1"]


class Notified(unittest.TestCase):
    def test_ready_alive_and_stopping(self):
        with Place() as place:
            manager = Manager(place)
            gateway = Gateway(place).start(env=manager.environment())
            wait_for(lambda: len(manager.beats()) > 3, "four beats")
            self.assertEqual(manager.words()[0], "READY=1")
            gateway.stop()
            self.assertIn("STOPPING=1", manager.words())

    def test_nobody_listens(self):
        with Place() as place:
            gateway = Gateway(place).start()
            self.assertEqual(gateway.stop(), 0)

    def test_a_writer_that_hangs_stops_the_heart(self):
        with Place() as place:
            manager = Manager(place)
            slow_disk = ("strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
                         f"inject=fdatasync:delay_enter={int(STALL_S * 1e6)}")
            gateway = Gateway(place).start()  # makes the store, which takes many syncs
            gateway.stop()
            gateway.start(before=slow_disk, env=manager.environment())
            wait_for(lambda: len(manager.beats()) > 3, "four beats")
            posted = time.monotonic()
            gateway.submit("/vaksin/simpan", dose(1))
            wait_for(lambda: manager.beats()[-1] > posted + STALL_S + BEAT_S, "the heart to beat again")
            around = [posted, *(beat for beat in manager.beats() if beat > posted)]
            longest = max(later - earlier for earlier, later in zip(around, around[1:]))
            self.assertGreater(longest, 0.8 * STALL_S)
            gateway.stop()


class SocketsHandedOver(unittest.TestCase):
    """The manager listens; one gateway goes, another comes, and who knocked meanwhile is answered."""

    def test_an_upgrade_refuses_nobody(self):
        with Place() as place, socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]

            def start(gateway):
                take = f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=front exec "$@"'
                gateway.start(before=("sh", "-c", take, "sh"), pass_fds=(listener.fileno(),))
                self.assertEqual(gateway.port, port)

            gateway = Gateway(place)
            gateway.settings["front"]["loops"] = 2
            start(gateway)
            self.assertEqual(gateway.submit("/vaksin/simpan", dose(1))[0], 201)
            gateway.stop()
            answers = []
            knock = threading.Thread(target=lambda: answers.append(gateway.get("/v1/status")[0]))
            knock.start()
            time.sleep(0.2)
            self.assertEqual(answers, [])
            start(gateway)
            knock.join(timeout=10)
            self.assertEqual(answers, [200])
            gateway.stop()

    def test_what_is_no_listening_socket_is_refused(self):
        with Place() as place, open(os.devnull) as nothing:
            take = f'exec 3<&{nothing.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=front exec "$@"'
            with self.assertRaisesRegex(AssertionError, "'front' of the service manager is no listening stream socket"):
                Gateway(place).start(before=("sh", "-c", take, "sh"), pass_fds=(nothing.fileno(),))


if __name__ == "__main__":
    unittest.main()
