#include "storage/persons.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "storage/erasure_list.h"
#include "storage/hex.h"

namespace titip::storage {
namespace {

constexpr std::size_t page_size = 100;

std::unexpected<std::string> failed(const Store& store, std::string_view doing, Error error) {
  if (error == Error::corrupt) return std::unexpected(fmt::format("{}: a record is damaged; run titip verify", doing));
  const std::string why = store.health().why_not;
  return std::unexpected(fmt::format("{}: the store answers \"{}\"{}{}; run it again", doing, name(error),
                                     why.empty() ? "" : ", for ", why));
}

// Every record of a person, a page at a time, oldest first. `take` says whether to go on.
std::expected<void, std::string> each_page(
    Store& store, WaitingHome& home, const Digest& person,
    const std::function<std::expected<bool, std::string>(const std::vector<Submission>&)>& take) {
  Find find{.by = Find::By::person, .key = person, .after_position = 0, .limit = page_size};
  while (true) {
    const auto page =
        home.ask_patiently<std::vector<Submission>>([&](auto done) { store.find(find, home, std::move(done)); });
    if (!page) return failed(store, "looking for the person's records", page.error());
    if (page->empty()) return {};
    const auto goes_on = take(*page);
    if (!goes_on) return std::unexpected(goes_on.error());
    if (!*goes_on) return {};
    find.after_position = page->back().position;
  }
}

// --- export

class Export {
 public:
  Export(Store& store, const Sealer& sealer, WaitingHome& home) : store_(store), sealer_(sealer), home_(home) {}

