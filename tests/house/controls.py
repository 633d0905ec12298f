"""Negative controls: a checker that cannot fail is a defect. Each row plants one violation in a small tree that is clean
otherwise, and names what its check must find there: controls.py [NAME]."""

import pathlib
import re
import shutil
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # the tree stays as it is

import page
import said
from check import CHECKS
from tree import Tree

ROOT = pathlib.Path(__file__).resolve().parents[2]


def source_of_words(*calls):
    return ('#include "metrics/words/said.h"\n\nnamespace titip::gateway {\n'
            + "".join(f"const auto said_{at} = {call};\n" for at, call in enumerate(calls)) + "}  // namespace titip::gateway\n")


CLEAN = {
    "metrics/words/said.h": "#pragma once\n\nnamespace titip::words {\nclass Said;\n}  // namespace titip::words\n",
    "CMakeLists.txt": "titip_room(delivery SOURCES a.cc ROOMS clock storage client)\n",
    "README.md": "# Titip\n",
    "metrics/probes.h": "#pragma once\n\nnamespace titip::metrics {\nclass Probes;\n}  // namespace titip::metrics\n",
    "metrics/registry.cc": "#include <prometheus/registry.h>\n#include <spdlog/spdlog.h>\n\n#include \"metrics/probes.h\"\n\n"
    "namespace titip::metrics {\nvoid start() {}\n}  // namespace titip::metrics\n",
    "storage/store.h": "#pragma once\n\n#include <nlohmann/json_fwd.hpp>\n\nnamespace titip::metrics {\nclass Probes;\n"
    "}  // namespace titip::metrics\n\nnamespace titip::storage {\n// Not a TO-DO, and no // #include \"tests/x.h\" either.\n"
    "class Store;\n}  // namespace titip::storage\n",
    "storage/lane.h": "#pragma once\n\nnamespace titip::storage {\nclass Lane;\n}  // namespace titip::storage\n",
    "storage/rocks_kv.h": "#pragma once\n\n#include <rocksdb/db.h>\n\nnamespace titip::storage {\nclass RocksKv;\n"
    "}  // namespace titip::storage\n",
    "storage/store.cc": "#include \"storage/store.h\"\n\n#include <nlohmann/json.hpp>\n\n#include \"metrics/probes.h\"\n"
    "#include \"storage/lane.h\"\n#include \"storage/rocks_kv.h\"\n\nnamespace titip::storage {\nnamespace {\n"
    "constexpr int limit = 10'000;\n}\nint limit_of() {\n  return limit;\n}\n}  // namespace titip::storage\n",
    "upstream/profile/profile.h": "#pragma once\n\nnamespace titip::profile {\nstruct Profile {};\n"
    "}  // namespace titip::profile\n",
    "upstream/client/upstream.h": "#pragma once\n\nnamespace titip::client {\nclass Client;\n}  // namespace titip::client\n",
    "upstream/client/health.h": "#pragma once\n\nnamespace titip::client {\nstruct Health;\n}  // namespace titip::client\n",
    "upstream/client/pool.h": "#pragma once\n\n#include <boost/beast/core.hpp>\n\nnamespace titip::client {\nclass Pool;\n"
    "}  // namespace titip::client\n",
    "gateway/intake/intake.h": "#pragma once\n\n#include \"storage/store.h\"\n\n"
    "namespace titip::intake {\nclass Intake;\n}  // namespace titip::intake\n",
    "gateway/delivery/delivery.h": "#pragma once\n\n#include \"storage/store.h\"\n#include \"upstream/client/upstream.h\"\n\n"
    "namespace titip::delivery {\nclass Delivery;\n}  // namespace titip::delivery\n",
    "gateway/main.cc": "#include \"gateway/delivery/delivery.h\"\n#include \"gateway/intake/intake.h\"\n\n"
    "int main() {\n  return 0;\n}\n",
    "tests/storage/store_test.cc": "#include \"storage/lane.h\"\n\nTEST(store, keeps) {\n"
    "  GTEST_SKIP() << \"no disk\";\n}\n",
    "tests/sampler/person.h": "#pragma once\n\nnamespace titip::sampler {\nstruct Person;\n}  // namespace titip::sampler\n",
    "gateway/top_words.cc": source_of_words('words::text("It waits for {}")'),
    said.CATALOGUE: '{\n  "It waits for {}": "Menunggu {}"\n}\n',
    "deploy/start.sh": "#!/usr/bin/env bash\nset -euo pipefail\necho \"$@\"\n",
}


