#include "storage/rocks_kv_hashed.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <new>
#include <string_view>
#include <type_traits>

#include "storage/check.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#define TITIP_SEES_THREADS 1
#endif
#endif

namespace titip::storage {
namespace {

// RocksDB hands a new table to its readers, and destroys it behind the last of them, by means that ThreadSanitizer does
// not see, for Debian's is built without it. It is told so here; in what is shipped this is nothing.
void happens_before([[maybe_unused]] const void* what) {
#ifdef TITIP_SEES_THREADS
  __tsan_release(const_cast<void*>(what));
#endif
}
void happens_after([[maybe_unused]] const void* what) {
#ifdef TITIP_SEES_THREADS
  __tsan_acquire(const_cast<void*>(what));
#endif
}

// The log's limit flushes a table at some fifty thousand entries, and most keys that are asked for are not there: then
// most buckets are empty, and no entry has to be looked at. Four times as many entries would still be quick.
constexpr std::size_t bucket_count = std::size_t{1} << 17U;
// An internal key ends in its sequence number and kind.
constexpr std::size_t tag_bytes = 8;

// In front of each entry, in the table's own memory. Never changed once it can be seen.
struct Node {
  Node* older = nullptr;  // in the same bucket

  const char* entry() const { return reinterpret_cast<const char*>(this + 1); }
};
static_assert(std::is_trivially_destructible_v<Node>);  // the table's memory goes as a whole

std::string_view user_key_of(const rocksdb::Slice& internal_key) {
  return {internal_key.data(), internal_key.size() - tag_bytes};
}

std::string_view user_key_of(const Node& node) {
  return user_key_of(rocksdb::GetLengthPrefixedSlice(node.entry()));
}

using Bucket = std::atomic_ref<Node*>;

class Buckets {
 public:
  Buckets() { check(all_ != nullptr, "there is memory for a table of keys"); }

  Bucket of(std::string_view user_key) const {
    return Bucket(all_.get()[std::hash<std::string_view>{}(user_key) % bucket_count]);
  }

 private:
  struct Free {
    void operator()(Node** all) const { std::free(all); }
  };
  // 1 MiB for each table that is written into or being flushed.
  std::unique_ptr<Node*, Free> all_{static_cast<Node**>(std::calloc(bucket_count, sizeof(Node*)))};
};

// The versions of one key, newest first: what Get() walks over.
//
// RocksDB 7.8 gives such an iterator back only by leaking it (MemTableRep::Get never deletes what it asked for), so it
// stands in a place that each thread has one of; a Get is done with it before the next begins.
class VersionsOfAKey final : public rocksdb::MemTableRep::Iterator {
 public:
  VersionsOfAKey(const Buckets& buckets, const rocksdb::MemTableRep::KeyComparator& compare)
      : buckets_(buckets), compare_(compare) {}

  static void* operator new(std::size_t size) {
    alignas(std::max_align_t) static thread_local std::byte place[sizeof(void*) * 8];
    check(size <= sizeof(place), "an iterator fits into its place");
    return place;
  }
  static void operator delete(void*) {}

  bool Valid() const override { return at_ != nullptr; }
  const char* key() const override { return at_->entry(); }
  void Seek(const rocksdb::Slice& internal_key, const char*) override {
    const std::string_view wanted = user_key_of(internal_key);
    at_ = same_key(buckets_.of(wanted).load(std::memory_order_acquire), wanted);
    // Those younger than the reader's snapshot stand before it in RocksDB's order.
    while (at_ != nullptr && compare_(at_->entry(), internal_key) < 0) at_ = same_key(at_->older, wanted);
    happens_before(&buckets_);
  }
  void Next() override {
    at_ = same_key(at_->older, user_key_of(*at_));
    happens_before(&buckets_);
  }

  // One key's versions have no neighbours, and Get() asks for none.
  void Prev() override { at_ = nullptr; }
  void SeekForPrev(const rocksdb::Slice&, const char*) override { at_ = nullptr; }
  void SeekToFirst() override { at_ = nullptr; }
  void SeekToLast() override { at_ = nullptr; }

