// What stands behind `titip facility` on the command line. Secrets are named by their files alone.
#include <CLI/CLI.hpp>

#include "gateway/commands.h"
#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

using admin::Command;

class FacilityOptions {
 public:
  FacilityOptions(CLI::App& program, FacilityLine line)
      : under_(*program.add_subcommand("facility",
                                       words::tell("The facilities that may submit: the registry, changed live."))),
        line_(std::move(line)) {
    auto& words = line_.command.facility;
    auto* added = add("add", words::tell("Add one."), Command::facility_add);
    code(added);
    added->add_option("--name", words.name, words::tell("what people call it"))->required();
    auto* consumer =
        added->add_option("--consumer-id", words.consumer_id, words::tell("how the P-Care REST services know it"));
    auto* secret = secret_file(added);
    consumer->needs(secret);
    secret->needs(consumer);
    added->add_option("--utc-offset", line_.command.utc_offset,
                      words::tell("its time: +07:00, or WIB, WITA, WIT (the config's)"));
    added->add_option("--late-entry-reason", words.late_entry_reason,
                      words::tell("code sent when a record is entered on a later day"));
    auto* user =
        added->add_option("--username", words.username, words::tell("the log-in delivery uses until the clinic's own"));
    auto* password =
        added->add_option("--password-file", line_.command.password_file, words::tell("a file with mode 0600"));
    user->needs(password);
    password->needs(user);
    added
        ->add_option("--encrypted", line_.command.encrypted,
                     words::tell("its clinics expect encrypted answers: yes, no, profile"))
        ->capture_default_str();
    added->add_option("--signature-age", line_.command.signature_age,
                      words::tell("seconds a clinic's signature may be older or newer; without it no check"));
    added->add_option("--most-pending", line_.command.most_pending,
                      words::tell("records of it that may be pending, 0 any number (front/facility_pending)"));
    auto* callback = added->add_option("--callback-url", words.callback_url,
                                       words::tell("where it is told what was rejected: https://host/path"));
    auto* callback_secret = callback_secret_file(added);
    callback->needs(callback_secret);
    callback_secret->needs(callback);
    added->add_flag("--callback-delivered", words.callback_delivered, words::tell("told of what was delivered too"))
        ->needs(callback);
    replacing(added);
    changing(added);
    auto* import = add("import", words::tell("Add those of a CSV file, all or none."), Command::facility_import);
    import->add_option("file", line_.command.file, words::tell("CSV, its columns named in the first line; mode 0600"))
        ->required();
    import->add_flag("--skip-faulty", line_.command.skip_faulty,
                     words::tell("add the others when some lines cannot be added"));
    replacing(import);
    changing(import);
    add("ls", words::tell("List them, without their secrets."), Command::facility_ls);
    auto* rotate = add("rotate", words::tell("Give one a new secret; clinics may use the former one until it is done."),
                       Command::facility_rotate);
    code(rotate);
    rotate->add_flag("--done", line_.command.request.done, words::tell("the former secret goes"))
        ->excludes(secret_file(rotate));
    rotate
        ->add_flag("--callback-done", line_.command.request.callback_done,
                   words::tell("the former secret of its callback goes"))
        ->excludes(callback_secret_file(rotate));
    changing(rotate);
    auto* key = add("key", words::tell("Give one an API key, shown once; the one before it counts until it is done."),
                    Command::facility_rotate, true);
    code(key);
    auto* done = key->add_flag("--done", line_.command.request.key_done, words::tell("the former key goes"));
    key->add_flag("--revoke", line_.command.request.keys_revoked, words::tell("all its keys go, at once"))
        ->excludes(done);
    changing(key);
    for (const auto& [name, what, command] :
         {std::tuple("disable", words::tell("Refuse what one sends; what is in custody is still delivered."),
                     Command::facility_disable),
          std::tuple("enable", words::tell("Let one in again."), Command::facility_enable)}) {
      auto* switched = add(name, what, command);
      code(switched);
      changing(switched);
    }
  }

 private:
  CLI::App* add(const std::string& name, const std::string& what, Command command, bool makes_key = false) {
    auto* added = under_.add_subcommand(name, what);
    added->add_option("--config", line_.config_file, words::tell("the configuration, a JSON file"))
        ->capture_default_str();
    added->add_flag("--json", line_.saying.json, words::tell("the answer as one line of JSON; of ls an array"));
    added->callback([line = line_, command, makes_key] {
      line.command.request.command = command;
      line.command.makes_key = makes_key;
      line.perform = [line](const Config& config) { return run_facility(config, line.command, line.saying); };
    });
    return added;
  }
  void code(CLI::App* command) {
    command->add_option("code", line_.command.facility.code, words::tell("its code at the national service"))
        ->required();
  }
  CLI::Option* secret_file(CLI::App* command) {
    return command->add_option("--secret-file", line_.command.secret_file,
                               words::tell("its consumer secret, a file with mode 0600"));
  }
  CLI::Option* callback_secret_file(CLI::App* command) {
    return command->add_option(
        "--callback-secret-file", line_.command.callback_secret_file,
        words::tell("the secret its callback is signed with (whsec_ and Base64), a file with mode 0600"));
  }
  void replacing(CLI::App* command) {
    command->add_flag(
        "--replace", line_.command.request.replace,
        words::tell("what is registered already takes all these values; its secret becomes the former one"));
  }
  void changing(CLI::App* command) {
    command->add_option("--reason,--why", line_.command.request.reason,
                        words::tell("why, for the audit log; it must name nobody"));
    command->add_flag("--dry-run", line_.command.request.dry_run,
                      words::tell("say what would be done, and do nothing"));
  }

  CLI::App& under_;
  FacilityLine line_;
};

}  // namespace

void add_facility_options(CLI::App& program, FacilityLine line) {
  const FacilityOptions options(program, std::move(line));
}

}  // namespace titip::gateway
