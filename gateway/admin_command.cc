// `titip admin token …`: the tokens of the admin API. A new one goes to stdout, alone, so that it can be put into a
// file. And `titip audit ls`: what was done with them, and by everybody else.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "gateway/commands.h"
#include "gateway/reach.h"
#include "gateway/say.h"
#include "metrics/log.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using admin::Command;
using nlohmann::ordered_json;

void print_list(const ordered_json& result) {
  for (const auto& each : result.value("items", ordered_json::array())) {
    const auto ends = each.find("ends_at");
    fmt::print("{:<24}  {:<8}  {}  {}{}\n", each.value("name", "?"), each.value("role", "?"),
               each.value("made_at", "?"),
               ends != each.end() && ends->is_string() ? ends->get<std::string>() : std::string("-"),
               each.value("is_valid", true) ? "" : "  !");
  }
}

void print_lines(const ordered_json& result) {
  for (const auto& each : result.value("items", ordered_json::array())) {
    const auto what = each.contains("said") ? own_of(each, "said") : each.value("reason", "");
    fmt::print("{:>8}  {}  {:<20}  {:<16}  {:<8}  {}\n", each.value("number", std::uint64_t{0}), each.value("at", "?"),
               each.value("by", "?"), each.value("action", "?"), each.value("phase", ""), what);
  }
}

int run_admin(const Config& config, const admin::Request& request, Saying saying) {
  metrics::set_log_level(metrics::Level::warning);
  if (auto fault = admin::fault_of(request); !fault.empty())
    return conclude(admin::in_trouble(admin::Trouble::usage, std::move(fault)), saying);
  Reach reach(config);
  const auto ended = reach.ask(request, {});
  if (ended.trouble || saying.json) return conclude(ended, saying);
  const auto result = ordered_json::parse(ended.result, nullptr, false);
  if (request.command == Command::token_ls && result.is_object()) print_list(result);
  if (request.command == Command::audit_ls && result.is_object()) print_lines(result);
  if (request.command == Command::token_add && result.is_object()) fmt::print("{}\n", result.value("token", ""));
  return conclude(ended, saying, request.command != Command::token_revoke);
}

CLI::App* add(CLI::App& under, const AdminLine& line, const char* name, const std::string& what, Command command) {
  auto* added = under.add_subcommand(name, what);
  added->add_option("--config", line.config_file, words::tell("the configuration, a JSON file"))->capture_default_str();
  added->add_flag("--json", line.saying.json, words::tell("the answer as one line of JSON"));
  added->callback([line, command] {
    line.request.command = command;
    line.perform = [line](const Config& config) { return run_admin(config, line.request, line.saying); };
  });
  return added;
}

}  // namespace

void add_admin_options(CLI::App& program, const AdminLine& line) {
  auto* admin = program.add_subcommand("admin", words::tell("The admin API, /admin/v1: who may use it."));
  auto* token = admin->add_subcommand("token", words::tell("The tokens of the admin API."));
  auto* lines = add(*program.get_subcommand("audit"), line, "ls",
                    words::tell("List the lines of the audit log, newest first."), Command::audit_ls);
  lines->add_option("--limit", line.request.queue.limit, words::tell("so many (200)"));
  lines->add_option("--after", line.request.after, words::tell("goes on behind the line of this number"));
  const auto why = words::tell("why, for the audit log; it must name nobody");
  auto& words = line.request.token;
  auto* make = add(*token, line, "add", words::tell("Make a token and print it, this once."), Command::token_add);
  make->add_option("name", words.name, words::tell("who or what will use it; it stands in the audit log"))->required();
  make->add_option("--role", words.role, words::tell("viewer, operator or admin: each may do what those before it may"))
      ->required();
  make->add_option("--days", words.days, words::tell("it ends after so many; without it, when it is revoked"));
  make->add_option("--reason,--why", line.request.reason, why);
  add(*token, line, "ls", words::tell("List the tokens, without what would let anybody in."), Command::token_ls);
  auto* revoke = add(*token, line, "revoke", words::tell("Refuse a token from now on."), Command::token_revoke);
  revoke->add_option("name", words.name, words::tell("its name"))->required();
  revoke->add_option("--reason,--why", line.request.reason, why);
}

}  // namespace titip::gateway
