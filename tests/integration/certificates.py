"""Authorities and certificates for tests, made by openssl."""

import subprocess
import time


def run(*arguments):
    subprocess.run([str(each) for each in arguments], check=True, capture_output=True)


class Authority:
    """Signs what it is asked to. Files lie in the directory it is given."""

    def __init__(self, directory, name="authority"):
        self.directory, self.name = directory, name
        self.key, self.certificate = directory / f"{name}.key", directory / f"{name}.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-keyout",
            self.key, "-out", self.certificate, "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def sign(self, name, file=None, expired=False, days=20):
        """Key and certificate for a DNS name, for so many days; expired: since yesterday."""
        file = file or name
        key, request, certificate = (self.directory / f"{file}.{kind}" for kind in ("key", "csr", "pem"))
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request,
            "-subj", f"/CN={name}")
        extensions = self.directory / f"{file}.ext"
        extensions.write_text(f"[e]\nsubjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth,clientAuth\n")
        # `openssl ca` alone signs for days that are over.
        index, serial, config = (self.directory / f"{self.name}.{kind}" for kind in ("index", "serial", "cnf"))
        index.write_text("")
        serial.write_text(f"{time.time_ns():016x}\n")
        config.write_text(f"[ca]\ndefault_ca=d\n[d]\nnew_certs_dir={self.directory}\ndatabase={index}\nserial={serial}\n"
                          "default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n")
        day = lambda ago: time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() - 86_400 * ago))
        run("openssl", "ca", "-batch", "-notext", "-config", config, "-cert", self.certificate, "-keyfile", self.key, "-in", request,
            "-out", certificate, "-startdate", day(10), "-enddate", day(1 if expired else -days), "-extfile", extensions,
            "-extensions", "e")
        key.chmod(0o600)
        return certificate, key
