// Checks of what ties records together, with the whole profile read: names that must exist, lists that must be equally
// long, and chains that would wait for themselves.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "metrics/words/said.h"
#include "upstream/profile/load_parts.h"
#include "upstream/profile/numbers.h"

namespace titip::profile {
namespace {

const ReferenceKind* find_reference(const Profile& profile, std::string_view name) {
  const auto found = std::ranges::find(profile.references, name, &ReferenceKind::name);
  return found == profile.references.end() ? nullptr : &*found;
}

const Yield* find_yield(const Route& route, std::string_view reference) {
  const auto found = std::ranges::find(route.yields, reference, &Yield::reference);
  return found == route.yields.end() ? nullptr : &*found;
}

// The first route that gives this number; the loader sees to it that all of them agree about its scope.
const Yield* first_yield(const Profile& profile, std::string_view reference) {
  for (const Route& route : profile.routes) {
    if (const Yield* yield = find_yield(route, reference)) return yield;
  }
  return nullptr;
}

void check_references(const Profile& profile, const Node& root) {
  if (!root.has("references")) return;
  const std::vector<Node> nodes = root.at("references").items();
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string& name = profile.references[i].name;
    if (!names.insert(name).second) {
      nodes[i].at("name").fail(words::tell("another reference is named \"{}\"; give each its own name", name));
    }
    if (first_yield(profile, name) == nullptr) {
      nodes[i].at("name").fail(words::tell("no route yields \"{}\"; add it to the \"yields\" of one", name));
    }
  }
}

void check_yields(const Profile& profile, const Route& route, const Node& node) {
  if (!node.has("yields")) return;
  const std::vector<Node> nodes = node.at("yields").items();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Yield& yield = route.yields[i];
    const ReferenceKind* kind = find_reference(profile, yield.reference);
    if (kind == nullptr) {
      nodes[i].at("reference").fail(words::tell("\"references\" has no \"{}\"; add it there", yield.reference));
    } else if (names_month(kind->provisional) && route.business_date.empty()) {
      nodes[i]
          .at("reference")
          .fail(words::tell("the provisional \"{}\" names a month, and the route has no \"business_date\"; add one",
                            kind->provisional));
    }
    const Yield* first = first_yield(profile, yield.reference);
    if (first->scope.size() != yield.scope.size()) {
      nodes[i].fail(words::tell("its scope has {} sources, and another route's has {}; one number has one scope",
                                yield.scope.size(), first->scope.size()));
    }
  }
}

void check_quotes(const Profile& profile, const Route& route, const Node& node) {
  if (!node.has("quotes")) return;
  const std::vector<Node> nodes = node.at("quotes").items();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Quote& quote = route.quotes[i];
    const Yield* yield = first_yield(profile, quote.reference);
    if (yield == nullptr) {
      nodes[i]
          .at("reference")
          .fail(words::tell("no route yields \"{}\"; correct the name, or add it to the "
                            "\"yields\" of one",
                            quote.reference));
      continue;
    }
    const bool fits = route.action == Action::queue ? quote.scope.size() == yield->scope.size()
                                                    : quote.scope.size() <= yield->scope.size();
    if (!fits) {
      nodes[i].fail(
          words::tell("its scope has {} sources, and that of the route that yields \"{}\" has {}; name the "
                      "same, in the same order",
                      quote.scope.size(), quote.reference, yield->scope.size()));
    }
  }
}

void check_requirement(const Profile& profile, const Requirement& requirement, const Node& node) {
  const Route* other = find_route(profile, requirement.route);
  if (other == nullptr || other->action != Action::queue) {
    node.at("route").fail(
        words::tell("no queued route has the id \"{}\"; correct the id or add the route", requirement.route));
  } else if (other->provides.size() != requirement.identity.size()) {
    node.at("identity")
        .fail(words::tell("has {} sources, and the \"provides\" of \"{}\" has {}; name the same, in the "
                          "same order",
                          requirement.identity.size(), other->id, other->provides.size()));
  }
}

void check_completion(const Profile& profile, const Route& route, const Node& node) {
  if (!route.completion) return;
  const Route* other = find_route(profile, route.completion->route);
  if (other == nullptr || other->action != Action::queue) {
    node.at("completes")
        .at("route")
        .fail(
            words::tell("no queued route has the id \"{}\"; correct the id or add the route", route.completion->route));
  }
}

void check_requirements(const Profile& profile, const Route& route, const Node& node) {
  if (node.has("requires")) {
    const std::vector<Node> nodes = node.at("requires").items();
    for (std::size_t i = 0; i < nodes.size(); ++i) check_requirement(profile, route.requirements[i], nodes[i]);
  }
  if (route.takes_back && route.takes_back->requirement) {
    check_requirement(profile, *route.takes_back->requirement, node.at("takes_back"));
  }
}

void check_bounds(const Route& route, const Node& node) {
  const std::size_t waits = route.requirements.size() + route.quotes.size();
  if (route.action == Action::queue && waits > most_keys_of_a_route) {
    node.fail(
        words::tell("has {} entries in \"requires\" and \"quotes\" together; a record waits for {} things at most, "
                    "so leave out those that follow from others",
                    waits, most_keys_of_a_route));
  }
  if (route.yields.size() > most_keys_of_a_route / 2) {
    node.at("yields").fail(words::tell("has {} entries; a record gives {} numbers at most", route.yields.size(),
                                       most_keys_of_a_route / 2));
  }
}

// What must be delivered before a record of this route can be sent.
std::vector<const Route*> waited_for(const Profile& profile, const Route& route) {
  std::vector<const Route*> others;
  for (const Requirement& requirement : route.requirements) {
    if (const Route* other = find_route(profile, requirement.route)) others.push_back(other);
  }
  for (const Quote& quote : route.quotes) {
    for (const Route& other : profile.routes) {
      if (find_yield(other, quote.reference) != nullptr) others.push_back(&other);
    }
  }
  return others;
}

// Records that wait for one another in a circle would wait for ever.
void check_cycles(const Profile& profile, const Node& routes) {
  const std::vector<Node> nodes = routes.items();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Route& start = profile.routes[i];
    std::set<const Route*> seen;
    const std::function<bool(const Route&)> comes_back = [&](const Route& from) {
      return std::ranges::any_of(waited_for(profile, from), [&](const Route* next) {
        return next == &start || (seen.insert(next).second && comes_back(*next));
      });
    };
    if (start.action == Action::queue && comes_back(start)) {
      nodes[i].fail(
          words::tell("\"{}\" requires or quotes what waits for it in turn, so neither would ever be sent; "
                      "break the circle",
                      start.id));
    }
  }
}

}  // namespace

void check_chain(const Profile& profile, const Node& root) {
  check_references(profile, root);
  const std::vector<Node> nodes = root.at("routes").items();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    check_bounds(profile.routes[i], nodes[i]);
    check_yields(profile, profile.routes[i], nodes[i]);
    check_quotes(profile, profile.routes[i], nodes[i]);
    check_requirements(profile, profile.routes[i], nodes[i]);
    check_completion(profile, profile.routes[i], nodes[i]);
  }
  check_cycles(profile, root.at("routes"));
}

}  // namespace titip::profile
