// What comes back on a connection, read by the letter: this reader shares no code with the gateway's. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace titip::hostile {

struct Answer {
  int status = 0;
  std::string head;  // in lower case
  std::string body;
  bool closes = false;
};

struct Stream {
  std::vector<Answer> answers;
  std::string rest;   // what is no whole answer yet
  std::string wrong;  // a sentence; empty: everything so far is well-formed
};

// `bodyless`: the numbers of the answers that have no body, being answers to HEAD.
Stream read_answers(std::string_view bytes, const std::vector<std::size_t>& bodyless = {});

}  // namespace titip::hostile
