#include "tests/day/report.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

namespace titip::day {
namespace {

std::string history_line(const Call& call) {
  static constexpr std::array<const char*, 3> answers{"ok", "refused", "unknown"};
  nlohmann::ordered_json line;
  line["person"] = call.person;
  line["step"] = call.step;
  line["facility"] = call.facility;
  line["route"] = call.route;
  line["idempotency_key"] = call.idempotency_key;
  line["body_sha256"] = call.body_sha256;
  line["dirty"] = call.dirty;
  for (const Try& t : call.tries) {
    line["tries"].push_back({{"started_ms", t.started_ms},
                             {"ended_ms", t.ended_ms},
                             {"answer", answers[static_cast<std::size_t>(t.answer)]},
                             {"http_status", t.http_status},
                             {"submission_id", t.submission_id},
                             {"receipt", t.receipt},
                             {"replayed", t.replayed},
                             {"words", t.words}});
  }
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::string table(const Verdict& v, const GatewayStatus& status, const SimulatorStats& stats) {
  std::string weather;
  for (const auto& [kind, hits] : stats.weather) {
    if (hits > 0) weather += fmt::format("{}{} {}", weather.empty() ? "" : ", ", kind, hits);
  }
  const Counters& c = v.counters;
  return fmt::format(
      "\n"
      "  clinics          {} people, {} submissions, {} acknowledged, slowest answer {} ms\n"
      "                   said again for want of an answer: {}; answers that broke off while the gateway ran: {}\n"
      "  gateway          accepted {}, delivered {}, rejected {}, cancelled {}, pending {}, ledger difference {}\n"
      "                   outages seen {}, attempts with unknown outcome {}, probes {}, killed {}, open attempts then "
      "{}\n"
      "  national server  {} effects on {} records, {} writes refused, {} log-ins\n"
      "                   replies lost {}, applied late {}; requests hit: {}\n"
      "  the three agree  duplicates {}, lost {}, out of order {}, stale values {}, foreign {}, contradictions {}\n",
      v.people, v.submissions, v.acknowledged, v.slowest_answer_ms, v.repeated_tries, v.unanswered_while_up,
      status.totals.accepted, status.totals.delivered, status.totals.rejected, status.totals.cancelled,
      status.totals.pending, status.totals.ledger_difference, c.outages, c.unknown, c.probes, c.kills, c.open_at_kill,
      stats.effects, stats.entries, stats.rejected, stats.logins, c.lost_replies, c.late_applies, weather,
      v.count(Fault::duplicate), v.count(Fault::lost), v.count(Fault::out_of_order), v.count(Fault::stale_value),
      v.count(Fault::foreign), v.count(Fault::contradiction));
}

std::string findings_text(const Verdict& verdict, const Settings& settings, std::size_t limit) {
  std::string text;
  std::array<std::size_t, fault_count> shown{};
  for (const Finding& f : verdict.findings) {
    if (++shown[static_cast<std::size_t>(f.fault)] > limit) continue;
    text += fmt::format("{}: {}\n", name(f.fault), f.what);
    if (!f.idempotency_key.empty()) {
      text += fmt::format("    person {}, submission {}, key {}\n", f.person,
                          f.submission_id.empty() ? "(none)" : f.submission_id, f.idempotency_key);
    }
    for (const std::string& line : f.timeline) text += "    " + line + "\n";
  }
  for (int i = 0; i < fault_count; ++i) {
    const std::size_t all = shown[static_cast<std::size_t>(i)];
    if (all > limit)
      text += fmt::format("... and {} more of the kind \"{}\"\n", all - limit, name(static_cast<Fault>(i)));
  }
  return text + fmt::format("seed {}; to run it again: {}\n", settings.seed, settings.command_line);
}

std::string where_to_look(const Settings& settings, const Stage& stage, const Evidence& evidence) {
  const std::string front = fmt::format("http://127.0.0.1:{}", stage.front_port());
  const std::string code = stage.facilities().front().code;
  std::string id = "ID";
  for (const Call& call : evidence.calls) {
    if (call.facility == code && call.tries.size() > 1 && call.acknowledgement() != nullptr) {
      id = call.acknowledgement()->submission_id;  // one with a story to tell
      break;
    }
  }
  if (!settings.keep) {
    return fmt::format(
        "where to look next: run it again with --keep, then ask the gateway for its status and for a submission's "
        "timeline\n"
        "                    ({}); README.md says how to start Titip for a real clinic\n",
        "/v1/status, /v1/submissions/ID, /metrics");
  }
  return fmt::format(
      "where to look next (left running on purpose):\n"
      "  the status            curl -s -H 'x-kdppk: {0}' {1}/v1/status\n"
      "  one submission's life curl -s -H 'x-kdppk: {0}' {1}/v1/submissions/{2}\n"
      "  metrics, readiness    curl -s http://127.0.0.1:{3}/metrics ; curl -s http://127.0.0.1:{3}/readyz\n"
      "  the national server   curl -s http://127.0.0.1:{4}/_sim/stats ; curl -s http://127.0.0.1:{4}/_sim/ledger\n"
      "  config, logs, history {5}\n"
      "  to stop and clean up  kill {6} {7}; sleep 2; rm -r {5}\n",
      code, front, id, stage.operations_port(), stage.control_port(), stage.data().string(), stage.gateway_pid(),
      stage.simulator_pid());
}

void keep_evidence(const Stage& stage, const Evidence& evidence, const Verdict& verdict, const Settings& settings) {
  std::ofstream history(stage.data() / "history.jsonl");
  for (const Call& call : evidence.calls) history << history_line(call) << '\n';
  std::ofstream findings(stage.data() / "findings.txt");
  findings << findings_text(verdict, settings, verdict.findings.size()) << last_line(verdict) << '\n';
}

}  // namespace titip::day
