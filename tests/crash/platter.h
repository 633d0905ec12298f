// A disk with a volatile cache, in memory: the files and names a program sees now, and beside them what is on the
// platter. Data reaches the platter by a sync of its file, a name by a sync of its directory; all else is up to the
// dice when the power goes. Pure but for the dice; not thread-safe (power_loss_fs.h holds the lock).
//
// What may happen to what was not synced, and why no more than that: the end of a file that grew is dropped, or cut at
// a sector or in the middle of one; a write-ahead log's may also keep some of its sectors and have zeros for the others
// (a drive may reorder what lies in its cache). Bytes written over old ones change sector by sector. Names come and go
// in the order in which they were changed, up to some point in time, as in every journal; two names of one rename go
// together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sampler/random.h"

namespace titip::crash {

inline constexpr std::size_t sector_bytes = 512;

// What RocksDB (or the store, for the note) means by a file's name.
enum class FileKind : std::uint8_t { wal, table, blob, manifest, current, options, note, other };
inline constexpr std::size_t file_kind_count = 8;
FileKind kind_of(std::string_view path);
std::string_view name(FileKind kind);

// All files and directories by their whole path, after a power cut or before the first start.
struct Image {
  std::map<std::string, std::string> files;
  std::set<std::string> directories;
};

// What one power cut did.
struct Losses {
  std::uint64_t files_cut = 0;  // an end that was not synced was dropped or torn
  std::uint64_t bytes = 0;
  std::uint64_t names = 0;  // creations, renames, links and removals undone
  Losses& operator+=(const Losses& other);
};

class Platter {
 public:
  struct Node;
  using NodePtr = std::shared_ptr<Node>;

  explicit Platter(const Image& image);

  // Files and directories as they are now. Null: there is none.
  NodePtr find(std::string_view path) const;
  NodePtr parent_of(std::string_view path) const;
  std::vector<std::string> children(const Node& directory) const;

  // Changes of names; the parent directory must be there. create() and make_directory() answer what is there already.
  NodePtr create(std::string_view path);
  NodePtr make_directory(std::string_view path);
  bool remove(std::string_view path);
  bool rename(std::string_view from, std::string_view to);  // a directory goes with all it holds
  bool link(std::string_view from, std::string_view to);
  void sync_names(const NodePtr& directory);

  // Changes of bytes.
  void append(Node& file, std::string_view bytes);
  void write(Node& file, std::size_t offset, std::string_view bytes);
  void truncate(Node& file, std::size_t size);
  void sync(Node& file);

  Image after_power_cut(sampler::Random& dice, Losses& losses) const;
  Image as_it_is() const;  // everything written back, as at an orderly stop of the machine

 private:
  struct Entry {
    NodePtr directory;
    std::string name;
    NodePtr node;  // null: removed
  };
  using Change = std::vector<Entry>;  // one or, for a rename, two: both or neither
  using Names = std::map<const Node*, std::map<std::string, NodePtr>>;

  void change(Change change);
  std::string surviving_bytes(const Node& file, FileKind kind, sampler::Random& dice, Losses& losses) const;

  NodePtr root_;
  std::deque<Change> pending_;
};

struct Platter::Node {
  explicit Node(bool is_directory) : directory(is_directory) {}
  struct Write {
    std::size_t offset;
    std::string bytes;
  };
  bool directory;
  // of a file
  std::string bytes;
  std::size_t synced = 0;            // so many of its first bytes are on the platter
  std::optional<std::string> under;  // since a write over old bytes or a truncation: what is on the platter instead
  std::vector<Write> over;           // and what was written since
  // of a directory
  std::map<std::string, NodePtr> now, on_platter;
};

}  // namespace titip::crash
