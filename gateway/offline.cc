#include "gateway/offline.h"

#include <fmt/format.h>
#include <unistd.h>

#include "gateway/admin/audit.h"
#include "gateway/admin/control_call.h"
#include "gateway/admin/upkeep.h"
#include "gateway/exit_status.h"
#include "gateway/say.h"
#include "metrics/log.h"
#include "metrics/words/said.h"
#include "storage/index_check.h"
#include "storage/waiting_home.h"

namespace titip::gateway {

using admin::Ended;
using admin::in_trouble;
using admin::Trouble;

std::optional<Ended> offline_hindrance(const Config& config, const std::string& reason, bool dry_run,
                                       std::string_view what) {
  metrics::set_log_level(metrics::Level::warning);  // what there is to say is said in sentences
  // The same rules for its reason as for every command that changes something.
  const admin::Request request{.command = admin::Command::retain, .reason = reason, .dry_run = dry_run};
  if (auto fault = admin::fault_of(request); !fault.empty()) {
    if (reason.empty()) fault = words::said("{} changes what is in custody: say why, with --reason", what);
    return in_trouble(Trouble::usage, fault + ".");
  }
  if (auto why = refuse_stranger(config); !why.empty())
    return in_trouble(Trouble::not_allowed, words::verbatim(why) + ".");
  if (admin::gateway_runs(config.data_directory))
    return in_trouble(Trouble::failed, words::said("A gateway serves {}. Stop it first, then run `titip {}` again.",
                                                   config.data_directory.string(), what));
  return std::nullopt;
}

Ended offline_failed(std::string sentence) {
  if (!sentence.ends_with('.')) sentence += '.';
  return in_trouble(Trouble::failed, words::verbatim(sentence));
}

std::expected<Opened, std::string> Opened::open(const Config& config, const clock::Clock& clock, Opening opening) {
  CustodyDoors doors{clock, nullptr, [](const std::string& reason) {
                       say(words::tell("the store failed: {}", reason));
                       ::_exit(exit_failed);
                     }};
  auto custody = open_custody(config, std::move(doors), opening);
  if (!custody) return std::unexpected(std::move(custody.error()));
  return Opened(std::move(*custody));
}

Progressing::Progressing() : line_(stderr, ::isatty(STDERR_FILENO) != 0) {}

std::expected<void, std::string> audit_offline(Opened& opened, std::string_view action, const std::string& reason,
                                               const words::Said& said) {
  const auto line = admin::done_line(action, fmt::format("uid:{}", ::getuid()), reason, said);
  if (const auto appended = admin::append(*opened->store, line); !appended)
    return std::unexpected(admin::store_trouble(appended.error()).sentence.own());
  return {};
}

std::expected<bool, std::string> is_behind(const Config& config, const clock::Clock& clock) {
  auto opened = Opened::open(config, clock, Opening::as_put_back);
  if (!opened) return std::unexpected(std::move(opened.error()));
  storage::WaitingHome home;
  const auto object = home.ask<std::optional<storage::Object>>([&](auto done) {
    (*opened)->store->get_object(std::string(storage::index_check_kind), std::string(storage::index_check_name), home,
                                 std::move(done));
  });
  if (!object) return std::unexpected(admin::store_trouble(object.error()).sentence.own());
  const auto held = *object ? storage::decode_index_check((*object)->bytes) : std::nullopt;
  const auto links = held ? storage::links_of((*opened)->sealer, *held) : std::nullopt;
  return links && *links < (*opened)->sealer.index_links();
}

std::expected<storage::ReindexReport, std::string> reindex_store(const Config& config, bool add_key,
                                                                 Progressing& progressing) {
  auto lock = storage::StoreLock::take(store_directory(config));
  if (!lock) return std::unexpected(std::move(lock.error()));
  storage::ReindexOptions options;
  options.add_key = add_key;
  options.told = [&progressing](const storage::ReindexProgress& progress) {
    progressing.show({progress.done_bytes, progress.of_bytes});
    return true;
  };
  return storage::reindex(*lock, config.key_file, options);
}

}  // namespace titip::gateway
