#include "gateway/admin/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace titip::admin {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t depth_max = 4;

constexpr std::array command_names{"status",
                                   "resume",
                                   "backup",
                                   "verify",
                                   "keys rotate",
                                   "erase",
                                   "export",
                                   "retain",
                                   "pause",
                                   "drain",
                                   "drain pause",
                                   "drain resume",
                                   "drain status",
                                   "drain cancel",
                                   "outages",
                                   "facility add",
                                   "facility import",
                                   "facility ls",
                                   "facility rotate",
                                   "facility disable",
                                   "facility enable",
                                   "queue ls",
                                   "queue show",
                                   "queue shape",
                                   "hold",
                                   "release",
                                   "requeue",
                                   "cancel",
                                   "edit",
                                   "bulk status",
                                   "bulk resume",
                                   "bulk stop",
                                   "audit verify",
                                   "audit ls",
                                   "edit proposals",
                                   "edit approve",
                                   "edit withdraw",
                                   "admin token add",
                                   "admin token ls",
                                   "admin token revoke"};
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
    Field{"token", [](const ordered_json& value, Request& request) { return read_words(value, request.token); }},
    Field{"dry_run", flag<&Request::dry_run>},
    Field{"clock_is_right", flag<&Request::clock_is_right>},
    Field{"forget_damaged", flag<&Request::forget_damaged>},
    Field{"forget_lost", flag<&Request::forget_lost>},
    Field{"done", flag<&Request::done>},
    Field{"callback_done", flag<&Request::callback_done>},
    Field{"key_done", flag<&Request::key_done>},
    Field{"keys_revoked", flag<&Request::keys_revoked>},
    Field{"replace", flag<&Request::replace>},
    Field{"edits",
          [](const ordered_json& value, Request& request) {
            if (!value.is_array()) return false;
            for (const auto& each : value) {
              if (!each.is_object() || each.size() != 2 || !each.contains("pointer") || !each.contains("value") ||
                  !each.at("pointer").is_string() || !each.at("value").is_string())
                return false;
              request.edits.push_back({each.at("pointer").get<std::string>(), each.at("value").get<std::string>()});
            }
            return true;
          }},
    Field{"digest", text<&Request::digest>},
    Field{"not_landed", flag<&Request::not_landed>},
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

// Under which a sentence stands in English and in Indonesian.
struct SentenceKey {
  const char* english;
  const char* indonesian;
};
constexpr SentenceKey sentence_key{"sentence", "sentence_id"};
constexpr SentenceKey error_key{"error", "error_id"};

void put(ordered_json& document, const SentenceKey& key, const words::Said& sentence) {
  document[key.english] = sentence.english();
  document[key.indonesian] = sentence.in(words::Language::id);
}
// A gateway of before there were both says the one in both.
words::Said taken(const ordered_json& document, const SentenceKey& key) {
  const auto english = document.value(key.english, std::string());
  return {english, document.value(key.indonesian, english)};
}

std::optional<Answer> parse_end(const ordered_json& document) {
  Ended ended;
  if (document.contains("error")) {
    const auto kind = document.value("kind", std::string(name(Trouble::failed)));
    ended = in_trouble(find_name<Trouble>(trouble_names, kind).value_or(Trouble::failed), taken(document, error_key));
  } else {
    if (!document.value("ok", false)) return std::nullopt;
    ended.partial = document.value("partial", false);
    ended.sentence = taken(document, sentence_key);
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

std::expected<Request, words::Said> parse_request(std::string_view line) {
  const auto document = parse_line(line, depth_max);
  if (!document.is_object()) return std::unexpected(words::said("a request is one line, a JSON object"));
  Request request;
  if (!document.contains("command"))
    return std::unexpected(words::said("\"command\" is missing; it is one of: {}", words::joined(command_names, ", ")));
  for (const auto& [key, value] : document.items()) {
    const auto* field = std::ranges::find_if(fields, [&](const Field& each) { return key == each.name; });
    if (field == fields.end()) return std::unexpected(words::said("a request holds a key that is not known here"));
    if (field->read(value, request)) continue;
    if (key == "command")
      return std::unexpected(words::said("\"command\" must be one of: {}", words::joined(command_names, ", ")));
    return std::unexpected(words::said("\"{}\" has a value of the wrong kind", key));
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
  if (request.token != TokenWords{}) document["token"] = words_json(request.token);
  if (!request.people.empty()) document["people"] = request.people;
  if (request.forget_damaged) document["forget_damaged"] = true;
  if (request.forget_lost) document["forget_lost"] = true;
  if (!request.facilities.empty()) document["facilities"] = facilities_json(request.facilities);
  if (request.done) document["done"] = true;
  if (request.callback_done) document["callback_done"] = true;
  if (request.key_done) document["key_done"] = true;
  if (request.keys_revoked) document["keys_revoked"] = true;
  if (request.replace) document["replace"] = true;
  if (!request.digest.empty()) document["digest"] = request.digest;
  if (request.not_landed) document["not_landed"] = true;
  for (const auto& each : request.edits)
    document["edits"].push_back({{"pointer", each.pointer}, {"value", each.value}});
  return line_of(document);
}

std::string encode(const Answer& answer) {
  if (const auto* progress = std::get_if<storage::Progress>(&answer))
    return fmt::format("{{\"done\":{},\"of\":{}}}\n", progress->done, progress->of);
  if (const auto* data = std::get_if<Data>(&answer)) return fmt::format("{{\"data\":{}}}\n", data->json);
  const auto& ended = std::get<Ended>(answer);
  auto document = ordered_json::object();
  if (ended.trouble) {
    put(document, error_key, ended.sentence);
    document["kind"] = name(*ended.trouble);
  } else {
    document["ok"] = true;
  }
  if (ended.partial) document["partial"] = true;
  if (!ended.trouble) put(document, sentence_key, ended.sentence);
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
