"""Plants people, passwords and secrets in a gateway as shipped, lets it accept, deliver, fail, refuse, be administered, be
killed and abort, at every log level, and looks for them wherever they could have leaked to. The last line is the figures;
exit status 1 where something was found, or where what was planted on purpose was not."""

import argparse
import os
import pathlib
import shutil
import sys
import time

HERE = pathlib.Path(__file__).parent
os.environ.setdefault("TITIP_BUILD_DIR", "build/release")
sys.path[:0] = [str(HERE), str(HERE.parent / "integration"), str(HERE.parent / "dropin")]
import canaries  # noqa: E402
import work  # noqa: E402
from gateway import BUILD, Place  # noqa: E402
from search import Search, files_below  # noqa: E402

LEVELS = ("debug", "info", "warning", "error")
KINDS = ("answers", "audit", "backup", "command line", "control socket", "crash", "data", "logs", "metrics", "process", "temporary")
MOST_TOLD = 40
# What is shown by rule, to whoever may run the program: the server's own words, in which numbers are masked, and a user's name
# as the config has it.
SHOWN = {("command line", "titip attention", "name"), ("command line", "titip attention --json", "name"),
         ("command line", "titip config show", "user")}
# What is kept as a hash, on purpose: by it a token is known again, and nobody guesses 256 random bits.
HASHED = {("data", "admin-tokens.json", "admin token")}


class Places:
    """Everything that was looked through, by what it is and where."""

    def __init__(self, search):
        self.search = search
        self.looked = {kind: 0 for kind in KINDS}
        self.names = set()
        self.found = []
        self.pieces = {}  # one of each kind, for the control

    def look(self, kind, name, content):
        if isinstance(content, str):
            content = content.encode()
        self.looked[kind] += 1
        self.names.add((kind, name))
        self.pieces[kind] = content[:4096]
        self.found += [(kind, name, what, how) for what, how in self.search.found_in(content)
                       if (kind, name, what) not in SHOWN and not (how.startswith("sha256") and (kind, name, what) in HASHED)]

    def look_below(self, kind, directory, but=()):
        for path, content in files_below(directory):
            if path.name not in but:
                self.look(kind, str(path.relative_to(directory)), content)

    def not_looked_at(self):
        return [kind for kind, times in self.looked.items() if times == 0]


def planted_are_found(places):
    """Each canary, put into a piece of each kind of place as it was really looked through, is seen there."""
    tried = seen = 0
    for kind, piece in sorted(places.pieces.items()):
        for number, (what, word) in enumerate(places.search.words.items()):
            at = len(piece) * number // len(places.search.words)
            other = Places(places.search)
            raw = word if isinstance(word, bytes) else word.encode()
            other.look(kind, "planted", piece[:at] + raw + piece[at:])
            tried += 1
            seen += any(found == what for _, _, found, _ in other.found)
    return tried, seen


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--titip", type=pathlib.Path, default=BUILD / "titip")
    arguments.add_argument("--expect-leak", action="store_true", help="for a gateway that leaks on purpose: it must be found")
    arguments.add_argument("--keep", action="store_true", help="leave the directory, to look at")
    asked = arguments.parse_args()
    began = time.monotonic()
    search = Search({**canaries.PEOPLE, **canaries.SECRETS})
    places = Places(search)
    with Place() as place:
        complaints = work.everything(place, places, asked.titip, LEVELS[:1] if asked.expect_leak else LEVELS)
        if asked.keep:
            shutil.copytree(place.directory, BUILD / "leaks-kept", dirs_exist_ok=True, ignore=lambda *_: ["control"])
    for kind, name, what, how in places.found[:MOST_TOLD]:
        print(f"leaks: {what} ({how}) lies in {kind}: {name}")
    if asked.expect_leak:
        caught = any(kind == "logs" for kind, *_ in places.found)
        print(f"leaks control: found={len(places.found)} {'caught' if caught else 'NOT caught'}")
        return 0 if caught else 1
    complaints += [f"nothing of the kind '{kind}' was looked at" for kind in places.not_looked_at()]
    tried, seen = planted_are_found(places)
    if seen != tried:
        complaints.append(f"of {tried} planted words only {seen} were seen")
    for complaint in complaints:
        print(f"leaks: {complaint}")
    looked = " ".join(f"{kind.replace(' ', '_')}={times}" for kind, times in places.looked.items())
    dumps = "none" if work.system_dumps() else "none_by_system"
    print(f"leaks: {looked} core_dumps={dumps} planted={seen}/{tried} seconds={time.monotonic() - began:.0f}")
    print(f"leaks: canaries={len(search.words)} places={len(places.names)} found={len(places.found)}")
    return 1 if places.found or complaints else 0


if __name__ == "__main__":
    sys.exit(main())
