// What the command line can do beside serve. Each returns the program's exit status (exit_status.h); data goes to
// stdout, everything said about it to stderr. Private to the root.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "gateway/admin/wire.h"
#include "gateway/config.h"
#include "gateway/record_filter.h"

namespace CLI {
class App;
}

namespace titip::gateway {

struct Saying {
  bool json = false;  // the answer as one line of JSON
  bool yes = false;   // do not ask before something irrevocable
};

// Asks the gateway that runs; if none does, opens the store itself. `people_file` is read where people are wanted.
int run_upkeep(const Config& config, admin::Request request, const std::string& people_file, Saying saying);

struct OutagesCommand {
  enum class Format : std::uint8_t { table, csv, json };
  std::string destination;  // empty: all of them
  std::string since;        // a date; empty: all of them
  Format format = Format::table;
};
int run_outages(const Config& config, const OutagesCommand& command);

struct FacilityCommand {
  admin::Request request;
  storage::Facility facility;  // what the command line says of it
  std::string secret_file;
  std::string password_file;
  std::string callback_secret_file;
  std::string file;  // of an import
  std::string utc_offset;
  std::string encrypted = "profile";
  std::string signature_age;
  std::string most_pending;
  bool skip_faulty = false;
  bool makes_key = false;  // unless one is to go
};
int run_facility(const Config& config, const FacilityCommand& command, Saying saying);

// Where `titip facility …` puts what it finds on the command line; all of it outlives the parsing.
struct FacilityLine {
  std::string& config_file;
  FacilityCommand& command;
  Saying& saying;
  std::function<int(const Config&)>& perform;
};
void add_facility_options(CLI::App& program, FacilityLine line);

struct QueueCommand {
  admin::Request request;
  RecordFilter filter;
  std::string people_file;
  std::uint64_t limit = 100;
  bool all = false;
  bool attention = false;
};
int run_queue(const Config& config, const QueueCommand& command, Saying saying);

// Where `titip queue …` puts what it finds on the command line; all of it outlives the parsing.
struct QueueLine {
  std::string& config_file;
  QueueCommand& command;
  Saying& saying;
  std::function<int(const Config&)>& perform;
};
void add_queue_options(CLI::App& program, const QueueLine& line);

struct ActCommand {
  admin::Request request;
  RecordFilter filter;
  std::vector<std::string> edits;  // "/place=value"
  std::string edits_file;
};
int run_act(const Config& config, const ActCommand& command, Saying saying);

// Where `titip hold|release|requeue|cancel|bulk` put what they find.
struct ActLine {
  std::string& config_file;
  ActCommand& command;
  Saying& saying;
  std::function<int(const Config&)>& perform;
};
void add_act_options(CLI::App& program, const ActLine& line);

// Where `titip config …` puts what it finds.
struct ConfigLine {
  std::string& config_file;
  Saying& saying;
  std::function<int(const Config&)>& perform;
  std::function<int()>& perform_alone;
};
void add_config_options(CLI::App& program, const ConfigLine& line);

// Where `titip admin …` puts what it finds.
struct AdminLine {
  std::string& config_file;
  admin::Request& request;
  Saying& saying;
  std::function<int(const Config&)>& perform;
};
void add_admin_options(CLI::App& program, const AdminLine& line);

struct TopCommand {
  bool once = false;
};
// Where `titip top` puts what it finds.
struct TopLine {
  std::string& config_file;
  TopCommand& command;
  std::function<int(const Config&)>& perform;
};
void add_top_options(CLI::App& program, const TopLine& line);

struct RestoreCommand {
  std::filesystem::path from;          // a backup; empty: the data directory as it is
  std::filesystem::path old_key_file;  // of the backup's time, if keys were rotated since; may be empty
  std::string reason;
  bool dry_run = false;
  bool no_erasures = false;  // the list of erased persons is not there, and that is right, or cannot be helped
};
// Runs the fixtures of a built-in profile, or of one in a file. Needs neither config nor store.
int run_profile_test(const std::string& profile, Saying saying);

// Only while no gateway runs.
int run_restore(const Config& config, const RestoreCommand& command, Saying saying);
int run_reindex(const Config& config, const std::string& reason, bool dry_run, Saying saying);

}  // namespace titip::gateway
