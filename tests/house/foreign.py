"""Foreign libraries: each is known in one place, and no header that another room includes drags it along."""

import re
from dataclasses import dataclass

from rooms import DOORS, ROOMS, room_of
from tree import Violation


@dataclass(frozen=True)
class Foreign:
    name: str
    headers: str  # regular expression over what stands in <>
    files: tuple  # the files that may include it; "**" crosses folders


FOREIGN = (
    Foreign("RocksDB", r"rocksdb/", ("storage/rocks_kv*", "tests/storage/**", "tests/crash/**")),
    Foreign("prometheus-cpp", r"prometheus/", ("metrics/**",)),
    Foreign("spdlog", r"spdlog/", ("metrics/**",)),
    Foreign("Beast", r"boost/beast", ("gateway/http/**", "upstream/client/**", "tests/**")),
    Foreign("nlohmann/json (json_fwd.hpp is free)", r"nlohmann/json\.hpp", ("**",)),
    Foreign("libsystemd", r"systemd/", ("gateway/supervision.cc",)),
    Foreign("CLI11", r"CLI/", ("gateway/*.cc", "tests/**")),
)


def matches(path, pattern):
    expression = re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return re.fullmatch(expression, path) is not None


def check_foreign(tree):
    for path in tree.sources():
        for include in tree.includes(path):
            for foreign in FOREIGN:
                if not re.match(foreign.headers, include.target):
                    continue
                if not include.foreign:
                    yield Violation(path, include.line, f'<{include.target}> is written as "{include.target}"')
                elif not any(matches(path, pattern) for pattern in foreign.files):
                    yield Violation(path, include.line, f"<{include.target}>: {foreign.name} is known in "
                                                        f"{', '.join(foreign.files)} alone")
    yield from check_public_headers(tree)


def public_headers(tree):
    """Headers of product rooms that another room includes, and the headers named as a room's door."""
    public = {f"{room}/{header}": "it is a door" for room, headers in DOORS.items() for header in headers}
    for path in tree.sources():
        for include in tree.own_includes(path):
            room, other = room_of(path), room_of(include.target)
            if room in ROOMS and other in ROOMS and room != other:
                public.setdefault(include.target, f"{path} includes it")
    return {path: why for path, why in public.items() if path in tree.sources(".h")}


def check_public_headers(tree):
    for header, why in sorted(public_headers(tree).items()):
        for target, chain in tree.reach(header).items():
            for foreign in FOREIGN:
                if re.match(foreign.headers, target):
                    way = " -> ".join(chain + (f"<{target}>",))
                    yield Violation(header, 1, f"is public ({why}) and brings {foreign.name} along: {way}")
