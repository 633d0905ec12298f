// What stands behind `titip hold|release|requeue|cancel` and `titip bulk` on the command line.
#include <CLI/CLI.hpp>
#include <tuple>

#include "gateway/commands.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using admin::Command;

CLI::App* add(CLI::App& under, const ActLine& line, const char* name, const std::string& what, Command command) {
  auto* added = under.add_subcommand(name, what);
  added->add_option("--config", line.config_file, words::tell("the configuration, a JSON file"))->capture_default_str();
  added->add_flag("--json", line.saying.json, words::tell("the answer as one line of JSON"));
  added->callback([line, command] {
    line.command.request.command = command;
    line.perform = [line](const Config& config) { return run_act(config, line.command, line.saying); };
  });
  return added;
}

void reason(CLI::App* command, const ActLine& line) {
  command->add_option("--reason,--why", line.command.request.reason,
                      words::tell("why, for the audit log; it must name nobody"));
}

}  // namespace

void add_act_options(CLI::App& program, const ActLine& line) {
  for (const auto& [name, what, command] :
       {std::tuple("hold", words::tell("Keep records from being sent until they are released."), Command::hold),
        std::tuple("release", words::tell("Let held records go again."), Command::release),
        std::tuple("requeue",
                   words::tell("Send rejected or expired records again, each as a new one that names the old."),
                   Command::requeue),
        std::tuple("cancel", words::tell("Give records up for good: they are not sent."), Command::cancel)}) {
    auto* added = add(program, line, name, what, command);
    added->add_option("record", line.command.request.queue.id,
                      words::tell("one record: its id or receipt code; without it the filter says which"));
    add_filter_options(*added, line.command.filter);
    if (command == Command::requeue || command == Command::cancel)
      added->add_flag(
          "--not-landed", line.command.request.not_landed,
          words::tell("somebody looked at the national server: what may have landed did not (one record alone)"));
    reason(added, line);
    added->add_flag("--dry-run", line.command.request.dry_run, words::tell("say how many fit, and do nothing"));
    added->add_flag("--yes", line.saying.yes, words::tell("do not ask before a bulk action"));
  }
  auto* edit =
      add(program, line, "edit", words::tell("Send a rejected record again with other values."), Command::edit);
  edit->add_option("record", line.command.request.queue.id, words::tell("its id or receipt code"))->required();
  edit->add_option("--set", line.command.edits,
                   words::tell("/place=value, again for each; others on this machine can read it here"))
      ->allow_extra_args(false);
  edit->add_option("--set-file", line.command.edits_file, words::tell("a file with such lines; - reads stdin"));
  edit->add_flag("--not-landed", line.command.request.not_landed,
                 words::tell("somebody looked at the national server: what may have landed did not"));
  reason(edit, line);
  edit->add_flag("--dry-run", line.command.request.dry_run, words::tell("say what would be changed, and do nothing"));
  auto& edits = *program.add_subcommand("edits", words::tell("Edits that wait for another person's approval."));
  add(edits, line, "ls",
      words::tell("List them: who proposed which places, why, and the digest that an approval names."),
      Command::edit_proposals);
  auto* approve =
      add(edits, line, "approve", words::tell("Send one that somebody else proposed."), Command::edit_approve);
  approve->add_flag("--dry-run", line.command.request.dry_run,
                    words::tell("say what would be changed, and do nothing"));
  approve->add_option("--digest", line.command.request.digest, words::tell("of the one you saw, as the list shows it"))
      ->required();
  auto* withdraw = add(edits, line, "withdraw", words::tell("Give one up."), Command::edit_withdraw);
  for (auto* each : {approve, withdraw}) {
    each->add_option("record", line.command.request.queue.id, words::tell("its id or receipt code"))->required();
    reason(each, line);
  }
  auto& bulk = *program.add_subcommand("bulk", words::tell("The bulk action that runs, or ran last."));
  add(bulk, line, "status", words::tell("How far it is, and which records were refused."), Command::bulk_status);
  reason(add(bulk, line, "resume", words::tell("Go on with one that was stopped or cut short."), Command::bulk_resume),
         line);
  reason(add(bulk, line, "stop", words::tell("Stop it behind its present batch; what is done stays done."),
             Command::bulk_stop),
         line);
}

}  // namespace titip::gateway
