"""deploy/monitoring/METRICS.md against what a gateway exposes: every metric of the one is in the other, with its type, its labels and
its words. `page.py --write FILE…` writes the page from expositions."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import lint  # noqa: E402
from shipped import SHIPPED  # noqa: E402

PAGE = SHIPPED / "METRICS.md"
HEAD = """# Metrics

What `/metrics` on the operations listener exposes. Labels are bounded: no facility, person, id or path is ever one, so ten thousand
facilities add no series. Every family is there from the start, at 0, but for those that say when they are absent. Times are Unix
seconds. `tests/run.sh monitoring` compares this page with a running gateway.

| metric | type | labels | what |
|---|---|---|---|
"""
SUFFIXES = ("_bucket", "_sum", "_count")


def families(expositions):
    """{name: (type, labels, help)} of several expositions of one gateway."""
    found = {}
    for text in expositions:
        helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.M))
        types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
        for name, kind in types.items():
            found.setdefault(name, (kind, set(), helps.get(name, "")))
        for name, labels in re.findall(r"^([a-z_:]+)(?:\{([^}]*)\})? \S+$", text, re.M):
            stem = next((name.removesuffix(s) for s in SUFFIXES if types.get(name.removesuffix(s)) == "histogram"), name)
            if stem not in found:
                continue
            found[stem][1].update(set(re.findall(r'(\w+)="', labels)) - {"le"})
    return found


def rows(expositions):
    for name, (kind, labels, words) in sorted(families(expositions).items(), key=lambda each: (each[0].startswith("process"), each[0])):
        yield f"| `{name}` | {kind} | {', '.join(sorted(labels))} | {words} |"


def differences(expositions):
    """Sentences. Every line of HELP is one line, and Debian's own checker has nothing to say."""
    told = set(PAGE.read_text().splitlines()[len(HEAD.splitlines()):])
    there = set(rows(expositions))
    problems = [f"METRICS.md lacks or says otherwise: {row}" for row in sorted(there - told)]
    problems += [f"METRICS.md tells of what is not exposed: {row}" for row in sorted(told - there)]
    for text in expositions:
        problems += lint.check_exposition(text)
        for line in text.splitlines():
            if not re.fullmatch(r"# (HELP|TYPE) [a-z_:]+ \S.*|[a-z_:]+(\{.*\})? \S+|", line):
                problems.append(f"no line of an exposition: {line}")
    return problems


if __name__ == "__main__":
    PAGE.write_text(HEAD + "".join(row + "\n" for row in rows(pathlib.Path(p).read_text() for p in sys.argv[2:])))
