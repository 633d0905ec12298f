"""What tests/run.sh knows of its parts. `plan DIR ROW…` refuses a row without tests and names used twice; `table DIR ROW…`
prints the time of each, from the build times and ctest's own report, and why a test did not run, or which part of it."""

import collections
import json
import pathlib
import sys
import xml.etree.ElementTree


def rows_of_tests(directory, rows):
    """{test's name: the row it belongs to} and every name that ctest lists."""
    listed = json.loads((directory / "tests.json").read_text(encoding="utf-8"))["tests"]
    names, row_of = [], {}
    for test in listed:
        labels = [p["value"] for p in test.get("properties", []) if p["name"] == "LABELS"]
        names.append(test["name"])
        row_of[test["name"]] = next((row for row in rows if labels and row in labels[0]), None)
    return row_of, names


def plan(directory, rows):
    row_of, names = rows_of_tests(directory, rows)
    faults = [f"two tests are called {name}" for name, times in collections.Counter(names).items() if times > 1]
    faults += [f"the part '{row}' has no test: nothing would be tested" for row in rows if row not in row_of.values()]
    for fault in faults:
        print(f"tests/run.sh: {fault}", file=sys.stderr)
    return 1 if faults else 0


def why_not_run(case):
    said = (case.findtext("system-out") or "").strip().splitlines()
    skipped = [number for number, line in enumerate(said) if line.endswith(": Skipped")]
    if skipped and skipped[0] + 1 < len(said):
        return said[skipped[0] + 1]
    return said[-1] if said else "it said nothing"


def left_out(case):
    """What a test that passed says it did not try."""
    said = (case.findtext("system-out") or "").splitlines()
    return sorted({line.strip() for line in said if "NOT RUN" in line or "NOT TESTED" in line})


def table(directory, rows):
    row_of, _ = rows_of_tests(directory, rows)
    builds = dict(line.split("\t") for line in (directory / "builds.tsv").read_text(encoding="utf-8").splitlines())
    seconds, counts, failed, skipped = (collections.Counter() for _ in range(4))
    reasons = []
    if (directory / "junit.xml").is_file():
        for case in xml.etree.ElementTree.parse(directory / "junit.xml").getroot().iter("testcase"):
            row = row_of.get(case.get("name"))
            counts[row] += 1
            seconds[row] += float(case.get("time", "0"))
            if case.find("failure") is not None or case.get("status") == "fail":
                failed[row] += 1
            elif case.get("status") != "run":
                skipped[row] += 1
                reasons.append(f"did not run: {case.get('name')}: {why_not_run(case)}")
            else:
                reasons += [f"passed without: {case.get('name')}: {line}" for line in left_out(case)]
    print(f"\n{'part':<16}{'build s':>9}{'tests':>7}{'test s':>9}{'failed':>8}{'not run':>9}")
    for row in rows:
        print(f"{row:<16}{builds.get(row, '-'):>9}{counts[row]:>7}{seconds[row]:>9.1f}{failed[row]:>8}{skipped[row]:>9}")
    print("(test s: the tests' own times added up; several run at once)")
    for reason in reasons:
        print(reason)
    return 0


def main(arguments):
    if len(arguments) < 3 or arguments[0] not in ("plan", "table"):
        print("usage: part_table.py plan|table DIR ROW…", file=sys.stderr)
        return 2
    return (plan if arguments[0] == "plan" else table)(pathlib.Path(arguments[1]), arguments[2:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
