"""What stands between the gateway and the simulator in tests."""

import base64
import socket
import threading


def pump(source, target):
    """Everything that comes, until one of them hangs up."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for each in (source, target):
        each.close()


class Proxy:
    """Takes CONNECT, leads to one place whatever it is asked for, and does as its mood is."""

    def __init__(self, target, credentials):
        self.target, self.credentials, self.mood, self.asked, self.tunnels = target, credentials, "works", [], []
        self.port, self.listener = 0, None
        self.open()

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        client.settimeout(10)
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := client.recv(65536)):
                return client.close()
            head += data
        lines = head.decode().split("\r\n")
        self.asked.append(lines[0])
        mood = self.mood
        wanted = "Proxy-Authorization: Basic " + base64.b64encode(self.credentials.encode()).decode()
        if mood == "works" and wanted not in lines:
            mood = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
        if mood != "works":
            client.sendall(mood.encode())
            try:
                client.recv(1)  # until the gateway gives it up
            except OSError:
                pass
            return client.close()
        server = socket.create_connection(("127.0.0.1", self.target))
        self.tunnels += [client, server]
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=pump, args=(server, client), daemon=True).start()
        pump(client, server)

    def close(self):
        """It dies, and every tunnel with it."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for each in self.tunnels:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.tunnels = []
