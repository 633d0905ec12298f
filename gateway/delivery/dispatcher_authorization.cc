// Which user name and password an attempt carries, and what the server's answers say of them (authorizations.h).
#include "gateway/delivery/work.h"
#include "metrics/log.h"
#include "storage/kept_authorization.h"
#include "upstream/scheme/bpjs_calls.h"

namespace titip::delivery {

// The clinic's own headers, but for a password that the server refused and of which it has accepted another.
scheme::Credentials Dispatcher::credentials_for(const WorkPtr& work) const {
  auto credentials = credentials_of(work->payload);
  const auto user = scheme::authorization_user(credentials.authorization);
  if (!user) return credentials;
  work->user = {work->record.facility, *user};
  credentials.authorization = authorizations_.choose(*work->user, credentials.authorization);
  work->authorization = credentials.authorization;
  return credentials;
}

// True: the record goes again with another, so nobody has to wait for a person.
bool Dispatcher::has_another_authorization(const WorkPtr& work) {
  if (!work->user) return false;
  if (authorizations_.refused(*work->user, work->authorization) == Authorizations::Refused::another_is_known)
    return true;
  recall_authorization(*work->user, work->authorization);
  return false;
}

// What the server took in an earlier life: if it is another, the pause that begins now ends again.
void Dispatcher::recall_authorization(const Authorizations::User& user, const std::string& refused) {
  const auto name = storage::authorization_object_name(doors_.sealer, options_.destination, user.first, user.second);
  doors_.store.get_object(std::string(storage::authorization_kind), name, doors_.home,
                          [this, user, refused, name](const storage::Result<std::optional<storage::Object>>& object) {
                            if (!object || !*object) return;
                            const auto kept = doors_.sealer.open_object(storage::authorization_kind, name,
                                                                        storage::Sealed{(*object)->bytes});
                            if (!kept || *kept == refused) return;
                            authorizations_.recalled(user, *kept);
                            if (authorizations_.choose(user, refused) != refused) credentials_renewed(user.first);
                          });
}

bool Dispatcher::accepted_authorization(const Authorizations::User& user, const std::string& authorization) {
  if (!authorizations_.accepted(user, authorization)) return false;
  const auto name = storage::authorization_object_name(doors_.sealer, options_.destination, user.first, user.second);
  auto sealed = doors_.sealer.seal_object(storage::authorization_kind, name, authorization);
  // If the store does not take it, it is known until the process ends, and written when it is accepted anew.
  doors_.store.put_objects({{std::string(storage::authorization_kind), name, std::nullopt, std::move(sealed.bytes)}},
                           doors_.home, [](const auto&) {});
  return true;
}

void Dispatcher::authorization_accepted(const std::string& facility, const std::string& authorization) {
  const auto user = scheme::authorization_user(authorization);
  if (!user) return;
  const Authorizations::User whose{facility, *user};
  // Who waits may have been refused with an older one of this user; another user's says nothing of that.
  const bool was_refused = authorizations_.has_refused(whose);
  if (accepted_authorization(whose, authorization) && was_refused) credentials_renewed(facility);
}

}  // namespace titip::delivery
