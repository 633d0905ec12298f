// A batch that one damaged entry must not hinder: where the store cannot read something of it, nothing of it was done,
// and it is brought again one by one, so that whatever is damaged stands alone. Blocking, as what it brings with.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace titip::admin {

// An answer for each; nothing: that one is damaged. `bring` takes a batch and gives as many answers. With an error
// nobody knows how much was done.
template <class Answer, class Item, class Bring>
storage::Result<std::vector<std::optional<Answer>>> each_of(const std::vector<Item>& batch, Bring bring) {
  std::vector<std::optional<Answer>> answers;
  storage::Result<std::vector<Answer>> all = bring(batch);
  if (all) {
    for (auto& answer : *all) answers.emplace_back(std::in_place, std::move(answer));
    return answers;
  }
  if (all.error() != storage::Error::corrupt) return std::unexpected(all.error());
  for (const Item& item : batch) {
    storage::Result<std::vector<Answer>> one = bring(std::vector<Item>{item});
    if (!one && one.error() != storage::Error::corrupt) return std::unexpected(one.error());
    if (one) {
      answers.emplace_back(std::in_place, std::move(one->front()));
    } else {
      answers.emplace_back(std::nullopt);
    }
  }
  return answers;
}

}  // namespace titip::admin
