"""The plan of the house as data, and the checks that read it: who may include whom, through which door."""

import re
from dataclasses import dataclass

from tree import Violation, line_of

STORAGE, PROFILE, SCHEME, RULES, CLIENT = (
    "storage", "upstream/profile", "upstream/scheme", "upstream/rules", "upstream/client")
WORDS = "metrics/words"
CLOCK, HTTP, FRONT, INTAKE, READS, DELIVERY, ADMIN, ADMIN_API = (
    f"gateway/{name}" for name in ("clock", "http", "front", "intake", "reads", "delivery", "admin", "admin_api"))


@dataclass(frozen=True)
class Room:
    namespace: str
    may_include: tuple = ()


# ARCHITECTURE.md tells the same; page.py compares. Every room may include itself; the root of gateway/ composes them
# all, past every door.
ROOMS = {
    WORDS: Room("titip::words"),
    "metrics": Room("titip::metrics"),
    STORAGE: Room("titip::storage", ("metrics",)),
    PROFILE: Room("titip::profile"),
    SCHEME: Room("titip::scheme", (PROFILE,)),
    RULES: Room("titip::rules", (PROFILE,)),
    # The door of rules speaks in profiles, so its only user upstream does too.
    CLIENT: Room("titip::client", (PROFILE, RULES, "metrics")),
    CLOCK: Room("titip::clock"),
    HTTP: Room("titip::http", (CLOCK, "metrics")),
    FRONT: Room("titip::front", (CLOCK, HTTP, INTAKE, READS, PROFILE, SCHEME, STORAGE)),
    INTAKE: Room("titip::intake", (CLOCK, STORAGE, PROFILE, "metrics")),
    READS: Room("titip::reads", (CLOCK, STORAGE, PROFILE, SCHEME, RULES, CLIENT, "metrics")),
    DELIVERY: Room("titip::delivery", (CLOCK, STORAGE, PROFILE, SCHEME, RULES, CLIENT, "metrics")),
    ADMIN: Room("titip::admin", (CLOCK, STORAGE, SCHEME, DELIVERY, "metrics")),
    ADMIN_API: Room("titip::admin_api", (CLOCK, HTTP, ADMIN, PROFILE, "metrics")),
    "gateway": Room("titip::gateway", ("metrics", STORAGE, PROFILE, SCHEME, RULES, CLIENT, CLOCK, HTTP, FRONT, INTAKE,
                                       READS, DELIVERY, ADMIN, ADMIN_API)),
}

# Below all others: every room may include it, and the tables need not say so of each.
EVERYBODYS = (WORDS,)

# What other rooms may include of a room; a room without an entry is open as a whole.
DOORS = {
    STORAGE: {"store.h", "submission.h", "state_table.h", "sealing.h", "payload.h", "open.h", "facilities.h",
              "kept_reply.h", "kept_login.h", "kept_authorization.h", "changes.h", "queries.h", "upkeep.h", "waiting_home.h", "key_rotation.h",
              "persons.h", "erasure_list.h", "index_check.h", "reindex.h", "store_lock.h", "key_file.h", "sealed_kinds.h",
              "kept_facility.h", "reference_keys.h", "veil.h"},
    CLIENT: {"upstream.h", "transport.h", "read_door.h", "health.h", "callback_door.h"},
}
# Narrower for one pair of rooms.
PAIR_DOORS = {
    (FRONT, STORAGE): {"facilities.h"},
    # Upkeep: the blocking drivers over the store's door.
    (ADMIN, STORAGE): {"store.h", "submission.h", "state_table.h", "sealing.h", "payload.h", "changes.h", "queries.h", "upkeep.h",
                       "waiting_home.h", "hex.h", "backup.h", "erasure_list.h", "facilities.h", "kept_facility.h",
                       "key_rotation.h", "persons.h", "veil.h"},
    # Its records, not its work.
    (ADMIN, DELIVERY): {"outages.h", "drain_order.h"},
}

# Test folders that stand for the outside world: they must not know how the product works.
OUTSIDERS = ("tests/pcare_sim", "tests/sampler")


def room_of(path):
    """The room a file lives in: 'tests' for tests, None for a file of ours that is in no room."""
    folder = path.rsplit("/", 1)[0] if "/" in path else ""
    if folder.split("/", 1)[0] == "tests":
        return "tests"
    parts = folder.split("/")
    if folder in ROOMS:
        return folder
    if parts[0] in ("gateway", "upstream"):
        room = "/".join(parts[:2])
    else:
        room = parts[0]
    return room if room in ROOMS else None


def is_outsider(path):
    return path.startswith(tuple(folder + "/" for folder in OUTSIDERS))