  std::expected<bool, std::string> take(const Submission& found, const std::function<bool(const ExportedRecord&)>& sink,
                                        ExportReport& report) {
    const auto loaded = home_.ask_patiently<std::vector<std::optional<Loaded>>>(
        [&](auto done) { store_.load({{found.id, true, true, true}}, home_, std::move(done)); });
    if (!loaded && loaded.error() != Error::corrupt) return failed(store_, "reading a record", loaded.error());
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

  std::expected<void, std::string> add_numbers(ExportedRecord& out) {
    if (out.record.references.empty()) return {};
    const auto found = home_.ask_patiently<std::vector<std::optional<Reference>>>(
        [&](auto done) { store_.references(out.record.references, home_, std::move(done)); });
    if (!found) return failed(store_, "reading the numbers of a record", found.error());
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

// --- erasure

using Covers = std::function<bool(const Submission&)>;

std::expected<void, std::string> erase_records(Store& store, WaitingHome& home, const Digest& person,
                                               const Covers& covers, ErasureReport& report) {
  return each_page(store, home, person, [&](const std::vector<Submission>& page) -> std::expected<bool, std::string> {
    std::vector<SubmissionId> ids;
    for (const Submission& each : page) {
      if (covers(each)) ids.push_back(each.id);
    }
    if (ids.empty()) return true;
    const auto erased =
        home.ask_patiently<std::vector<Erased>>([&](auto done) { store.erase(ids, home, std::move(done)); });
    if (!erased) return failed(store, "erasing", erased.error());
    report.records += ids.size();
    const auto named = [](std::vector<SubmissionId>& list, const SubmissionId& id) {
      if (list.size() < most_named) list.push_back(id);
    };
    for (const Erased& each : *erased) {
      switch (each.kind) {
        case Erased::Kind::erased:
          ++report.erased;
          break;
        case Erased::Kind::cancelled_and_erased:
          ++report.cancelled_count;
          named(report.cancelled, each.id);
          break;
        case Erased::Kind::when_settled:
          ++report.when_settled_count;
          named(report.when_settled, each.id);
          break;
        case Erased::Kind::not_there:
          break;
      }
    }
    return true;
  });
}

// Up to when the person's records are covered: now, or later if one of them says so, for the clock was wrong then or is
// wrong now. A restore knows records by their times alone: positions behind a backup's end are given out anew.
WallTime covered_until(Store& store, WaitingHome& home, const Digest& person, const Covers& covers, WallTime now) {
  WallTime until = now;
  // What cannot be looked at here is said when it cannot be erased, once the person is on the list.
  static_cast<void>(
      each_page(store, home, person, [&](const std::vector<Submission>& page) -> std::expected<bool, std::string> {
        for (const Submission& each : page) {
          if (covers(each)) until = std::max(until, each.accepted_at);
        }
        return true;
      }));
  return until;
}

// Plain words alone: what goes into the audit log needs no escaping and hides no number behind a name.
bool is_plain(std::string_view by) {
  return !by.empty() && by.size() <= 64 && std::ranges::all_of(by, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-' || c == ':' || c == '@';
  });
}

}  // namespace

Digest person_hash(const Sealer& sealer, std::string_view number) {
  return sealer.keyed_hash("person", {number});
}

std::expected<ExportReport, std::string> export_person(Store& store, const Sealer& sealer, WaitingHome& home,
                                                       const Digest& person,
                                                       const std::function<bool(const ExportedRecord&)>& sink) {
  ExportReport report;
  Export exporter(store, sealer, home);
  auto done =
      each_page(store, home, person, [&](const std::vector<Submission>& page) -> std::expected<bool, std::string> {
        for (const Submission& each : page) {
          const auto goes_on = exporter.take(each, sink, report);
          if (!goes_on) return goes_on;
          report.stopped = !*goes_on;
          if (report.stopped) return false;
        }
        return true;
      });
  if (!done) return std::unexpected(std::move(done.error()));
  return report;
}

std::expected<ErasureReport, std::string> erase_person(Store& store, const Sealer& sealer, WaitingHome& home,
                                                       const std::filesystem::path& erasure_list, const Digest& person,
                                                       WallTime now, std::string_view by) {
  if (!is_plain(by)) {
    return std::unexpected(
        "who asks for an erasure is named by a plain word of at most 64 letters, digits and . _ - : @");
  }
  // What is in custody at this moment, by position: times are the clock's, which may have been set back since.
  const Covers covers = [last = store.health().last_position](const Submission& each) { return each.position <= last; };
  const WallTime until = covered_until(store, home, person, covers, now);
  // The list first: a crash in between leaves a person whose records are erased by the next call or the next restore,
  // never one who is erased here and comes back from a backup.
  if (auto listed = append_erasure(erasure_list, {until, sealer.index_links(), person}); !listed) {
    return std::unexpected(std::move(listed.error()));
  }
  ErasureReport report;
  report.persons = 1;
  if (auto erased = erase_records(store, home, person, covers, report); !erased) {
    return std::unexpected(std::move(erased.error()));
  }
  const std::string line = fmt::format(
      R"({{"what":"erase_person","by":"{}","person":"{}","index_links":{},"records":{},"erased":{},"cancelled":{},"when_settled":{}}})",
      by, hex(person), sealer.index_links(), report.records, report.erased, report.cancelled_count,
      report.when_settled_count);
  const auto audited =
      home.ask_patiently<std::vector<AuditLine>>([&](auto done) { store.append_audit({line}, home, std::move(done)); });
  if (!audited) return failed(store, "everything is erased, but the audit log was not written", audited.error());
  return report;
}

std::expected<ErasureReport, std::string> reapply_erasures(
    Store& store, const Sealer& sealer, WaitingHome& home, const std::filesystem::path& erasure_list,
    const std::function<bool(std::uint64_t, std::uint64_t)>& told) {
  const auto list = read_erasures(erasure_list);
  if (!list) return std::unexpected(list.error());
  ErasureReport report;
  std::set<Digest> persons;
  std::uint64_t applied = 0;
  for (const Erasure& each : *list) {
    if (each.links > sealer.index_links()) {
      return std::unexpected(fmt::format(
          "the list of erased persons {} was written under a newer key file than the present one; put that key file "
          "back, with the older wrapping keys added to it, then restore again",
          erasure_list.string()));
    }
    const Digest person = sealer.moved_on(each.person, each.links);
    const auto covers = [&each](const Submission& record) { return record.accepted_at <= each.at; };
    if (auto erased = erase_records(store, home, person, covers, report); !erased) {
      return std::unexpected(std::move(erased.error()));
    }
    persons.insert(person);
    report.persons = persons.size();
    if (told && !told(++applied, list->size())) {
      return std::unexpected("stopped before every erasure was applied again; do not serve, run it again");
    }
  }
  return report;
}

}  // namespace titip::storage
