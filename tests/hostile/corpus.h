// Hostile requests as tables, each with the verdict that the gateway owes it. A file of the corpus has lines:
//   # a remark
//   case NAME                 begins a case
//   beast accepts|refuses|waits   what Beast alone makes of these bytes (beast_test.cc compares)
//   expect STATUS [REASON]    one answer, in this order; with a REASON: the guard's or a limit's, by that name
//   expect STATUS bodyless    the answer to a HEAD
//   expect nothing            no answer at all
//   then open|closed          the connection afterwards; closed behind a reason, else open, unless it is said
//   pause                     what follows is sent a moment later
//   send BYTES                with \r \n \t \0 \xHH \\, and {N*BYTES} for N of them; several lines are one text
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace titip::hostile {

enum class Alone : std::uint8_t { accepts, refuses, waits };

struct Verdict {
  int status = 0;
  std::string reason;  // empty: any words
  bool bodyless = false;
};

struct Case {
  std::string name;  // with its file's: "hosts: none"
  std::optional<Alone> beast;
  std::vector<Verdict> answers;
  bool closed = false;
  std::vector<std::string> sent;  // a pause between two

  std::string bytes() const;
};

std::string name(Alone alone);

// Nothing if an escape is none.
std::optional<std::string> unescape(std::string_view text);

// Every file of the folder, in the order of their names; the error says which line is wrong.
std::expected<std::vector<Case>, std::string> read_corpus(const std::filesystem::path& folder);

}  // namespace titip::hostile
