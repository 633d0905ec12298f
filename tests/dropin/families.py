"""Three families of deployed clients: how each writes a request, and which answers each can make something of. From what
their public sources show; nobody of them retries."""

import http.client
import json
import time

from bpjs import Sealed


class Answer:
    """One exchange as the client saw it. `status` 0: nothing came back."""

    def __init__(self, status=0, body=b"", ms=0.0, fault="", timestamp=""):
        self.status, self.body, self.ms, self.fault, self.timestamp = status, body, ms, fault, timestamp

    def envelope(self):
        """(response, code, message), or nothing."""
        try:
            document = json.loads(self.body)
            said = document.get("metaData", document.get("metadata"))
            return document.get("response"), int(said["code"]), str(said["message"])
        except (ValueError, AttributeError, KeyError, TypeError):
            return None

    def __str__(self):
        return f"{self.status} {self.fault or self.body[:160]!r} after {self.ms:.0f} ms"


class Family:
    """One client process of one facility. `encrypted`: of 2022 and after, with a user_key."""

    name = ""
    patience_s = 3.0  # how long its calls wait
    content_type = None  # of a body
    encrypted = True
    paths = {}  # how it spells what others spell otherwise

    def __init__(self, consumer, port, mount):
        self.consumer, self.port, self.mount = consumer, port, mount

    def timestamp(self):
        return str(int(time.time()))

    def headers(self, timestamp):
        out = {"X-cons-id": self.consumer.cons_id, "X-timestamp": timestamp,
               "X-signature": self.consumer.signature(timestamp), "X-authorization": self.consumer.authorization()}
        if self.encrypted:
            out["user_key"] = self.consumer.user_key
        return out

    def text(self, body):
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False)

    def spelled(self, path):
        for usual, own in self.paths.items():
            if path == usual or path.startswith(usual + "/"):
                return own + path[len(usual):]
        return path

    def call(self, method, path, text=None):
        timestamp = self.timestamp()
        headers = self.headers(timestamp)
        if text is not None and self.content_type:
            headers["Content-Type"] = self.content_type
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.patience_s)
        try:
            connection.request(method, f"{self.mount}/{self.spelled(path)}", body=text.encode() if text is not None else None,
                               headers=headers)
            reply = connection.getresponse()
            answer = Answer(reply.status, reply.read(), timestamp=timestamp)
        except (OSError, http.client.HTTPException) as error:
            answer = Answer(fault=repr(error), timestamp=timestamp)
        finally:
            connection.close()
        answer.ms = (time.monotonic() - began) * 1000
        return answer

    def opened(self, answer):
        """What `response` holds, or Sealed: a string is unsealed, the rest is as it stands."""
        response = answer.envelope()[0]
        if isinstance(response, str) and response:
            if not self.encrypted:
                raise Sealed("a string, for a client that knows no encryption")
            return self.consumer.opened(answer.timestamp, response)
        return response

    def takes(self, answer):
        """Whether it holds a write for done (its screen says so), by HTTP status and `response` alone."""
        raise NotImplementedError


class TypeScriptA(Family):
    """Unseals whatever is there; what it cannot unseal it calls a 500."""

    name = "A"
    content_type = "text/plain"

    def takes(self, answer):
        if not 200 <= answer.status < 300 or answer.envelope() is None:
            return False
        response = answer.envelope()[0]
        return response is None or (isinstance(response, str) and unsealed(self, answer))


class TypeScriptB(Family):
    """Throws unless there is something to unseal."""

    name = "B"
    patience_s = 20.0
    content_type = "application/json"
    paths = {"kunjungan/v1": "kunjungan/V1", "MCU": "mcu"}

    def text(self, body):
        return json.dumps(body)  # spaces and \u escapes

    def takes(self, answer):
        if not 200 <= answer.status < 300 or answer.envelope() is None:
            return False
        return isinstance(answer.envelope()[0], str) and unsealed(self, answer)


class Php(Family):
    """Unseals strings and takes the rest as it is. Its timestamp is as old as its process."""

    name = "PHP"
    patience_s = 60.0  # none in the field; a run must end
    content_type = "Application/x-www-form-urlencoded"

    def __init__(self, consumer, port, mount):
        super().__init__(consumer, port, mount)
        self.started = str(int(time.time()))

    def timestamp(self):
        return self.started

    def text(self, body):
        return json.dumps(body).replace("/", "\\/")  # as json_encode writes it

    def spelled(self, path):
        return "pendaftaran/" if path == "pendaftaran" else path

    def takes(self, answer):
        if not 200 <= answer.status < 300 or answer.envelope() is None:
            return False
        return not isinstance(answer.envelope()[0], str) or unsealed(self, answer)


class OldPhp(Php):
    """The same in 2021: no user_key, nothing sealed, the older spelling of a visit, curl's default content type."""

    name = "PHP-2021"
    encrypted = False
    content_type = "application/x-www-form-urlencoded"

    def spelled(self, path):
        return super().spelled("kunjungan" if path == "kunjungan/v1" else path)


def unsealed(family, answer):
    try:
        return family.opened(answer) is not None
    except Sealed:
        return False
