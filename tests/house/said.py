"""What is said to people exists in Indonesian and English: the keys of words::said("…"), words::text("…") and words::tell("…") against the
catalogue, and no sentence beside them."""

import json
import re
from dataclasses import dataclass

from tree import Violation, line_of

CATALOGUE = "metrics/words/id.json"
ALLOWED = "tests/house/not_said.txt"

LITERAL = r'"(?:\\.|[^"\\\n])*"'
CALL = re.compile(r"\bwords::(?:said|text|tell)\s*\(\s*((?:" + LITERAL + r"\s*)*)")
STRING = re.compile(r'(?:R"([^()\s\\]{0,16})\((.*?)\)\1"|' + LITERAL + r")(?:\s*" + LITERAL + ")*", re.DOTALL)
# Of an invariant (storage/check.h) that is broken hears whoever mends the program, beside the file and the line.
INVARIANT = re.compile(r"\bcheck\([^;{}]*\);")
INCLUDE = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)
# Three words in a row that are no names of the program: what a person would read as a sentence.
PROSE = re.compile(r"(?:(?<![\w'])[A-Za-z][a-z']+[,;:.]? ){2}[A-Za-z][a-z']+(?![\w'])")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\d*)(:[^{}]*)?\}|[{}]")


# The same text for both languages by hand: Said{x, x}, Said(x, std::move(x)), Said said(x, x).
WRAPPED = r"(?:std::(?:string|move)\()*"
TWICE = re.compile(r"\bSaid(?:\s+\w+)?\s*[({]\s*" + WRAPPED + "(" + LITERAL + r"|[\w.:>\[\]-]+(?:\([^(){};,]*\))?)\)*\s*,\s*"
                   + WRAPPED + r"\1\)*\s*[)}]")


def plain(literals):
    """The text of adjacent literals."""
    found = re.findall(LITERAL, literals)
    return "".join(re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), each[1:-1]) for each in found)


@dataclass(frozen=True)
class Key:
    text: str
    path: str
    line: int


def keys(tree):
    for path in tree.sources():
        if not speaks(path):
            continue
        code = tree.code(path)
        for call in CALL.finditer(code):
            yield Key(plain(call[1]) if call[1] else None, path, line_of(code, call.start()))


def placeholders(template):
    """{position: format}, or None where a brace stands alone or numbers are mixed with none."""
    found, automatic, numbered = {}, 0, False
    for hit in PLACEHOLDER.finditer(template):
        if hit[0] in ("{{", "}}"):
            continue
        if hit[0] in ("{", "}"):
            return None
        position = int(hit[1]) if hit[1] else automatic
        automatic, numbered = (automatic, True) if hit[1] else (automatic + 1, numbered)
        found.setdefault(position, set()).add(hit[2] or "")
    return None if automatic and numbered else found


def read_catalogue(tree):
    """(entries, the line of each, faults)."""
    if CATALOGUE not in tree.files:
        return {}, {}, []
    text, faults, where = tree.text(CATALOGUE), [], {}
    try:
        pairs = json.loads(text, object_pairs_hook=list)
    except ValueError as error:
        return {}, {}, [Violation(CATALOGUE, 1, f"is no JSON: {error}")]
    lines = {}
    for number, line in enumerate(text.split("\n"), 1):
        if found := re.match(r"\s*(" + LITERAL + r")\s*:", line):
            lines.setdefault(json.loads(found[1]), number)
        if ')WORDS"' in line:
            faults.append(Violation(CATALOGUE, number, 'holds )WORDS", which ends the literal it is compiled in as'))
    for key, _ in pairs:
        if key in where:
            faults.append(Violation(CATALOGUE, lines.get(key, 1), f'has "{key}" twice'))
        where[key] = lines.get(key, 1)
    if [key for key, _ in pairs] != sorted(where):
        faults.append(Violation(CATALOGUE, 1, "is not in the order of its keys: tests/house/said.py writes it so"))
    return dict(pairs), where, faults


def is_untranslated(key, value):
    return key == value and PROSE.search(key) is not None


def check_catalogue(tree):
    entries, where, faults = read_catalogue(tree)
    yield from faults
    used = set()
    for key in keys(tree):
        if key.text is None:
            yield Violation(key.path, key.line, "words::said, text and tell take the sentence itself, as a literal")
            continue
        used.add(key.text)
        if key.text not in entries:
            yield Violation(key.path, key.line, f'{CATALOGUE} has no Indonesian for "{key.text}"')
    for key, value in entries.items():
        if key not in used:
            yield Violation(CATALOGUE, where[key], f'nobody says "{key}" any more: remove it')
        if not isinstance(value, str) or not value.strip():
            yield Violation(CATALOGUE, where[key], f'"{key}" has no text')
            continue
        if is_untranslated(key, value):
            yield Violation(CATALOGUE, where[key], f'"{key}" is not translated')
        wanted, given = placeholders(key), placeholders(value)
        if given is None or wanted != given:
            yield Violation(CATALOGUE, where[key], f'"{key}" has other placeholders than its Indonesian')
        if (key[:1].isspace(), key[-1:].isspace()) != (value[:1].isspace(), value[-1:].isspace()):
            yield Violation(CATALOGUE, where[key], f'"{key}" begins or ends with a blank, and its Indonesian does not, or the reverse')


def read_allowed(tree):
    """'path: beginning of the literal -> reason' a line; '#' starts a comment. {(path, beginning): line}."""
    allowed, faults = {}, []
    text = tree.text(ALLOWED) if ALLOWED in tree.files else ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = re.fullmatch(r"(\S+): (.+?) -> (.{15,})", line)
        if found is None:
            faults.append(Violation(ALLOWED, number, "write: path: beginning of the literal -> reason (a whole sentence)"))
        else:
            allowed[(found[1], found[2])] = number
    return allowed, faults


def speaks(path):
    return not path.startswith(("tests/", "metrics/words/"))


def check_prose(tree):
    allowed, faults = read_allowed(tree)
    yield from faults
    needed = set()
    for path in tree.sources():
        if not speaks(path):
            continue
        code = tree.code(path)
        code = INCLUDE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), code)
        if path.startswith("storage/"):
            code = INVARIANT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), code)
        code = re.sub(r"\bstatic_assert\s*\([^;]*;", lambda m: re.sub(r"[^\n]", " ", m[0]), code)
        said = [(call.start(1), call.end(1)) for call in CALL.finditer(code)]
        for found in STRING.finditer(code):
            if any(begin <= found.start() < end for begin, end in said):
                continue
            text = found[2] if found[2] is not None else plain(found[0])
            if not PROSE.search(text):
                continue
            exception = next((key for key in allowed if key[0] == path and text.startswith(key[1])), None)
            if exception:
                needed.add(exception)
                continue
            yield Violation(path, line_of(code, found.start()),
                            f'"{text[:60]}" is said in one language: words::said("…"), or a reason in {ALLOWED}')
    for key, number in allowed.items():
        if key not in needed:
            yield Violation(ALLOWED, number, f"{key[0]} needs no exception for this any more: remove the line")


def check_twice(tree):
    for path in tree.sources():
        if not speaks(path):
            continue
        code = tree.code(path)
        for found in TWICE.finditer(code):
            yield Violation(path, line_of(code, found.start()),
                            f'"{found[1][:60]}" stands for both languages: words::said("…"), or words::verbatim of what is no sentence')


def check_said(tree):
    yield from check_catalogue(tree)
    yield from check_twice(tree)
    yield from check_prose(tree)
