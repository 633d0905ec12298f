// What stands beside the records: the due index, keys, objects, the audit log; and what the store says of itself.
#include <fmt/format.h>

#include <map>
#include <set>

#include "tests/crash/inspection.h"

namespace titip::crash {

using storage::Error;
using storage::State;
using storage::Submission;
using storage::SubmissionId;

namespace {

const storage::WallTime end_of_time(std::chrono::milliseconds(9'000'000'000'000));

}  // namespace

// The first of each ordering key stands in the due index, and nobody else.
void Inspection::look_at_due() {
  std::map<storage::Digest, const Submission*> heads;
  for (const auto& [id, seen] : seen_) {
    const Submission& s = seen.loaded.submission;
    if (storage::is_terminal(s.state)) continue;
    const auto [head, is_new] = heads.emplace(s.ordering_key, &s);
    if (!is_new && s.position < head->second->position) head->second = &s;
  }
  for (std::uint32_t i = 0; i < facilities; ++i) {
    const std::string facility = fmt::format("clinic-{}", i);
    for (const auto due_class : {storage::DueClass::send, storage::DueClass::probe}) {
      std::set<SubmissionId> expected;
      for (const auto& [key, head] : heads) {
        const bool send = head->state == State::queued || head->state == State::deferred;
        const bool due = due_class == storage::DueClass::send ? send : head->state == State::unknown;
        if (due && head->facility == facility) expected.insert(head->id);
      }
      storage::DueQuery query;
      query.lane = {std::string(destination), facility};
      query.due_class = due_class;
      query.now = end_of_time;
      query.limit = 200;
      const auto answer = door_.ask<std::vector<storage::DueBatch>>(
          [&](auto done) { door_.store.next_due({query}, door_, std::move(done)); });
      std::set<SubmissionId> told;
      if (!answer) {
        unreadable_ = true;
        return;
      }
      for (const auto& item : answer->at(0).items) told.insert(item.submission.id);
      if (told != expected) {
        find(Finding::Kind::broken,
             fmt::format("the due index of {} ({}) names {} records, and {} should stand there", facility,
                         due_class == storage::DueClass::send ? "send" : "probe", told.size(), expected.size()));
      }
    }
  }
}

void Inspection::look_at_keys() {
  for (const auto& [key, id] : history_.keys()) {
    const auto found = door_.ask<std::vector<Submission>>([&](auto done) {
      door_.store.find({.by = storage::Find::By::idempotency_key, .key = key}, door_, std::move(done));
    });
    if (!found) {
      unreadable_ = true;
      return;
    }
    if (found->size() != 1 || found->front().id != id) {
      find(Finding::Kind::lost, fmt::format("the idempotency key of {} names {} submissions{}", id.text(),
                                            found->size(), found->empty() ? "" : ", another among them"));
    }
  }
}

void Inspection::look_at_objects() {
  for (const auto& [number, known] : history_.objects()) {
    auto answer = door_.ask<std::optional<storage::Object>>(
        [&](auto done) { door_.store.get_object("crash", fmt::format("object-{}", number), door_, std::move(done)); });
    if (!answer) {
      if (answer.error() == Error::corrupt) {
        find(Finding::Kind::damaged, fmt::format("object {} is answered as corrupt", number));
      } else {
        unreadable_ = true;
      }
      continue;
    }
    const std::uint64_t version = *answer ? (*answer)->version : 0;
    const bool as_left = version == known.version;
    const bool as_asked = known.doubt && version == known.version + 1;
    if (!as_left && !as_asked) {
      find(version < known.version ? Finding::Kind::lost : Finding::Kind::broken,
           fmt::format("object {} was left in version {} and is in version {}", number, known.version, version));
    } else if (*answer && (*answer)->bytes != history_.intents().object_bytes(as_left ? known.bytes : *known.doubt)) {
      find(Finding::Kind::corrupt_served, fmt::format("object {} has not the bytes that were put", number));
    }
    objects_[number] = std::move(*answer);
  }
}

void Inspection::look_at_audit() {
  if (history_.audit().empty()) return;
  std::map<std::uint64_t, std::string> lines;
  for (std::uint64_t from = 1; from <= history_.audit().rbegin()->first;) {
    const auto page = door_.ask<std::vector<storage::AuditLine>>(
        [&](auto done) { door_.store.read_audit(from, 1'000, door_, std::move(done)); });
    if (!page && page.error() == Error::corrupt) return find(Finding::Kind::damaged, "the audit log is damaged");
    if (!page) unreadable_ = true;
    if (!page || page->empty()) break;
    for (const auto& line : *page) lines.emplace(line.number, line.bytes);
    from = page->back().number + 1;
  }
  for (const auto& [number, line] : history_.audit()) {
    const auto found = lines.find(number);
    if (found == lines.end()) {
      find(Finding::Kind::lost, fmt::format("line {} of the audit log is not there", number));
    } else if (found->second != Intents::audit_line(line)) {
      find(Finding::Kind::corrupt_served, fmt::format("line {} of the audit log is another", number));
    }
  }
}

void Inspection::ask_the_store_itself() {
  const auto report =
      door_.ask<storage::VerifyReport>([&](auto done) { door_.store.verify({}, door_, std::move(done)); });
  if (!report) {
    unreadable_ = true;
    return;
  }
  for (const auto& problem : report->problems) {
    const bool is_rot = problem.kind == "damaged" || problem.kind == "unreadable";
    find(is_rot ? Finding::Kind::damaged : Finding::Kind::broken,
         fmt::format("verify says {}, {} times{}", problem.kind, problem.times,
                     problem.examples.empty() ? "" : ": " + problem.examples.front()));
  }
  if (report->submissions != seen_.size()) {
    find(Finding::Kind::broken,
         fmt::format("verify counts {} submissions, and {} are there", report->submissions, seen_.size()));
  }
}

}  // namespace titip::crash
