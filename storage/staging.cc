#include "storage/staging.h"

#include <algorithm>
#include <ranges>

namespace titip::storage {

void Staging::want(Family family, std::string key) {
  if (!entries(family).contains(key)) wanted_[static_cast<std::size_t>(family)].push_back(std::move(key));
}

void Staging::fetch() {
  for (std::size_t i = 0; i < family_count; ++i) {
    auto& keys = wanted_[i];
    if (keys.empty()) continue;
    std::ranges::sort(keys);
    keys.erase(std::ranges::unique(keys).begin(), keys.end());
    auto values = base_.multi_get(static_cast<Family>(i), keys);
    // A failed read is not a fault of the calls yet: the one that asks for the key meets it.
    if (values) {
      for (std::size_t k = 0; k < keys.size(); ++k) {
        entries_[i].emplace(std::move(keys[k]), Entry{std::move((*values)[k])});
      }
    }
    keys.clear();
  }
}

const std::string* Staging::get(Family family, std::string_view key) {
  if (fault_) return nullptr;
  auto found = entries(family).find(key);
  if (found == entries(family).end()) {
    auto value = base_.get(family, key);
    if (!value) {
      fail(value.error());
      return nullptr;
    }
    found = entries(family).emplace(key, Entry{std::move(*value)}).first;
  }
  return found->second.value ? &*found->second.value : nullptr;
}

void Staging::put(Family family, std::string key, std::string value) {
  write(family, std::move(key), std::move(value));
}

void Staging::erase(Family family, std::string key) {
  write(family, std::move(key), std::nullopt);
}

void Staging::write(Family family, std::string key, std::optional<std::string> value) {
  const auto [at, is_new] = entries(family).try_emplace(key);
  Undo undo{family, std::move(key), std::nullopt};
  if (!is_new) undo.before = std::move(at->second);
  undo_.push_back(std::move(undo));
  at->second = Entry{std::move(value), true};
}

std::optional<std::pair<std::string, std::string>> Staging::first(Family family, std::string_view prefix,
                                                                  std::string_view from) {
  if (fault_) return std::nullopt;
  const Entries& ours = entries(family);
  std::optional<std::pair<std::string, std::string>> below;
  const auto scanned = base_.scan(family, prefix, from, [&](std::string_view key, std::string_view value) {
    const auto over = ours.find(key);
    if (over != ours.end() && over->second.dirty) return true;  // erased, or met below
    below.emplace(key, value);
    return false;
  });
  if (!scanned) {
    fail(scanned.error());
    return std::nullopt;
  }
  for (auto i = ours.lower_bound(std::max(prefix, from)); i != ours.end() && i->first.starts_with(prefix); ++i) {
    if (below && below->first < i->first) break;
    if (i->second.dirty && i->second.value) return std::pair(i->first, *i->second.value);
  }
  return below;
}

void Staging::fail(Error error) {
  if (!fault_) fault_ = error;
}

void Staging::fail(const KvError& error) {
  fail(error.kind == KvError::Kind::corrupt ? Error::corrupt : Error::unavailable);
}

void Staging::keep() {
  undo_.clear();
  fault_.reset();
}

void Staging::roll_back() {
  for (Undo& undo : undo_ | std::views::reverse) {
    const auto at = entries(undo.family).find(undo.key);
    if (undo.before) {
      at->second = std::move(*undo.before);
    } else {
      entries(undo.family).erase(at);
    }
  }
  undo_.clear();
  fault_.reset();
}

KvBatch Staging::take_batch() {
  KvBatch batch;
  for (std::size_t i = 0; i < family_count; ++i) {
    while (!entries_[i].empty()) {
      auto node = entries_[i].extract(entries_[i].begin());
      if (node.mapped().dirty) {
        batch.push_back({static_cast<Family>(i), std::move(node.key()), std::move(node.mapped().value)});
      }
    }
  }
  return batch;
}

}  // namespace titip::storage
