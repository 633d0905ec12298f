// The registry of facilities: added, listed, rotated, disabled and enabled, durable first and then for all to see. What
// stands in the config is changed there alone, so that no file says one thing and the registry another.

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "gateway/admin/upkeep.h"
#include "metrics/words/said.h"
#include "storage/kept_facility.h"

namespace titip::admin {
namespace {

using nlohmann::ordered_json;
using storage::Facility;

constexpr std::size_t page = 500;

Ended keep(const std::vector<Facility>& facilities, const Doors& doors, words::Said sentence, ordered_json result) {
  storage::WaitingHome home;
  const auto kept = storage::keep_facilities(doors.store, doors.sealer, facilities, home);
  if (!kept) return store_trouble(kept.error());
  for (const auto& each : facilities)
    if (const auto added = doors.facilities->add(each); !added)  // it was looked at before, under changing()
      return in_trouble(Trouble::failed, words::said("{}: {}.", each.code, added.error()));
  return {{}, false, std::move(sentence), result.dump()};
}

words::Said end_rotation_first(const Facility& facility) {
  return words::said("it has two secrets already; end that rotation first: titip facility rotate {} --done",
                     facility.code);
}

words::Said end_callback_rotation_first(const Facility& facility) {
  return words::said(
      "its callback has two secrets already; end that rotation first: titip facility rotate {} "
      "--callback-done",
      facility.code);
}

// What is added must be new, or the same as what is there: then an import that was cut short can be run again. Or it
// replaces what is there.
class Adding {
 public:
  Adding(const Doors& doors, bool replaces) : doors_(doors), replaces_(replaces) {}

  // Empty: it is fit, and looked after.
  words::Said take(const Facility& facility) {
    if (!codes_.insert(facility.code).second) return words::said("its code stands twice in this request");
    if (auto why = doors_.facilities->conflict(facility); !why.empty()) return why;
    if (const auto& id = facility.consumer_id; !id.empty())
      if (const auto [other, is_new] = consumers_.emplace(id, facility.code); !is_new)
        return words::said("the consumer id {} is that of {} in this request; each facility has its own", id,
                           other->second);
    const auto found = doors_.facilities->find(facility.code);
    if (!found) {
      changed_.push_back(facility);
      return {};
    }
    if (found->in_config)
      return words::said("it stands in the config; change it there, or take it out and start again");
    if (is_same(facility, *found)) {
      ++unchanged_;
      return {};
    }
    if (!replaces_)
      return words::said(
          "it is registered already, with other values; `titip facility rotate` gives it another secret, --replace "
          "all these values");
    return replace(facility, *found);
  }
  const std::vector<Facility>& changed() const { return changed_; }
  ordered_json counts() const {
    ordered_json counts{{"added", changed_.size() - replaced_}, {"unchanged", unchanged_}};
    if (replaces_) counts["replaced"] = replaced_;
    return counts;
  }
  words::Said sentence(bool only_looks) const {
    const auto added = words::counted(changed_.size() - replaced_, words::text("facilities"));
    const auto replaced = words::grouped(replaced_);
    auto text = only_looks ? words::said("{} would be added.", added) : words::said("{} added.", added);
    if (replaces_)
      text += only_looks ? words::said(" {} would be replaced.", replaced) : words::said(" {} replaced.", replaced);
    if (unchanged_ > 0) text += words::said(" {} there already, and the same.", words::grouped(unchanged_));
    return text;
  }

 private:
  // Nobody is let in by it, and a secret is never lost while clinics may sign with it.
  words::Said replace(Facility to, const Facility& is) {
    to.disabled = is.disabled;
    to.api_key_hash = is.api_key_hash;  // its own command gives and takes them
    to.former_api_key_hash = is.former_api_key_hash;
    if (to.consumer_id == is.consumer_id) {
      const bool rotates = to.consumer_secret != is.consumer_secret;
      if (rotates && !is.former_secret.empty()) return end_rotation_first(is);
      to.former_secret = rotates ? is.consumer_secret : is.former_secret;
    }
    const bool has_both = !to.callback_url.empty() && !is.callback_url.empty();
    if (has_both) {
      const bool rotates = to.callback_secret != is.callback_secret;
      if (rotates && !is.former_callback_secret.empty()) return end_callback_rotation_first(is);
      to.former_callback_secret = rotates ? is.callback_secret : is.former_callback_secret;
    }
    ++replaced_;
    changed_.push_back(std::move(to));
    return {};
  }
  // Whether it was disabled, or given another secret since, is no difference of what was imported.
  static bool is_same(Facility given, const Facility& found) {
    given.disabled = found.disabled;
    given.former_secret = found.former_secret;
    given.former_callback_secret = found.former_callback_secret;
    given.api_key_hash = found.api_key_hash;
    given.former_api_key_hash = found.former_api_key_hash;
    return storage::encode(given) == storage::encode(found);
  }