def header(room, body="", includes=""):
    return f"#pragma once\n\n{includes}namespace titip::{room} {{\n{body}}}  // namespace titip::{room}\n"


def source(room, body):
    return f"namespace titip::{room} {{\n{body}}}  // namespace titip::{room}\n"


def lines(count, line="int x = 0;\n"):
    return line * count


LONG_FUNCTION = "int Long::work(int a) {\n" + lines(100, "  ++a;\n") + "  return a;\n}\n"
LONG_TEST = "TEST(store, survives) {\n" + lines(100, "  f({1});\n") + "}\n"

# name of the row: (check, files planted, path where the violation must be, a part of its text)
PLANTED = {
    # rooms
    "intake includes delivery": (
        "rooms", {"gateway/intake/a.h": header("intake", includes='#include "gateway/delivery/delivery.h"\n\n')},
        "gateway/intake/a.h", "gateway/intake may not include gateway/delivery"),
    "delivery includes intake": (
        "rooms", {"gateway/delivery/a.cc": '# include  "gateway/intake/intake.h"\n' + source("delivery", "")},
        "gateway/delivery/a.cc", "gateway/delivery may not include gateway/intake"),
    "storage includes upstream": (
        "rooms", {"storage/a.cc": '#include "upstream/profile/profile.h"\n' + source("storage", "")},
        "storage/a.cc", "storage may not include upstream/profile"),
    "past storage's door": (
        "rooms", {"gateway/delivery/a.cc": '#include "storage/lane.h"\n' + source("delivery", "")},
        "gateway/delivery/a.cc", "may include only"),
    "past the door for one room": (
        "rooms", {"gateway/front/a.cc": '#include "storage/store.h"\n' + source("front", "")},
        "gateway/front/a.cc", "may include only facilities.h"),
    "intake includes the client": (
        "rooms", {"gateway/intake/a.cc": '#include "upstream/client/upstream.h"\n' + source("intake", "")},
        "gateway/intake/a.cc", "gateway/intake may not include upstream/client"),
    "the page allows more": (
        "rooms", {page.PAGE: page.page_text({"gateway/intake": "clock, storage, profile, client, metrics"})},
        page.PAGE, "gateway/intake is titip::intake and may include: clock, storage, profile, metrics"),
    "the page allows less": (
        "rooms", {page.PAGE: page.page_text({"storage": "-"})}, page.PAGE, "storage is titip::storage and may include: metrics"),
    "the page leaves a room out": (
        "rooms", {page.PAGE: page.page_text({"gateway/reads": None})}, page.PAGE, "does not tell of the room gateway/reads"),
    "the page tells of a room that is none": (
        "rooms", {page.PAGE: page.page_text() + "| `common` (`titip::common`) | - | - |\n"}, page.PAGE, "common is no room"),
    "the page opens a door wider": (
        "rooms", {page.PAGE: page.page_text().replace("`health.h`", "`health.h`, `pool.h`")}, page.PAGE, "this door is: `callback_door.h`, `health.h`, `read_door.h`"),
    "the page leaves a door out": (
        "rooms", {page.PAGE: re.sub(r"\| to `storage` for `gateway/front`.*\n", "", page.page_text())},
        page.PAGE, "the door to storage for gateway/front"),
    "past the client's public headers": (
        "rooms", {"gateway/delivery/a.cc": '#include "upstream/client/pool.h"\n' + source("delivery", "")},
        "gateway/delivery/a.cc", "may include only"),
    "a room includes the composition": (
        "rooms", {"gateway/app.h": header("gateway"), "gateway/intake/a.cc": '#include "gateway/app.h"\n'},
        "gateway/intake/a.cc", "may not include gateway"),
    "the product includes tests": (
        "rooms", {"storage/a.cc": '#include "tests/sampler/person.h"\n' + source("storage", "")},
        "storage/a.cc", "nobody includes tests"),
    "the simulator includes a room": (
        "rooms", {"tests/pcare_sim/a.cc": '#include "upstream/profile/profile.h"\n'},
        "tests/pcare_sim/a.cc", "stands for the outside"),
    "the sampler reaches a room": (
        "rooms", {"tests/sampler/a.cc": '#include "tests/fake.h"\n', "tests/fake.h": '#include "storage/store.h"\n'},
        "tests/sampler/a.cc", "tests/fake.h -> storage/store.h"),
    "an include not from the root": (
        "rooms", {"storage/a.cc": '#include "store.h"\n' + source("storage", "")},
        "storage/a.cc", "not a file seen from the root"),
    "a file in no room": ("rooms", {"upstream/a.cc": source("upstream", "")}, "upstream/a.cc", "in no room"),
    "an unknown room": ("rooms", {"gateway/misc/a.cc": source("misc", "")}, "gateway/misc/a.cc", "in no room"),
    "intake links delivery": (
        "rooms", {"gateway/intake/CMakeLists.txt": "titip_room(intake\n  SOURCES a.cc\n  ROOMS storage delivery)\n"},
        "gateway/intake/CMakeLists.txt", "links delivery"),
    "the simulator links a room": (
        "rooms", {"tests/pcare_sim/CMakeLists.txt": "target_link_libraries(pcare_sim PRIVATE titip_build titip_storage)\n"},
        "tests/pcare_sim/CMakeLists.txt", "links the room storage"),
    # namespaces
    "another room's namespace": (
        "namespaces", {"storage/a.h": header("storage") + header("metrics", "struct Row {};\n")},
        "storage/a.h", "namespace titip::metrics"),
    "no namespace": ("namespaces", {"storage/a.cc": "int x = 0;\n"}, "storage/a.cc", "nothing in it"),
    "the namespace only in a comment": (
        "namespaces", {"storage/a.cc": "// namespace titip::storage {\nint x = 0;\n"}, "storage/a.cc", "nothing in it"),
    "a foreign namespace": (
        "namespaces", {"storage/a.cc": source("storage", "") + "namespace fmt {\nint x = 0;\n}\n"},
        "storage/a.cc", "namespace fmt"),
    # foreign libraries
    "RocksDB outside its file": (
        "foreign", {"storage/a.cc": "#include <rocksdb/db.h>\n" + source("storage", "")}, "storage/a.cc", "RocksDB is known"),
    "prometheus outside metrics": (
        "foreign", {"gateway/a.cc": "#include <prometheus/counter.h>\n"}, "gateway/a.cc", "prometheus-cpp is known"),
    "spdlog outside metrics": (
        "foreign", {"storage/a.cc": "#include <spdlog/spdlog.h>\n"}, "storage/a.cc", "spdlog is known"),
    "Beast in intake": (
        "foreign", {"gateway/intake/a.cc": "#include <boost/beast/http.hpp>\n"}, "gateway/intake/a.cc", "Beast is known"),
    "CLI11 in a room": (
        "foreign", {"gateway/intake/a.cc": "#include <CLI/CLI.hpp>\n"}, "gateway/intake/a.cc", "CLI11 is known"),
    "json.hpp in a door": (
        "foreign", {"storage/open.h": header("storage", includes="#include <nlohmann/json.hpp>\n\n")},
        "storage/open.h", "brings nlohmann/json"),
    "Beast through a public header": (
        "foreign", {"upstream/client/health.h": header("client", includes='#include "upstream/client/pool.h"\n\n')},
        "upstream/client/health.h", "upstream/client/pool.h -> <boost/beast/core.hpp>"),
    "a foreign header in quotes": (
        "foreign", {"gateway/http/a.cc": '#include "boost/beast/http.hpp"\n'}, "gateway/http/a.cc", "is written as"),
    # top level
    "a stray folder": ("top_level", {"common/a.h": header("storage")}, "common", "no entry"),
    "a stray file": ("top_level", {"notes.m" "d": "x\n"}, "notes.m" "d", "no entry"),
    # sizes
    "a long file": ("sizes", {"storage/a.cc": lines(401)}, "storage/a.cc", "has 401 lines"),
    "a long script": ("sizes", {"deploy/a.sh": lines(401, "true\n")}, "deploy/a.sh", "has 401 lines"),
    "a long function": ("sizes", {"storage/a.cc": source("storage", LONG_FUNCTION)}, "storage/a.cc", "Long::work has 103"),
    "a long test": ("sizes", {"tests/storage/a.cc": LONG_TEST}, "tests/storage/a.cc", "store.survives has 102"),
    "a long member function": (
        "sizes", {"storage/a.h": "class A final : public B<int> {\n public:\n  " + LONG_FUNCTION.replace("Long::", "")
                  + "};\n"}, "storage/a.h", "work has 103"),
    "a long constructor": (
        "sizes", {"storage/a.cc": "A::A(int a)\n    : a_(a) {\n" + lines(100, "  ++a_;\n") + "}\n"},
        "storage/a.cc", "A::A has 103"),
    "an exception without a reason": (
        "sizes", {"tests/house/exceptions.txt": "storage/a.cc 500 long\n", "storage/a.cc": lines(450)},
        "tests/house/exceptions.txt", "a whole sentence"),
    "an exception outgrown": (
        "sizes", {"tests/house/exceptions.txt": "storage/a.cc 420 One table, best read in one place.\n",
                  "storage/a.cc": lines(450)}, "storage/a.cc", "more than 420"),
    "an exception nobody needs": (
        "sizes", {"tests/house/exceptions.txt": "storage/a.cc 420 One table, best read in one place.\n",
                  "storage/a.cc": lines(20)}, "tests/house/exceptions.txt", "needs no exception"),
    # words
    "an unfinished place": ("words", {"deploy/a.m" "d": "TO" + "DO: more\n"}, "deploy/a.m" "d", "finish it"),
    "a class that names nothing": (
        "words", {"storage/a.cc": "class SocketMan" + "ager final {};\n"}, "storage/a.cc", "names nothing"),
    "a struct that names nothing": ("words", {"storage/a.cc": "struct KeyUt" + "il;\n"}, "storage/a.cc", "names nothing"),
    "a file that names nothing": ("words", {"storage/key_util.h": "#pragma once\n"}, "storage/key_util.h", "names nothing"),
    "a skip without a reason": (
        "words", {"tests/a.cc": "TEST(a, b) { GTEST_SKIP" + "(); }\n"}, "tests/a.cc", "says why"),
    "a skip with an empty reason": (
        "words", {"tests/a.cc": "TEST(a, b) { GTEST_SKIP" + '() << ""; }\n'}, "tests/a.cc", "says why"),
    # manners
    "a header without once": ("manners", {"storage/a.h": "// #pragma once\n"}, "storage/a.h", "#pragma once"),
    "another header before its own": (
        "manners", {"storage/a.h": header("storage"), "storage/a.cc": '#include <string>\n\n#include "storage/a.h"\n'},
        "storage/a.cc", "its own header"),
    "a tab": ("manners", {"storage/a.cc": "int\tx;\n"}, "storage/a.cc", "a tab"),
    "no last newline": ("manners", {"deploy/a.m" "d": "x"}, "deploy/a.m" "d", "has no end"),
    # speech
    "a registry's host": (
        "speech", {"deploy/a.sh": "curl https://registry" + ".example.org/x\n"}, "deploy/a.sh", "serves packages"),
    "somebody's path": ("speech", {"README.md": "see /ho" + "me/ani/titip\n"}, "README.md", "somebody's machine"),
    "this checkout's path": ("speech", {"README.md": "see @ROOT@/storage\n"}, "README.md", "path of this checkout"),
    "what lies beside the tree": ("speech", {"README.md": "see .." + "/shared/x\n"}, "README.md", "beside the tree"),
    "a document that is not there": (
        "speech", {"storage/a.cc": "// Why: see storage/DESIGN.m" "d, section 2.\n" + source("storage", "")},
        "storage/a.cc", "names storage/DESIGN.m" "d, which is not in the tree"),
    "a document that is elsewhere": (
        "speech", {"README.md": "see [it](deploy/README.m" "d)\n"}, "README.md", "names deploy/README.m" "d, which"),
    # said
    "a sentence that has no Indonesian": (
        "said", {"storage/a.cc": source_of_words('words::said("a " "\\"b\\" c {}", 1)')}, "storage/a.cc",
        'has no Indonesian for "a "b" c {}"'),
    "a sentence that is no literal": (
        "said", {"storage/a.cc": source_of_words("words::said(text, 1)")}, "storage/a.cc", "as a literal"),
    "an Indonesian that nobody says": (
        "said", {said.CATALOGUE: '{\n  "Gone": "Hilang",\n  "It waits for {}": "Menunggu {}"\n}\n'}, said.CATALOGUE, 'nobody says "Gone"'),
    "an Indonesian with another placeholder": (
        "said", {said.CATALOGUE: '{\n  "It waits for {}": "Menunggu {:>3}"\n}\n'}, said.CATALOGUE, "other placeholders"),
    "an Indonesian with a brace alone": (
        "said", {said.CATALOGUE: '{\n  "It waits for {}": "Menunggu {} {"\n}\n'}, said.CATALOGUE, "other placeholders"),
    "an Indonesian without its placeholder": (
        "said", {said.CATALOGUE: '{\n  "It waits for {}": "Menunggu"\n}\n'}, said.CATALOGUE, "other placeholders"),
    "an empty Indonesian": (
        "said", {said.CATALOGUE: '{\n  "It waits for {}": " "\n}\n'}, said.CATALOGUE, "has no text"),
    "a sentence that is not translated": (
        "said", {said.CATALOGUE: '{\n  "It waits for {}": "It waits for {}"\n}\n'}, said.CATALOGUE, "is not translated"),
    "an Indonesian that begins with a blank": (
        "said", {said.CATALOGUE: '{\n  "It waits for {}": " Menunggu {}"\n}\n'}, said.CATALOGUE, "with a blank"),
    "a catalogue that is none": ("said", {said.CATALOGUE: "{\n"}, said.CATALOGUE, "is no JSON"),
    "a key that stands there twice": (
        "said", {said.CATALOGUE: '{\n  "It waits for {}": "Menunggu {}",\n  "It waits for {}": "Tunggu {}"\n}\n'},
        said.CATALOGUE, "twice"),
    "keys out of order": (
        "said", {said.CATALOGUE: '{\n  "It waits for {}": "Menunggu {}",\n  "B": "C"\n}\n'}, said.CATALOGUE, "order of its keys"),
    "a sentence in one language": (
        "said", {"gateway/top_frame.cc": source_of_words('show("this is " "hard-coded text here")')},
        "gateway/top_frame.cc", "in one language"),
    "a sentence that only looks like an invariant": (
        "said", {"storage/a.cc": source_of_words('check([] { return "this is hard-coded text"; })')}, "storage/a.cc", "in one language"),
    "a raw sentence in one language": (
        "said", {"gateway/top_frame.cc": source_of_words('R"x(Data ini sudah dihapus.)x"')}, "gateway/top_frame.cc", "in one language"),
    "one text for both languages": (
        "said", {"storage/a.cc": source_of_words("words::Said{why, why}")}, "storage/a.cc", '"why" stands for both'),
    "one text for both languages, moved": (
        "said", {"storage/a.cc": source_of_words("words::Said(gate.reason(), std::move(gate.reason()))")}, "storage/a.cc",
        '"gate.reason()" stands for both'),
    "one text for a sentence with a name": (
        "said", {"storage/a.cc": source("storage", 'words::Said so(std::string("ya"), std::string("ya"));\n')}, "storage/a.cc",
        'stands for both'),
    "an exception of speech without a reason": (
        "said", {said.ALLOWED: "gateway/top_frame.cc: this is -> so\n"}, said.ALLOWED, "a whole sentence"),
    "an exception of speech nobody needs": (
        "said", {said.ALLOWED: "gateway/top_frame.cc: this is -> A word of the protocol.\n"}, said.ALLOWED, "needs no exception"),
    # tools
    "ill formatted": ("format", {"storage/a.cc": "int   x=0;\n"}, "storage/a.cc", "not formatted"),
    "a script that does not parse": ("shell", {"deploy/a.sh": "#!/bin/bash\nif true; then\n"}, "deploy/a.sh", "bash -n"),
    "a script with an open variable": (
        "shell", {"deploy/a.sh": "#!/bin/bash\nx=$1\nrm -r $x/\n"}, "deploy/a.sh", "SC2086"),
    "a script without a suffix": (
        "shell", {".ci/run": "#!/usr/bin/env bash\nx=$1\nrm -r $x/\n"}, ".ci/run", "SC2086"),
}


