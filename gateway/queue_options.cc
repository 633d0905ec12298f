// What stands behind `titip queue` on the command line.
#include <CLI/CLI.hpp>

#include "gateway/commands.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using admin::Command;

CLI::App* add(CLI::App& under, const QueueLine& line, const char* name, const std::string& what, Command command) {
  auto* added = under.add_subcommand(name, what);
  added->add_option("--config", line.config_file, words::tell("the configuration, a JSON file"))->capture_default_str();
  added->add_flag("--json", line.saying.json, words::tell("as JSON; of ls an array"));
  added->callback([line, command] {
    line.command.request.command = command;
    line.perform = [line](const Config& config) { return run_queue(config, line.command, line.saying); };
  });
  return added;
}

}  // namespace

void add_queue_options(CLI::App& program, const QueueLine& line) {
  auto& queue = *program.add_subcommand("queue", words::tell("What is in custody, record by record."));
  auto* ls = add(queue, line, "ls", words::tell("List records, oldest first."), Command::queue_ls);
  add_filter_options(*ls, line.command.filter);
  ls->add_option("--nik-file", line.command.people_file,
                 words::tell("of one person: a file with a number of 16 digits; - reads stdin"));
  ls->add_option("--limit", line.command.limit, words::tell("so many at most"))->capture_default_str();
  ls->add_flag("--all", line.command.all, words::tell("as many as there are"));
  ls->add_option("--after", line.command.request.after, words::tell("go on behind this one, as the list before said"));
  auto* show = add(queue, line, "show", words::tell("Show one with every attempt."), Command::queue_show);
  show->add_option("record", line.command.request.queue.id,
                   words::tell("its id, or the receipt code that the clinic has"))
      ->required();
  auto* attention =
      add(program, line, "attention",
          words::tell("List what needs a person: rejected, expired or held, and what to do."), Command::queue_ls);
  attention->add_option("--destination", line.command.filter.destination, words::tell("of this destination"));
  attention->add_option("--facility", line.command.filter.facility, words::tell("from this facility, by its code"));
  attention->add_option("--limit", line.command.limit, words::tell("so many at most"))->capture_default_str();
  attention->add_flag("--all", line.command.all, words::tell("as many as there are"));
  attention->add_option("--after", line.command.request.after,
                        words::tell("go on behind this one, as the list before said"));
  attention->parse_complete_callback([line] { line.command.attention = true; });
  add(queue, line, "shape", words::tell("Count what is not settled, by destination and age."), Command::queue_shape);
}

}  // namespace titip::gateway
