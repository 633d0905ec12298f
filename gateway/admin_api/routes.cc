#include "gateway/admin_api/routes.h"

#include <array>

namespace titip::admin_api {
namespace {

using admin::Command;
using enum Kind;

constexpr Field reason{"reason", "/reason"};
constexpr Field dry_run{"dry_run", "/dry_run"};

constexpr std::array list_query{Field{"state", "/queue/states", words},
                                Field{"destination", "/queue/destination", text},
                                Field{"facility", "/queue/facility", text},
                                Field{"rule", "/queue/rule", text},
                                Field{"day", "/queue/day", text},
                                Field{"from_ms", "/queue/from_ms", number},
                                Field{"before_ms", "/queue/before_ms", number},
                                Field{"older_than_s", "/queue/before_ms", seconds_ago},
                                Field{"newer_than_s", "/queue/from_ms", seconds_ago},
                                Field{"limit", "/queue/limit", number},
                                Field{"after", "/after", text}};
constexpr std::array attention_query{Field{"destination", "/queue/destination", text},
                                     Field{"facility", "/queue/facility", text},
                                     Field{"rule", "/queue/rule", text},
                                     Field{"day", "/queue/day", text},
                                     Field{"limit", "/queue/limit", number},
                                     Field{"after", "/after", text}};
constexpr std::array outages_query{Field{"destination", "/destination", text}, Field{"since_ms", "/since_ms", number},
                                   Field{"after", "/after", text}};
constexpr std::array page_query{Field{"limit", "/queue/limit", number}, Field{"after", "/after", text}};
constexpr std::array after_query{Field{"after", "/after", text}};
constexpr std::array kept_query{Field{"kept", "/after", text}};

constexpr std::array search_body{Field{"nik", "/people/0"},
                                 Field{"states", "/queue/states"},
                                 Field{"facility", "/queue/facility"},
                                 Field{"destination", "/queue/destination"},
                                 Field{"limit", "/queue/limit"},
                                 Field{"after", "/after"}};
constexpr std::array act_body{reason, dry_run};
constexpr std::array reason_body{reason};
// What gives up or repeats a record that may have landed.
constexpr std::array doubt_body{reason, dry_run, Field{"not_landed", "/not_landed"}};
constexpr std::array approve_body{reason, dry_run, Field{"digest", "/digest"}};
constexpr std::array edit_body{reason, dry_run, Field{"not_landed", "/not_landed"}, Field{"edits", "/edits"}};
constexpr std::array bulk_body{Field{"action", "/command"}, Field{"filter", "/queue"}, reason, dry_run,
                               Field{"at_most", ""}};
constexpr std::array drain_body{reason,
                                dry_run,
                                Field{"canary", "/drain/canary"},
                                Field{"per_second", "/drain/per_second"},
                                Field{"abort_share", "/drain/abort_share"},
                                Field{"daily_pause", "/drain/daily_pause"}};
constexpr std::array drain_pause_body{reason, Field{"until_ms", "/drain/until_ms"}};
constexpr std::array gate_body{Field{"destination", "/destination"}, reason, dry_run};
constexpr std::array facility_body{Field{"facility", "/facilities/0"}, Field{"replace", "/replace"}, reason, dry_run};
constexpr std::array import_body{Field{"facilities", "/facilities"}, Field{"replace", "/replace"}, reason, dry_run};
constexpr std::array rotate_body{reason,
                                 dry_run,
                                 Field{"consumer_secret", "/facilities/0/consumer_secret"},
                                 Field{"callback_secret", "/facilities/0/callback_secret"},
                                 Field{"done", "/done"},
                                 Field{"callback_done", "/callback_done"}};
constexpr std::array erase_body{Field{"niks", "/people"}, reason, dry_run};
constexpr std::array token_body{Field{"name", "/token/name"}, Field{"role", "/token/role"},
                                Field{"days", "/token/days"}, reason};

constexpr const char* record = "/queue/id";
constexpr const char* destination = "/destination";
constexpr const char* facility = "/facilities/0/code";
constexpr const char* to_bulk = "/admin/v1/bulk";
constexpr const char* to_status = "/admin/v1/status";

constexpr std::array table{
    Route{"GET", "/admin/v1/status", Command::status},
    Route{"GET", "/admin/v1/submissions", Command::queue_ls, "", list_query},
    Route{"POST", "/admin/v1/submissions/search", Command::queue_ls, "", {}, search_body},
    Route{"GET", "/admin/v1/submissions/{id}", Command::queue_show, record},
    Route{"POST", "/admin/v1/submissions/{id}/hold", Command::hold, record, {}, act_body},
    Route{"POST", "/admin/v1/submissions/{id}/release", Command::release, record, {}, act_body},
    Route{"POST", "/admin/v1/submissions/{id}/requeue", Command::requeue, record, {}, doubt_body},
    Route{"POST", "/admin/v1/submissions/{id}/cancel", Command::cancel, record, {}, doubt_body},
    Route{"POST", "/admin/v1/submissions/{id}/edit", Command::edit, record, {}, edit_body},
    Route{"GET", "/admin/v1/edits", Command::edit_proposals, "", after_query},
    Route{"POST", "/admin/v1/submissions/{id}/edit/approve", Command::edit_approve, record, {}, approve_body},
    Route{"POST", "/admin/v1/submissions/{id}/edit/withdraw", Command::edit_withdraw, record, {}, reason_body},
    Route{"GET", "/admin/v1/shape", Command::queue_shape},
    Route{"GET", "/admin/v1/attention", Command::queue_ls, "", attention_query, {}, "/queue/attention"},
    Route{"GET", "/admin/v1/bulk", Command::bulk_status, "", after_query},
    Route{"POST", "/admin/v1/bulk", Command::hold, "", {}, bulk_body, "", true, to_bulk},
    Route{"POST", "/admin/v1/bulk/resume", Command::bulk_resume, "", {}, reason_body, "", false, to_bulk},
    Route{"POST", "/admin/v1/bulk/stop", Command::bulk_stop, "", {}, reason_body},
    Route{"GET", "/admin/v1/drains/{destination}", Command::drain_status, destination},
    Route{"POST", "/admin/v1/drains/{destination}", Command::drain, destination, {}, drain_body},
    Route{"POST", "/admin/v1/drains/{destination}/pause", Command::drain_pause, destination, {}, drain_pause_body},
    Route{"POST", "/admin/v1/drains/{destination}/resume", Command::drain_resume, destination, {}, reason_body},
    Route{"POST", "/admin/v1/drains/{destination}/cancel", Command::drain_cancel, destination, {}, reason_body},
    Route{"POST", "/admin/v1/gates/pause", Command::pause, "", {}, gate_body},
    Route{"POST", "/admin/v1/gates/resume", Command::resume, "", {}, gate_body},
    Route{"GET", "/admin/v1/outages", Command::outages, "", outages_query},
    Route{"GET", "/admin/v1/facilities", Command::facility_ls, "", after_query},
    Route{"POST", "/admin/v1/facilities", Command::facility_add, "", {}, facility_body},
    Route{"POST", "/admin/v1/facilities/import", Command::facility_import, "", {}, import_body},
    Route{"POST", "/admin/v1/facilities/{code}/rotate", Command::facility_rotate, facility, {}, rotate_body},
    Route{"POST", "/admin/v1/facilities/{code}/disable", Command::facility_disable, facility, {}, act_body},
    Route{"POST", "/admin/v1/facilities/{code}/enable", Command::facility_enable, facility, {}, act_body},
    Route{"POST", "/admin/v1/erasures", Command::erase, "", {}, erase_body, "", false, to_status},
    Route{"GET", "/admin/v1/audit", Command::audit_ls, "", page_query},
    Route{"GET", "/admin/v1/audit/verification", Command::audit_verify, "", kept_query},
    Route{"GET", "/admin/v1/tokens", Command::token_ls},
    Route{"POST", "/admin/v1/tokens", Command::token_add, "", {}, token_body},
    Route{"POST", "/admin/v1/tokens/{name}/revoke", Command::token_revoke, "/token/name", {}, reason_body},
};

// Whether the path is that of the route; what stands in its braces is left in `parameter`.
bool matches(std::string_view pattern, std::string_view path, std::string_view& parameter) {
  parameter = {};
  const auto open = pattern.find('{');
  if (open == std::string_view::npos) return pattern == path;
  const auto behind = pattern.substr(pattern.find('}') + 1);
  if (!path.starts_with(pattern.substr(0, open)) || path.size() < open + behind.size() || !path.ends_with(behind))
    return false;
  parameter = path.substr(open, path.size() - open - behind.size());
  return !parameter.empty() && !parameter.contains('/');
}

}  // namespace

std::span<const Route> routes() {
  return table;
}

// HEAD is a GET whose body is left out. A path that is written out hides one with a parameter, with every method:
// `search` is nobody's id.
Found find(std::string_view method, std::string_view path) {
  Found found;
  for (const bool written_out : {true, false}) {
    for (const auto& each : table) {
      std::string_view parameter;
      if (std::string_view(each.path).contains('{') == written_out || !matches(each.path, path, parameter)) continue;
      const bool is_get = std::string_view(each.method) == "GET";
      found.methods.push_back(each.method);
      if (is_get) found.methods.push_back("HEAD");
      if (method != each.method && !(is_get && method == "HEAD")) continue;
      found.route = &each;
      found.parameter = parameter;
    }
    if (!found.methods.empty()) break;
  }
  return found;
}

}  // namespace titip::admin_api
