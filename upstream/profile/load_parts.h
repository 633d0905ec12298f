// The loader's parts: one function for each kind of entry in a profile. Private to the loader.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "upstream/profile/node.h"
#include "upstream/profile/profile.h"

namespace titip::profile {

// The file's JSON; a syntax error (line and column) or a key written twice is the fault.
std::optional<nlohmann::json> parse_profile_text(std::string_view text, std::optional<ProfileError>& fault);

Scheme read_scheme(const Node& node);
Envelope read_envelope_shape(const Node& node);
ReferenceKind read_reference_kind(const Node& node);
Route read_route(const Node& node);
OutcomeRule read_rule(const Node& node);
Fixture read_fixture(const Node& node);

// Read in the context of their route, whose path and `required` are known by then.
std::string read_source(const Node& node, const Route& route);   // names things that the route has
std::string read_certain(const Node& node, const Route& route);  // and has a value in every request that is accepted
Probe read_probe_part(const Node& node, const Route& route);
void read_quotes(const Node& node, Route& route);
void read_chain(const Node& node, Route& route);                             // once its probe and quotes are known
Acknowledgement read_acknowledgement(const Node& node, const Route& route);  // once its yields are known
CacheRule read_cache_rule(const Node& node, const Route& route);
Completion read_completion(const Node& node, const Route& route);

// What can only be seen with everything read: clashes, and names that must exist. `root` is the file.
void check_whole(const Profile& profile, const Node& root);
void check_chain(const Profile& profile, const Node& root);  // its part about numbers and requirements

}  // namespace titip::profile
