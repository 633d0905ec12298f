#include "storage/store.h"

namespace titip::storage {

std::string_view name(Error error) {
  switch (error) {
    case Error::unavailable:
      return "unavailable";
    case Error::in_doubt:
      return "in_doubt";
    case Error::overloaded:
      return "overloaded";
    case Error::corrupt:
      return "corrupt";
    case Error::too_late:
      return "too_late";
    case Error::over_quota:
      return "over_quota";
  }
  return "?";
}

std::string_view name(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::accepted:
      return "accepted";
    case VerdictKind::replayed:
      return "replayed";
    case VerdictKind::key_reused:
      return "key_reused";
    case VerdictKind::conflict:
      return "conflict";
    case VerdictKind::not_replaceable:
      return "not_replaceable";
  }
  return "?";
}

}  // namespace titip::storage
