// `titip config check|show|reference`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "gateway/admin/words.h"
#include "gateway/commands.h"
#include "gateway/exit_status.h"
#include "gateway/exposure.h"
#include "gateway/profiles.h"
#include "gateway/say.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using nlohmann::ordered_json;

int finished() {
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? exit_ok : exit_failed;
}

// What a start would object to beside the file itself. Empty: nothing.
std::string fault_of_destinations(const Config& config) {
  std::set<std::string> names;
  for (std::size_t at = 0; at < config.destinations.size(); ++at) {
    const auto& each = config.destinations[at];
    const auto profile = find_profile(each, config.directory);
    if (!profile) return fmt::format("/destinations/{}/profile: {}", at, profile.error());
    const auto& name = each.name.empty() ? profile->name : each.name;
    if (!names.insert(name).second)
      return words::tell("/destinations/{}/name: {} is the name of another destination", at, name);
  }
  return {};
}

int check(const Config& config) {
  for (const auto& fault : {fault_of_destinations(config), exposure_complaint(config)}) {
    if (fault.empty()) continue;
    say(fault);
    return exit_usage;
  }
  fmt::print("{}\n", words::tell("The config is sound: {}, {}.",
                                 words::counted(config.destinations.size(), words::text("destinations")),
                                 words::counted(config.facilities.size(), words::text("facilities"))));
  return finished();
}

// As it was read: without comments. Secrets stand in files of their own, so none can be in it.
int show(const std::string& file) {
  std::ifstream stream(file);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  const auto document = ordered_json::parse(text, nullptr, false, true);
  if (document.is_discarded()) {
    say(words::tell("{}: cannot be read again", file));
    return exit_failed;
  }
  fmt::print("{}\n", document.dump(2, ' ', false, ordered_json::error_handler_t::replace));
  return finished();
}

int reference(bool json) {
  const auto keys = config_reference();
  if (json) {
    auto list = ordered_json::array();
    for (const auto& key : keys) list.push_back({{"key", key.pointer}, {"kind", key.kind}, {"meaning", key.meaning}});
    fmt::print("{}\n", list.dump(2));
    return finished();
  }
  for (const auto& key : keys) fmt::print("{}\n    {}\n    {}\n", key.pointer, key.meaning, key.kind);
  return finished();
}

}  // namespace

void add_config_options(CLI::App& program, const ConfigLine& line) {
  auto& config = *program.add_subcommand("config", words::tell("The configuration: checked, shown, explained."));
  const auto add = [&](const char* name, const std::string& what) {
    auto* added = config.add_subcommand(name, what);
    added->add_option("--config", line.config_file, words::tell("the configuration, a JSON file"))
        ->capture_default_str();
    return added;
  };
  add("check", words::tell("Say whether a start would take it, and what is wrong with it."))->callback([line] {
    line.perform = check;
  });
  add("show", words::tell("Print it as it is read, without its comments; it holds no secret."))->callback([line] {
    line.perform = [line](const Config&) { return show(line.config_file); };
  });
  auto* all =
      config.add_subcommand("reference", words::tell("Print every key there is, what it takes and what it means."));
  all->add_flag("--json", line.saying.json, words::tell("as a JSON array"));
  all->callback([line] { line.perform_alone = [line] { return reference(line.saying.json); }; });
}

}  // namespace titip::gateway
