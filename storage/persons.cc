#include "storage/persons.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "metrics/words/said.h"
#include "storage/erasure_list.h"
#include "storage/hex.h"
#include "storage/persons_pages.h"

namespace titip::storage {
namespace {

using persons::damaged_of;
using persons::each_page;
using persons::failed;

void count(const std::vector<Erased>& erased, ErasureReport& report) {
  const auto named = [](std::vector<SubmissionId>& list, const SubmissionId& id) {
    if (list.size() < most_named) list.push_back(id);
  };
  for (const Erased& each : erased) {
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
}

// In one call. Where damage refuses it, each in its own: what is damaged is left out, the others go.
std::expected<void, words::Said> erase_these(Store& store, WaitingHome& home, const std::vector<SubmissionId>& ids,
                                             ErasureReport& report) {
  const auto erased =
      home.ask_patiently<std::vector<Erased>>([&](auto done) { store.erase(ids, home, std::move(done)); });
  if (!erased && erased.error() != Error::corrupt) return failed(store, words::text("erasing"), erased.error());
  if (!erased && ids.size() > 1) {
    for (const SubmissionId& id : ids) {
      if (auto one = erase_these(store, home, {id}, report); !one) return one;
    }
    return {};
  }
  report.records += ids.size();
  if (erased) {
    count(*erased, report);
  } else {
    report.left_out.add(ids.front());
  }
  return {};
}

using Covers = std::function<bool(const Submission&)>;

// `until`: for what is damaged, which tells its time alone.
std::expected<void, words::Said> erase_records(Store& store, WaitingHome& home, const Digest& person,
                                               const Covers& covers, WallTime until, ErasureReport& report) {
  auto done =
      each_page(store, home, person, [&](const std::vector<Submission>& page) -> std::expected<bool, words::Said> {
        std::vector<SubmissionId> ids;
        for (const Submission& each : page) {
          if (covers(each)) ids.push_back(each.id);
        }
        if (ids.empty()) return true;
        if (auto erased = erase_these(store, home, ids, report); !erased) return std::unexpected(erased.error());
        return true;
      });
  LeftOut damaged;
  if (done) done = damaged_of(store, home, person, until, damaged);
  report.records += damaged.count;
  report.left_out.add(damaged);
  return done;
}

// Up to when the person's records are covered: now, or later if one of them says so, for the clock was wrong then or is
// wrong now. A restore knows records by their times alone: positions behind a backup's end are given out anew.
WallTime covered_until(Store& store, WaitingHome& home, const Digest& person, const Covers& covers, WallTime now) {
  WallTime until = now;
  // What cannot be looked at here is said when it cannot be erased, once the person is on the list.
  static_cast<void>(
      each_page(store, home, person, [&](const std::vector<Submission>& page) -> std::expected<bool, words::Said> {
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

void LeftOut::add(const SubmissionId& id) {
  ++count;
  if (ids.size() < most_named) ids.push_back(id);
}

void LeftOut::add(const LeftOut& other) {
  for (const SubmissionId& id : other.ids) {
    if (ids.size() < most_named) ids.push_back(id);
  }
  count += other.count;
  perhaps_more = perhaps_more || other.perhaps_more;
}

Digest person_hash(const Sealer& sealer, std::string_view number) {
  return sealer.keyed_hash("person", {number});
}

std::expected<ErasureReport, words::Said> erase_person(Store& store, const Sealer& sealer, WaitingHome& home,
                                                       const std::filesystem::path& erasure_list, const Digest& person,
                                                       WallTime now, std::string_view by) {
  if (!is_plain(by)) {
    return std::unexpected(
        words::said("who asks for an erasure is named by a plain word of at most 64 letters, digits and . _ - : @"));
  }
  // What is in custody at this moment, by position: times are the clock's, which may have been set back since.
  const Covers covers = [last = store.health().last_position](const Submission& each) { return each.position <= last; };
  const WallTime until = covered_until(store, home, person, covers, now);
  // The list first: a crash in between leaves a person whose records are erased by the next call or the next restore,
  // never one who is erased here and comes back from a backup.
  if (auto listed = append_erasure(erasure_list, {until, sealer.index_links(), person}); !listed) {
    return std::unexpected(words::verbatim(listed.error()));
  }
  ErasureReport report;
  report.persons = 1;
  if (auto erased = erase_records(store, home, person, covers, until, report); !erased) {
    return std::unexpected(std::move(erased.error()));
  }
  const std::string line = fmt::format(
      R"({{"what":"erase_person","by":"{}","person":"{}","index_links":{},"records":{},"erased":{},"cancelled":{},"when_settled":{},"left_out":{}}})",
      by, hex(person), sealer.index_links(), report.records, report.erased, report.cancelled_count,
      report.when_settled_count, report.left_out.count);
  const auto audited =
      home.ask_patiently<std::vector<AuditLine>>([&](auto done) { store.append_audit({line}, home, std::move(done)); });
  if (!audited)
    return failed(store, words::text("everything is erased, but the audit log was not written"), audited.error());
  return report;
}

std::expected<ErasureReport, words::Said> reapply_erasures(
    Store& store, const Sealer& sealer, WaitingHome& home, const std::filesystem::path& erasure_list,
    const std::function<bool(std::uint64_t, std::uint64_t)>& told) {
  const auto list = read_erasures(erasure_list);
  if (!list) return std::unexpected(words::verbatim(list.error()));
  ErasureReport report;
  std::set<Digest> persons;
  std::uint64_t applied = 0;
  for (const Erasure& each : *list) {
    if (each.links > sealer.index_links()) {
      return std::unexpected(words::said(
          "the list of erased persons {} was written under a newer key file than the present one; put that key file "
          "back, with the older wrapping keys added to it, then restore again",
          erasure_list.string()));
    }
    const Digest person = sealer.moved_on(each.person, each.links);
    const auto covers = [&each](const Submission& record) { return record.accepted_at <= each.at; };
    if (auto erased = erase_records(store, home, person, covers, each.at, report); !erased) {
      return std::unexpected(std::move(erased.error()));
    }
    persons.insert(person);
    report.persons = persons.size();
    if (told && !told(++applied, list->size())) {
      return std::unexpected(words::said("stopped before every erasure was applied again; do not serve, run it again"));
    }
  }
  return report;
}

}  // namespace titip::storage
