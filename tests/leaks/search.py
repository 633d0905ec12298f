"""Looks for words in bytes, in whatever they may be dressed as."""

import base64
import hashlib


def dresses(word):
    """The word as it might lie on a disk or go over a wire, by what it is dressed as."""
    raw = word if isinstance(word, bytes) else word.encode()
    yield "plain", raw
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()
    if isinstance(word, str):
        yield "utf16", word.encode("utf-16-le")
    yield "url", "".join(f"%{byte:02X}" for byte in raw).encode()
    for before in range(3):  # inside a longer text, without the characters that neighbours have a part in
        text = base64.b64encode(b"\0" * before + raw)
        whole = (before * 8 + len(raw) * 8) // 6
        yield "base64", text[(before * 8 + 5) // 6:whole]
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, raw).digest()
        yield name, digest[:16]
        yield name + " in hex", digest[:8].hex().encode()


class Search:
    """`words`: {what it is: the word, as text or bytes}."""

    def __init__(self, words):
        self.words, self.patterns = {}, []
        self.add(words)

    def add(self, words):
        for what, word in words.items():
            if what in self.words:
                continue
            self.words[what] = word
            self.patterns += [(what, how, pattern) for how, pattern in dresses(word)]

    def found_in(self, content):
        """[(what, dress)] of all that is readable in these bytes."""
        return [(what, how) for what, how, pattern in self.patterns if pattern in content]


def files_below(directory):
    """(path, bytes with the name); what a compaction takes away meanwhile is in another file."""
    for path in sorted(directory.rglob("*")):
        try:
            yield path, (path.read_bytes() if path.is_file() else b"") + b"\n" + path.name.encode()
        except OSError:
            continue
