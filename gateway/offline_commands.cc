// The commands that need the data directory for themselves: no gateway may run.
#include <fmt/format.h>

#include "gateway/admin/control_call.h"
#include "gateway/commands.h"
#include "gateway/exit_status.h"
#include "gateway/say.h"

namespace titip::gateway {
namespace {

using admin::Ended;
using admin::in_trouble;
using admin::Trouble;

std::optional<Ended> hindrance(const Config& config, const std::string& reason, bool dry_run, std::string_view what) {
  if (!dry_run && reason.empty())
    return in_trouble(Trouble::usage, fmt::format("{} changes what is in custody: say why, with --reason.", what));
  if (admin::gateway_runs(config.data_directory))
    return in_trouble(Trouble::failed,
                      fmt::format("A gateway serves {}. Stop it first, then run `titip {}` again.",
                                  config.data_directory.string(), what));
  return std::nullopt;
}

}  // namespace

int run_restore(const Config& config, const RestoreCommand& command, Saying saying) {
  if (const auto why = hindrance(config, command.reason, command.dry_run, "restore")) return conclude(*why, saying);
  return conclude(in_trouble(Trouble::failed, "not here yet"), saying);
}

int run_reindex(const Config& config, const std::string& reason, bool dry_run, Saying saying) {
  if (const auto why = hindrance(config, reason, dry_run, "keys reindex")) return conclude(*why, saying);
  return conclude(in_trouble(Trouble::failed, "not here yet"), saying);
}

}  // namespace titip::gateway
