"""ARCHITECTURE.md's tables of rooms and doors against rooms.py, so that the page says what is checked."""

import re

import rooms
from tree import Violation

PAGE = "ARCHITECTURE.md"
ROOM_ROW = re.compile(r"^\| `([\w/]+)` \(`(titip::\w+)`\) \|.*\| ([^|]+) \|$")
DOOR_ROW = re.compile(r"^\| to `([\w/]+)`(?: for `([\w/]+)`)? \| ([^|]+) \|$")


def short(room):
    return room.rsplit("/", 1)[-1]


def expected_rooms():
    """{room: (namespace, what stands in the last cell)}."""
    return {name: (room.namespace,
                   "all" if name == "gateway" else "-; everybody may include it" if name in rooms.EVERYBODYS else ", ".join(short(other) for other in room.may_include) or "-")
            for name, room in rooms.ROOMS.items()}


def expected_doors():
    """{(room, who goes in, or None: all): the headers}."""
    doors = {(room, None): door for room, door in rooms.DOORS.items()}
    doors |= {(room, who): door for (who, room), door in rooms.PAIR_DOORS.items()}
    return {key: ", ".join(f"`{header}`" for header in sorted(door)) for key, door in doors.items()}


def check_page(tree):
    if PAGE not in tree.files:
        return
    rows, doors, first = expected_rooms(), expected_doors(), 1
    for number, line in enumerate(tree.text(PAGE).split("\n"), 1):
        if found := ROOM_ROW.match(line):
            first, told = number, rows.pop(found[1], None)
            if told is None:
                yield Violation(PAGE, number, f"{found[1]} is no room of tests/house/rooms.py, or told twice")
            elif told != (found[2], found[3]):
                yield Violation(PAGE, number, f"by tests/house/rooms.py {found[1]} is {told[0]} and may include: {told[1]}")
        elif found := DOOR_ROW.match(line):
            told = doors.pop((found[1], found[2]), None)
            if told != found[3]:
                yield Violation(PAGE, number, f"by tests/house/rooms.py this door is: {told or 'none'}")
    for room in rows:
        yield Violation(PAGE, first, f"does not tell of the room {room}")
    for (room, who), headers in doors.items():
        yield Violation(PAGE, first, f"does not tell of the door to {room}{f' for {who}' if who else ''}: {headers}")


def page_text(rooms_said=None):
    """A page that is right, but for what is said otherwise: for the controls."""
    said = {**{room: text for room, (_, text) in expected_rooms().items()}, **(rooms_said or {})}
    lines = [f"| `{room}` (`{namespace}`) | - | {said[room]} |" for room, (namespace, _) in expected_rooms().items()
             if said[room] is not None]
    lines += [f"| to `{room}`{f' for `{who}`' if who else ''} | {headers} |"
              for (room, who), headers in expected_doors().items()]
    return "\n".join(lines) + "\n"
