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
        entries_[i].emplace_hint(entries_[i].end(), std::move(keys[k]), Entry{std::move((*values)[k])});
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
      fail(value.error(), {family, std::string(key), {}, {}, true});
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
  const auto [at, is_new] = entries(family).try_emplace(std::move(key));
  Undo undo{family, at, std::nullopt};
  if (!is_new) undo.before = std::move(at->second);
  undo_.push_back(std::move(undo));
  at->second = Entry{std::move(value), true};
}

std::optional<std::pair<std::string, std::string>> Staging::first(Family family, std::string_view prefix,
                                                                  std::string_view from) {
  auto found = list(family, prefix, from, 1);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<std::pair<std::string, std::string>> Staging::list(Family family, std::string_view prefix,
                                                               std::string_view from, std::size_t most) {
  std::vector<std::pair<std::string, std::string>> found;
  if (fault_ || most == 0) return found;
  const Entries& ours = entries(family);
  auto own = ours.lower_bound(std::max(prefix, from));
  // Ours that come before `key`; none: all that are left.
  const auto take_own = [&](std::optional<std::string_view> key) {
    for (; own != ours.end() && own->first.starts_with(prefix) && found.size() < most; ++own) {
      if (key && own->first >= *key) return;
      if (own->second.dirty && own->second.value) found.emplace_back(own->first, *own->second.value);
    }
  };
  const auto scanned = base_.scan(family, prefix, from, [&](std::string_view key, std::string_view value) {
    take_own(key);
    if (found.size() == most) return false;
    const auto over = ours.find(key);
    if (over == ours.end() || !over->second.dirty) found.emplace_back(key, value);  // else erased, or taken as ours
    return found.size() < most;
  });
  if (!scanned) {
    fail(scanned.error(), {family, std::string(prefix), {}, {}, true});
    return {};
  }
  take_own(std::nullopt);
  return found;
}

void Staging::fail(Error error) {
  if (!fault_) fault_ = error;
}

void Staging::fail(const KvError& error, Damage where) {
  const bool damaged = error.kind == KvError::Kind::corrupt;
  if (damaged) note(std::move(where));
  fail(damaged ? Error::corrupt : Error::unavailable);
}

void Staging::fail_damaged(Family family, std::string_view key) {
  note({family, std::string(key)});
  fail(Error::corrupt);
}

void Staging::note(Damage damage) {
  if (damage_.size() < most_damage_told) damage_.push_back(std::move(damage));
}

bool Staging::forgive_damage() {
  if (fault_ && *fault_ != Error::corrupt) return false;
  fault_.reset();
  return true;
}

void Staging::keep() {
  undo_.clear();
  fault_.reset();
}

void Staging::roll_back() {
  for (Undo& undo : undo_ | std::views::reverse) {
    if (undo.before) {
      undo.at->second = std::move(*undo.before);
    } else {
      entries(undo.family).erase(undo.at);
    }
  }
  undo_.clear();
  fault_.reset();
}

KvBatch Staging::take_batch() {
  KvBatch batch;
  std::size_t most = 1;  // and the number of the commit
  for (const Entries& each : entries_) most += each.size();
  batch.reserve(most);
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
