#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "gateway/commands.h"
#include "gateway/completion.h"
#include "gateway/exit_status.h"
#include "gateway/no_core.h"
#include "gateway/own_language.h"
#include "gateway/pause_end.h"
#include "gateway/say.h"
#include "gateway/serve.h"
#include "metrics/words/said.h"

#ifndef TITIP_VERSION
#define TITIP_VERSION "unknown"
#endif

namespace titip::gateway {
namespace {

using admin::Command;

// Where deploy/titip.service expects it.
constexpr const char* usual_config = "/etc/titip/titip.json";

// Everything that can stand on the command line, and what to do with it.
struct Line {
  std::string config_file = usual_config;
  std::string people_file;
  std::string profile;
  admin::Request request;
  RestoreCommand restore;
  OutagesCommand outages;
  FacilityCommand facility;
  QueueCommand queue;
  ActCommand act;
  TopCommand top;
  bool as_it_is = false;
  bool csv = false;
  std::string pause_until;
  std::string pause_for;
  Saying saying;
  std::function<int(const Config&)> perform;
  std::function<int()> perform_alone;  // without a config
};

class Commands {
 public:
  Commands(CLI::App& program, Line& line, const Seams& seams) : program_(program), line_(line) {
    auto* serve_command = add(program_, "serve", words::tell("Run the gateway until SIGTERM."));
    serve_command->callback(
        [&line, &seams] { line.perform = [&seams](const Config& config) { return serve(config, seams); }; });
    add_looking();
    add_top_options(program_, {line.config_file, line.top, line.perform});
    add_queue_options(program_, {line.config_file, line.queue, line.saying, line.perform});
    add_act_options(program_, {line.config_file, line.act, line.saying, line.perform});
    add_sending();
    add_custody();
    add_people();
    add_facility_options(program_, {line.config_file, line.facility, line.saying, line.perform});
    add_admin_options(program_, {line.config_file, line.request, line.saying, line.perform});
    add_offline();
    add_config_options(program_, {line.config_file, line.saying, line.perform, line.perform_alone});
    add_profile();
    add_completion();
  }

 private:
  CLI::App* add(CLI::App& under, const std::string& name, const std::string& what) {
    auto* command = under.add_subcommand(name, what);
    command->add_option("--config", line_.config_file, words::tell("the configuration, a JSON file"))
        ->capture_default_str();
    return command;
  }
  // A command that a running gateway can do as well.
  CLI::App* upkeep(CLI::App& under, const std::string& name, const std::string& what, Command command) {
    auto* added = add(under, name, what);
    added->add_flag("--json", line_.saying.json, words::tell("the answer as one line of JSON"));
    added->callback([this, added, command] {
      if (!added->get_subcommands().empty()) return;  // that one has spoken
      line_.request.command = command;
      line_.perform = [this](const Config& config) {
        if (!read_pause_end(config)) return exit_usage;
        return run_upkeep(config, line_.request, line_.people_file, line_.saying);
      };
    });
    return added;
  }
  void reason(CLI::App* command, const std::string& what = words::tell("why, for the audit log; it must name nobody")) {
    command->add_option("--reason,--why", line_.request.reason, what);
  }
  void dry_run(CLI::App* command) {
    command->add_flag("--dry-run", line_.request.dry_run, words::tell("say what would be done, and do nothing"));
  }
  void yes(CLI::App* command) {
    command->add_flag("--yes", line_.saying.yes, words::tell("do not ask before what cannot be taken back"));
  }

  void add_looking() {
    upkeep(program_, "status", words::tell("Say how custody stands, in one sentence and in numbers."), Command::status);
    add_outages();
    auto* audit =
        program_.add_subcommand("audit", words::tell("The audit log: what operators did, a chain of hashes."));
    upkeep(*audit, "verify", words::tell("Follow the chain from the first line to the last."), Command::audit_verify)
        ->add_option("--kept", line_.request.after,
                     words::tell("NUMBER:HASH that an earlier run said: that line must be there"));
    upkeep(program_, "verify", words::tell("Compare every count and index of the store with its records."),
           Command::verify);
  }

  CLI::App* of_destination(CLI::App& under, const std::string& name, const std::string& what, Command command,
                           const std::string& which = words::tell("its name, as `titip status` shows it")) {
    auto* added = upkeep(under, name, what, command);
    added->add_option("destination", line_.request.destination, which);
    return added;
  }

  // False: it was said what is wrong with them.
  bool read_pause_end(const Config& config) {
    if (line_.pause_until.empty() && line_.pause_for.empty()) return true;
    const auto now = clock::SystemClock().wall();
    const auto end = line_.pause_for.empty() ? next_time(line_.pause_until, now, config.utc_offset)
                                             : after_span(line_.pause_for, now);
    if (!end) {
      say(end.error());
      return false;
    }
    line_.request.drain.until_ms = end->time_since_epoch().count();
    return true;
  }

