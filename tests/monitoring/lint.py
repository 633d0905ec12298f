"""Whether what deploy/monitoring ships is well formed: Debian's own checkers, and what they do not look at. Each finding is one
sentence; run by itself it prints them all, and the unit tests of the alerts run too."""

import json
import re
import subprocess
import sys

from shipped import CONFIGS, DASHBOARDS, RUNBOOKS, SHIPPED, panels_of, rules_of

CHECKS = (
    ["promtool", "check", "rules", "--lint=all", "--lint-fatal", "titip.rules.yml", "titip.alerts.yml"],
    ["promtool", "check", "config", "--lint=all", "--lint-fatal", "prometheus.yml"],
    ["amtool", "check-config", "alertmanager.yml"],
)
UNIT_TESTS = ["promtool", "test", "rules", "titip.tests.yml"]
# keys of a dashboard whose value people read
WORDS = ("title", "description", "label", "legendFormat", "titleFormat", "text", "noValue")
RUNBOOK_PARTS = ("## What it means", "## What to do", "## What to tell clinics")


def run(command, directory=SHIPPED, text=None):
    done = subprocess.run(command, cwd=directory, input=text, capture_output=True, text=True, timeout=300)
    return [] if done.returncode == 0 else [f"{' '.join(command[:3])}: {(done.stdout + done.stderr).strip()}"]


def check_exposition(exposition):
    return run(["promtool", "check", "metrics"], text=exposition)


def filled_in(text):
    """What Prometheus puts into it."""
    return re.findall(r"\{\{.*?\}\}", text)


def alerts_are_whole(rules):
    tested = (SHIPPED / "titip.tests.yml").read_text()
    for rule in rules:
        name, notes = rule["alert"], rule["annotations"]
        for part in ("summary", "description", "summary_id", "description_id", "runbook_url"):
            if not notes.get(part):
                yield f"alert {name} has no {part}"
        for part in ("summary", "description"):
            english, indonesian = notes.get(part, ""), notes.get(part + "_id", "")
            if sorted(filled_in(english)) != sorted(filled_in(indonesian)):
                yield f"alert {name}: {part} and {part}_id do not name the same things"
            if english == indonesian:
                yield f"alert {name}: {part}_id is not Indonesian"
        if rule["labels"].get("severity") not in ("critical", "warning"):
            yield f"alert {name} is neither critical nor a warning"
        runbook = RUNBOOKS / (name + ".md")
        if not notes.get("runbook_url", "").endswith(f"/runbooks/{name}.md") or not runbook.is_file():
            yield f"alert {name} has no runbook deploy/runbooks/{name}.md, or does not point to it"
            continue
        text = runbook.read_text()
        for part in RUNBOOK_PARTS:
            if part not in text:
                yield f"runbook {name}.md has no part '{part}'"
        if not re.search(r"^> \*\*Indonesia\*\*: \S", text, re.M):
            yield f"runbook {name}.md has no sentence in Indonesian for clinics (> **Indonesia**: …)"
        for state in ("[]", "labels:"):
            speaks = any(f'alertname="{name}"' in test and state in test for test in tested.split("  - name:"))
            if not speaks:
                yield f"alert {name} has no unit test in which it {'is silent' if state == '[]' else 'speaks'}"


def dashboards_are_whole(name):
    document = json.loads((SHIPPED / name).read_text())
    ids = [panel["id"] for panel in document["panels"]]
    if len(ids) != len(set(ids)):
        yield f"{name}: two panels have one id"
    for panel in panels_of(name):
        where = f"{name}: panel '{panel['title']}'"
        if not panel.get("description"):
            yield f"{where} has no description"
        if not panel["fieldConfig"]["defaults"].get("unit"):
            yield f"{where} has no unit"
        if not panel.get("targets"):
            yield f"{where} asks for nothing"
        if panel["gridPos"]["x"] + panel["gridPos"]["w"] > 24:
            yield f"{where} stands beyond the edge"
        for target in panel.get("targets", []):
            if target["datasource"] != {"type": "prometheus", "uid": "${datasource}"}:
                yield f"{where} names a data source of its own"


def words_and_rest(node, words, path=""):
    """A dashboard without the words that people read, which are noted under where they stand."""
    if isinstance(node, list):
        return [words_and_rest(each, words, f"{path}/{at}") for at, each in enumerate(node)]
    if not isinstance(node, dict):
        return node
    rest = {}
    for key, value in node.items():
        named = f"{path}/{key}"
        is_read = key in WORDS or (key == "name" and path.startswith("/annotations/"))
        if is_read and isinstance(value, str):
            words[named] = value
        elif named != "/uid":
            rest[key] = words_and_rest(value, words, named)
    return rest


def says_the_same_in_indonesian(name, english, indonesian):
    """The same panels and expressions in other words."""
    said, told = {}, {}
    if words_and_rest(english, said) != words_and_rest(indonesian, told):
        yield f"{name}: not the panels and expressions of the English one"
        return
    if english["uid"] == indonesian["uid"]:
        yield f"{name}: Grafana would take it for the English one (uid)"
    for where, text in said.items():
        other = told.get(where, "")
        if sorted(filled_in(text)) != sorted(filled_in(other)) or bool(text) != bool(other):
            yield f"{name}: {where} does not name what the English one names"
        if where.endswith("/description") and text == other:
            yield f"{name}: {where} is not Indonesian"


def everything(unit_tests=True):
    findings = [finding for command in CHECKS for finding in run(command)]
    if unit_tests:
        findings += run(UNIT_TESTS)
    findings += alerts_are_whole(rules_of("titip.alerts.yml"))
    for name in DASHBOARDS:
        findings += dashboards_are_whole(name)
        other = name.replace(".json", ".id.json")
        findings += says_the_same_in_indonesian(other, *(json.loads((SHIPPED / each).read_text()) for each in (name, other)))
    findings += [f"{name} is not there" for name in CONFIGS if not (SHIPPED / name).is_file()]
    return findings


if __name__ == "__main__":
    found = everything()
    print("\n".join(found))
    print(f"monitoring.lint: alerts={len(rules_of('titip.alerts.yml'))} lint_errors={len(found)}")
    sys.exit(1 if found else 0)
