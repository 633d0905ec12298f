"""Measures and manners of the tree: sizes, names, words, top-level entries."""

import re
from dataclasses import dataclass

from tree import CPP, Violation, line_of

FILE_LINES, FILE_LINES_TOLD = 400, 300
FUNCTION_LINES, FUNCTION_LINES_TOLD = 100, 70
EXCEPTIONS = "tests/house/exceptions.txt"

TOP_LEVEL = {"CMakeLists.txt", "gateway", "storage", "upstream", "metrics", "tests", "deploy", "README.md",
             "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "CMakePresets.json"}


def check_top_level(tree):
    for name in tree.top_level:
        if name not in TOP_LEVEL and not name.startswith("."):
            yield Violation(name, 1, "is no entry of the house's top level (tests/house/tidy.py)")


@dataclass
class Allowance:
    limit: int
    reason: str
    line: int
    needed: bool = False


def read_exceptions(tree):
    """'path lines reason' or 'path:function lines reason', a line each; '#' starts a comment."""
    exceptions, faults = {}, []
    text = tree.text(EXCEPTIONS) if EXCEPTIONS in tree.files else ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        words = line.split(None, 2)
        if len(words) < 3 or not words[1].isdigit() or len(words[2]) < 20:
            faults.append(Violation(EXCEPTIONS, number, "write: path[:function] lines reason (a whole sentence)"))
        else:
            exceptions[words[0]] = Allowance(int(words[1]), words[2], number)
    return exceptions, faults


def functions(code):
    """(name, first line, lines) of each function body in code without comments, strings and preprocessor lines."""
    found, stack, header_start, parens = [], [], 0, 0
    for token in re.finditer(r"[{}();]", code):
        character, at = token[0], token.start()
        inside_function = any(kind in ("function", "expression") for kind, _, _ in stack)
        if character == "(":
            parens += 1
        elif character == ")":
            parens -= 1
        elif character == "{":
            header = code[header_start:at]
            stack.append((block_kind(header, parens, inside_function), header, header_start))
            if parens == 0:
                header_start = at + 1
        elif character == "}" and stack:
            kind, header, start = stack.pop()
            if kind == "function":
                before = re.match(r"\s*(?:(?:public|private|protected)\s*:\s*)*", header).end()
                first = line_of(code, start + before)
                found.append((function_name(header), first, line_of(code, at) - first + 1))
            if parens == 0:
                header_start = at + 1
        elif character == ";" and parens == 0:
            header_start = at + 1
    return found


def block_kind(header, parens, inside_function):
    if inside_function or parens > 0:
        return "expression"
    words = re.sub(r"\s+", " ", header).strip()
    words = re.sub(r"^(?:(?:public|private|protected) ?: ?)+", "", words)
    if re.match(r"(inline )?namespace\b|extern\b ?$", words):
        return "scope"
    if re.match(r"(template ?<.*> ?)?(typedef )?(class|struct|union|enum)\b(?!.*\) ?(const|noexcept|override)? ?$)", words):
        return "scope"
    outside = re.sub(r"\([^()]*\)", "", re.sub(r"operator ?\W+ ?\(", "(", words))
    if "(" not in words or re.search(r"(?<![=<>!])=(?!=)", outside):
        return "expression"
    return "function"


def function_name(header):
    words = re.sub(r"\s+", " ", header).strip()
    if test := re.match(r"(TEST|TEST_F|TEST_P|TYPED_TEST)\s*\(([^)]*)\)", words):
        return test[2].replace(", ", ".")
    named = re.search(r"([\w:~]+|operator ?\W+) ?\(", words)
    return named[1].strip() if named else words[-40:]


def check_sizes(tree, tell=lambda text: None):
    exceptions, faults = read_exceptions(tree)
    yield from faults

    def judge(key, path, line, lines, limit, told, what):
        exception = exceptions.get(key)
        if exception and lines > limit:
            exception.needed = True
            limit = exception.limit
        if lines > limit:
            return Violation(path, line, f"{what} has {lines} lines, more than {limit}; split it, or give a reason in {EXCEPTIONS}")
        if lines > told:
            tell(f"{path}:{line}: {what} has {lines} lines (aim at {told})")
        return None

    for path in tree.sources(*CPP, ".py", ".sh", ".cmake", "CMakeLists.txt"):
        lines = len(tree.text(path).splitlines())
        if fault := judge(path, path, 1, lines, FILE_LINES, FILE_LINES_TOLD, "the file"):
            yield fault
    for path in tree.sources():
        for name, line, lines in functions(tree.bare_code(path)):
            if fault := judge(f"{path}:{name}", path, line, lines, FUNCTION_LINES, FUNCTION_LINES_TOLD, name):
                yield fault
    for key, exception in exceptions.items():
        if not exception.needed:
            yield Violation(EXCEPTIONS, exception.line, f"{key} needs no exception any more: remove the line")


# The words are put together here so that this file does not contain them.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")
SUFFIX = r"(?:Manager|Helper|Utils?)"
BAD_TYPE = re.compile(r"\b(?:class|struct|union|enum|using|concept)\s+(?:class\s+|struct\s+)?(\w*" + SUFFIX + r")\b")
BAD_NAMESPACE = re.compile(r"\bnamespace\s+(?:[\w:]*::)?(utils?|helpers?|common|managers?)\b")
BAD_FILE = re.compile(r"(?:^|/)(?:[^/]*_)?(?:managers?|helpers?|utils?|common|misc)(?:\.\w+|/)")
SKIP_WITHOUT_REASON = re.compile(r'\bGTEST_SKIP\s*\(\s*\)(?!\s*<<\s*(?!""\s*;)\S)')


def check_words(tree):
    for path in tree.files:
        if BAD_FILE.search(path):
            yield Violation(path, 1, "names nothing: say what is in it")
    for path in tree.sources():
        code = tree.bare_code(path)
        for found in (*BAD_TYPE.finditer(code), *BAD_NAMESPACE.finditer(code)):
            yield Violation(path, line_of(code, found.start(1)), f"{found[1]} names nothing: say what it does")
        code = tree.code(path)
        for found in SKIP_WITHOUT_REASON.finditer(code):
            yield Violation(path, line_of(code, found.start()), "a skipped test says why: GTEST_SKIP() << \"reason\"")
    for path in tree.text_files():
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            if found := UNFINISHED.search(line):
                yield Violation(path, number, f"{found[0]}: finish it, or say it in an issue")


def check_manners(tree):
    for path in tree.sources(".cc"):
        header, includes = path[:-len(".cc")] + ".h", tree.includes(path)
        if header in tree.files and not (includes and includes[0].target == header):
            yield Violation(path, 1, f'its own header "{header}" is not what it includes first')
    for path in tree.sources(".h"):
        if not re.search(r"^#pragma once$", tree.code(path), re.MULTILINE):
            yield Violation(path, 1, "a header without #pragma once")
    for path in tree.text_files():
        text = tree.text(path)
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line:
                yield Violation(path, number, "a tab")
            if line.endswith("\r"):
                yield Violation(path, number, "a carriage return at the line's end")
        if text and not text.endswith("\n"):
            yield Violation(path, len(text.split("\n")), "the last line has no end")


# Names of hosts that serve packages, by their shape: this file names none.
REGISTRY_HOST = re.compile(
    r"\b(?:deb|security|snapshot|ftp|registry|registries|pypi|files|static|proxy|repos?\d?|packages?|rubygems|crates|index"
    r"|mirrors?|archive|ghcr|hub)\.(?:[a-z0-9-]+\.)*[a-z0-9-]+\.(?:org|io|com|net|dev|id|cloud)\b"
    r"|\b(?:pypi|crates|rubygems|npmjs|ghcr|nuget)\.(?:org|io|com)\b", re.IGNORECASE)
SOMEBODYS_PATH = re.compile(r"(?<![\w.)}/-])/(?:work|home|root|Users)/\w")
DOCUMENT = re.compile(r"(?<![\w./{}<>*$-])(?:\./)?((?:[\w.-]+/)*[\w-]+\.md)\b")
NEIGHBOUR = re.compile(r"\.\./" + r"shared\b")


def check_speech(tree):
    """Titip's files speak of Titip alone: no package registry's host, nobody's machine, nothing beside the tree, no document
    that is not in it."""
    here = str(tree.root)
    documents = {"/" + path for path in tree.files if path.endswith(".md")}
    for path in tree.text_files():
        if path == "LICENSE":
            continue
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            if found := REGISTRY_HOST.search(line):
                yield Violation(path, number, f"names a host that serves packages: {found[0]}")
            if len(here) > 4 and here + "/" in line:  # first: a checkout may lie in somebody's home
                yield Violation(path, number, "the path of this checkout")
            elif found := SOMEBODYS_PATH.search(line):
                yield Violation(path, number, f"a path of somebody's machine: {found[0]}…")
            for found in DOCUMENT.finditer(line):
                name = re.sub(r"^(?:\.\.?/)+", "", found[1])
                if not any(document.endswith("/" + name) for document in documents):
                    yield Violation(path, number, f"names {name}, which is not in the tree")
            if NEIGHBOUR.search(line):
                yield Violation(path, number, "names what lies beside the tree")
