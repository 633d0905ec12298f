"""The servers that are compared, each started fresh on loopback in a directory of its own and ended with its round. All are
Debian's own packages but Titip and the simulated national server."""

import json
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from serving import PATIENCE_S, free_port, wait_for  # noqa: E402

FACILITY = "P0001"
ROUTE = "/pcare-vaksin/vaksin/simpan"
# "same connections" of the drain and of wrk
DRAIN_CONNECTIONS = 64


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def children_of(process):
    found = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True, check=False).stdout.split()
    return [process] + [child for each in found for child in children_of(int(each))]


class Peer:
    """One server: `name`, the words for its durability, and how titip_load speaks to it."""

    name = durability = package = ""
    protocol, path = "http", "/"

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.port = free_port()
        self.process = None

    @classmethod
    def program(cls):
        return shutil.which(cls.package) or f"/usr/sbin/{cls.package}"

    @classmethod
    def missing(cls):
        return "" if pathlib.Path(cls.program()).exists() else f"{cls.program()} is not installed"

    def __enter__(self):
        self.start()
        wait_for(lambda: answers(self.port) or self.process.poll() is not None, f"{self.name} to listen")
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended at once: {(self.directory / 'log').read_text(errors='replace')[-800:]}")
        return self

    def __exit__(self, *ignored):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def run(self, arguments):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen([str(a) for a in arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def processes(self):
        return children_of(self.process.pid)

    def start(self):
        raise NotImplementedError


class Nginx(Peer):
    name, package = "nginx, static 202", "nginx"
    durability = "nothing is kept"
    command = "one worker, `location / { return 202; }`, access_log off"

    def start(self):
        (self.directory / "nginx.conf").write_text(f"""daemon off; worker_processes 1; pid {self.directory}/pid;
error_log {self.directory}/log; events {{ worker_connections 20000; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {self.directory}/body;
proxy_temp_path {self.directory}/proxy; fastcgi_temp_path {self.directory}/fastcgi; uwsgi_temp_path {self.directory}/uwsgi;
scgi_temp_path {self.directory}/scgi; server {{ listen 127.0.0.1:{self.port}; location / {{ return 202; }} }} }}
""")
        self.run([self.program(), "-p", self.directory, "-e", self.directory / "log", "-c", self.directory / "nginx.conf"])


class Redis(Peer):
    name, package, protocol = "Redis, SET", "redis-server", "redis"
    durability = "fsync before each group of answers"
    command = "`appendonly yes`, `appendfsync always`, `save ''`"

    def start(self):
        self.run([self.program(), "--port", self.port, "--bind", "127.0.0.1", "--dir", self.directory, "--appendonly", "yes",
                  "--appendfsync", "always", "--save", "", "--auto-aof-rewrite-percentage", "0"])


class Nats(Peer):
    name, package, protocol = "NATS JetStream, file store", "nats-server", "nats"
    durability = "**not durable**: this version cannot fsync before it acknowledges"
    command = "`-js`, one stream on file, an acknowledgement for each publication"

    def start(self):
        self.run([self.program(), "-a", "127.0.0.1", "-p", self.port, "-js", "-sd", self.directory / "data"])

    def __enter__(self):
        super().__enter__()
        asked = json.dumps({"name": "bench", "subjects": ["bench.visits"], "storage": "file"})
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(b'CONNECT {"verbose":false}\r\nSUB made 1\r\n' +
                               f"PUB $JS.API.STREAM.CREATE.bench made {len(asked)}\r\n{asked}\r\n".encode())
            heard = b""
            while b'"did_create":true' not in heard:
                more = connection.recv(65536)
                if not more or b'"error"' in heard:
                    raise RuntimeError(f"NATS made no stream: {heard[-400:]!r}")
                heard += more
        return self


class Postgres(Peer):
    name, package = "PostgreSQL, one INSERT a transaction", "postgres"
    durability = "fsync before each commit's answer"
    command = "`fsync=on`, `synchronous_commit=on`, a table with a primary key; pgbench, prepared statements"

    @classmethod
    def folder(cls):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        return found[-1].parent if found else pathlib.Path("/usr/lib/postgresql")

    @classmethod
    def program(cls):
        return str(cls.folder() / "postgres")

    def as_user(self, arguments):
        # It refuses to run as root.
        return (["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []) + [str(a) for a in arguments]

    def start(self):
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.directory, owner.pw_uid, owner.pw_gid)
        data = self.directory / "data"
        made = subprocess.run(self.as_user([self.folder() / "initdb", "-D", data, "-A", "trust", "-E", "UTF8", "-U", "bench"]),
                              capture_output=True, text=True, check=False, cwd="/")
        if made.returncode != 0:
            raise RuntimeError(f"PostgreSQL's initdb failed: {made.stderr[-600:]}")
        self.run(self.as_user([self.program(), "-D", data, "-p", self.port, "-c", "listen_addresses=127.0.0.1", "-c",
                               f"unix_socket_directories={self.directory}", "-c", "fsync=on", "-c", "synchronous_commit=on",
                               "-c", "max_connections=300", "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB"]))

    def __enter__(self):
        super().__enter__()
        wait_for(lambda: self.sql("SELECT 1").returncode == 0, "PostgreSQL to answer")
        made = self.sql("CREATE TABLE custody (key text PRIMARY KEY, body text NOT NULL)")
        if made.returncode != 0:
            raise RuntimeError(made.stderr)
        return self

    def sql(self, text):
        return subprocess.run([self.folder() / "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "bench", "-d", "postgres",
                               "-qc", text], capture_output=True, text=True, check=False)

    def inserts_a_second(self, connections, seconds):
        script = self.directory / "insert.sql"
        head = '{"kdPpk":"P0001","nik":"99'
        rest = '","catatan":"' + "x" * (800 - len(head) - len('14 of its digits') - len('","catatan":"') - 2) + '"}'
        script.write_text("\\set number random(1, 9000000000000000)\n"
                          f"INSERT INTO custody (key, body) VALUES ('visit-' || :number, '{head}' || :number || '{rest}');\n")
        done = subprocess.run([self.folder() / "pgbench", "-n", "-M", "prepared", "-h", "127.0.0.1", "-p", str(self.port), "-U",
                               "bench", "-c", str(connections), "-j", "1", "-T", str(max(1, round(seconds))), "-f", script,
                               "postgres"], capture_output=True, text=True, check=False)
        found = re.search(r"tps = ([0-9.]+) \(without", done.stdout)
        if not found:
            raise RuntimeError(f"pgbench says nothing of its rate: {done.stderr[-600:]}")
        return float(found.group(1))


class Titip(Peer):
    name, protocol, path = "Titip, P-Care vaccination mount", "http", ROUTE
    durability = "fsync before each group of answers"
    command = "as configured by default, but that one facility at one address may come as fast as it likes; `window.cap` 64, as many as wrk has connections"
    build = pathlib.Path("build/release")

    @classmethod
    def program(cls):
        return str(cls.build / "titip")

    def start(self):
        self.national_port, self.operations_port = free_port(), free_port()
        config = {
            "data_directory": str(self.directory / "data"),
            "front": {"address": "127.0.0.1", "port": self.port, "connections": 20000, "connections_per_address": 20000,
                      "facility_requests_per_second": 1_000_000, "facility_burst": 1_000_000,
                      "facility_pending": 0},
            "operations": {"address": "127.0.0.1", "port": self.operations_port},
            "destinations": [{"profile": "pcare-vaksin", "base_url": f"http://127.0.0.1:{self.national_port}/vaksin",
                              "window": {"cap": DRAIN_CONNECTIONS}, "breaker": {"open_first_ms": 200, "open_max_ms": 500}}],
            "facilities": [{"code": FACILITY, "name": "Puskesmas Uji", "time_zone": "WIB"}],
        }
        (self.directory / "titip.json").write_text(json.dumps(config))
        self.run([self.program(), "serve", "--config", self.directory / "titip.json"])

    def metric(self, name, label):
        """The sum over all rows with that label."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.operations_port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + "{") and label in line)


class National(Peer):
    """The simulated national server, in memory; it must be told the port before Titip is started."""

    name = "simulated national server"
    build = pathlib.Path("build/release")

    def __init__(self, directory, port=None):
        super().__init__(directory)
        self.port = port or self.port

    @classmethod
    def program(cls):
        return str(cls.build / "pcare_sim")

    def start(self):
        self.run([self.program(), "--listen", f"127.0.0.1:{self.port}", "--base", "/vaksin", "--accept-unregistered"])

    def effects(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_sim/stats", timeout=5) as answer:
            return json.load(answer)["totals"]["effects"]
