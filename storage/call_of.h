// How a question becomes a call of the writer's. Private to storage. Any thread.
#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "storage/group.h"

namespace titip::storage {

template <class Item, class Answer>
Call call_of(std::vector<Item> items, Home& home, Done<std::vector<Answer>> done) {
  Call call;
  call.home = &home;
  call.items = items.size();
  for (const Item& item : items) {
    if constexpr (requires { item.payload.bytes; }) call.bytes += item.payload.bytes.size();
    if constexpr (requires { item.reply.bytes; }) call.bytes += item.reply.bytes.size();
    if constexpr (requires { item.bytes.size(); }) call.bytes += item.bytes.size();
    if constexpr (requires { item.news; }) {
      for (const News& news : item.news) call.bytes += news.submission.payload.bytes.size();
    }
    if constexpr (requires { item.attempt.note.bytes; }) call.bytes += item.attempt.note.bytes.size();
    if constexpr (std::is_same_v<Item, std::string>) call.bytes += item.size();
    if constexpr (std::is_same_v<Item, NewSubmission>) {
      if (item.answer_by) call.answer_by = std::min(call.answer_by.value_or(*item.answer_by), *item.answer_by);
    }
  }
  call.batch.template emplace<Batch<Item, Answer>>(std::move(items), std::move(done), std::vector<Answer>{});
  return call;
}

// The store's own calls are answered where they are: on the writer's thread, or on the one that was refused.
class InPlace : public Home {
 public:
  void post(std::move_only_function<void()> work) override { work(); }
  static InPlace& home() {
    static InPlace one;
    return one;
  }
};

}  // namespace titip::storage
