"""Runs one structure check, or all, over a tree: check.py NAME|all [ROOT]. Exit status 1 when something is found."""

import pathlib
import sys

sys.dont_write_bytecode = True  # the tree stays as it is

import foreign
import page
import rooms
import said
import tidy
import tools
from tree import Tree

CHECKS = {
    "rooms": lambda tree: [*rooms.check_rooms(tree), *page.check_page(tree)],
    "namespaces": rooms.check_namespaces,
    "foreign": foreign.check_foreign,
    "top_level": tidy.check_top_level,
    "sizes": lambda tree: tidy.check_sizes(tree, tell=lambda text: print("for information:", text)),
    "words": tidy.check_words,
    "manners": tidy.check_manners,
    "speech": tidy.check_speech,
    "said": said.check_said,
    "format": tools.check_format,
    "shell": tools.check_shell,
}


def main(arguments):
    if not arguments or len(arguments) > 2 or arguments[0] not in (*CHECKS, "all"):
        print(f"usage: check.py all|{'|'.join(CHECKS)} [ROOT]", file=sys.stderr)
        return 2
    root = arguments[1] if len(arguments) == 2 else pathlib.Path(__file__).resolve().parents[2]
    tree = Tree(root)
    if not tree.sources():
        print(f"{tree.root}: no source file there: nothing was checked", file=sys.stderr)
        return 2
    names = list(CHECKS) if arguments[0] == "all" else [arguments[0]]
    total = 0
    for name in names:
        found = sorted(set(CHECKS[name](tree)))
        total += len(found)
        for violation in found:
            print(f"{violation} [{name}]")
        print(f"{name}: {len(tree.files)} files, {len(found)} violations")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
