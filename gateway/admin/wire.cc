#include "gateway/admin/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

namespace titip::admin {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t number_digits = 16;
constexpr std::size_t depth_max = 4;

constexpr std::array command_names{
    "status",          "resume",           "backup",          "verify",       "keys rotate",     "erase",
    "export",          "retain",           "pause",           "drain",        "drain pause",     "drain resume",
    "drain status",    "drain cancel",     "outages",         "facility add", "facility import", "facility ls",
    "facility rotate", "facility disable", "facility enable", "queue ls",     "queue show",      "queue shape"};
static_assert(command_names.size() == static_cast<std::size_t>(command_count));
constexpr std::array trouble_names{"failed", "usage", "not_found", "unreachable", "not_allowed", "busy"};

template <class Enum, std::size_t Size>
std::optional<Enum> find_name(const std::array<const char*, Size>& names, std::string_view text) {
  for (std::size_t at = 0; at < Size; ++at)
    if (text == names[at]) return static_cast<Enum>(at);
  return std::nullopt;
}

// Bytes that are no UTF-8 are replaced rather than thrown about.
std::string line_of(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

// Nesting is bounded before anything is built.
ordered_json parse_line(std::string_view line, std::size_t deepest) {
  const auto shallow = [deepest](int depth, ordered_json::parse_event_t, ordered_json&) {
    if (static_cast<std::size_t>(depth) > deepest) throw std::length_error("nested");
    return true;
  };
  try {
    return ordered_json::parse(line, shallow);
  } catch (const std::exception&) {
    return ordered_json(ordered_json::value_t::discarded);
  }
}

bool digit(char c) {
  return c >= '0' && c <= '9';
}

// A reason is kept for ever and read by many: nobody's number may stand in it.
bool holds_a_number(std::string_view text) {
  std::size_t run = 0;
  for (const char c : text) {
    run = digit(c) ? run + 1 : (c == ' ' || c == '-' || c == '.') && run > 0 ? run : 0;
    if (run >= number_digits) return true;
  }
  return false;
}

std::string fault_of_reason(const Request& request) {
  constexpr std::array changing{Command::resume,      Command::rotate_keys,  Command::erase,
                                Command::retain,      Command::pause,        Command::drain,
                                Command::drain_pause, Command::drain_resume, Command::drain_cancel};
  const bool changes = std::ranges::find(changing, request.command) != changing.end() ||
                       (is_of_facilities(request.command) && request.command != Command::facility_ls);
  if (changes && !request.dry_run && request.reason.empty())
    return fmt::format("{} changes what is in custody: say why, with --reason", name(request.command));
  if (request.reason.size() > reason_bytes) return fmt::format("the reason is longer than {} bytes", reason_bytes);
  if (std::ranges::any_of(request.reason, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    return "the reason holds a control character; write it on one line";
  if (holds_a_number(request.reason))
    return "the reason holds a number of 16 digits; reasons are kept in the audit log and must name nobody";
  return {};
}

std::string fault_of_people(const Request& request) {
  const bool wanted = request.command == Command::erase || request.command == Command::export_person;
  if (request.command == Command::queue_ls && request.people.empty()) return {};
  if (request.command == Command::queue_ls && request.people.size() > 1)
    return "records are listed by one person at most";
  if (request.command == Command::queue_ls)
    return is_person_number(request.people.front()) ? "" : "the person is a number of 16 digits";
  if (!wanted) return request.people.empty() ? "" : fmt::format("{} takes no people", name(request.command));
  if (request.people.empty()) return "name at least one person: a number of 16 digits on each line";
  if (request.people.size() > people_at_once)
    return fmt::format("{} people are too many at once; at most {}", request.people.size(), people_at_once);
  for (std::size_t at = 0; at < request.people.size(); ++at)  // never the number itself
    if (!is_person_number(request.people[at])) return fmt::format("entry {} is not a number of 16 digits", at + 1);
  return {};
}

std::string fault_of_path(const Request& request) {
  if (request.command != Command::backup) return request.to.empty() ? "" : "only a backup goes to a directory";
  if (request.to.empty()) return "say where the backup goes: a directory that does not exist yet";
  if (!std::filesystem::path(request.to).is_absolute() || request.to.contains('\0'))
    return "the backup's directory must be an absolute path";
  return {};
}

std::string fault_of_destination(const Request& request) {
  if (request.command == Command::outages) return {};
  const bool wanted =
      request.command == Command::resume || request.command == Command::pause || is_of_a_drain(request.command);
  if (!wanted) return request.destination.empty() ? "" : "only resume, pause, drain and outages name a destination";
  return request.destination.empty() ? "name the destination" : "";
}

std::string fault_of_drain(const Request& request) {
  const auto& words = request.drain;
  if (words.until_ms && request.command != Command::drain_pause) return "only drain pause has an end";
  const DrainWords only_until{{}, {}, {}, {}, words.until_ms};
  if (words != only_until && request.command != Command::drain)
    return "only the beginning of a drain is told its canary, its pace, its daily pause and when to stop by itself";
  return fault_of(words);
}

std::string fault_of_page(const Request& request) {
  const bool pages = !request.after.empty() || request.since_ms;
  if (request.command == Command::facility_ls) return request.since_ms ? "facilities have no beginning" : "";
  if (request.command == Command::queue_ls) return request.since_ms ? "records have no such beginning" : "";
  return pages && request.command != Command::outages
             ? "only outages, facilities and records are listed a page at a time"
             : "";
}

std::string fault_of_queue(const Request& request) {
  if (request.command == Command::queue_show)
    return request.queue.id.empty() ? "name the record by its id or its receipt code" : fault_of(request.queue);
  if (request.command == Command::queue_ls)
    return request.queue.id.empty() ? fault_of(request.queue) : "a list has no id; queue show shows one record";
  return request.queue == QueueWords{} ? "" : fmt::format("{} takes no records", name(request.command));
}

std::string fault_of_clock(const Request& request) {
  return request.clock_is_right && request.command != Command::retain ? "only retain is told about the clock" : "";
}

std::string fault_of_forgetting(const Request& request) {
  const bool forgets = request.forget_damaged || request.forget_lost;
  return forgets && request.command != Command::rotate_keys ? "only keys rotate gives up what cannot be read" : "";
}

std::string fault_of_facilities(const Request& request) {
  const auto command = request.command;
  const auto count = request.facilities.size();
  const bool is_whole = command == Command::facility_add || command == Command::facility_import;
  if ((request.done || request.callback_done) && command != Command::facility_rotate)
    return "only facility rotate has an end";
  if (request.replace && !is_whole) return "only facility add and import replace what is there";
  if (!is_of_facilities(command) || command == Command::facility_ls)
    return count == 0 ? "" : fmt::format("{} takes no facilities", name(command));
  if (count == 0 || (count > 1 && command != Command::facility_import)) return "name one facility";
  if (count > facilities_at_once)
    return fmt::format("{} facilities are too many at once; at most {}", count, facilities_at_once);
  for (std::size_t at = 0; at < count; ++at) {
    const auto& each = request.facilities[at];
    auto fault = is_whole ? fault_of(each) : fault_of_code(each.code);
    if (fault.empty()) fault = fault_of_secret(each.consumer_secret);
    if (fault.empty()) fault = fault_of_callback_secret(each.callback_secret);
    if (!fault.empty()) return count == 1 ? fault : fmt::format("facility {}: {}", at + 1, fault);
  }
  const auto& first = request.facilities.front();
  const int what = int{!first.consumer_secret.empty()} + int{!first.callback_secret.empty()} + int{request.done} +
                   int{request.callback_done};
  if (command == Command::facility_rotate && what != 1)
    return "name the file of the new secret, or say that the rotation is done";
  return {};
}

struct Field {
  const char* name;
  bool (*read)(const ordered_json&, Request&);
};
template <auto Member>
constexpr auto text = [](const ordered_json& value, Request& request) {
  if (!value.is_string()) return false;
  request.*Member = value.get<std::string>();
  return true;
};
template <auto Member>
constexpr auto flag = [](const ordered_json& value, Request& request) {
  request.*Member = value.is_boolean() && value.get<bool>();
  return value.is_boolean();
};
constexpr std::array fields{
    Field{"command",
          [](const ordered_json& value, Request& request) {
            const auto found = value.is_string()
                                   ? find_name<Command>(command_names, value.get_ref<const std::string&>())
                                   : std::nullopt;
            request.command = found.value_or(Command::status);
            return found.has_value();
          }},
    Field{"reason", text<&Request::reason>},
    Field{"to", text<&Request::to>},
    Field{"destination", text<&Request::destination>},
    Field{"after", text<&Request::after>},
    Field{"since_ms",
          [](const ordered_json& value, Request& request) {
            if (!value.is_number_integer()) return false;
            request.since_ms = value.get<std::int64_t>();
            return true;
          }},
    Field{"drain", [](const ordered_json& value, Request& request) { return read_words(value, request.drain); }},
    Field{"queue", [](const ordered_json& value, Request& request) { return read_words(value, request.queue); }},
    Field{"dry_run", flag<&Request::dry_run>},
    Field{"clock_is_right", flag<&Request::clock_is_right>},
    Field{"forget_damaged", flag<&Request::forget_damaged>},
    Field{"forget_lost", flag<&Request::forget_lost>},
    Field{"done", flag<&Request::done>},
    Field{"callback_done", flag<&Request::callback_done>},
    Field{"replace", flag<&Request::replace>},
    Field{"facilities",
          [](const ordered_json& value, Request& request) { return read_facilities(value, request.facilities); }},
    Field{"people",
          [](const ordered_json& value, Request& request) {
            if (!value.is_array()) return false;
            for (const auto& each : value) {
              if (!each.is_string()) return false;
              request.people.push_back(each.get<std::string>());
            }
            return true;
          }},
};

std::optional<Answer> parse_end(const ordered_json& document) {
  Ended ended;
  if (document.contains("error")) {
    const auto kind = document.value("kind", std::string(name(Trouble::failed)));
    ended = in_trouble(find_name<Trouble>(trouble_names, kind).value_or(Trouble::failed),
                       document.at("error").get<std::string>());
  } else {
    if (!document.value("ok", false)) return std::nullopt;
    ended.partial = document.value("partial", false);
    ended.sentence = document.value("sentence", "");
  }
  if (const auto result = document.find("result"); result != document.end()) ended.result = result->dump();
  return ended;
}

}  // namespace

std::string_view name(Command command) {
  return command_names[static_cast<std::size_t>(command)];
}
std::string_view name(Trouble trouble) {
  return trouble_names[static_cast<std::size_t>(trouble)];
}

bool is_person_number(std::string_view text) {
  return text.size() == number_digits && std::ranges::all_of(text, digit);
}

std::string fault_of(const Request& request) {
  for (const auto& check : {fault_of_reason, fault_of_people, fault_of_path, fault_of_destination, fault_of_page,
                            fault_of_clock, fault_of_forgetting, fault_of_drain, fault_of_facilities, fault_of_queue})
    if (auto fault = check(request); !fault.empty()) return fault;
  return {};
}

std::expected<Request, std::string> parse_request(std::string_view line) {
  const auto document = parse_line(line, depth_max);
  if (!document.is_object()) return std::unexpected("a request is one line, a JSON object");
  Request request;
  if (!document.contains("command"))
    return std::unexpected(fmt::format("\"command\" is missing; it is one of: {}", fmt::join(command_names, ", ")));
  for (const auto& [key, value] : document.items()) {
    const auto* field = std::ranges::find_if(fields, [&](const Field& each) { return key == each.name; });
    if (field == fields.end()) return std::unexpected("a request holds a key that is not known here");
    if (field->read(value, request)) continue;
    if (key == "command")
      return std::unexpected(fmt::format("\"command\" must be one of: {}", fmt::join(command_names, ", ")));
    return std::unexpected(fmt::format("\"{}\" has a value of the wrong kind", key));
  }
  if (auto fault = fault_of(request); !fault.empty()) return std::unexpected(std::move(fault));
  return request;
}

std::string encode(const Request& request) {
  ordered_json document{{"command", name(request.command)}};
  if (!request.reason.empty()) document["reason"] = request.reason;
  if (request.dry_run) document["dry_run"] = true;
  if (request.clock_is_right) document["clock_is_right"] = true;
  if (!request.to.empty()) document["to"] = request.to;
  if (!request.destination.empty()) document["destination"] = request.destination;
  if (!request.after.empty()) document["after"] = request.after;
  if (request.since_ms) document["since_ms"] = *request.since_ms;
  if (request.drain != DrainWords{}) document["drain"] = words_json(request.drain);
  if (request.queue != QueueWords{}) document["queue"] = words_json(request.queue);
  if (!request.people.empty()) document["people"] = request.people;
  if (request.forget_damaged) document["forget_damaged"] = true;
  if (request.forget_lost) document["forget_lost"] = true;
  if (!request.facilities.empty()) document["facilities"] = facilities_json(request.facilities);
  if (request.done) document["done"] = true;
  if (request.callback_done) document["callback_done"] = true;
  if (request.replace) document["replace"] = true;
  return line_of(document);
}

std::string encode(const Answer& answer) {
  if (const auto* progress = std::get_if<storage::Progress>(&answer))
    return fmt::format("{{\"done\":{},\"of\":{}}}\n", progress->done, progress->of);
  if (const auto* data = std::get_if<Data>(&answer)) return fmt::format("{{\"data\":{}}}\n", data->json);
  const auto& ended = std::get<Ended>(answer);
  ordered_json document{{"ok", true}};
  if (ended.trouble) document = {{"error", ended.sentence}, {"kind", name(*ended.trouble)}};
  if (ended.partial) document["partial"] = true;
  if (!ended.trouble) document["sentence"] = ended.sentence;
  auto line = line_of(document);
  if (!ended.result.empty()) line.insert(line.size() - 2, ",\"result\":" + ended.result);
  return line;
}

std::optional<Answer> parse_answer(std::string_view line) {
  const auto document = parse_line(line, 64);
  if (!document.is_object()) return std::nullopt;
  try {
    if (document.contains("done"))
      return storage::Progress{document.at("done").get<std::uint64_t>(), document.value("of", std::uint64_t{0})};
    if (const auto data = document.find("data"); data != document.end()) return Data{data->dump()};
    return parse_end(document);
  } catch (const ordered_json::exception&) {  // a value of the wrong kind
    return std::nullopt;
  }
}

}  // namespace titip::admin
