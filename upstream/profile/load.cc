#include <nlohmann/json.hpp>

#include "metrics/words/said.h"
#include "upstream/profile/load_parts.h"
#include "upstream/profile/mounts.h"
#include "upstream/profile/numbers.h"
#include "upstream/profile/shapes.h"

namespace titip::profile {

Scheme read_scheme(const Node& node) {
  Scheme scheme;
  scheme.kind = node.at("kind").choice<SchemeKind>({{"none", SchemeKind::none},
                                                    {"facility_login", SchemeKind::facility_login},
                                                    {"bpjs_signature", SchemeKind::bpjs_signature}});
  if (scheme.kind == SchemeKind::none) {
    node.only({"kind"});
    return scheme;
  }
  if (scheme.kind == SchemeKind::bpjs_signature) {
    node.only({"kind", "encrypted_replies"});
    scheme.encrypted_replies = node.at("encrypted_replies")
                                   .choice<EncryptedReplies>({{"by_user_key", EncryptedReplies::by_user_key},
                                                              {"always", EncryptedReplies::always},
                                                              {"never", EncryptedReplies::never}});
    return scheme;
  }
  node.only(
      {"kind", "facility_header", "login_path", "username_pointer", "password_pointer", "login_facility_pointer"});
  scheme.facility_header = node.at("facility_header").text(header_name);
  scheme.login_path = node.at("login_path").text(fixed_path);
  scheme.username_pointer = node.at("username_pointer").text(envelope_pointer);
  scheme.password_pointer = node.at("password_pointer").text(envelope_pointer);
  scheme.login_facility_pointer = node.at("login_facility_pointer").text(body_pointer);
  if (pointers_clash(scheme.username_pointer, scheme.password_pointer)) {
    node.at("password_pointer").fail(words::tell("this is the user name's place too; give the password its own"));
  }
  return scheme;
}

Envelope read_envelope_shape(const Node& node) {
  node.only({"response_pointer", "code_pointer", "message_pointer"});
  return {.response_pointer = node.at("response_pointer").text(envelope_pointer),
          .code_pointer = node.at("code_pointer").text(envelope_pointer),
          .message_pointer = node.at("message_pointer").text(envelope_pointer)};
}

ReferenceKind read_reference_kind(const Node& node) {
  node.only({"name", "provisional"});
  return {.name = node.at("name").text(reference_name),
          .provisional = node.at("provisional").text(provisional_complaint)};
}

namespace {

void read_conventions(const Node& root, Profile& profile) {
  if (root.has("date_format")) {
    profile.date_format =
        root.at("date_format")
            .choice<DateFormat>({{"yyyy-MM-dd", DateFormat::year_first}, {"dd-MM-yyyy", DateFormat::day_first}});
  }
  if (root.has("path_case")) {
    profile.ignores_path_case = root.at("path_case").choice<bool>({{"exact", false}, {"ignore", true}});
  }
  if (root.has("references")) {
    for (const Node& node : root.at("references").items()) {
      profile.references.push_back(read_reference_kind(node));
    }
  }
}

Profile read_profile(const Node& root) {
  root.only({"name", "version", "mount", "scheme", "envelope", "health_read", "utc_offset", "idempotency_header",
             "honours_idempotency_key", "date_format", "path_case", "references", "routes", "rules", "fixtures"});
  Profile profile;
  profile.name = root.at("name").text(plain_name);
  profile.version = static_cast<std::uint32_t>(root.at("version").whole(1, 1'000'000));
  profile.mount = root.at("mount").text(mount_complaint);
  profile.scheme = read_scheme(root.at("scheme"));
  profile.envelope = read_envelope_shape(root.at("envelope"));
  profile.health_read = root.at("health_read").text(fixed_path);
  profile.utc_offset = parse_utc_offset(root.at("utc_offset").text(utc_offset_shape)).value_or(std::chrono::minutes{0});
  profile.idempotency_header =
      root.has("idempotency_header") ? root.at("idempotency_header").text(header_name) : "Idempotency-Key";
  if (root.has("honours_idempotency_key")) profile.honours_idempotency_key = root.at("honours_idempotency_key").flag();
  read_conventions(root, profile);
  for (const Node& node : root.at("routes").items()) {
    profile.routes.push_back(read_route(node));
  }
  for (const Node& node : root.at("rules").items()) {
    profile.rules.push_back(read_rule(node));
  }
  if (root.has("fixtures")) {
    for (const Node& node : root.at("fixtures").items()) {
      profile.fixtures.push_back(read_fixture(node));
    }
  }
  if (profile.routes.empty()) {
    root.at("routes").fail(words::tell("this is empty; a service has at least one route"));
  }
  return profile;
}

}  // namespace

std::expected<Profile, ProfileError> load_profile(std::string_view json_text) {
  std::optional<ProfileError> fault;
  const auto file = parse_profile_text(json_text, fault);
  if (file) {
    const Node root(&*file, "", &fault);
    Profile profile = read_profile(root);
    if (!fault) {  // the lists in `profile` are as long as those in the file only if nothing was wrong
      check_whole(profile, root);
    }
    if (!fault) {
      return profile;
    }
  }
  return std::unexpected(*fault);
}

}  // namespace titip::profile
