// What Beast alone makes of each case of the corpus, against what the corpus says of it: nobody need guess what the
// guard is for. Also: the guard's own verdict on each.
#include <gtest/gtest.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <fstream>
#include <iostream>

#include "tests/hostile/answers.h"
#include "tests/hostile/corpus.h"

namespace titip::hostile {
namespace {

namespace http = boost::beast::http;

// The first request of the bytes, with Beast's own limits.
Alone beast_says(const std::string& bytes) {
  http::request_parser<http::string_body> parser;
  parser.eager(true);
  boost::beast::error_code error;
  std::size_t at = 0;
  while (at < bytes.size() && !parser.is_done()) {
    const auto used = parser.put(boost::asio::const_buffer(bytes.data() + at, bytes.size() - at), error);
    at += used;
    if (error == http::error::need_more || used == 0) break;
    if (error) return Alone::refuses;
  }
  return parser.is_done() ? Alone::accepts : Alone::waits;
}

std::vector<Case> corpus() {
  auto cases = read_corpus(TITIP_HOSTILE_CORPUS);
  if (!cases) ADD_FAILURE() << cases.error();
  return cases ? *std::move(cases) : std::vector<Case>{};
}

TEST(Corpus, says_what_beast_alone_would_do) {
  std::size_t let_through = 0;
  for (const auto& each : corpus()) {
    const auto found = beast_says(each.bytes());
    EXPECT_TRUE(each.beast) << each.name << ": say 'beast " << name(found) << "'";
    if (each.beast) EXPECT_EQ(name(*each.beast), name(found)) << each.name;
    if (found == Alone::accepts && each.closed && !each.answers.empty()) ++let_through;
  }
  // What the guard is there for.
  EXPECT_GE(let_through, 30U);
}

TEST(Corpus, is_large_and_every_name_is_there_once) {
  const auto cases = corpus();
  EXPECT_GE(cases.size(), 150U);
  std::set<std::string> names;
  for (const auto& each : cases) EXPECT_TRUE(names.insert(each.name).second) << each.name;
}

TEST(Corpus, escapes) {
  EXPECT_EQ(unescape(R"(a\r\n\t\0\x41\\{3*b\r}{"c"})"), std::string("a\r\n\t\0A\\b\rb\rb\r{\"c\"}", 18));
  EXPECT_FALSE(unescape(R"(\q)"));
  EXPECT_FALSE(unescape(R"(\x4)"));
  EXPECT_FALSE(unescape("\\"));
}

// The reader of answers must find what a gateway may get wrong.
TEST(Answers, are_read_by_the_letter) {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  EXPECT_EQ(read_answers(ok + ok).answers.size(), 2U);
  EXPECT_EQ(read_answers(ok + "HTTP/1.1 2").rest, "HTTP/1.1 2");
  EXPECT_EQ(read_answers("HTTP/1.1 100 Continue\r\n\r\n" + ok).answers.size(), 2U);
  EXPECT_EQ(read_answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + ok, {0}).answers.size(), 2U);
  const std::string last = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(read_answers(last).wrong, "");
  EXPECT_NE(read_answers(last + ok).wrong, "");
  EXPECT_NE(read_answers("HTTP/1.1 200 OK\r\n\r\nok").wrong, "");
  EXPECT_NE(read_answers("HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n").wrong, "");
  EXPECT_NE(read_answers("<html>\r\n\r\n").wrong, "");
}

}  // namespace
}  // namespace titip::hostile
