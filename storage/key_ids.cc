#include "storage/key_ids.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/codec.h"
#include "storage/sealed_kinds.h"
#include "storage/sealing.h"

namespace titip::storage {
namespace {

constexpr std::string_view kept_kind = "wrapping-keys";
constexpr std::string_view kept_name = "highest";
constexpr std::uint8_t kept_version = 1;

class Look {
 public:
  Look(Store& store, WaitingHome& home, const KeyIdsQuestion& question)
      : store_(store), home_(home), question_(question) {}

  Result<KeyIdsInUse> run() {
    if (auto kept = add_kept(); !kept) return std::unexpected(kept.error());
    if (auto looked = look_at_records(); !looked) return std::unexpected(looked.error());
    for (const SealedKind& each : sealed_kinds) {
      if (auto looked = look_at_objects(each.kind); !looked) return std::unexpected(looked.error());
    }
    return found_;
  }

 private:
  bool told() {
    stopped_ = stopped_ || (question_.told && !question_.told(records_));
    return !stopped_;
  }
  void met(std::string_view bytes) {
    const auto id = Sealer::key_id_of(bytes);
    if (!id) return;
    found_.highest = std::max(found_.highest, *id);
    if (!question_.is_known(bytes)) ++found_.unknown;
  }
  // A note that is damaged, or not there yet, says nothing; what stands in the store still does.
  Result<void> add_kept() {
    const auto object = home_.ask_patiently<std::optional<Object>>(
        [&](auto done) { store_.get_object(std::string(kept_kind), std::string(kept_name), home_, std::move(done)); });
    if (!object && object.error() != Error::corrupt) return std::unexpected(object.error());
    if (!object || !*object) return {};
    Decoder in((*object)->bytes);
    const bool ours = in.u8() == kept_version;
    const std::uint32_t id = in.u32();
    if (ours && in.done()) found_.highest = id;
    return {};
  }
  Result<void> look_at_records() {
    ScanQuery query;
    query.limit = question_.page;
    do {
      const auto page = home_.ask_patiently<ScanPage>([&](auto done) { store_.scan(query, home_, std::move(done)); });
      if (!page) return std::unexpected(page.error());
      for (const Submission& each : page->items) met(each.wrapped_key);
      records_ += page->examined;
      if (!told()) return {};
      query.after = page->next;
    } while (query.after);
    return {};
  }
  Result<void> look_at_objects(std::string_view kind) {
    using Page = std::vector<std::pair<std::string, Object>>;
    for (std::string after; !stopped_;) {
      const auto page = home_.ask_patiently<Page>(
          [&](auto done) { store_.list_objects(std::string(kind), after, question_.page, home_, std::move(done)); });
      if (!page) return std::unexpected(page.error());
      if (page->empty()) return {};
      for (const auto& [name, object] : *page) met(object.bytes);
      after = page->back().first;
      told();
    }
    return {};
  }

  Store& store_;
  WaitingHome& home_;
  const KeyIdsQuestion& question_;
  KeyIdsInUse found_;
  std::uint64_t records_ = 0;
  bool stopped_ = false;
};

}  // namespace

Result<KeyIdsInUse> key_ids_in_use(Store& store, WaitingHome& home, const KeyIdsQuestion& question) {
  return Look(store, home, question).run();
}

Result<void> keep_highest_key_id(Store& store, WaitingHome& home, std::uint32_t id) {
  const PutObject put{std::string(kept_kind), std::string(kept_name), std::nullopt,
                      Encoder().u8(kept_version).u32(id).take()};
  const auto kept =
      home.ask_patiently<std::vector<Applied>>([&](auto done) { store.put_objects({put}, home, std::move(done)); });
  // A damaged note must not keep a stolen key in use: what the records say is known without it.
  if (!kept && kept.error() != Error::corrupt) return std::unexpected(kept.error());
  return {};
}

}  // namespace titip::storage
