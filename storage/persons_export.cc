// Everything about one person, opened.
#include <utility>

#include "metrics/words/said.h"
#include "storage/persons.h"
#include "storage/persons_pages.h"

namespace titip::storage {
namespace {

using persons::damaged_of;
using persons::each_page;
using persons::failed;

class Export {
 public:
  Export(Store& store, const Sealer& sealer, WaitingHome& home) : store_(store), sealer_(sealer), home_(home) {}

  std::expected<bool, words::Said> take(const Submission& found, const std::function<bool(const ExportedRecord&)>& sink,
                                        ExportReport& report) {
    const auto loaded = home_.ask_patiently<std::vector<std::optional<Loaded>>>(
        [&](auto done) { store_.load({{found.id, true, true, true}}, home_, std::move(done)); });
    if (!loaded && loaded.error() != Error::corrupt)
      return failed(store_, words::text("reading a record"), loaded.error());
    ExportedRecord out{.record = loaded && loaded->front() ? loaded->front()->submission : found};
    if (!loaded || !loaded->front()) {
      out.content = ExportedRecord::Content::unreadable;
    } else {
      open(*loaded->front(), out);
      if (auto numbers = add_numbers(out); !numbers) return std::unexpected(numbers.error());
    }
    ++report.records;
    if (out.content == ExportedRecord::Content::erased) ++report.erased;
    if (out.content == ExportedRecord::Content::unreadable) ++report.unreadable;
    return sink(out);
  }

 private:
  // Nothing where nothing is kept; what is kept and does not open makes the record unreadable.
  std::optional<std::string> opened(const DataKey& key, std::string_view what, const Sealed& sealed,
                                    ExportedRecord& out) const {
    if (sealed.empty()) return std::nullopt;
    auto plain = sealer_.open(key, out.record.id, what, sealed);
    if (!plain) out.content = ExportedRecord::Content::unreadable;
    return plain;
  }

  void open(const Loaded& loaded, ExportedRecord& out) const {
    const Submission& record = loaded.submission;
    for (const Attempt& each : loaded.attempts) out.timeline.push_back({each, std::nullopt});
    if (record.content_erased) out.content = ExportedRecord::Content::erased;
    if (record.wrapped_key.empty()) return;
    const auto key = sealer_.unwrap(record.id, record.wrapped_key);
    if (!key) {
      out.content = ExportedRecord::Content::unreadable;
      return;
    }
    if (const auto plain = opened(*key, "payload", loaded.payload, out)) out.payload = decode_payload(*plain);
    if (const auto plain = opened(*key, "reply", loaded.reply, out)) out.reply = decode_kept_reply(*plain);
    for (ExportedRecord::Line& line : out.timeline) line.note = opened(*key, "note", line.attempt.note, out);
    const bool lacks_payload = !out.payload && !record.content_erased;
    if (lacks_payload) out.content = ExportedRecord::Content::unreadable;
  }

  std::expected<void, words::Said> add_numbers(ExportedRecord& out) {
    if (out.record.references.empty()) return {};
    const auto found = home_.ask_patiently<std::vector<std::optional<Reference>>>(
        [&](auto done) { store_.references(out.record.references, home_, std::move(done)); });
    if (!found && found.error() == Error::corrupt) {
      out.content = ExportedRecord::Content::unreadable;
      return {};
    }
    if (!found) return failed(store_, words::text("reading the numbers of a record"), found.error());
    for (const auto& each : *found) {
      if (!each || each->value.empty()) continue;
      const auto key = sealer_.unwrap(each->origin, each->origin_wrapped_key);
      const auto plain = key ? sealer_.open(*key, each->origin, "reference", each->value) : std::nullopt;
      if (plain) {
        out.numbers.push_back(*plain);
      } else {
        out.content = ExportedRecord::Content::unreadable;
      }
    }
    return {};
  }

  Store& store_;
  const Sealer& sealer_;
  WaitingHome& home_;
};

}  // namespace

std::expected<ExportReport, words::Said> export_person(Store& store, const Sealer& sealer, WaitingHome& home,
                                                       const Digest& person,
                                                       const std::function<bool(const ExportedRecord&)>& sink) {
  ExportReport report;
  Export exporter(store, sealer, home);
  auto done =
      each_page(store, home, person, [&](const std::vector<Submission>& page) -> std::expected<bool, words::Said> {
        for (const Submission& each : page) {
          const auto goes_on = exporter.take(each, sink, report);
          if (!goes_on) return goes_on;
          report.stopped = !*goes_on;
          if (report.stopped) return false;
        }
        return true;
      });
  if (done && !report.stopped) done = damaged_of(store, home, person, WallTime::max(), report.left_out);
  if (!done) return std::unexpected(std::move(done.error()));
  return report;
}

}  // namespace titip::storage
