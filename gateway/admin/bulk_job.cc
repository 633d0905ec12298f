#include "gateway/admin/bulk_job.h"

#include <nlohmann/json.hpp>

#include "storage/hex.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;
using storage::SubmissionId;

constexpr std::string_view state_names[] = {"running", "stopped", "done"};
constexpr Command actions[] = {Command::hold, Command::release, Command::requeue, Command::cancel};

std::string text_of(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

std::string_view name(BulkJob::State state) {
  return state_names[static_cast<std::size_t>(state)];
}

std::string encode(const BulkJob& job) {
  ordered_json document{{"action", name(job.action)},
                        {"records", words_json(job.words)},
                        {"reason", job.reason},
                        {"by", job.by},
                        {"began_ms", job.began.time_since_epoch().count()},
                        {"state", name(job.state)},
                        {"of", job.of},
                        {"done", job.done},
                        {"refused", job.refused},
                        {"went_with", job.went_with},
                        {"went_with_is_least", job.went_with_is_least},
                        {"passed_over", job.passed_over},
                        {"batches", job.batches},
                        {"pending", ordered_json::array()}};
  if (job.after) document["after"] = job.after->text();
  if (job.hash_before) document["hash_before"] = storage::hex(*job.hash_before);
  if (job.hash_after) document["hash_after"] = storage::hex(*job.hash_after);
  for (const auto& id : job.pending) document["pending"].push_back(id.text());
  return text_of(document);
}

std::optional<BulkJob> decode_bulk_job(std::string_view bytes) {
  try {
    const auto document = ordered_json::parse(bytes);
    BulkJob job;
    bool is_known = false;
    for (const auto action : actions)
      if (name(action) == document.at("action").get<std::string>()) {
        job.action = action;
        is_known = true;
      }
    if (!is_known || !read_words(document.at("records"), job.words)) return std::nullopt;
    job.reason = document.at("reason");
    job.by = document.at("by");
    job.began = storage::WallTime(std::chrono::milliseconds(document.at("began_ms").get<std::int64_t>()));
    const auto state = document.at("state").get<std::string>();
    job.state = state == "running" ? BulkJob::State::running
                : state == "done"  ? BulkJob::State::done
                                   : BulkJob::State::stopped;
    job.of = document.at("of");
    job.done = document.at("done");
    job.refused = document.at("refused");
    // An earlier version counted none of these.
    job.went_with = document.value("went_with", std::uint64_t{0});
    job.went_with_is_least = document.value("went_with_is_least", false);
    job.passed_over = document.value("passed_over", std::uint64_t{0});
    job.hash_before = storage::digest_of_hex(document.value("hash_before", ""));
    job.hash_after = storage::digest_of_hex(document.value("hash_after", ""));
    job.batches = document.at("batches");
    if (document.contains("after")) job.after = SubmissionId::parse(document.at("after").get<std::string>());
    for (const auto& each : document.at("pending"))
      if (const auto id = SubmissionId::parse(each.get<std::string>())) job.pending.push_back(*id);
    return job;
  } catch (const ordered_json::exception&) {
    return std::nullopt;
  }
}

std::string encode_refused(const std::vector<Acted>& acted) {
  auto list = ordered_json::array();
  for (const auto& each : acted) {
    if (each.refused.empty()) continue;
    list.push_back({{"id", each.id.text()}, {"why", each.refused}});
    if (each.other) list.back()["other"] = each.other->text();
  }
  return list.empty() ? std::string() : text_of(list);
}

}  // namespace titip::admin
