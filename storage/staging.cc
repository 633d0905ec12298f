#include "storage/staging.h"

#include <algorithm>
#include <ranges>
#include <type_traits>

namespace titip::storage {

void Staging::want(Row row) {
  Entry& entry = row.at_->second;
  if (entry.standing != Standing::unknown) return;
  entry.standing = Standing::wanted;
  ++wanted_[static_cast<std::size_t>(row.family_)];
}

void Staging::fetch() {
  for (std::size_t i = 0; i < family_count; ++i) {
    const std::size_t most = std::exchange(wanted_[i], 0);
    if (most == 0) continue;
    std::vector<std::string> keys;
    std::vector<Entry*> rows;
    keys.reserve(most);
    rows.reserve(most);
    for (auto& [key, entry] : entries_[i]) {
      if (entry.standing != Standing::wanted) continue;
      keys.push_back(key);
      rows.push_back(&entry);
    }
    auto values = base_.multi_get(static_cast<Family>(i), keys);
    // A failed read is not a fault of the calls yet: the one that asks for the key meets it.
    for (std::size_t k = 0; k < rows.size(); ++k) {
      rows[k]->standing = values ? Standing::known : Standing::unknown;
      if (values) rows[k]->value = std::move((*values)[k]);
    }
  }
}

const std::string* Staging::get(Row row) {
  if (fault_ || !read(row)) return nullptr;
  const auto& bytes = bytes_of(row.family_, row.at_->first, row.at_->second);
  return bytes ? &*bytes : nullptr;
}

const std::string* Staging::get(Family family, std::string_view key) {
  return fault_ ? nullptr : get(row(family, key));
}

bool Staging::read(Row row) {
  auto& [key, entry] = *row.at_;
  if (entry.standing == Standing::known) return true;
  auto value = base_.get(row.family_, key);
  if (!value) {
    fail(value.error(), {row.family_, key, {}, {}, true});
    return false;
  }
  entry.value = std::move(*value);
  entry.standing = Standing::known;
  return true;
}

const std::optional<std::string>& Staging::bytes_of(Family family, std::string_view key, Entry& entry) {
  if (std::exchange(entry.stale, false)) {
    entry.value = std::visit(
        [&]<class T>(const T& now) -> std::optional<std::string> {
          if constexpr (std::is_same_v<T, std::monostate>) {
            return std::nullopt;
          } else {
            return encode(Place{family, key}, now);
          }
        },
        entry.cell->now);
  }
  return entry.value;
}

void Staging::write(Row row, std::optional<std::string>&& value) {
  Entry& entry = row.at_->second;
  undo_.emplace_back(&entry, std::move(entry));
  entry.value = std::move(value);
  entry.standing = Standing::known;
  entry.dirty = true;
  entry.stale = false;
}

// What the cell is about to be changed from, once in a call.
void Staging::save(Entry& entry) {
  Cell& cell = *entry.cell;
  if (cell.saved_in != call_) {
    cell.before = cell.now;
    cell.saved_in = call_;
    cell.was_dirty = entry.dirty;
    undo_.emplace_back(&entry, std::nullopt);
  }
  entry.dirty = entry.stale = true;
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
  Entries& ours = entries(family);
  auto own = ours.lower_bound(std::max(prefix, from));
  // Ours that come before `key`; none: all that are left.
  const auto take_own = [&](std::optional<std::string_view> key) {
    for (; own != ours.end() && own->first.starts_with(prefix) && found.size() < most; ++own) {
      if (key && own->first >= *key) return;
      if (!own->second.dirty) continue;
      if (const auto& bytes = bytes_of(family, own->first, own->second)) found.emplace_back(own->first, *bytes);
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
  ++call_;
  fault_.reset();
}

void Staging::roll_back() {
  for (Undo& undo : undo_ | std::views::reverse) {
    Entry& entry = *undo.at;
    if (undo.before) {
      entry = std::move(*undo.before);
    } else {
      entry.cell->now = std::move(entry.cell->before);
      entry.dirty = entry.cell->was_dirty;
      entry.stale = true;
    }
  }
  keep();
}

KvBatch Staging::take_batch() {
  KvBatch batch;
  std::size_t most = 1;  // and the number of the commit
  for (const Entries& each : entries_) most += each.size();
  batch.reserve(most);
  for (std::size_t i = 0; i < family_count; ++i) {
    while (!entries_[i].empty()) {
      auto node = entries_[i].extract(entries_[i].begin());
      if (!node.mapped().dirty) continue;
      bytes_of(static_cast<Family>(i), node.key(), node.mapped());
      batch.emplace_back(static_cast<Family>(i), std::move(node.key()), std::move(node.mapped().value));
    }
  }
  return batch;
}

}  // namespace titip::storage
