// Checks that need the whole profile: clashes between entries, names that must exist, the end of the rules.
#include <algorithm>
#include <set>

#include "metrics/words/said.h"
#include "upstream/profile/load_parts.h"
#include "upstream/profile/shapes.h"
#include "upstream/profile/source.h"

namespace titip::profile {
namespace {

// Whether one path could fit both.
bool overlap(const Route& one, const Route& other, bool ignores_case) {
  return one.method == other.method && std::ranges::equal(segments_of(one.path), segments_of(other.path),
                                                          [&](std::string_view a, std::string_view b) {
                                                            return parameter_name(a) || parameter_name(b) ||
                                                                   same_literal(a, b, ignores_case);
                                                          });
}

bool is_queued(const Profile& profile, std::string_view route_id) {
  const Route* route = find_route(profile, route_id);
  return route != nullptr && route->action == Action::queue;
}

bool is_catch_all(const OutcomeRule& rule) {
  return rule.http_status.empty() && rule.code.empty() && rule.text.empty() && !rule.envelope && rule.routes.empty();
}

void check_routes(const Profile& profile, const Node& node) {
  const std::vector<Node> nodes = node.items();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (profile.routes[i].id == profile.routes[k].id) {
        nodes[i].at("id").fail(
            words::tell("\"{}\" is the id of /routes/{} too; give each route its own", profile.routes[i].id, k));
      }
      if (overlap(profile.routes[i], profile.routes[k], profile.ignores_path_case)) {
        nodes[i].at("path").fail(
            words::tell("a {} of \"{}\" could be this route or \"{}\" (/routes/{}); make them differ",
                        profile.routes[i].method, profile.routes[i].path, profile.routes[k].path, k));
      }
    }
  }
}

void check_login(const Profile& profile, const Node& root) {
  const bool with_login = profile.scheme.kind == SchemeKind::facility_login;
  bool seen = false;
  const std::vector<Node> nodes = root.at("routes").items();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (profile.routes[i].action != Action::login) {
      continue;
    }
    if (!with_login) {
      nodes[i].at("action").fail(
          words::tell("this profile's scheme has no log-in; use \"proxy\", or the scheme \"facility_login\""));
    } else if (profile.routes[i].method != "POST" || profile.routes[i].path != profile.scheme.login_path) {
      nodes[i].at("action").fail(words::tell("the scheme logs in by POST {}; make this route that one, or a proxy",
                                             profile.scheme.login_path));
    }
    seen = true;
  }
  if (with_login && !seen) {
    root.at("scheme")
        .at("login_path")
        .fail(words::tell(
            "no route serves it; add one with \"method\": \"POST\", \"path\": \"{}\", \"action\": \"login\"",
            profile.scheme.login_path));
  }
}

void check_rule_names(const Profile& profile, const Node& node, const OutcomeRule& rule) {
  if (!node.has("routes")) {
    return;
  }
  const std::vector<Node> names = node.at("routes").items();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!is_queued(profile, rule.routes[i])) {
      names[i].fail(words::tell("no queued route has the id \"{}\"; correct the id or add the route", rule.routes[i]));
    }
  }
  if (names.empty()) {
    node.at("routes").fail(
        words::tell("this is empty, so the rule matches nothing; name routes, or remove the key for all of them"));
  }
}

void check_rules(const Profile& profile, const Node& node) {
  const std::vector<Node> nodes = node.items();
  std::set<std::string_view> ids;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const OutcomeRule& rule = profile.rules[i];
    if (!ids.insert(rule.id).second) {
      nodes[i].at("id").fail(words::tell("another rule has the id \"{}\"; give each rule its own", rule.id));
    }
    check_rule_names(profile, nodes[i], rule);
    if (is_catch_all(rule) && i + 1 < nodes.size()) {
      nodes[i].fail(
          words::tell("matches everything, so the rules after it are never reached; move \"{}\" to the end", rule.id));
    }
  }
  // That it is `unknown`, read_rule has seen to: every other outcome demands evidence.
  if (nodes.empty() || !is_catch_all(profile.rules.back())) {
    node.fail(words::tell(
        "the last rule must match everything: end with {{\"id\": \"anything-else\", \"outcome\": \"unknown\", "
        "\"served\": false}}"));
  }
  for (const Route& route : profile.routes) {
    const auto can_deliver = [&](const OutcomeRule& rule) {
      return rule.outcome == RuleOutcome::delivered &&
             (rule.routes.empty() || std::ranges::find(rule.routes, route.id) != rule.routes.end());
    };
    if (route.action == Action::queue && std::ranges::none_of(profile.rules, can_deliver)) {
      node.fail(words::tell("no rule can deliver \"{}\"; add one that recognises the service's success", route.id));
    }
  }
}

void check_fixtures(const Profile& profile, const Node& root) {
  if (!root.has("fixtures")) {
    return;
  }
  const std::vector<Node> nodes = root.at("fixtures").items();
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Fixture& fixture = profile.fixtures[i];
    if (!names.insert(fixture.name).second) {
      nodes[i].at("name").fail(words::tell("another fixture is named \"{}\"; give each its own name", fixture.name));
    }
    for (const std::string& route : fixture.routes) {
      if (!is_queued(profile, route)) {
        nodes[i].at("route").fail(words::tell("no queued route has the id \"{}\"; correct it", route));
      }
    }
    if (fixture.routes.empty()) {
      nodes[i].at("route").fail(words::tell("this is empty, so the fixture would never run; name a route"));
    }
    if (std::ranges::find(profile.rules, fixture.expect_rule, &OutcomeRule::id) == profile.rules.end()) {
      nodes[i].at("expect_rule").fail(words::tell("no rule has the id \"{}\"; correct it", fixture.expect_rule));
    }
  }
}

void check_envelope(const Envelope& shape, const Node& node) {
  if (pointers_clash(shape.response_pointer, shape.code_pointer) ||
      pointers_clash(shape.response_pointer, shape.message_pointer) ||
      pointers_clash(shape.code_pointer, shape.message_pointer)) {
    node.fail(words::tell("one part lies inside another; give response, code and message places of their own"));
  }
}

}  // namespace

void check_whole(const Profile& profile, const Node& root) {
  check_envelope(profile.envelope, root.at("envelope"));
  check_routes(profile, root.at("routes"));
  check_login(profile, root);
  check_chain(profile, root);
  check_rules(profile, root.at("rules"));
  check_fixtures(profile, root);
}

}  // namespace titip::profile
