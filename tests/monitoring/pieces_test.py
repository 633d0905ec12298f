"""What the day stands on: durations that are shortened and what is left alone, comparisons that are taken away, names that are found,
the page of metrics, and the lint, which must find what is planted."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import lint  # noqa: E402
import page  # noqa: E402
import shipped  # noqa: E402
from shipped import Expression, shorten_config, shorten_expression  # noqa: E402

EXPOSITION = """# HELP titip_a_total What is counted.
# TYPE titip_a_total counter
titip_a_total{b="c",d="e"} 1
# HELP titip_f_seconds How long.
# TYPE titip_f_seconds histogram
titip_f_seconds_bucket{b="c",le="1"} 0
titip_f_seconds_bucket{b="c",le="+Inf"} 1
titip_f_seconds_sum{b="c"} 2
titip_f_seconds_count{b="c"} 1
"""


class Pieces(unittest.TestCase):
    def test_durations(self):
        self.assertEqual(shorten_expression('rate(titip_a_total{b="[5m]"}[5m]) > 4 * 3600', 60),
                         'rate(titip_a_total{b="[5m]"}[5000ms]) > 4 * 3600')
        self.assertEqual(shorten_expression("rate(a[3d]) + deriv(b[1h:15s])", 60), "rate(a[4320000ms]) + deriv(b[60000ms:250ms])")
        self.assertEqual(shorten_config("  for: 2m\n  - interval: 1m\n  text: for 2m\n  expr: a[5m]\n", 60),
                         "  for: 2000ms\n  - interval: 1000ms\n  text: for 2m\n  expr: a[5000ms]\n")

    def test_every_alert_that_waits_waits_less_in_the_test(self):
        text = shorten_config((shipped.SHIPPED / "titip.alerts.yml").read_text(), 60)
        waits = [line for line in text.splitlines() if line.strip().startswith("for:")]
        self.assertEqual(len(waits), sum("for" in rule for rule in shipped.rules_of("titip.alerts.yml")))
        self.assertTrue(all(line.endswith("ms") for line in waits), waits)

    def test_comparisons(self):
        for text, bare in (('up{job="titip"} == 0', 'up{job="titip"}'),
                           ("a > 14.4 * 0.001\nand\n  b > 14.4 * 0.001", "a\nand\n  b"),
                           ('a{b!~"c|d",e=~"f"} != 0', 'a{b!~"c|d",e=~"f"}'),
                           ("predict_linear(a[6h], 4 * 86400) < 0", "predict_linear(a[6h], 4 * 86400)"),
                           ("time() - (a > 0) > 4 * 3600", "time() - (a)"),
                           ("a > b", "a > b")):
            self.assertEqual(Expression("", text).without_comparison(), bare)

    def test_names(self):
        expression = Expression("", 'sum by (le) (titip_a_bucket{job="titip_no"}) and on (up) up{x="y"} == 0 or titip:c:rate5m == 1')
        self.assertEqual(expression.metrics(), {"titip_a_bucket", "up", "titip:c:rate5m"})
        self.assertIn("titip:c:rate5m_misspelt ==", expression.with_a_wrong_name("titip:c:rate5m").text)
        both = Expression("", "titip_a - titip_a_total").with_a_wrong_name("titip_a")
        self.assertEqual(both.text, "titip_a_misspelt - titip_a_total")

    def test_every_shipped_expression_names_a_metric(self):
        for expression in shipped.expressions():
            self.assertTrue(expression.metrics(), expression)

    def test_the_page_of_metrics(self):
        self.assertEqual(list(page.rows([EXPOSITION])), [
            "| `titip_a_total` | counter | b, d | What is counted. |", "| `titip_f_seconds` | histogram | b | How long. |"])
        found = page.differences([EXPOSITION])
        self.assertTrue(any("lacks" in each and "titip_a_total" in each for each in found), found)
        self.assertTrue(any("not exposed" in each and "titip_queue_submissions`" in each for each in found), found)
        self.assertFalse(any("promtool" in each for each in found), found)

    def test_what_is_no_exposition_is_told(self):
        for spoiled in (EXPOSITION.replace("counted.", "counted\nin two lines."), EXPOSITION.replace("# HELP titip_a_total", "# HELP ")):
            self.assertTrue(any("no line of an exposition" in each or "promtool" in each for each in page.differences([spoiled])))
        self.assertTrue(lint.check_exposition(EXPOSITION.replace("titip_a_total", "titip_a_count")))

    def test_an_alert_without_its_parts_is_told(self):
        whole = next(rule for rule in shipped.rules_of("titip.alerts.yml") if rule["alert"] == "LedgerBroken")
        self.assertEqual(list(lint.alerts_are_whole([whole])), [])
        for part in whole["annotations"]:
            notes = {**whole["annotations"], part: ""}
            self.assertTrue(list(lint.alerts_are_whole([{**whole, "annotations": notes}])), part)
        self.assertTrue(list(lint.alerts_are_whole([{**whole, "labels": {}}])))
        for part, notes in (("summary_id", {"summary_id": "Pembukuan tidak seimbang."}),
                            ("description_id", {"description_id": whole["annotations"]["description"]})):
            spoiled = {**whole, "annotations": whole["annotations"] | notes}
            self.assertTrue(any(part in each for each in lint.alerts_are_whole([spoiled])), part)
        unknown = {**whole, "alert": "Nobody", "annotations": {**whole["annotations"], "runbook_url": "file:///runbooks/Nobody.md"}}
        self.assertTrue(any("no runbook" in each for each in lint.alerts_are_whole([unknown])))

    def test_a_dashboard_that_differs_in_indonesian_is_told(self):
        for name in shipped.DASHBOARDS:
            english, indonesian = (json.loads((shipped.SHIPPED / each).read_text()) for each in (name, name.replace(".json", ".id.json")))
            told = lambda changed: list(lint.says_the_same_in_indonesian(name, english, changed))
            self.assertEqual(told(indonesian), [])
            panels = indonesian["panels"]
            second = panels[1]
            self.assertTrue(told({**indonesian, "uid": english["uid"]}))
            self.assertTrue(told({**indonesian, "panels": panels[:-1]}))
            for spoiled in ({"description": english["panels"][1]["description"]}, {"title": ""}, {"type": "text"},
                            {"targets": [{**second["targets"][0], "expr": "up"}]}, {"targets": [{**second["targets"][0], "legendFormat": "x"}]}):
                self.assertTrue(told({**indonesian, "panels": [panels[0], {**second, **spoiled}, *panels[2:]]}), spoiled)


if __name__ == "__main__":
    unittest.main()
