#include "gateway/http/guard.h"

#include <gtest/gtest.h>

#include <string>

namespace titip::http {
namespace {

std::string repeated(std::size_t times, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

const std::string ok = "GET / HTTP/1.1\r\nHost: a\r\n";

struct Bad {
  const char* name;
  std::string head;
  int status;
  const char* reason;
};

class GuardRefuses : public testing::TestWithParam<Bad> {};

TEST_P(GuardRefuses, with_the_right_status_and_reason) {
  const auto& row = GetParam();
  const auto guarded = guard(row.head, {});
  ASSERT_FALSE(guarded) << row.head;
  EXPECT_EQ(guarded.error().status, row.status);
  EXPECT_EQ(guarded.error().reason, row.reason);
  EXPECT_TRUE(guarded.error().sentence.english.ends_with('.')) << guarded.error().sentence.english;
}

std::string post(const std::string& fields) {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    what_beast_accepts, GuardRefuses,
    testing::Values(
        Bad{"chunked", post("Transfer-Encoding: chunked\r\n"), 411, "transfer_encoding"},
        Bad{"identity", post("Transfer-Encoding: identity\r\n"), 411, "transfer_encoding"},
        Bad{"xchunked", post("Transfer-Encoding: xchunked\r\n"), 411, "transfer_encoding"},
        Bad{"chunked_identity", post("Transfer-Encoding: chunked, identity\r\n"), 411, "transfer_encoding"},
        Bad{"gzip_with_length", post("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n"), 411, "transfer_encoding"},
        Bad{"length_with_chunked", post("Content-Length: 5\r\ntransfer-encoding: chunked\r\n"), 411,
            "transfer_encoding"},
        Bad{"empty_transfer_encoding", post("Transfer-Encoding:\r\n"), 411, "transfer_encoding"},
        Bad{"chunked_in_http_1_0", "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 411, "transfer_encoding"},
        Bad{"same_length_twice", post("Content-Length: 5\r\nContent-Length: 5\r\n"), 400, "content_length"},
        Bad{"two_lengths", post("Content-Length: 5\r\ncontent-length: 6\r\n"), 400, "content_length"},
        Bad{"length_list", post("Content-Length: 5, 5\r\n"), 400, "content_length"},
        Bad{"leading_zeros", post("Content-Length: 0005\r\n"), 400, "content_length"},
        Bad{"plus", post("Content-Length: +5\r\n"), 400, "content_length"},
        Bad{"minus", post("Content-Length: -5\r\n"), 400, "content_length"},
        Bad{"hexadecimal", post("Content-Length: 0x5\r\n"), 400, "content_length"},
        Bad{"empty_length", post("Content-Length:\r\n"), 400, "content_length"},
        Bad{"length_too_large_for_any_number", post("Content-Length: 99999999999999999999999\r\n"), 400,
            "content_length"},
        Bad{"folded_with_space", post("X-A: b\r\n c\r\n"), 400, "folded_header"},
        Bad{"folded_with_tab", post("X-A: b\r\n\tc\r\n"), 400, "folded_header"},
        Bad{"folded_first_line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "folded_header"},
        Bad{"two_hosts", post("Host: b\r\n"), 400, "two_hosts"},
        Bad{"same_host_twice", post("hOST: a\r\n"), 400, "two_hosts"},
        Bad{"no_host", "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", 400, "no_host"},
        Bad{"no_fields_at_all", "GET / HTTP/1.1\r\n\r\n", 400, "no_host"},
        Bad{"absolute_form", get("http://a/x"), 400, "target_form"},
        Bad{"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target_form"},
        Bad{"no_slash", get("x"), 400, "target_form"},
        Bad{"non_ascii_target", get("/caf\xc3\xa9"), 400, "target_bytes"},
        Bad{"delete_byte", get("/\x7f"), 400, "target_bytes"}, Bad{"space_in_target", get("/a b"), 400, "target_bytes"},
        Bad{"tab_in_target", get("/a\tb"), 400, "target_bytes"}, Bad{"fragment", get("/a#b"), 400, "target_bytes"},
        Bad{"backslash_in_target", get("/a\\b"), 400, "target_bytes"},
        Bad{"dot_segments", get("/a/../b"), 400, "target_dots"}, Bad{"dot_segment", get("/./b"), 400, "target_dots"},
        Bad{"escaped_dots", get("/a/%2E%2e/b"), 400, "target_dots"},
        Bad{"dots_half_escaped", get("/a/.%2e"), 400, "target_dots"},
        Bad{"escape_without_digits", get("/a%g0"), 400, "target_escape"},
        Bad{"escape_cut_short", get("/a%2"), 400, "target_escape"},
        Bad{"escaped_nul", get("/a?b=%00"), 400, "target_escape"},
        Bad{"empty_host", "GET / HTTP/1.1\r\nHost: \r\n\r\n", 400, "bad_host"},
        Bad{"host_list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "bad_host"},
        Bad{"host_with_user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "bad_host"},
        Bad{"host_with_path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "bad_host"},
        Bad{"host_with_a_bad_port", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400, "bad_host"},
        Bad{"host_that_never_closes", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "bad_host"},
        Bad{"trailer", post("Trailer: Authorization\r\n"), 400, "trailer"},
        Bad{"connection_is_no_list", post("Connection: close; now\r\n"), 400, "connection"},
        Bad{"proxy_connection_is_no_list", post("Proxy-Connection: a b\r\n"), 400, "connection"},
        Bad{"two_keys", post("Idempotency-Key: a\r\nidempotency-key: a\r\n"), 400, "said_twice"},
        Bad{"two_facilities", post("x-kdppk: a\r\nX-kdppk: b\r\n"), 400, "said_twice"},
        Bad{"two_expectations", post("Expect: 100-continue\r\nExpect: 100-continue\r\n"), 400, "said_twice"},
        Bad{"unknown_method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "unknown_method"},
        Bad{"connect", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501, "unknown_method"},
        Bad{"lower_case_method", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "unknown_method"},
        Bad{"method_is_no_token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "method"},
        Bad{"http_2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "version"},
        Bad{"http_1_2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, "version"},
        Bad{"http_0_9", "GET /\r\n\r\n", 400, "request_line"},
        Bad{"no_method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request_line"},
        Bad{"blank_before_the_method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request_line"},
        Bad{"only_a_word", "GET\r\n\r\n", 400, "request_line"},
        Bad{"empty_line_first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request_line"},
        Bad{"two_spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target_form"},
        Bad{"space_before_colon", post("Content-Length : 5\r\n"), 400, "header_name"},
        Bad{"name_with_space", post("X A: b\r\n"), 400, "header_name"},
        Bad{"name_not_ascii", post("X\xc3\xa4: b\r\n"), 400, "header_name"},
        Bad{"no_colon", post("Authorization\r\n"), 400, "header_line"},
        Bad{"no_name", post(": b\r\n"), 400, "header_line"},
        Bad{"control_in_value", post("X-A: b\x01\r\n"), 400, "header_value"},
        Bad{"delete_in_value", post("X-A: b\x7f\r\n"), 400, "header_value"},
        Bad{"bare_cr_in_value", post("X-A: b\rX-B: c\r\n"), 400, "line_end"},
        Bad{"bare_lf", post("X-A: b\nX-B: c\r\n"), 400, "line_end"},
        Bad{"bare_lf_everywhere", "GET / HTTP/1.1\nHost: a\n\n", 400, "line_end"},
        Bad{"nul_in_value", post(std::string("X-A: b\0c\r\n", 10)), 400, "line_end"},
        Bad{"never_ends", ok, 400, "line_end"}, Bad{"nothing", "", 400, "line_end"},
        Bad{"unknown_expectation", post("Expect: tea\r\n"), 417, "expect"},
        Bad{"too_many_fields", post(repeated(65, "X-A: b\r\n")), 431, "too_many_fields"},
        Bad{"header_too_large", post("X-A: " + std::string(8192, 'a') + "\r\n"), 431, "header_too_large"},
        Bad{"target_too_long", get("/" + std::string(2048, 'a')), 414, "target_too_long"}),
    [](const auto& info) { return info.param.name; });

TEST(Guard, lets_through_what_everyone_reads_alike) {
  struct Row {
    const char* name;
    std::string head;
    GuardedHead expected;
  };
  const Row rows[] = {
      {"plain", ok + "\r\n", {0, true, false}},
      {"with a body", post("Content-Length: 5\r\n"), {5, true, false}},
      {"no body", post("Content-Length: 0\r\n"), {0, true, false}},
      {"a length as large as can be",
       post("Content-Length: 18446744073709551615\r\n"),
       {~std::uint64_t{0}, true, false}},
      {"odd case and spaces", "DELETE /x HTTP/1.1\r\nhOsT:a\r\ncontent-LENGTH:\t 7 \t\r\n\r\n", {7, true, false}},
      {"close", post("Connection: close\r\n"), {0, false, false}},
      {"close in a list", post("Connection: TE, Close\r\n"), {0, false, false}},
      {"close wins over a second header", post("Connection: close\r\nConnection: keep-alive\r\n"), {0, false, false}},
      {"close wins over a first header", post("Connection: keep-alive\r\nConnection: close\r\n"), {0, false, false}},
      {"a list with holes", post("Connection: , keep-alive,, close ,\r\n"), {0, false, false}},
      {"what a proxy's client says is not for us", post("Proxy-Connection: close\r\n"), {0, true, false}},
      {"closer is not close", post("Connection: closer\r\n"), {0, true, false}},
      {"1.0 closes", "GET / HTTP/1.0\r\n\r\n", {0, false, false}},
      {"1.0 keeps alive when asked", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", {0, true, false}},
      {"100-continue", post("Expect: 100-Continue\r\nContent-Length: 5\r\n"), {5, true, true}},
      {"100-continue means nothing to 1.0", "POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", {0, false, false}},
      {"query and escapes", get("/a/%2e%41/b?x=/../&y=%0a"), {0, true, false}},
      {"names of dots", get("/.../..a/.b?."), {0, true, false}},
      {"an address for a host", "GET / HTTP/1.1\r\nHost: [2001:db8::1]:8480\r\n\r\n", {0, true, false}},
      {"a name and a port for a host", "GET / HTTP/1.1\r\nHost: titip_1.Example.org:80\r\n\r\n", {0, true, false}},
      {"a list said twice", post("Prefer: wait=1\r\nPrefer: respond-async\r\n"), {0, true, false}},
      {"obs-text in a value", post("X-A: caf\xc3\xa9\r\n"), {0, true, false}},
      {"an empty value", post("X-A:\r\n"), {0, true, false}},
      {"as many fields as may be", post(repeated(63, "X-A: b\r\n")), {0, true, false}},
      {"a target as long as may be", get("/" + std::string(2047, 'a')), {0, true, false}},
  };
  for (const auto& row : rows) {
    const auto guarded = guard(row.head, {});
    ASSERT_TRUE(guarded) << row.name << ": " << guarded.error().sentence.english;
    EXPECT_EQ(guarded->content_length, row.expected.content_length) << row.name;
    EXPECT_EQ(guarded->keep_alive, row.expected.keep_alive) << row.name;
    EXPECT_EQ(guarded->expects_continue, row.expected.expects_continue) << row.name;
  }
}

TEST(GuardBeginning, refuses_what_can_become_no_request) {
  const std::string request = post("Content-Length: 5\r\n");
  for (std::size_t cut = 0; cut < request.size(); ++cut)
    EXPECT_FALSE(guard_beginning(std::string_view(request).substr(0, cut), {})) << "cut at " << cut;
  EXPECT_EQ(guard_beginning("\x16\x03\x01", {})->reason, "request_line");
  EXPECT_EQ(guard_beginning("\r\n", {})->reason, "request_line");
  EXPECT_EQ(guard_beginning("GET / HTTP/1.1\n", {})->reason, "line_end");
  EXPECT_EQ(guard_beginning("GET /" + std::string(8192, 'a'), {})->status, 431);
}

// Whatever bytes come: no crash, and what passes has exactly one reading of its length.
TEST(Guard, every_cut_and_every_changed_byte_is_survived) {
  const std::string head = post("Content-Length: 5\r\nX-A: b\r\nConnection: close\r\n");
  for (std::size_t cut = 0; cut < head.size(); ++cut)
    EXPECT_FALSE(guard(std::string_view(head).substr(0, cut), {})) << "cut at " << cut;
  for (std::size_t at = 0; at < head.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      auto changed = head;
      changed[at] = static_cast<char>(byte);
      const auto guarded = guard(changed, {});
      if (guarded) EXPECT_LE(guarded->content_length, 99U) << changed;
    }
  }
}

}  // namespace
}  // namespace titip::http
