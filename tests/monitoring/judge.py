"""Whether an expression shows anything: every metric that it names is known to Prometheus, and it returned a number at some time
of the day; where only a broken gateway or a bad moment would make it true, what it compares did."""

import json
import math
import urllib.parse
import urllib.request

from shipped import shorten_expression


class Prometheus:
    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}/api/v1/"

    def ask(self, what, **parameters):
        query = urllib.parse.urlencode(parameters).encode()
        # POST, because an expression may be longer than a URL should be; the others know GET alone.
        url = self.base + what
        request = urllib.request.Request(url, data=query) if "query" in parameters else urllib.request.Request(f"{url}?{query.decode()}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            document = json.load(answer)
        assert document["status"] == "success", document
        return document["data"]

    def series(self, expression, begin, end, step=0.5):
        """[(labels, [(time, value)])] over the day, without what is no number."""
        found = self.ask("query_range", query=expression, start=f"{begin:.3f}", end=f"{end:.3f}", step=step)["result"]
        read = [(each["metric"], [(float(at), float(value)) for at, value in each["values"]]) for each in found]
        return [(labels, [(at, value) for at, value in values if not math.isnan(value)]) for labels, values in read]

    def names(self):
        return set(self.ask("label/__name__/values"))


class Judge:
    def __init__(self, prometheus, begin, end, factor):
        self.prometheus, self.begin, self.end, self.factor = prometheus, begin, end, factor
        self.known = prometheus.names()
        self.bare = []  # those that were judged without their comparison

    def has_data(self, text):
        series = self.prometheus.series(shorten_expression(text, self.factor), self.begin, self.end)
        return any(values for _, values in series)

    def is_empty(self, expression):
        if not expression.metrics() or not expression.metrics() <= self.known:
            return True
        if self.has_data(expression.text):
            return False
        bare = expression.without_comparison()
        if bare == expression.text or not self.has_data(bare):
            return True
        self.bare.append(expression.where)
        return False
