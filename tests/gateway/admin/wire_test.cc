#include "gateway/admin/wire.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace titip::admin {
namespace {

struct Bad {
  const char* name;
  std::string line;
  const char* says;
};

std::string people(std::size_t count) {
  std::string list;
  for (std::size_t at = 0; at < count; ++at)
    list += (at ? ",\"" : "\"") + std::to_string(9'900'000'000'000'000 + at) + '"';
  return R"({"command":"export","people":[)" + list + "]}";
}

const Bad bad[] = {
    {"empty", "", "a JSON object"},
    {"no JSON", "status", "a JSON object"},
    {"a list", "[]", "a JSON object"},
    {"half", R"({"command":"status")", "a JSON object"},
    {"two", R"({"command":"status"}{"command":"status"})", "a JSON object"},
    {"no UTF-8", "{\"command\":\"stat\xff\"}", "a JSON object"},
    {"nested", R"({"command":"status","people":[[[[[[[[[["a"]]]]]]]]]]})", "a JSON object"},
    {"no command", "{}", "\"command\" is missing; it is one of: status, resume"},
    {"unknown command", R"({"command":"drop"})", "must be one of: status"},
    {"a command that is none", R"({"command":7})", "must be one of"},
    {"unknown key", R"({"command":"status","too":"/a"})", "not known"},
    {"a number for a text", R"({"command":"backup","to":7})", "\"to\" has a value of the wrong kind"},
    {"a text for a flag", R"({"command":"retain","dry_run":"yes"})", "\"dry_run\""},
    {"a text for another", R"({"command":"retain","reason":"a","clock_is_right":"yes"})", "\"clock_is_right\""},
    {"a clock where none belongs", R"({"command":"verify","clock_is_right":true})", "only retain"},
    {"people no list", R"({"command":"export","people":"9901011501900001"})", "\"people\""},
    {"people numbers", R"({"command":"export","people":[9901011501900001]})", "\"people\""},
    {"nobody", R"({"command":"export"})", "at least one person"},
    {"15 digits", R"({"command":"export","people":["990101150190000"]})", "entry 1 is not a number of 16 digits"},
    {"letters", R"({"command":"export","people":["9901011501900001","99010115019x0001"]})", "entry 2"},
    {"too many", people(people_at_once + 1), "at most 1000"},
    {"people for a backup", R"({"command":"backup","to":"/a","people":["9901011501900001"]})", "takes no people"},
    {"no reason", R"({"command":"erase","people":["9901011501900001"]})", "--reason"},
    {"no reason either", R"({"command":"keys rotate"})", "--reason"},
    {"nor here", R"({"command":"retain","reason":""})", "--reason"},
    {"a reason with a line", R"({"command":"retain","reason":"a\nb"})", "one line"},
    {"a reason that names", R"({"command":"retain","reason":"asked by 9901011501900001"})", "must name nobody"},
    {"a reason that names, spaced", R"({"command":"retain","reason":"9901 0115 0190 0001"})", "must name nobody"},
    {"a long reason", R"({"command":"retain","reason":")" + std::string(reason_bytes + 1, 'a') + "\"}",
     "longer than 500"},
    {"nowhere", R"({"command":"backup"})", "a directory that does not exist yet"},
    {"a relative path", R"({"command":"backup","to":"backup"})", "absolute"},
    {"a path with an end inside", R"({"command":"backup","to":"/a\u0000b"})", "absolute"},
    {"a path where none belongs", R"({"command":"verify","to":"/a"})", "only a backup"},
    {"resume nothing", R"({"command":"resume","reason":"checked"})", "name the destination"},
    {"pause nothing", R"({"command":"pause","reason":"checked"})", "name the destination"},
    {"drain nothing", R"({"command":"drain","reason":"checked"})", "name the destination"},
    {"drain for no reason", R"({"command":"drain","destination":"a"})", "--reason"},
    {"pause a drain for no reason", R"({"command":"drain pause","destination":"a"})", "--reason"},
    {"a drain that is no object", R"({"command":"drain","destination":"a","reason":"b","drain":7})", "\"drain\""},
    {"a word no drain has", R"({"command":"drain","destination":"a","reason":"b","drain":{"pace":7}})", "\"drain\""},
    {"a canary below zero", R"({"command":"drain","destination":"a","reason":"b","drain":{"canary":-1}})", "\"drain\""},
    {"a canary too large", R"({"command":"drain","destination":"a","reason":"b","drain":{"canary":100001}})",
     "at most"},
    {"no pace", R"({"command":"drain","destination":"a","reason":"b","drain":{"per_second":0}})", "a second"},
    {"too fast", R"({"command":"drain","destination":"a","reason":"b","drain":{"per_second":1e9}})", "a second"},
    {"a share of two", R"({"command":"drain","destination":"a","reason":"b","drain":{"abort_share":2}})",
     "between 0 and 1"},
    {"no such hour", R"({"command":"drain","destination":"a","reason":"b","drain":{"daily_pause":"24:00-25:00"}})",
     "12:00-13:30"},
    {"the whole day", R"({"command":"drain","destination":"a","reason":"b","drain":{"daily_pause":"12:00-12:00"}})",
     "shorter than a day"},
    {"an end of no pause", R"({"command":"drain","destination":"a","reason":"b","drain":{"until_ms":7}})",
     "has an end"},
    {"a pace where none belongs",
     R"({"command":"drain resume","destination":"a","reason":"b","drain":{"per_second":7}})",
     "the beginning of a drain"},
    {"a destination where none belongs", R"({"command":"verify","destination":"a"})", "only resume"},
    {"a page where none belongs", R"({"command":"verify","after":"a/1"})", "only outages"},
    {"a time where none belongs", R"({"command":"resume","reason":"a","destination":"a","since_ms":7})",
     "only outages"},
    {"a time that is a text", R"({"command":"outages","since_ms":"2026-08-15"})", "\"since_ms\""},
};

TEST(Wire, bad_requests_are_refused_with_a_sentence) {
  for (const auto& row : bad) {
    const auto request = parse_request(row.line);
    ASSERT_FALSE(request) << row.name;
    EXPECT_TRUE(request.error().english().contains(row.says)) << row.name << ": " << request.error().english();
    EXPECT_FALSE(request.error().english().contains("99010115")) << row.name << " repeats a person's number";
  }
}

TEST(Wire, requests_come_through_whole) {
  const Request requests[] = {
      {},
      {.command = Command::backup, .reason = "nightly", .to = "/srv/cadangan/1 a\"b"},
      {.command = Command::erase,
       .reason = "asked in writing, 2026-08-15",
       .people = {"9901011501900001", "9901011501900002"}},
      {.command = Command::erase, .dry_run = true, .people = {"9901011501900001"}},
      {.command = Command::resume, .reason = "diperiksa", .destination = "pcare-vaksin"},
      {.command = Command::pause, .reason = "diperiksa", .destination = "pcare-vaksin/P0001"},
      {.command = Command::drain,
       .reason = "sesudah gangguan",
       .destination = "pcare-vaksin",
       .drain = {.canary = 7, .per_second = 2.5, .abort_share = 0.25, .daily_pause = "22:00-04:30"}},
      {.command = Command::drain_pause,
       .reason = "istirahat",
       .destination = "pcare-vaksin",
       .drain = {.until_ms = 1'630'454'400'000}},
      {.command = Command::drain_status, .destination = "pcare-vaksin"},
      {.command = Command::rotate_keys, .reason = "yearly"},
      {.command = Command::rotate_keys, .reason = "stolen", .forget_damaged = true},
      {.command = Command::rotate_keys, .reason = "lost", .forget_lost = true},
      {.command = Command::outages},
      {.command = Command::queue_ls,
       .queue = {.states = {storage::State::rejected, storage::State::held},
                 .destination = "pcare-vaksin",
                 .facility = "P0001",
                 .rule = "precondition",
                 .day = "2026-08-15",
                 .from_ms = 7,
                 .before_ms = 1'630'454'400'000,
                 .limit = 9},
       .after = "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
      {.command = Command::queue_show, .queue = {.id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"}},
      {.command = Command::queue_shape},
      {.command = Command::outages, .destination = "pcare-vaksin", .after = "pcare-vaksin/001", .since_ms = 1},
  };
  for (const auto& request : requests) {
    const auto line = encode(request);
    EXPECT_TRUE(line.ends_with('\n'));
    EXPECT_EQ(std::ranges::count(line, '\n'), 1);
    const auto back = parse_request(line);
    ASSERT_TRUE(back) << line << back.error().english();
    EXPECT_EQ(back->command, request.command);
    EXPECT_EQ(back->reason, request.reason);
    EXPECT_EQ(back->dry_run, request.dry_run);
    EXPECT_EQ(back->to, request.to);
    EXPECT_EQ(back->destination, request.destination);
    EXPECT_EQ(back->drain, request.drain);
    EXPECT_EQ(back->queue, request.queue);
    EXPECT_EQ(back->people, request.people);
    EXPECT_EQ(back->forget_damaged, request.forget_damaged);
    EXPECT_EQ(back->forget_lost, request.forget_lost);
    EXPECT_EQ(back->after, request.after);
    EXPECT_EQ(back->since_ms, request.since_ms);
  }
  EXPECT_FALSE(parse_request(encode({.command = Command::retain, .reason = "x", .forget_lost = true})));
  EXPECT_FALSE(parse_request(R"({"command":"keys rotate","reason":"x","only_finish":true})"));
  EXPECT_TRUE(parse_request(people(people_at_once)));
}

TEST(Wire, answers_come_through_whole) {
  const auto progress = parse_answer(encode(Answer(storage::Progress{7, 9})));
  ASSERT_TRUE(progress);
  EXPECT_EQ(std::get<storage::Progress>(*progress).done, 7U);
  EXPECT_EQ(std::get<storage::Progress>(*progress).of, 9U);

  const auto data = parse_answer(encode(Answer(Data{R"({"error":"a word of theirs","done":1})"})));
  ASSERT_TRUE(data);
  EXPECT_EQ(std::get<Data>(*data).json, R"({"error":"a word of theirs","done":1})");

  const Ended ends[] = {{{}, false, {"Fine.", "Baik."}, R"({"a":1})"},
                        {{}, true, {"Half \"fine\".", "Setengah \"baik\"."}, ""},
                        {Trouble::busy, false, {"Later.", "Nanti."}, ""},
                        {Trouble::failed, false, {"Not sound.", "Tidak utuh."}, R"({"problems":[]})"}};
  for (const auto& end : ends) {
    const auto line = encode(Answer(end));
    EXPECT_TRUE(nlohmann::json::accept(line)) << line;
    const auto back = parse_answer(line);
    ASSERT_TRUE(back) << line;
    const auto& ended = std::get<Ended>(*back);
    EXPECT_EQ(ended.trouble, end.trouble);
    EXPECT_EQ(ended.partial, end.partial);
    EXPECT_EQ(ended.sentence.english(), end.sentence.english());
    EXPECT_EQ(ended.sentence.in(words::Language::id), end.sentence.in(words::Language::id));
    EXPECT_EQ(ended.result, end.result);
  }
}

TEST(Wire, an_answer_says_english_where_it_always_stood_and_indonesian_beside_it) {
  EXPECT_EQ(encode(Answer(Ended{{}, false, {"Fine.", "Baik."}, {}})),
            "{\"ok\":true,\"sentence\":\"Fine.\",\"sentence_id\":\"Baik.\"}\n");
  EXPECT_EQ(encode(Answer(in_trouble(Trouble::busy, {"Later.", "Nanti."}))),
            "{\"error\":\"Later.\",\"error_id\":\"Nanti.\",\"kind\":\"busy\"}\n");
}

TEST(Wire, an_older_gateway_is_heard_in_the_language_it_has) {
  for (const auto* line : {R"({"ok":true,"sentence":"Fine."})", R"({"error":"Fine.","kind":"busy"})"}) {
    const auto answer = parse_answer(line);
    ASSERT_TRUE(answer) << line;
    for (const auto language : {words::Language::en, words::Language::id})
      EXPECT_EQ(std::get<Ended>(*answer).sentence.in(language), "Fine.") << line;
  }
  EXPECT_FALSE(parse_answer(R"({"ok":true,"sentence":"Fine.","sentence_id":7})"));
}

TEST(Wire, bytes_that_are_no_text_do_not_break_an_answer) {
  const auto line = encode(Answer(in_trouble(Trouble::failed, words::verbatim("a \xff b"))));
  EXPECT_TRUE(nlohmann::json::accept(line)) << line;
}

// Whatever arrives is refused or understood; it never throws and never ends the process.
TEST(Wire, mutated_lines_do_no_harm) {
  std::mt19937 random(11);
  const std::string whole =
      R"({"command":"erase","reason":"asked","people":["9901011501900001"],"dry_run":false,"to":"","done":1,"ok":true})";
  for (int round = 0; round < 20'000; ++round) {
    auto line = whole;
    for (auto changes = random() % 4 + 1; changes > 0; --changes) {
      const auto at = random() % line.size();
      if (random() % 3 == 0) {
        line.erase(at, random() % 5);
      } else {
        line[at] = static_cast<char>(random() % 256);
      }
      if (line.empty()) line = "{";
    }
    if (const auto request = parse_request(line)) EXPECT_EQ(fault_of(*request).english(), "");
    static_cast<void>(parse_answer(line));
  }
}

}  // namespace
}  // namespace titip::admin
