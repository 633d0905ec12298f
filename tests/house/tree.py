"""The source tree as the structure tests see it: which files there are, their text, their code without comments."""

import functools
import pathlib
import re
import subprocess
from dataclasses import dataclass

CPP = (".h", ".cc")
TEXT = CPP + (".py", ".sh", ".md", ".json", ".txt", ".cmake", ".yml", ".yaml", ".service", ".conf", ".html", ".toml")
NOT_OURS = {"build", ".git", ".cache", "__pycache__"}

# Comments, raw strings, strings and characters; a quote after a digit is a separator (10'000).
TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/"
    r'|R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])*'",
    re.DOTALL,
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


@dataclass(frozen=True, order=True)
class Violation:
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Include:
    line: int
    target: str
    foreign: bool  # written with <>


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Tree:
    """One checkout, or a fixture that looks like one. Paths are relative to `root`, with slashes."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.is_checkout = (self.root / ".git").exists()

    def _git(self, *arguments):
        """What git lists, or None where this is no checkout or git will not read it (another owner)."""
        if not self.is_checkout:
            return None
        try:
            run = subprocess.run(
                ["git", "-C", str(self.root), "ls-files", "-z", *arguments], capture_output=True, check=False
            )
        except FileNotFoundError:
            return None
        return [name for name in run.stdout.decode().split("\0") if name] if run.returncode == 0 else None

    @functools.cached_property
    def files(self):
        listed = self._git("--cached", "--others", "--exclude-standard")
        if listed is None:
            listed = [
                path.relative_to(self.root).as_posix()
                for path in self.root.rglob("*")
                if not NOT_OURS.intersection(path.relative_to(self.root).parts)
            ]
        return sorted(name for name in set(listed) if (self.root / name).is_file())

    @functools.cached_property
    def top_level(self):
        """Top-level entries: what is tracked, or in a tree without git what lies there, except build/."""
        listed = self._git("--cached") or self.files
        return sorted({name.split("/", 1)[0] for name in listed})

    def sources(self, *suffixes):
        return [name for name in self.files if name.endswith(suffixes or CPP)]

    def text_files(self):
        return [name for name in self.files if name.endswith(TEXT) or "." not in name.rsplit("/", 1)[-1].lstrip(".")]

    @functools.lru_cache(maxsize=None)
    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    @functools.lru_cache(maxsize=None)
    def code(self, path):
        """Without comments; strings stay. Lines keep their numbers."""
        return TOKEN.sub(lambda m: blank(m[0]) if m[0].startswith(("//", "/*")) else m[0], self.text(path))

    @functools.lru_cache(maxsize=None)
    def bare_code(self, path):
        """Without comments, preprocessor lines and the insides of strings."""
        text = TOKEN.sub(lambda m: blank(m[0]), self.text(path))
        return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: blank(m[0]), text, flags=re.MULTILINE)

    @functools.lru_cache(maxsize=None)
    def includes(self, path):
        code = self.code(path)
        return tuple(Include(line_of(code, m.start()), m[2].strip(), m[1] == "<") for m in INCLUDE.finditer(code))

    def own_includes(self, path):
        return [i for i in self.includes(path) if not i.foreign]

    @functools.lru_cache(maxsize=None)
    def reach(self, path):
        """Every foreign header that including `path` brings along: {header: the chain of our files to it}."""
        found, seen, open_ends = {}, {path}, [(path, (path,))]
        while open_ends:
            current, chain = open_ends.pop(0)
            for include in self.includes(current):
                if include.foreign:
                    found.setdefault(include.target, chain)
                elif include.target not in seen and (self.root / include.target).is_file():
                    seen.add(include.target)
                    open_ends.append((include.target, chain + (include.target,)))
        return found

    @functools.lru_cache(maxsize=None)
    def closure(self, path):
        """`path` and every file of ours that it includes, directly or not, with the chain to it."""
        chains, open_ends = {path: (path,)}, [path]
        while open_ends:
            current = open_ends.pop(0)
            for include in self.own_includes(current):
                if include.target not in chains and (self.root / include.target).is_file():
                    chains[include.target] = chains[current] + (include.target,)
                    open_ends.append(include.target)
        return chains
