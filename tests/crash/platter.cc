#include "tests/crash/platter.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <utility>

namespace titip::crash {
namespace {

std::vector<std::string> steps_of(std::string_view path) {
  std::vector<std::string> steps;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (slash != 0) steps.emplace_back(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return steps;
}

std::string last_step(std::string_view path) {
  auto steps = steps_of(path);
  return steps.empty() ? std::string() : std::move(steps.back());
}

enum class Tear : std::uint8_t { drop, keep, at_a_sector, anywhere, scattered };

Tear tear_of(FileKind kind, sampler::Random& dice) {
  const std::uint32_t die = dice.below(kind == FileKind::wal ? 10 : 8);
  if (die < 3) return Tear::drop;
  if (die < 4) return Tear::keep;
  if (die < 6) return Tear::at_a_sector;
  return die < 8 ? Tear::anywhere : Tear::scattered;
}

}  // namespace

FileKind kind_of(std::string_view path) {
  const std::string_view file = path.substr(path.rfind('/') + 1);
  const auto is = [&](std::string_view begin, std::string_view end) {
    return file.starts_with(begin) && file.ends_with(end);
  };
  if (is("", ".log")) return FileKind::wal;
  if (is("", ".sst")) return FileKind::table;
  if (is("", ".blob")) return FileKind::blob;
  if (is("MANIFEST-", "")) return FileKind::manifest;
  if (is("CURRENT", "") || is("", ".dbtmp")) return FileKind::current;
  if (is("OPTIONS-", "")) return FileKind::options;
  if (is("NOTE", "")) return FileKind::note;
  return FileKind::other;
}

std::string_view name(FileKind kind) {
  switch (kind) {
    case FileKind::wal:
      return "wal";
    case FileKind::table:
      return "table";
    case FileKind::blob:
      return "blob";
    case FileKind::manifest:
      return "manifest";
    case FileKind::current:
      return "current";
    case FileKind::options:
      return "options";
    case FileKind::note:
      return "note";
    case FileKind::other:
      return "other";
  }
  return "?";
}

Losses& Losses::operator+=(const Losses& other) {
  files_cut += other.files_cut;
  bytes += other.bytes;
  names += other.names;
  return *this;
}

Platter::Platter(const Image& image) : root_(std::make_shared<Node>(true)) {
  for (const std::string& directory : image.directories) make_directory(directory);
  for (const auto& [path, bytes] : image.files) {
    const NodePtr file = create(path);
    file->bytes = bytes;
    sync(*file);
  }
  while (!pending_.empty()) sync_names(pending_.front().front().directory);
}

Platter::NodePtr Platter::find(std::string_view path) const {
  NodePtr node = root_;
  for (const std::string& step : steps_of(path)) {
    const auto found = node->now.find(step);
    if (found == node->now.end()) return nullptr;
    node = found->second;
  }
  return node;
}

Platter::NodePtr Platter::parent_of(std::string_view path) const {
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  const NodePtr parent = slash == std::string_view::npos ? root_ : find(path.substr(0, slash));
  return parent && parent->directory ? parent : nullptr;
}

std::vector<std::string> Platter::children(const Node& directory) const {
  std::vector<std::string> names;
  for (const auto& [each, node] : directory.now) names.push_back(each);
  return names;
}

void Platter::change(Change change) {
  for (const Entry& entry : change) {
    if (entry.node) {
      entry.directory->now[entry.name] = entry.node;
    } else {
      entry.directory->now.erase(entry.name);
    }
  }
  pending_.push_back(std::move(change));
}

Platter::NodePtr Platter::create(std::string_view path) {
  if (NodePtr there = find(path)) return there;
  const NodePtr parent = parent_of(path);
  if (!parent) return nullptr;
  const auto made = std::make_shared<Node>(false);
  change({{parent, last_step(path), made}});
  return made;
}

// Missing parents are made too, for the first start of a store.
Platter::NodePtr Platter::make_directory(std::string_view path) {
  NodePtr node = root_;
  for (const std::string& step : steps_of(path)) {
    const auto found = node->now.find(step);
    if (found != node->now.end()) {
      node = found->second;
      continue;
    }
    const auto made = std::make_shared<Node>(true);
    change({{node, step, made}});
    node = made;
  }
  return node;
}

bool Platter::remove(std::string_view path) {
  if (!find(path)) return false;
  change({{parent_of(path), last_step(path), nullptr}});
  return true;
}

bool Platter::rename(std::string_view from, std::string_view to) {
  const NodePtr node = find(from);
  const NodePtr parent = parent_of(to);
  if (!node || !parent) return false;
  change({{parent_of(from), last_step(from), nullptr}, {parent, last_step(to), node}});
  return true;
}

bool Platter::link(std::string_view from, std::string_view to) {
  const NodePtr node = find(from);
  const NodePtr parent = parent_of(to);
  if (!node || !parent || find(to)) return false;
  change({{parent, last_step(to), node}});
  return true;
}

void Platter::sync_names(const NodePtr& directory) {
  std::deque<Change> left;
  for (Change& change : pending_) {
    if (std::ranges::none_of(change, [&](const Entry& entry) { return entry.directory == directory; })) {
      left.push_back(std::move(change));
      continue;
    }
    for (const Entry& entry : change) {
      if (entry.node) {
        entry.directory->on_platter[entry.name] = entry.node;
      } else {
        entry.directory->on_platter.erase(entry.name);
      }
    }
  }
  pending_ = std::move(left);
}

void Platter::append(Node& file, std::string_view bytes) {
  if (file.under) {
    write(file, file.bytes.size(), bytes);
  } else {
    file.bytes.append(bytes);
  }
}

void Platter::write(Node& file, std::size_t offset, std::string_view bytes) {
  if (!file.under) file.under = file.bytes.substr(0, file.synced);
  file.over.push_back({offset, std::string(bytes)});
  if (file.bytes.size() < offset + bytes.size()) file.bytes.resize(offset + bytes.size());
  file.bytes.replace(offset, bytes.size(), bytes);
}

void Platter::truncate(Node& file, std::size_t size) {
  if (size < file.synced && !file.under) file.under = file.bytes.substr(0, file.synced);
  file.bytes.resize(size);
}

void Platter::sync(Node& file) {
  file.synced = file.bytes.size();
  file.under.reset();
  file.over.clear();
}

std::string Platter::surviving_bytes(const Node& file, FileKind kind, sampler::Random& dice, Losses& losses) const {
  if (file.under) {  // written over: each sector has its old or its new bytes
    std::string bytes = *file.under;
    for (const Node::Write& write : file.over) {
      for (std::size_t done = 0; done < write.bytes.size();) {
        const std::size_t at = write.offset + done;
        const std::size_t piece = std::min(sector_bytes - at % sector_bytes, write.bytes.size() - done);
        if (dice.chance(0.5)) {
          if (bytes.size() < at + piece) bytes.resize(at + piece);
          bytes.replace(at, piece, write.bytes, done, piece);
        } else {
          losses.bytes += piece;
        }
        done += piece;
      }
    }
    ++losses.files_cut;
    return bytes;
  }
  const std::size_t unsynced = file.bytes.size() - std::min(file.synced, file.bytes.size());
  if (unsynced == 0) return file.bytes;
  const Tear tear = tear_of(kind, dice);
  std::size_t kept = file.synced;
  if (tear == Tear::keep || tear == Tear::scattered) kept = file.bytes.size();
  if (tear == Tear::at_a_sector || tear == Tear::anywhere) {
    kept += dice.below(static_cast<std::uint32_t>(unsynced));
    if (tear == Tear::at_a_sector) kept = std::max(file.synced, kept - kept % sector_bytes);
  }
  std::string bytes = file.bytes.substr(0, kept);
  for (std::size_t at = file.synced; tear == Tear::scattered && at < bytes.size();) {
    const std::size_t end = std::min(bytes.size(), at - at % sector_bytes + sector_bytes);
    if (dice.chance(0.4)) {
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin() + static_cast<std::ptrdiff_t>(end),
                '\0');
      losses.bytes += end - at;
    }
    at = end;
  }
  losses.bytes += file.bytes.size() - kept;
  if (tear != Tear::keep) ++losses.files_cut;
  return bytes;
}

Image Platter::after_power_cut(sampler::Random& dice, Losses& losses) const {
  // A third each: no change of a name that was not synced is there, all of them are, or those up to some moment.
  const std::uint32_t die = dice.below(3);
  std::size_t kept = die == 0 ? 0 : pending_.size();
  if (die == 2 && !pending_.empty()) kept = dice.below(static_cast<std::uint32_t>(pending_.size() + 1));
  losses.names += pending_.size() - kept;
  Names names;
  const auto of = [&](const Node& directory) -> auto& {
    return names.try_emplace(&directory, directory.on_platter).first->second;
  };
  for (std::size_t i = 0; i < kept; ++i) {
    for (const Entry& entry : pending_[i]) {
      if (entry.node) {
        of(*entry.directory)[entry.name] = entry.node;
      } else {
        of(*entry.directory).erase(entry.name);
      }
    }
  }
  Image image;
  std::map<const Node*, std::string> bytes_of;  // one file may have two names
  std::vector<std::pair<std::string, const Node*>> ahead{{"", root_.get()}};
  while (!ahead.empty()) {
    const auto [path, directory] = ahead.back();
    ahead.pop_back();
    for (const auto& [each, node] : of(*directory)) {
      const std::string whole = path + "/" + each;
      if (node->directory) {
        image.directories.insert(whole);
        ahead.emplace_back(whole, node.get());
        continue;
      }
      auto known = bytes_of.find(node.get());
      if (known == bytes_of.end()) {
        known = bytes_of.emplace(node.get(), surviving_bytes(*node, kind_of(whole), dice, losses)).first;
      }
      image.files.emplace(whole, known->second);
    }
  }
  return image;
}

Image Platter::as_it_is() const {
  Image image;
  std::vector<std::pair<std::string, const Node*>> ahead{{"", root_.get()}};
  while (!ahead.empty()) {
    const auto [path, directory] = ahead.back();
    ahead.pop_back();
    for (const auto& [each, node] : directory->now) {
      const std::string whole = path + "/" + each;
      if (node->directory) {
        image.directories.insert(whole);
        ahead.emplace_back(whole, node.get());
      } else {
        image.files.emplace(whole, node->bytes);
      }
    }
  }
  return image;
}

}  // namespace titip::crash
