"""The slope of what is measured against how much was done: Theil and Sen's, the median of the slopes of all pairs. A spike here and
there moves it not at all, a steady loss in full."""

import math
import statistics


class Slope:
    """`points`: (how much was done, what was measured)."""

    def __init__(self, points):
        slopes = sorted((b[1] - a[1]) / (b[0] - a[0]) for at, a in enumerate(points) for b in points[at + 1:] if b[0] != a[0])
        self.value = statistics.median(slopes)
        # Sen's 95 % bounds, by Kendall's variance.
        n = len(points)
        away = 1.96 * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
        low, high = int((len(slopes) - away) / 2), int((len(slopes) + away) / 2)
        self.low, self.high = slopes[max(low, 0)], slopes[min(high, len(slopes) - 1)]
        self.over_all = self.value * (points[-1][0] - points[0][0])

    def __str__(self):
        return f"{self.value:.3g} ({self.low:.3g} to {self.high:.3g})"


def proven():
    """It sees a loss beside a saw's teeth, and none where there is none."""
    teeth = [(at, 4000 * (at % 7) + (9999 if at == 30 else 0)) for at in range(60)]
    losing = [(at, measured + 1024 * at) for at, measured in teeth]
    return abs(Slope(teeth).value) < 64 and Slope(losing).value > 900