 private:
  static const Node* same_key(const Node* node, std::string_view user_key) {
    while (node != nullptr && user_key_of(*node) != user_key) node = node->older;
    return node;
  }

  const Buckets& buckets_;
  const rocksdb::MemTableRep::KeyComparator& compare_;
  const Node* at_ = nullptr;
};

class HashedMemtable final : public rocksdb::MemTableRep {
 public:
  HashedMemtable(const KeyComparator& compare, rocksdb::Allocator* allocator, rocksdb::Logger* logger)
      : MemTableRep(allocator),
        compare_(compare),
        in_order_(rocksdb::VectorRepFactory().CreateMemTableRep(compare, allocator, nullptr, logger)) {
    happens_before(this);
  }

  HashedMemtable(const HashedMemtable&) = delete;
  HashedMemtable& operator=(const HashedMemtable&) = delete;
  ~HashedMemtable() override { happens_after(&buckets_); }

  rocksdb::KeyHandle Allocate(std::size_t length, char** entry) override {
    char* memory = nullptr;
    MemTableRep::Allocate(sizeof(Node) + alignof(Node) - 1 + length, &memory);
    void* place = memory;
    std::size_t space = sizeof(Node) + alignof(Node) - 1 + length;
    std::align(alignof(Node), sizeof(Node) + length, place, space);
    Node* node = new (place) Node;
    *entry = reinterpret_cast<char*>(node + 1);
    return node;
  }
  // Sequence numbers rise from one insert to the next, so the newest version of a key comes first in its bucket.
  void Insert(rocksdb::KeyHandle handle) override {
    Node* node = static_cast<Node*>(handle);
    const Bucket bucket = buckets_.of(user_key_of(*node));
    node->older = bucket.load(std::memory_order_relaxed);
    in_order_->Insert(node + 1);
    bucket.store(node, std::memory_order_release);
    happens_before(&buckets_);
  }
  bool Contains(const char* entry) const override {
    VersionsOfAKey versions(buckets_, compare_);
    versions.Seek(rocksdb::GetLengthPrefixedSlice(entry), entry);
    return versions.Valid() && compare_(versions.key(), entry) == 0;
  }
  void MarkReadOnly() override { in_order_->MarkReadOnly(); }
  // A pointer each in the list, and one in the buckets, of which only what is used counts: a table that is full before
  // anything stands in it stops RocksDB.
  std::size_t ApproximateMemoryUsage() override { return 2 * in_order_->ApproximateMemoryUsage(); }

  Iterator* GetIterator(rocksdb::Arena* arena) override {
    happens_after(this);
    Iterator* walk = in_order_->GetIterator(arena);
    happens_before(&buckets_);
    return walk;
  }
  Iterator* GetDynamicPrefixIterator(rocksdb::Arena* arena) override {
    happens_after(this);
    return arena != nullptr ? GetIterator(arena) : new VersionsOfAKey(buckets_, compare_);
  }

 private:
  const KeyComparator& compare_;
  const Buckets buckets_;
  const std::unique_ptr<MemTableRep> in_order_;  // the same entries; sorts them when it is walked over
};

class Factory final : public rocksdb::MemTableRepFactory {
 public:
  const char* Name() const override { return "titip.HashedMemtable"; }
  using MemTableRepFactory::CreateMemTableRep;
  rocksdb::MemTableRep* CreateMemTableRep(const rocksdb::MemTableRep::KeyComparator& compare,
                                          rocksdb::Allocator* allocator, const rocksdb::SliceTransform*,
                                          rocksdb::Logger* logger) override {
    return new HashedMemtable(compare, allocator, logger);
  }
};

}  // namespace

std::shared_ptr<rocksdb::MemTableRepFactory> hashed_memtables() {
  return std::make_shared<Factory>();
}

}  // namespace titip::storage