def refusal(path, target):
    """Why the file at `path` may not include the file at `target`, or None."""
    room, other = room_of(path), room_of(target)
    if other is None:
        return f"includes {target}, which is in no room"
    if room == "tests":
        if is_outsider(path) and other != "tests":
            return f"includes {target}: {'/'.join(path.split('/')[:2])} stands for the outside and knows no room"
        return None
    if other == "tests":
        return f"includes {target}: nobody includes tests"
    if other == room:
        return None
    if other not in ROOMS[room].may_include + EVERYBODYS:
        return f"includes {target}: {room} may not include {other}"
    door = PAIR_DOORS.get((room, other), DOORS.get(other))
    inside = target[len(other) + 1:]
    if door is not None and inside not in door and room != "gateway":
        return f"includes {target}: {room} may include only {', '.join(sorted(door))} of {other}"
    return None


def check_rooms(tree):
    for path in tree.sources():
        if room_of(path) is None:
            yield Violation(path, 1, "is in no room of the table (tests/house/rooms.py)")
            continue
        for include in tree.own_includes(path):
            if not (tree.root / include.target).is_file():
                yield Violation(path, include.line, f'"{include.target}" is not a file seen from the root of the tree')
                continue
            reason = refusal(path, include.target)
            if reason:
                yield Violation(path, include.line, reason)
        if is_outsider(path):
            for target, chain in tree.closure(path).items():
                if room_of(target) != "tests" and len(chain) > 2:
                    yield Violation(path, 1, f"reaches {target}: {' -> '.join(chain)}")
    yield from check_links(tree)


ROOM_CALL = re.compile(r"\btitip_room\s*\(\s*(\w+)([^)]*)\)")
LINK_CALL = re.compile(r"\btarget_link_libraries\s*\(\s*(\w+)([^)]*)\)")


def check_links(tree):
    """The same table for what is linked: titip_room(… ROOMS …), and the outsiders' libraries."""
    room_named = {room.namespace.rsplit("::", 1)[1]: name for name, room in ROOMS.items()}
    for path in tree.files:
        if not path.endswith("CMakeLists.txt"):
            continue
        text = re.sub(r"#[^\n]*", "", tree.text(path))
        for call in ROOM_CALL.finditer(text):
            room = room_named.get(call[1])
            where = line_of(text, call.start())
            if room is None and room_of(path) != "tests":
                yield Violation(path, where, f"titip_room({call[1]}) is no room of the table")
                continue
            sections = re.split(r"\b(SOURCES|ROOMS|FOREIGN)\b", call[2])
            linked = [word for key, words in zip(sections[1::2], sections[2::2]) if key == "ROOMS" for word in words.split()]
            for name in linked:
                if room and room_named.get(name) not in ROOMS[room].may_include + EVERYBODYS:
                    yield Violation(path, where, f"{room} links {name}, which it may not include")
                if is_outsider(path) and name in room_named:
                    yield Violation(path, where, f"{call[1]} links the room {name}")
        if is_outsider(path):
            for call in LINK_CALL.finditer(text):
                for name in re.findall(r"\btitip_(\w+)", call[2]):
                    if name in room_named:
                        yield Violation(path, line_of(text, call.start()), f"{call[1]} links the room {name}")


NAMESPACE = re.compile(r"\b(?:inline\s+)?namespace\b\s*([\w:]*)\s*(\{|=)")
FORWARD_ONLY = re.compile(
    r"(?:\s*(?:template\s*<[^>]*>\s*)?(?:class|struct|enum(?:\s+class|\s+struct)?)\s+\w+(?:\s*:\s*[\w:]+)?\s*;)*\s*")


def block_end(text, opening):
    depth = 0
    for offset in range(opening, len(text)):
        if text[offset] == "{":
            depth += 1
        elif text[offset] == "}":
            depth -= 1
            if depth == 0:
                return offset
    return len(text)


def check_namespaces(tree):
    """One namespace a room. Foreign namespaces only to declare a type forward or to specialise a template."""
    for path in tree.sources():
        room = room_of(path)
        if room is None or room == "tests":
            continue
        expected, code, seen, offset = ROOMS[room].namespace, tree.bare_code(path), False, 0
        while found := NAMESPACE.search(code, offset):
            name, opening = found[1], found.end() - 1
            where = line_of(code, found.start())
            if found[2] == "=":
                offset = found.end()
                continue
            end = block_end(code, opening)
            content = code[opening + 1:end]
            offset = end
            if name == expected or name.startswith(expected + "::"):
                seen = True
            elif name == "":
                pass  # unnamed, outside every namespace: main's own
            elif name.split("::", 1)[0] == "titip" and not FORWARD_ONLY.fullmatch(content):
                yield Violation(path, where, f"namespace {name} in the room of {expected} (write it in one, not nested)")
            elif name.split("::", 1)[0] != "titip" and not (
                    FORWARD_ONLY.fullmatch(content) or re.match(r"\s*template\s*<", content)):
                yield Violation(path, where, f"namespace {name} in the room of {expected}")
        if not seen and not re.search(r"\bint\s+main\s*\(", code):
            yield Violation(path, 1, f"nothing in it is in namespace {expected}")
