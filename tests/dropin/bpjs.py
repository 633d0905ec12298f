"""What P-Care's clients compute: the signature of a request, and what is sealed under the request's own timestamp. Shares no
code with the gateway or the simulator."""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import lz


class Sealed(ValueError):
    """What cannot be opened with this request's key."""


class Consumer:
    """A facility's standing with the national service."""

    def __init__(self, cons_id, secret, user_key, facility, user, password, application="095"):
        self.cons_id, self.secret, self.user_key = cons_id, secret, user_key
        self.facility, self.user, self.password, self.application = facility, user, password, application

    def as_json(self):
        return vars(self)

    def signature(self, timestamp):
        digest = hmac.new(self.secret.encode(), f"{self.cons_id}&{timestamp}".encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    def authorization(self):
        login = f"{self.user}:{self.password}:{self.application}"
        return "Basic " + base64.b64encode(login.encode()).decode()

    def _cipher(self, timestamp):
        key = hashlib.sha256(f"{self.cons_id}{self.secret}{timestamp}".encode()).digest()
        return Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def opened(self, timestamp, sealed):
        """The JSON inside a `response`."""
        try:
            decryptor = self._cipher(timestamp).decryptor()
            padded = decryptor.update(base64.b64decode(sealed, validate=True)) + decryptor.finalize()
            unpadder = padding.PKCS7(128).unpadder()
            packed = unpadder.update(padded) + unpadder.finalize()
            return json.loads(lz.unpack(packed.decode("ascii")))
        except ValueError as error:  # every layer's: Base64, padding, letters, JSON
            raise Sealed(str(error)) from None

    def sealed(self, timestamp, value):
        """For planted answers alone."""
        padder = padding.PKCS7(128).padder()
        packed = lz.pack(json.dumps(value)).encode()
        encryptor = self._cipher(timestamp).encryptor()
        return base64.b64encode(encryptor.update(padder.update(packed) + padder.finalize()) + encryptor.finalize()).decode()