  void add_sending() {
    const auto which = words::tell("a destination, or destination/facility");
    auto* pause =
        of_destination(program_, "pause", words::tell("Shut a gate: nothing new is sent until it is taken away."),
                       Command::pause, which);
    reason(pause);
    dry_run(pause);
    auto* resume = of_destination(program_, "resume",
                                  words::tell("Take the gate before a destination, or one facility of it, away."),
                                  Command::resume, which);
    reason(resume);
    dry_run(resume);
    auto* drain = of_destination(program_, "drain", words::tell("Bring the backlog home: a few first, then at a pace."),
                                 Command::drain);
    auto& words = line_.request.drain;
    drain->add_option("--canary", words.canary, words::tell("so many go first and are all waited for (20)"));
    drain->add_option("--per-second", words.per_second,
                      words::tell("the pace; without it as fast as the server lets them"));
    drain->add_option(
        "--abort-share", words.abort_share,
        words::tell("it stops by itself when more than this of the last results are rejected or unknown (0.3)"));
    drain->add_option("--pause", words.daily_pause,
                      words::tell("when it pauses each day, in the server's time: 12:00-13:30"));
    reason(drain);
    dry_run(drain);
    yes(drain);
    add_drain_orders(*drain);
  }

  void add_drain_orders(CLI::App& drain) {
    auto* pause =
        of_destination(drain, "pause", words::tell("Let none of the backlog go for now."), Command::drain_pause);
    auto* until =
        pause->add_option("--until", line_.pause_until, words::tell("it resumes by itself then: 07:30, or RFC 3339"));
    pause->add_option("--for", line_.pause_for, words::tell("it resumes by itself after 90m, 2h, 1d"))->excludes(until);
    reason(pause);
    reason(of_destination(drain, "resume", words::tell("Go on, also after it has stopped by itself."),
                          Command::drain_resume));
    of_destination(drain, "status", words::tell("How far it is."), Command::drain_status);
    reason(of_destination(drain, "cancel", words::tell("Take it away: what waits goes as without it."),
                          Command::drain_cancel));
  }

  void add_outages() {
    auto* outages =
        add(program_, "outages", words::tell("List the outages of the national server that were written down."));
    outages->add_option("destination", line_.outages.destination,
                        words::tell("its name; all of them where it is left out"));
    outages->add_option("--since", line_.outages.since,
                        words::tell("only what lasted on that date, like 2026-08-15, or began later"));
    auto* csv = outages->add_flag("--csv", line_.csv, words::tell("as CSV (RFC 4180), times in UTC"));
    auto* json = outages->add_flag("--json", line_.saying.json, words::tell("as a JSON array, times in UTC"));
    csv->excludes(json);
    json->excludes(csv);
    outages->callback([this] {
      using Format = OutagesCommand::Format;
      line_.outages.format = line_.csv ? Format::csv : line_.saying.json ? Format::json : Format::table;
      line_.perform = [this](const Config& config) { return run_outages(config, line_.outages); };
    });
  }

  void add_custody() {
    auto* backup =
        upkeep(program_, "backup", words::tell("Copy the store while it serves, of one moment."), Command::backup);
    backup->add_option("--to", line_.request.to, words::tell("a directory that does not exist yet"))->required();
    reason(backup);
    dry_run(backup);
    auto* retain = upkeep(program_, "retain",
                          words::tell("Erase the content of what was settled long enough ago, now."), Command::retain);
    reason(retain);
    dry_run(retain);
    retain->add_flag("--clock-is-right", line_.request.clock_is_right,
                     words::tell("the clock went forward because nothing ran in between: believe it again"));
    keys_ = program_.add_subcommand("keys", words::tell("The keys that seal what is in custody."));
    auto* rotate =
        upkeep(*keys_, "rotate", words::tell("Wrap every record's key under a new one."), Command::rotate_keys);
    rotate->add_flag("--forget-damaged", line_.request.forget_damaged,
                     words::tell("let old keys go although damaged records may need them"));
    rotate->add_flag("--forget-lost", line_.request.forget_lost,
                     words::tell("make a key although records are under one that is not in the key file"));
    reason(rotate);
    dry_run(rotate);
  }

  void add_people() {
    const auto file = words::tell("a file with a number of 16 digits on each line; - reads stdin");
    auto* erase = upkeep(program_, "erase", words::tell("Destroy what is kept of people, for good."), Command::erase);
    erase->add_option("--nik-file", line_.people_file, file)->required();
    reason(erase);
    dry_run(erase);
    yes(erase);
    auto* give = upkeep(program_, "export", words::tell("Write out what is kept of people, one JSON object a line."),
                        Command::export_person);
    give->add_option("--nik-file", line_.people_file, file)->required();
    reason(give);
  }