  const Doors& doors_;
  const bool replaces_;
  std::vector<Facility> changed_;
  std::size_t replaced_ = 0;
  std::size_t unchanged_ = 0;
  std::set<std::string> codes_;
  std::map<std::string, std::string> consumers_;
};

Ended add(const Request& request, const Doors& doors) {
  Adding adding(doors, request.replace);
  auto faults = ordered_json::array();
  words::Said sentence;  // of the first
  for (std::size_t at = 0; at < request.facilities.size(); ++at) {
    const auto& code = request.facilities[at].code;
    const auto fault = adding.take(request.facilities[at]);
    if (fault.empty()) continue;
    if (faults.empty()) sentence = words::said("{}: {}.", code, fault);
    faults.push_back(
        {{"at", at}, {"code", code}, {"fault", fault.english()}, {"fault_id", fault.in(words::Language::id)}});
  }
  if (!faults.empty()) {
    if (faults.size() > 1) sentence += words::said(" So it is with {} more.", faults.size() - 1);
    sentence += words::said(" None was added.");
    const ordered_json result{{"faults", std::move(faults)}};
    return {Trouble::failed, false, std::move(sentence), result.dump()};
  }
  if (request.dry_run || adding.changed().empty())
    return {{}, false, adding.sentence(request.dry_run), adding.counts().dump()};
  return keep(adding.changed(), doors, adding.sentence(false), adding.counts());
}

Ended list(const Request& request, const Doors& doors) {
  const auto found = doors.facilities->page(request.after, page);
  auto shown = ordered_json::array();
  for (const auto& each : found) shown.push_back(shown_json(*each));
  const auto counts = doors.facilities->counts();
  ordered_json result{{"enabled", counts.enabled}, {"disabled", counts.disabled}, {"facilities", std::move(shown)}};
  if (found.size() == page) result["next"] = found.back()->code;
  return {{},
          false,
          words::said("{} enabled, {} disabled.", words::counted(counts.enabled, words::text("facilities")),
                      words::grouped(counts.disabled)),
          result.dump(-1, ' ', false, ordered_json::error_handler_t::replace)};
}

struct Change {
  std::optional<Facility> to;  // none: nothing is to be done
  words::Said sentence;
  bool failed = false;
};

Change rotated(const Facility& is, const std::string& secret) {
  if (is.consumer_id.empty()) return {{}, words::said("{} has no consumer id, so it has no secret.", is.code), true};
  if (secret == is.consumer_secret)
    return {{}, words::said("{} has this secret already; nothing was changed.", is.code)};
  if (!is.former_secret.empty()) return {{}, words::said("{}: {}.", is.code, end_rotation_first(is)), true};
  auto to = is;
  to.former_secret = is.consumer_secret;
  to.consumer_secret = secret;
  return {std::move(to), words::said("Requests of {} are signed with the new secret from now on. Its clinics may sign "
                                     "with either until `titip facility rotate {} --done`.",
                                     is.code, is.code)};
}

Change rotation_done(const Facility& is) {
  if (is.former_secret.empty()) return {{}, words::said("{} has one secret only; nothing was changed.", is.code)};
  auto to = is;
  to.former_secret.clear();
  return {std::move(to), words::said("The former secret of {} is gone.", is.code)};
}

Change callback_rotated(const Facility& is, const std::string& secret) {
  if (is.callback_url.empty()) return {{}, words::said("{} has no callback, so that has no secret.", is.code), true};
  if (secret == is.callback_secret)
    return {{}, words::said("The callback of {} has this secret already; nothing was changed.", is.code)};
  if (!is.former_callback_secret.empty())
    return {{}, words::said("{}: {}.", is.code, end_callback_rotation_first(is)), true};
  auto to = is;
  to.former_callback_secret = is.callback_secret;
  to.callback_secret = secret;
  return {std::move(to), words::said("Callbacks of {} are signed with both secrets until `titip facility rotate {} "
                                     "--callback-done`.",
                                     is.code, is.code)};
}

Change callback_rotation_done(const Facility& is) {
  if (is.former_callback_secret.empty())
    return {{}, words::said("The callback of {} has one secret at most; nothing was changed.", is.code)};
  auto to = is;
  to.former_callback_secret.clear();
  return {std::move(to), words::said("The former secret of the callback of {} is gone.", is.code)};
}

Change key_given(const Facility& is, const std::string& hash) {
  if (!is.former_api_key_hash.empty())
    return {{},
            words::said("{} has two API keys already; when its clinic uses the newer one alone: titip facility key {} "
                        "--done.",
                        is.code, is.code),
            true};
  auto to = is;
  to.former_api_key_hash = is.api_key_hash;
  to.api_key_hash = hash;
  return {std::move(to), is.api_key_hash.empty()
                             ? words::said("{} has an API key. It is shown this once.", is.code)
                             : words::said("{} has a new API key, shown this once. The former one counts too until "
                                           "`titip facility key {} --done`.",
                                           is.code, is.code)};
}

Change key_done(const Facility& is) {
  if (is.former_api_key_hash.empty())
    return {{}, words::said("{} has one API key at most; nothing was changed.", is.code)};
  auto to = is;
  to.former_api_key_hash.clear();
  return {std::move(to), words::said("The former API key of {} is gone.", is.code)};
}

Change keys_revoked(const Facility& is) {
  if (is.api_key_hash.empty() && is.former_api_key_hash.empty())
    return {{}, words::said("{} has no API key; nothing was changed.", is.code)};
  auto to = is;
  to.api_key_hash.clear();
  to.former_api_key_hash.clear();
  return {std::move(to), words::said("No API key lets {} in any more.", is.code)};
}

// Which of its secrets is meant is said by what the request brings.
Change rotated(const Request& request, const Facility& is) {
  const auto& words = request.facilities.front();
  if (request.callback_done) return callback_rotation_done(is);
  if (request.key_done) return key_done(is);
  if (request.keys_revoked) return keys_revoked(is);
  if (!words.api_key_hash.empty()) return key_given(is, words.api_key_hash);
  if (!words.callback_secret.empty()) return callback_rotated(is, words.callback_secret);
  return request.done ? rotation_done(is) : rotated(is, words.consumer_secret);
}

Change switched(const Facility& is, bool disabled) {
  if (is.disabled == disabled)
    return {{},
            disabled ? words::said("{} is disabled already; nothing was changed.", is.code)
                     : words::said("{} is enabled already; nothing was changed.", is.code)};
  auto to = is;
  to.disabled = disabled;
  return {std::move(to), disabled ? words::said("{} is disabled: what it sends is refused. What is in custody is still "
                                                "delivered.",
                                                is.code)
                                  : words::said("{} is enabled.", is.code)};
}

Ended change(const Request& request, const Doors& doors) {
  const auto& words = request.facilities.front();
  const auto found = doors.facilities->find(words.code);
  if (!found)
    return in_trouble(Trouble::not_found,
                      words::said("There is no facility {}. `titip facility ls` lists them.", words.code));
  if (found->in_config)
    return in_trouble(Trouble::failed,
                      words::said("{} stands in the config: change it there, and start again.", words.code));
  auto change = request.command == Command::facility_rotate
                    ? rotated(request, *found)
                    : switched(*found, request.command == Command::facility_disable);
  if (change.failed) return in_trouble(Trouble::failed, std::move(change.sentence));
  const auto result = shown_json(change.to.value_or(*found));
  if (!change.to) return {{}, false, std::move(change.sentence), result.dump()};
  if (request.dry_run) return {{}, false, words::said("It would be: {}", change.sentence), result.dump()};
  return keep({*change.to}, doors, std::move(change.sentence), result);
}

}  // namespace

Ended facility(const Request& request, const Doors& doors) {
  if (doors.facilities == nullptr) return in_trouble(Trouble::not_found, words::said("No facilities are known here."));
  if (request.command == Command::facility_ls) return list(request, doors);
  const auto changing = doors.facilities->changing();
  if (request.command == Command::facility_add || request.command == Command::facility_import)
    return add(request, doors);
  return change(request, doors);
}

}  // namespace titip::admin
