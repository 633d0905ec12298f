"""What deploy/monitoring ships, read as data: every expression of a panel, an alert or a recording rule, and the same with every
duration shortened, so that a day goes by in two minutes. Debian's own interpreter, for Debian's python3-yaml."""

import dataclasses
import json
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "deploy/monitoring"
RUNBOOKS = ROOT / "deploy/runbooks"
DASHBOARDS = ("grafana-overview.json", "grafana-delivery.json")
CONFIGS = ("prometheus.yml", "titip.rules.yml", "titip.alerts.yml", "alertmanager.yml")

UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DURATION = re.compile(r"(\d+)(ms|s|m|h|d)\b")
# Where a duration stands: a range, or the value of one of these keys. Seconds within expressions are thresholds and stay.
IN_A_RANGE = re.compile(r"\[[^\]]*\]")
AS_A_VALUE = re.compile(r"^(\s*(?:- )?(?:for|interval|scrape_interval|evaluation_interval|group_wait|group_interval|repeat_interval): )(\S+)$",
                        re.M)
METRIC = re.compile(r"\b(titip[_:][a-z0-9_:]+|process_[a-z_]+|up|ALERTS)\b(?!\s*=[^=])")
COMPARISON = re.compile(r"\s*(?:==|!=|>=|<=|>|<)\s*-?[0-9.]+(?:e[0-9]+)?(?:\s*\*\s*[0-9.]+)*")
MATCHERS = re.compile(r"(\{[^}]*\})")
TEXT = re.compile(r'"[^"]*"')


@dataclasses.dataclass(frozen=True)
class Expression:
    where: str
    text: str

    def metrics(self):
        return set(METRIC.findall(TEXT.sub('""', self.text)))

    def without_comparison(self):
        """What it looks at, whether or not it is bad: label matchers stay."""
        parts = MATCHERS.split(self.text)
        return "".join(part if part.startswith("{") else COMPARISON.sub("", part) for part in parts)

    def with_a_wrong_name(self, metric):
        return Expression(self.where, re.sub(rf"\b{re.escape(metric)}(?![a-z0-9_:])", metric + "_misspelt", self.text))


def rules_of(name):
    document = yaml.safe_load((SHIPPED / name).read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def panels_of(name):
    return [panel for panel in json.loads((SHIPPED / name).read_text())["panels"] if panel["type"] != "row"]


def expressions():
    found = []
    for name in DASHBOARDS:
        for panel in panels_of(name):
            found += [Expression(f"{name}: {panel['title']}", target["expr"].replace("$destination", ".*"))
                      for target in panel["targets"]]
    for name in ("titip.rules.yml", "titip.alerts.yml"):
        found += [Expression(f"{name}: {rule.get('alert') or rule['record']}", rule["expr"]) for rule in rules_of(name)]
    return found


def shortened(text, factor):
    """One duration, or several in one text, so many times shorter; never shorter than a millisecond."""
    return DURATION.sub(lambda found: f"{max(int(found[1]) * UNITS[found[2]] // factor, 1)}ms", text)


def shorten_expression(expression, factor):
    parts = MATCHERS.split(expression)
    return "".join(part if part.startswith("{") else IN_A_RANGE.sub(lambda found: shortened(found[0], factor), part) for part in parts)


def shorten_config(text, factor):
    return AS_A_VALUE.sub(lambda found: found[1] + shortened(found[2], factor), shorten_expression(text, factor))


def write_shortened(directory, factor, changes=()):
    """The shipped configuration for the test: the same rules and routes, on a faster clock."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in CONFIGS:
        text = shorten_config((SHIPPED / name).read_text(), factor)
        for before, after in changes:
            text = text.replace(before, after)
        (directory / name).write_text(text)
