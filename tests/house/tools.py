"""Checks that ask a tool: clang-format, bash -n and shellcheck."""

import pathlib
import re
import subprocess

from tree import Violation

FORMAT = "clang-format-19"


def run(command, tree):
    return subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)


def check_format(tree):
    sources = tree.sources()
    if not sources:
        return
    if not (tree.root / ".clang-format").is_file():
        yield Violation(".clang-format", 1, "is missing")
        return
    result = run([FORMAT, "--dry-run", "-Werror", "--ferror-limit=1", *sources], tree)
    found = re.findall(r"^(.+?):(\d+):\d+: error: (.*)$", result.stderr, re.MULTILINE)
    for path, line, _ in found:
        yield Violation(path, int(line), f"not formatted: run {FORMAT} -i {path}")
    if result.returncode != 0 and not found:
        yield Violation(".clang-format", 1, f"{FORMAT} failed: {result.stderr.strip()[:500]}")


def shell_scripts(tree):
    scripts = tree.sources(".sh")
    for path in tree.files:
        if path not in scripts and "." not in pathlib.PurePosixPath(path).name:
            if re.match(r"#!.*\b(?:ba|da)?sh\b", tree.text(path).split("\n", 1)[0]):
                scripts.append(path)
    return scripts


def check_shell(tree):
    for path in shell_scripts(tree):
        parsed = run(["bash", "-n", path], tree)
        if parsed.returncode != 0:
            yield Violation(path, 1, f"bash -n: {parsed.stderr.strip()}")
            continue
        result = run(["shellcheck", "--external-sources", "--severity=info", "--format=gcc", path], tree)
        for line, text in re.findall(r"^[^\n]*?:(\d+):\d+: (.*)$", result.stdout, re.MULTILINE):
            yield Violation(path, int(line), text)
        if result.returncode not in (0, 1):
            yield Violation(path, 1, f"shellcheck failed: {result.stderr.strip()}")
