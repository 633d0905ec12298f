"""What the gateway is made to do with the canaries, and where it is looked for them while it does it and after."""

import http.client
import json
import os
import pathlib
import re
import resource
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import canaries
from bpjs import Consumer
from certificates import Authority
from canaries import FACILITY, NEIGHBOUR, PEOPLE, SECRETS
from families import TypeScriptB
from gateway import MOUNT, Gateway, Simulator, today, wait_for
from plumbing import Proxy
from refusals import REFUSED, raw_requests

CONSUMER_ID = "98099"
WHY = ("--reason", "uji coba")
TERMINAL = ("delivered", "rejected", "cancelled", "expired")


def secret_file(directory, name, text):
    path = directory / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def dump_if_allowed():
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def system_dumps():
    """Whether a program that forbids nothing leaves a core file here: else that there is none says nothing."""
    with tempfile.TemporaryDirectory() as directory:
        idle = subprocess.Popen(["sleep", "60"], cwd=directory, preexec_fn=dump_if_allowed)
        idle.send_signal(signal.SIGABRT)
        idle.wait()
        return any(pathlib.Path(directory).glob("*core*"))


class Work:
    def __init__(self, place, places, program):
        self.place, self.places = place, places
        self.complaints = []
        self.inputs, self.home = place.directory / "inputs", place.directory / "home"  # what is given to it; where it runs
        for directory in (self.inputs, self.home, self.home / "tmp"):
            directory.mkdir()
        self.consumer = Consumer(CONSUMER_ID, SECRETS["consumer secret"], SECRETS["user key"], FACILITY, SECRETS["user of P-Care"],
                                 SECRETS["password of P-Care"])
        consumers = self.inputs / "consumers.json"
        consumers.write_text(json.dumps([self.consumer.as_json()]))
        self.simulator = Simulator(place, "--facilities", f"{FACILITY}:{SECRETS['user']}:{SECRETS['password']}",
                                   "--consumers-file", consumers)
        self.proxy = Proxy(self.simulator.port, SECRETS["user and password at the proxy"])
        self.gateway = Gateway(place, f"http://127.0.0.1:{self.simulator.port}/vaksin")
        self.gateway.program = program.resolve()
        self.configure(self.gateway.settings)
        self.sent = b""

    def configure(self, settings):
        server = settings["destinations"][0]
        server["proxy"] = {"url": f"http://127.0.0.1:{self.proxy.port}",
                           "credentials_file": str(secret_file(self.inputs, "proxy", self.proxy.credentials))}
        settings["destinations"].append({**server, "profile": "pcare-rest",
                                         "base_url": f"http://127.0.0.1:{self.simulator.port}/pcare-rest"})
        settings["storage"] = {"ballast_bytes": 0}
        settings["callbacks"] = {"private_targets": True}
        settings["admin"] = {"listen": {"port": 0}}
        settings["facilities"] = [
            {"code": FACILITY, "name": "Klinik Uji", "time_zone": "WIB", "late_entry_reason": "1", "consumer_id": CONSUMER_ID,
             "consumer_secret_file": str(secret_file(self.inputs, "consumer", SECRETS["consumer secret"])),
             "api_key_file": str(secret_file(self.inputs, "api-key", SECRETS["API key"])),
             "login": {"username": SECRETS["user"],
                       "password_file": str(secret_file(self.inputs, "password", SECRETS["password"]))},
             "callback": {"url": "https://127.0.0.1:1/kabar",
                          "secret_file": str(secret_file(self.inputs, "callback", SECRETS["callback secret"]))}},
            {"code": NEIGHBOUR, "name": "Klinik Sebelah", "time_zone": "WIB"}]

    def start(self, level):
        self.gateway.settings["log_level"] = level
        how = {"cwd": self.home, "env": {**os.environ, "TMPDIR": str(self.home / "tmp")}, "preexec_fn": dump_if_allowed}
        if level in ("debug", "info"):
            self.gateway.start(**how)
        else:
            self.start_in_silence(how)
        self.places.search.add(canaries.keys_of(self.place.directory / "data/titip.key"))

    def start_in_silence(self, how):
        """Where the log does not say on which ports it listens, they are the ones it had before."""
        gateway = self.gateway
        gateway.settings["front"]["port"], gateway.settings["operations"]["port"] = gateway.port, gateway.operations_port
        gateway.starts += 1
        gateway.process = self.place.start([gateway.program, "serve", "--config", gateway.write_config()],
                                           f"titip-{gateway.starts}.log", **how)

        def ready():
            if gateway.process.poll() is not None:
                raise AssertionError(self.place.log(f"titip-{gateway.starts}.log"))
            try:
                return gateway.get("/readyz", FACILITY)[0] == 200
            except OSError:
                return False
        wait_for(ready, "readiness")

    # What is said and heard.
    def call(self, method, path, body=None, facility=FACILITY, headers=None, expected=(200, 201, 202)):
        """A request as a clinic sends it; what comes back is its own and may hold what is its own."""
        text = "" if body is None else json.dumps(body)
        self.sent += text.encode()
        status, answer, told = self.gateway.call(method, path, text or None, {"x-kdppk": facility, **(headers or {})})
        if expected and status not in expected:
            self.complaints.append(f"{method} {path} was answered {status}: {answer}")
        return answer, told

    def refused(self, name, request):
        """Bytes that the gateway refuses by itself: its words are nobody's."""
        self.sent += request
        with socket.create_connection(("127.0.0.1", self.gateway.port), timeout=10) as wire:
            wire.sendall(request)
            heard = b""
            while piece := wire.recv(65536):
                heard += piece
        self.places.look("answers", name, heard)
        status = heard[9:12].decode(errors="replace")
        if not REFUSED.match(status):
            self.complaints.append(f"'{name}' was answered {status} where a refusal is owed: {heard[-300:]!r}")

    def titip(self, *arguments, kind="command line", stdin="", statuses=(0,)):
        done = self.gateway.titip(*arguments, stdin=stdin)
        said = done.stdout + done.stderr
        if kind:
            self.places.look(kind, "titip " + " ".join(str(each) for each in arguments if "/" not in str(each)), said)
        if done.returncode not in statuses:
            self.complaints.append(f"titip {arguments} ended {done.returncode}: {said}")
        return done

    def control(self, line):
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(10)
            wire.connect(str(self.place.directory / "data/control"))
            wire.sendall(line.encode() + b"\n")
            heard = b""
            while piece := wire.recv(65536):
                heard += piece
        self.places.look("control socket", line[:60], heard)

    # What is looked at.
    def look_at_the_disk(self, when):
        self.places.look_below("data", self.place.directory / "data", but=("titip.key",))
        for log in self.place.directory.glob("titip-*.log"):
            self.places.look("logs", log.name, log.read_bytes())
        self.places.look_below("temporary", self.home / "tmp")
        self.places.look("temporary", "names", "\n".join(str(path) for path in self.home.rglob("*")))
        for core in [*self.home.glob("*core*"), *self.place.directory.glob("*core*")]:
            self.complaints.append(f"{when}: there is a core dump, {core.name}")
            self.places.look("crash", core.name, core.read_bytes())

    def look_at_what_runs(self):
        of = pathlib.Path(f"/proc/{self.gateway.process.pid}")
        for name in ("cmdline", "status", "limits"):
            self.places.look("process", name, (of / name).read_bytes())
        try:
            self.places.look("process", "environ", (of / "environ").read_bytes())
            self.places.look("process", "fd", "\n".join(os.readlink(path) for path in (of / "fd").iterdir()))
        except PermissionError:
            if os.geteuid() == 0:
                raise  # for anybody else they are closed, which is as it should be
        if b"Max core file size        0                    0" not in (of / "limits").read_bytes():
            self.complaints.append("the gateway may dump its memory: " + (of / "limits").read_text())
        for port in (self.gateway.port, self.gateway.operations_port):
            for path in ("/metrics", "/livez", "/readyz", "/openapi.json", "/v1/status"):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                connection.request("GET", path, headers={"x-kdppk": NEIGHBOUR})
                self.places.look("metrics", f"{port == self.gateway.port and 'front' or 'operations'} {path}",
                                 connection.getresponse().read())
                connection.close()

    def end(self, how, when):
        log = f"titip-{self.gateway.starts}.log"
        before = len(self.place.log(log))
        self.gateway.stop(how)
        self.places.look("crash", f"{log} after {signal.Signals(how).name}", self.place.log(log)[before:] + when)
        self.look_at_the_disk(when)

    # The parts of a day.
    def at_the_clinic(self, date):
        self.call("POST", MOUNT + "/login", {"username": SECRETS["user"], "password": SECRETS["password"]})
        self.call("POST", MOUNT + "/login", {"username": SECRETS["user"], "password": SECRETS["wrong password"]}, expected=(401,))
        key = {"Idempotency-Key": f'"{SECRETS["idempotency key"]}"', "Authorization": f"Bearer {SECRETS['bearer token']}",
               "X-Api-Key": SECRETS["API key"], "Cookie": f"session={SECRETS['cookie']}"}
        _, told = self.call("POST", MOUNT + "/sasaran/simpan", canaries.person(), headers=key)
        self.settled(told["Titip-Submission-Id"])
        # The server refuses these in words that name the person, who is nobody to it.
        nobody = canaries.dose(date, nik=PEOPLE["NIK of nobody"], noTiket="A-NOBODY01")
        self.call("POST", MOUNT + "/vaksin/simpan", nobody, expected=(200, 201, 202, 400, 404, 409, 412, 422))
        self.call("GET", MOUNT + f"/tiket/nik/{PEOPLE['NIK']}?token={SECRETS['token in a query']}", expected=None)
        return told["Titip-Submission-Id"]

    def settled(self, id):
        state = lambda: self.gateway.get(f"/v1/submissions/{id}", FACILITY)[1]["state"]
        return wait_for(lambda: state() in TERMINAL and state(), f"{id} to be settled")

    def at_the_practice(self, date):
        family = TypeScriptB(self.consumer, self.gateway.port, "/pcare-rest")
        for card in (PEOPLE["card"], PEOPLE["card of nobody"]):
            text = family.text({"kdProviderPeserta": FACILITY, "noKartu": card, "tglDaftar": date, "kdPoli": "001",
                                "keluhan": PEOPLE["complaint"], "kunjSakit": True, "sistole": 120, "diastole": 80,
                                "beratBadan": 60, "tinggiBadan": 160, "respRate": 20, "lingkarPerut": 0, "heartRate": 80,
                                "rujukBalik": 0, "kdTkp": "10"})
            answer = family.call("POST", "pendaftaran", text)
            self.sent += text.encode() + repr(family.headers(family.timestamp())).encode()
            if answer.envelope() is None:
                self.complaints.append(f"a registration at P-Care was answered {answer}")
        for path in (f"peserta/{PEOPLE['card']}", f"peserta/nik/{PEOPLE['NIK']}", f"pendaftaran/tglDaftar/{date}/0/10"):
            self.sent += path.encode()
            family.call("GET", path)

    def in_an_outage(self, date):
        self.simulator.weather([{"from_s": 0, "to_s": 600, "kind": "html_503"}])
        for number in (2, 3):
            self.call("POST", MOUNT + "/vaksin/simpan", canaries.dose(date, dosis=number))
        self.call("POST", MOUNT + "/login", {"username": SECRETS["user"], "password": SECRETS["password"]}, expected=None)
        self.at_the_practice(time.strftime("%d-%m-%Y", time.gmtime(time.time() + 7 * 3600)))

    def at_the_door(self, id):
        for name, request in raw_requests(MOUNT, id):
            self.refused(name, request)

    def at_the_desk(self, id):
        listed = self.titip("queue", "ls", "--all", "--json")
        states = {each["state"]: each["id"] for each in json.loads(listed.stdout)}
        for words in (("status",), ("status", "--json"), ("queue", "ls", "--all"), ("queue", "shape"), ("attention",),
                      ("attention", "--json"), ("facility", "ls"), ("facility", "ls", "--json"), ("outages",), ("outages", "--csv"),
                      ("config", "show"), ("config", "check"), ("bulk", "status"), ("drain", "status", "pcare-vaksin"), ("verify",)):
            self.titip(*words, statuses=(0, 1, 4))
        for each in {id, *states.values()}:
            self.titip("queue", "show", each)
            self.titip("queue", "show", each, "--json")
        self.titip("queue", "ls", "--nik-file", "-", "--all", stdin=PEOPLE["NIK in a search"] + "\n", statuses=(0, 4))
        self.sent += PEOPLE["NIK in a search"].encode()
        if "rejected" in states:
            self.titip("edit", states["rejected"], "--set", "/noBatch=B2", *WHY, statuses=(0, 1, 3))
        self.titip("facility", "rotate", FACILITY, "--secret-file",
                   secret_file(self.inputs, "next", SECRETS["next consumer secret"]), *WHY, statuses=(0, 1, 2, 3))
        listed = secret_file(self.inputs, "import.csv", "code,name,consumer_id,secret\n0115A098,Klinik Impor,98098,"
                             f"{SECRETS['imported consumer secret']}\n0115A097,Klinik Salah,{SECRETS['imported consumer secret']}")
        for more in ((), ("--skip-faulty",)):
            self.titip("facility", "import", listed, *WHY, *more, statuses=(0, 1, 2, 3))
        self.titip("facility", "ls", "--json")
        exported = self.titip("export", "--nik-file", "-", *WHY, kind=None, stdin=PEOPLE["NIK"] + "\n")
        if PEOPLE["name"] not in exported.stdout:
            self.complaints.append("the canaries are not in custody at all")
        for command in ("status", "queue ls", "queue shape", "facility ls", "outages", "bulk status", "audit verify"):
            self.control(json.dumps({"command": command}))
        self.control(json.dumps({"command": PEOPLE["NIK"]}))
        self.control("{" + SECRETS["API key"])
        self.shown_once()
        copy = self.place.directory / "copy"
        self.titip("backup", "--to", copy)
        self.places.look_below("backup", copy)
        self.titip("keys", "rotate", *WHY)
        self.places.search.add(canaries.keys_of(self.place.directory / "data/titip.key"))
        for words in ((), ("--json",)):
            self.titip("audit", "verify", *words, kind="audit")

    def made(self, what, pattern, *arguments):
        """A secret that this command makes and shows once, alone on stdout; from now on it is looked for everywhere."""
        done = self.titip(*arguments, *WHY, kind=None)
        found = re.fullmatch(pattern + r"\n", done.stdout)
        if not found:
            self.complaints.append(f"titip {arguments} did not print a secret alone on stdout")
            return ""
        self.places.search.add({what: found.group().strip()})
        self.places.look("command line", f"titip {' '.join(arguments)}, beside the secret", done.stderr)
        return found.group().strip()

    def shown_once(self):
        key = self.made("made API key", r"\S{32,}", "facility", "key", "0115A098")
        self.call("GET", "/v1/submissions", facility="0115A098", headers={"X-Api-Key": key})
        self.call("GET", "/v1/submissions", facility="nobody", headers={"X-Api-Key": key}, expected=None)
        token = self.made("admin token", "titip_[0-9a-f]{64}", "admin", "token", "add", "kenari", "--role", "admin")
        log = f"titip-{self.gateway.starts}.log"
        port = int(wait_for(lambda: re.findall(r'"listener":"admin".*"port":(\d+)', self.place.log(log)), "the admin listener")[-1])
        asked = (("GET", "/admin/v1/facilities"), ("GET", "/admin/v1/tokens"), ("GET", f"/admin/v1/{token}"), ("POST", "/admin/v1/nowhere"))
        for shown in (token, token[:-1] + "x", ""):
            for method, path in asked:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                connection.request(method, path, body=None if method == "GET" else token,
                                   headers={"Authorization": f"Bearer {shown}", "X-Token": token})
                heard = connection.getresponse()
                self.places.look("answers", f"admin {method} {path[:24]}", repr(heard.getheaders()).encode() + heard.read())
                connection.close()
        for words in (("admin", "token", "ls"), ("admin", "token", "ls", "--json"), ("facility", "ls", "--json"), ("audit", "ls"),
                      ("admin", "token", "add", "kenari", "--role", "viewer", *WHY)):
            self.titip(*words, statuses=(0, 1))

    def under_tls(self):
        """The listener's key: read, taken up, refused and shown in no place."""
        authority = Authority(self.inputs)
        certificate, key = authority.sign("localhost")
        self.places.search.add({"TLS key": canaries.private_number(key)})
        self.gateway.settings["front"]["tls"] = {"certificate_file": str(certificate), "key_file": str(key)}
        trusting = ssl.create_default_context(cafile=authority.certificate)
        plain = self.gateway.connect
        self.gateway.connect = lambda port: (plain(port) if port != self.gateway.port else
                                             http.client.HTTPSConnection("localhost", port, timeout=10, context=trusting))
        self.start("debug")
        self.call("GET", "/v1/submissions")
        with socket.create_connection(("127.0.0.1", self.gateway.port), timeout=10) as wire:
            wire.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            self.places.look("answers", "plain words under TLS", wire.recv(4096))
        whole = key.read_text()
        for what, text in (("half a key", whole[:len(whole) // 2]), ("a key twice", whole * 2), ("nonsense", whole.replace("PRIVATE", "NO"))):
            key.write_text(text)
            for words in (("config", "check"), ("config", "show")):
                self.titip(*words, statuses=(0, 1, 2))
            self.gateway.process.send_signal(signal.SIGHUP)
            time.sleep(0.3)
            self.places.look("logs", f"reloaded with {what}", self.place.log(f"titip-{self.gateway.starts}.log"))
        self.end(signal.SIGABRT, "ended under TLS")

    def full_day(self):
        id = self.at_the_clinic(today())
        self.at_the_practice(time.strftime("%d-%m-%Y", time.gmtime(time.time() + 7 * 3600)))
        self.in_an_outage(today())
        self.at_the_door(id)
        self.at_the_desk(id)
        self.look_at_what_runs()
        self.look_at_the_disk("while it serves")
        self.end(signal.SIGKILL, "killed")
        self.titip("queue", "ls", "--all")  # with no gateway, the store itself is opened
        self.titip("verify", "--json")
        return id

    def everything_was_sent(self):
        given = self.sent + b"".join(path.read_bytes() for path in self.inputs.iterdir())
        idle = [] if self.proxy.tunnels else ["nothing went through the proxy: its password was shown to nobody"]
        return idle + [f"the canary '{what}' was never sent" for what, word in {**PEOPLE, **SECRETS}.items()
                if word.encode() not in given]


def everything(place, places, program, levels):
    """Does all of it; what went otherwise than it must, as sentences."""
    work = Work(place, places, program)
    ends = {"info": signal.SIGABRT, "warning": signal.SIGABRT}
    id = None
    for level in levels:
        work.start(level)
        if id is None:
            id = work.full_day()
            continue
        work.call("POST", MOUNT + "/login", {"username": SECRETS["user"], "password": SECRETS["wrong password"]}, expected=None)
        work.call("POST", MOUNT + "/sasaran/simpan", canaries.person(alamat=f"{PEOPLE['address']} {level}"),
                  expected=(200, 201, 202, 409))
        work.at_the_door(id)
        work.look_at_what_runs()
        work.end(ends.get(level, signal.SIGTERM), f"ended at level {level}")
    work.under_tls()
    return work.complaints + work.everything_was_sent()
