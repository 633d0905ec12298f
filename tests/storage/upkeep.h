// What the tests of upkeep share.
#pragma once

#include "tests/storage/questions.h"

namespace titip::storage {

inline constexpr std::chrono::days day{1};

class Upkeep : public Asking {
 protected:
  // Sent and settled, with a reply and a note, in which the server's words stand.
  void settle_with_words(const SubmissionId& id, Event event, std::vector<Resolved> resolved = {},
                         std::optional<WallTime> read_back_at = {}) {
    const Submission record = caller->load(id).submission;
    ASSERT_EQ(caller->open_attempt(record).applied, Applied::yes);
    Settlement made = settlement(record, event, 1);
    made.attempt.note = {"sealed note"};
    made.reply = {"sealed reply"};
    made.resolved = std::move(resolved);
    made.read_back_at = read_back_at;
    ASSERT_EQ(caller->settle(std::move(made)).applied, Applied::yes);
  }
  Erased::Kind erase(const SubmissionId& id) {
    const auto erased = q().erase({id});
    EXPECT_TRUE(erased.has_value());
    return erased ? erased->at(0).kind : Erased::Kind::not_there;
  }
  Retained retain(Retain what) {
    const auto retained = q().retain(what);
    EXPECT_TRUE(retained.has_value());
    return retained.value_or(Retained{});
  }
  // A whole pass; how many lost their content.
  std::size_t retain_all(Retain what) {
    std::size_t erased = 0;
    for (int slices = 0; slices < 1000; ++slices) {
      const Retained slice = retain(what);
      EXPECT_LE(slice.examined, what.examine);
      erased += slice.erased;
      if (!slice.next) return erased;
      what.after = slice.next;
    }
    ADD_FAILURE() << "it does not end";
    return erased;
  }
  void expect_no_content(const SubmissionId& id, bool has_key = false) {
    const Loaded loaded = caller->load(id);
    EXPECT_TRUE(loaded.submission.content_erased);
    EXPECT_TRUE(loaded.payload.empty());
    EXPECT_TRUE(loaded.reply.empty());
    EXPECT_EQ(loaded.submission.wrapped_key.empty(), !has_key);
    for (const Attempt& line : loaded.attempts) EXPECT_TRUE(line.note.empty());
    EXPECT_FALSE(loaded.submission.receipt.empty());
  }
  void expect_content(const SubmissionId& id) {
    const Loaded loaded = caller->load(id);
    EXPECT_FALSE(loaded.submission.content_erased);
    EXPECT_FALSE(loaded.payload.empty());
    EXPECT_FALSE(loaded.submission.wrapped_key.empty());
  }
  std::uint64_t counted(State state) {
    return store->counts().destinations.at("pcare").by_state[static_cast<std::size_t>(state)];
  }
};

}  // namespace titip::storage
