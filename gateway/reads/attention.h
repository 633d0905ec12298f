// What needs a facility's attention, as that facility may read it: how the record stands, what was sent, what the
// national server said, and what to do now. Pure but for unsealing.
#pragma once

#include <optional>
#include <string>

#include "gateway/clock/clock.h"
#include "metrics/words/said.h"
#include "storage/sealing.h"
#include "storage/store.h"

namespace titip::reads {

struct AttentionItem {
  std::string id;
  std::string receipt;
  std::string destination;
  std::string route;
  std::string state;   // rejected, expired, held
  std::string reason;  // of a hold
  std::string rule;    // the profile's that decided last
  clock::WallTime accepted_at{};
  std::optional<clock::WallTime> settled_at;
  std::optional<clock::WallTime> deadline;
  int http_status = 0;       // of the reply that the words are from; 0: none
  std::string server_words;  // as the server wrote them: line ends and all
  words::Said to_do;
  // Of what was sent and answered, the first 16 KiB. Nothing: erased, or it cannot be opened.
  struct Text {
    std::string body;
    bool cut = false;
  };
  std::string method;
  std::string target;
  std::optional<Text> sent;
  std::optional<Text> reply;
  bool content_erased = false;
};

AttentionItem attention_item(const storage::Loaded& loaded, const storage::Sealer& sealer);

words::Text what_to_do(const storage::Submission& record);

}  // namespace titip::reads
