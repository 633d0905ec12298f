// Tokens of the admin API: made, listed, revoked. What is in the file is what counts; the listener reads it again after
// each change.

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>

#include "gateway/admin/tokens.h"
#include "gateway/admin/upkeep.h"
#include "gateway/clock/local_date.h"
#include "metrics/words/said.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;

ordered_json time_or_null(const std::optional<clock::WallTime>& at) {
  return at ? ordered_json(clock::rfc3339(*at)) : ordered_json(nullptr);
}

ordered_json shown(const Token& token, clock::WallTime now) {
  return {{"name", token.name},
          {"role", name(token.role)},
          {"made_at", clock::rfc3339(token.made)},
          {"ends_at", time_or_null(token.ends)},
          {"is_valid", !token.ends || *token.ends > now}};
}

Ended list(const std::vector<Token>& tokens, clock::WallTime now) {
  auto items = ordered_json::array();
  for (const auto& each : tokens) items.push_back(shown(each, now));
  return {{}, false, words::counted(tokens.size(), words::text("tokens")) + ".", ordered_json{{"items", items}}.dump()};
}

// With what became of the listener behind it.
Ended keep(const std::vector<Token>& tokens, const Doors& doors, words::Said sentence, const ordered_json& result) {
  if (const auto kept = write_tokens(token_file(doors.data_directory), tokens); !kept)
    return in_trouble(Trouble::failed, kept.error() + ".");
  if (doors.tokens_changed) sentence += words::verbatim(" ") + doors.tokens_changed();
  return {{}, false, std::move(sentence), result.dump()};
}

Ended add(const TokenWords& words, std::vector<Token> tokens, const Doors& doors) {
  if (std::ranges::any_of(tokens, [&](const Token& each) { return each.name == words.name; }))
    return in_trouble(Trouble::failed, words::said("There is a token named {}; revoke it first, or choose another "
                                                   "name.",
                                                   words.name));
  if (tokens.size() >= tokens_at_most)
    return in_trouble(Trouble::failed,
                      words::said("There are {} tokens already; revoke those that nobody uses.", tokens.size()));
  const auto secret = new_token_secret();
  const auto now = doors.clock.wall();
  Token token{words.name, role_named(words.role).value_or(Role::viewer), token_hash(secret), now, {}};
  if (words.days) token.ends = now + std::chrono::days(static_cast<std::int64_t>(*words.days));
  auto result = shown(token, now);
  result["token"] = secret;
  auto sentence = token.ends
                      ? words::said("{} may act as {} until {}. The token is shown this once.", token.name,
                                    name(token.role), clock::rfc3339(*token.ends))
                      : words::said("{} may act as {}. The token is shown this once.", token.name, name(token.role));
  tokens.push_back(std::move(token));
  return keep(tokens, doors, std::move(sentence), result);
}

Ended revoke(const std::string& called, std::vector<Token> tokens, const Doors& doors) {
  if (std::erase_if(tokens, [&](const Token& each) { return each.name == called; }) == 0)
    return in_trouble(Trouble::not_found, words::said("There is no token named {}.", called));
  return keep(tokens, doors, words::said("{} is revoked: it is refused from now on.", called),
              {{"name", called}, {"left", tokens.size()}});
}

}  // namespace

Ended tokens(const Request& request, const Doors& doors) {
  // Two requests at once must not write over each other.
  static std::mutex changing;
  const std::lock_guard lock(changing);
  auto kept = read_tokens(token_file(doors.data_directory));
  if (!kept) return in_trouble(Trouble::failed, kept.error() + ".");
  if (request.command == Command::token_ls) return list(*kept, doors.clock.wall());
  if (request.command == Command::token_add) return add(request.token, std::move(*kept), doors);
  return revoke(request.token.name, std::move(*kept), doors);
}

}  // namespace titip::admin