class Controls(unittest.TestCase):
    maxDiff = None

    def tree(self, planted):
        root = tempfile.mkdtemp(prefix="titip-house-")
        self.addCleanup(shutil.rmtree, root)
        for path, text in {**CLEAN, **planted}.items():
            file = pathlib.Path(root, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.replace("@ROOT@", str(pathlib.Path(root).resolve())), encoding="utf-8")
        shutil.copy(ROOT / ".clang-format", root)
        return Tree(root)

    def test_a_clean_tree_passes(self):
        for name, check in CHECKS.items():
            with self.subTest(check=name):
                self.assertEqual([str(v) for v in check(self.tree({}))], [])

    def test_a_page_that_is_right_passes(self):
        self.assertEqual([str(v) for v in CHECKS["rooms"](self.tree({page.PAGE: page.page_text()}))], [])

    def test_a_document_that_is_there_may_be_named(self):
        tree = self.tree({"storage/FORMAT.m" "d": "See ../README.md and ./README.md.\n",
                          "storage/a.h": "#pragma once\n// FORMAT.m" "d, storage/FORMAT.m" "d\n"})
        self.assertEqual([str(v) for v in CHECKS["speech"](tree)], [])

    def test_an_exception_with_a_reason_is_heard(self):
        tree = self.tree({"tests/house/exceptions.txt": "storage/a.cc 500 One table, best read in one place.\n",
                          "storage/a.cc": lines(450)})
        self.assertEqual([str(v) for v in CHECKS["sizes"](tree)], [])

    def test_indonesian_may_take_its_arguments_in_another_order(self):
        self.assertEqual(said.placeholders("{} of {:>3}"), said.placeholders("{1:>3} dari {0}"))

    def test_an_invariant_speaks_english_alone(self):
        tree = self.tree({"storage/a.cc": source("storage", 'void f(bool so) {\n  check(so, "a record lies under its own id");\n}\n')})
        self.assertEqual([str(v) for v in CHECKS["said"](tree)], [])

    def test_a_text_for_each_language_is_heard(self):
        tree = self.tree({"storage/a.cc": source_of_words("words::Said{english, indonesian}", "words::verbatim(why)",
                                                          "words::Said(why, whys)", "words::Said(a.why, b.why)")})
        self.assertEqual([str(v) for v in CHECKS["said"](tree)], [])

    def test_a_literal_with_a_reason_is_heard(self):
        tree = self.tree({"gateway/top_frame.cc": source_of_words('show("this is hard-coded")'),
                          said.ALLOWED: "gateway/top_frame.cc: this is -> A word of the protocol.\n"})
        self.assertEqual([str(v) for v in CHECKS["said"](tree)], [])

    def test_every_check_has_a_control(self):
        self.assertEqual(sorted({row[0] for row in PLANTED.values()}), sorted(CHECKS))

    def test_what_is_planted_is_found(self):
        for name, (check, planted, path, text) in PLANTED.items():
            with self.subTest(row=name):
                found = list(CHECKS[check](self.tree(planted)))
                self.assertTrue(any(v.path == path and text in v.text for v in found), "\n".join(map(str, found)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
