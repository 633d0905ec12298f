#include "gateway/reads/own_records.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/clock/local_date.h"
#include "gateway/reads/own_walk.h"
#include "gateway/reads/submission_view.h"
#include "storage/veil.h"

namespace titip::reads {
namespace {

using nlohmann::ordered_json;

std::string text_of(const ordered_json& document) {
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json time_or_null(const std::optional<storage::WallTime>& at) {
  return at ? ordered_json(clock::rfc3339(*at)) : ordered_json(nullptr);
}

ordered_json view_of(const storage::Submission& record) {
  return {{"code", record.receipt},
          {"id", record.id.text()},
          {"destination", record.destination},
          {"facility", record.facility},
          {"route", record.route},
          {"state", storage::name(record.state)},
          {"hold_reason", storage::name(record.hold_reason)},
          {"correction", record.correction},
          {"accepted_at", clock::rfc3339(record.accepted_at)},
          {"deadline", time_or_null(record.deadline)},
          {"due_at", time_or_null(record.due_at)},
          {"settled_at", time_or_null(record.settled_at)},
          {"attempts_counted", record.attempts},
          {"content_erased", record.content_erased}};
}

// The letters that Crockford's alphabet leaves out, as people misread it.
std::string as_written(std::string_view code) {
  std::string text;
  for (char c : code) {
    if (c == '-') continue;
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
    text += c;
  }
  return text;
}

}  // namespace

void OwnRecords::submission(const storage::SubmissionId& id, Owner owner, OwnDone<std::string> done) {
  store_.load({{id, false, false, true}}, home_,
              [&sealer = sealer_, owner = std::move(owner), done = std::move(done)](auto loaded) mutable {
                if (!loaded) return done(std::unexpected(OwnFault::store_unavailable));
                const auto& found = loaded->front();
                const bool is_own = found && found->submission.facility == owner.facility &&
                                    std::ranges::count(owner.destinations, found->submission.destination) > 0;
                if (!is_own) return done(std::unexpected(OwnFault::absent));
                done(text_of(submission_json(*found, sealer)));
              });
}

void OwnRecords::list(OwnQuery asked, Owner owner, OwnDone<OwnPage> done) {
  const auto facility = owner.facility;
  auto& walks = walks_[facility];
  if (walks.size() > most_waiting) return done(std::unexpected(OwnFault::store_unavailable));
  walks.push_back({std::move(asked), std::move(owner), std::move(done)});
  if (walks.size() == 1) walk_next(facility);
}

// A walk reads past everybody's records: whoever asks for many at once takes the readers from the others.
void OwnRecords::walk_next(const std::string& facility) {
  auto& asked = walks_.at(facility).front();
  walk_own_records(store_, home_, sealer_, std::move(asked.query), std::move(asked.owner),
                   [this, facility, done = std::move(asked.done)](auto page) mutable {
                     const auto mine = walks_.find(facility);
                     mine->second.pop_front();
                     if (mine->second.empty())
                       walks_.erase(mine);
                     else
                       walk_next(facility);
                     done(std::move(page));
                   });
}

void OwnRecords::attention(OwnQuery asked, Owner owner, OwnDone<AttentionPage> done) {
  asked.filter.needs_attention = true;
  auto opened = [this, done = std::move(done)](std::expected<OwnPage, OwnFault> page) mutable {
    if (!page) return done(std::unexpected(page.error()));
    if (page->items.empty()) return done(AttentionPage{{}, std::move(page->next), page->unreadable});
    std::vector<storage::LoadRequest> wanted;
    for (const auto& record : page->items) wanted.push_back({record.id, true, true, true});
    store_.load(std::move(wanted), home_,
                [&sealer = sealer_, page = *std::move(page), done = std::move(done)](auto loaded) mutable {
                  if (!loaded) return done(std::unexpected(OwnFault::store_unavailable));
                  AttentionPage answer{{}, std::move(page.next), page.unreadable};
                  for (const auto& each : *loaded)
                    if (each) answer.items.push_back(attention_item(*each, sealer));
                  done(std::move(answer));
                });
  };
  list(std::move(asked), std::move(owner), std::move(opened));
}

void OwnRecords::receipt(std::string_view code, OwnDone<std::string> done) {
  const auto veiled = storage::SubmissionId::parse(as_written(code));
  if (!veiled) return done(std::unexpected(OwnFault::absent));
  std::vector<storage::LoadRequest> wanted;
  for (const auto& id : storage::lift_veil(sealer_, storage::receipt_domain, *veiled))
    wanted.push_back({id, false, false, false});
  store_.load(std::move(wanted), home_, [code = veiled->text(), done = std::move(done)](auto loaded) mutable {
    if (!loaded) return done(std::unexpected(OwnFault::store_unavailable));
    for (const auto& each : *loaded)
      if (each && each->submission.receipt == code) return done(receipt_json(each->submission));
    done(std::unexpected(OwnFault::absent));
  });
}

std::string receipt_json(const storage::Submission& record) {
  return text_of(view_of(record));
}

std::string list_json(const OwnPage& page) {
  auto items = ordered_json::array();
  for (const auto& record : page.items) items.push_back(view_of(record));
  return text_of(
      {{"items", std::move(items)}, {"next", page.next.empty() ? ordered_json(nullptr) : ordered_json(page.next)}});
}

}  // namespace titip::reads