  void add_offline() {
    auto* reindex =
        add(*keys_, "reindex", words::tell("Hash every key once more, under a new index key. No gateway may run."));
    reason(reindex);
    dry_run(reindex);
    reindex->add_flag("--json", line_.saying.json, words::tell("the answer as one line of JSON"));
    reindex->callback([this] {
      line_.perform = [this](const Config& config) {
        return run_reindex(config, line_.request.reason, line_.request.dry_run, line_.saying);
      };
    });
    auto* restore =
        add(program_, "restore", words::tell("Put a backup in the place of the store. No gateway may run."));
    auto* from = restore->add_option("--from", line_.restore.from, words::tell("the backup's directory"));
    auto* as_it_is =
        restore->add_flag("--as-it-is", line_.as_it_is,
                          words::tell("the data directory was put back by other means: treat it as restored"));
    restore->add_option("--old-key-file", line_.restore.old_key_file,
                        words::tell("the key file of the backup's time, if keys were rotated since"));
    restore->add_flag("--no-erasures", line_.restore.no_erasures,
                      words::tell("go on without the list of erased persons: a new one is begun"));
    from->excludes(as_it_is);
    as_it_is->excludes(from);
    reason(restore);
    dry_run(restore);
    yes(restore);
    restore->add_flag("--json", line_.saying.json, words::tell("the answer as one line of JSON"));
    restore->callback([this] {
      line_.perform = [this](const Config& config) {
        if (line_.restore.from.empty() && !line_.as_it_is) {
          say(words::tell("name the backup with --from, or say --as-it-is"));
          return exit_usage;
        }
        line_.restore.reason = line_.request.reason;
        line_.restore.dry_run = line_.request.dry_run;
        return run_restore(config, line_.restore, line_.saying);
      };
    });
  }

  void add_profile() {
    auto* profile = program_.add_subcommand("profile", words::tell("National services, described as data."));
    auto* test = profile->add_subcommand("test", words::tell("Run the fixtures of a profile."));
    test->add_option("profile", line_.profile, words::tell("the name of one that is built in, or a file"))->required();
    test->add_flag("--json", line_.saying.json, words::tell("the answer as one line of JSON"));
    test->callback([this] { line_.perform_alone = [this] { return run_profile_test(line_.profile, line_.saying); }; });
  }

  // Of the whole command line, so they are made when it is there.
  void add_completion() {
    auto* completion =
        program_.add_subcommand("completion", words::tell("Print the completions of this command line for a shell."));
    for (const auto& [shell, make] : {std::pair("bash", &bash_completion), std::pair("zsh", &zsh_completion)})
      completion->add_subcommand(shell, words::tell("For {}.", shell))->callback([this, text = make] {
        line_.perform_alone = [this, text] { return printed(text(program_)); };
      });
    program_.add_subcommand("man", words::tell("Print the man page, in groff's format."))->callback([this] {
      line_.perform_alone = [this] { return printed(man_page(program_, TITIP_VERSION)); };
    });
  }
  static int printed(const std::string& text) {
    fmt::print("{}", text);
    return std::fflush(stdout) == 0 ? exit_ok : exit_failed;
  }

  CLI::App& program_;
  Line& line_;
  CLI::App* keys_ = nullptr;
};

}  // namespace

int run(int argc, char** argv, const Seams& seams) {
  if (const auto not_done = forbid_core_dumps(); !not_done.empty()) say(not_done);
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const auto language = take_language(arguments, [](const char* name) { return std::getenv(name); });
  if (!language) {
    say(language.error());
    return exit_usage;
  }
  words::speak(*language);
  CLI::App program(words::tell("Titip takes custody of clinic submissions and hands them on to the national server."),
                   "titip");
  dress_in_own_language(program);
  program.set_version_flag("--version", TITIP_VERSION, words::tell("Display program version information and exit"));
  std::string taken_already;
  program.add_option(
      "--lang", taken_already,
      words::tell("en or id: the language it speaks, before or behind a command; without it as the environment says"));
  program.footer(words::tell(
      "Exit status: 0 ok, 1 failed, 2 usage or config, 3 partly done, 4 not found, 5 gateway unreachable, 6 not "
      "allowed,\n"
      "74 the store failed under serve."));
  Line line;
  const Commands commands(program, line, seams);
  dress_helps_in_own_language(program);
  try {
    std::ranges::reverse(arguments);  // as the library wants them
    program.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? exit_ok : exit_usage;
  }
  if (line.perform_alone) return line.perform_alone();
  if (!line.perform) {  // no command at all, or `keys`, `facility` or `profile` alone
    say(words::tell("say what to do"));
    fmt::print(stderr, "\n{}", program.help());
    return exit_usage;
  }
  auto config = load_config(line.config_file);
  if (!config) {
    const auto& [pointer, sentence] = config.error();
    say(pointer.empty() ? fmt::format("{}: {}", line.config_file, sentence)
                        : words::tell("{} at {}: {}", line.config_file, pointer, sentence));
    if (line.config_file == usual_config) say(words::tell("name another config with --config"));
    return exit_usage;
  }
  return line.perform(*config);
}

}  // namespace titip::gateway
