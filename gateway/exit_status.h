// What the program's exit status says. Private to the root.
#pragma once

#include "gateway/admin/wire.h"

namespace titip::gateway {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;  // also a config that cannot be read: starting again would not help
inline constexpr int exit_partial = 3;
inline constexpr int exit_not_found = 4;
inline constexpr int exit_unreachable = 5;
inline constexpr int exit_not_allowed = 6;
// serve: the store is damaged, incomplete or half restored; a person must look, starting again would not help
// (EX_DATAERR of sysexits)
inline constexpr int exit_store_damaged = 65;
inline constexpr int exit_store_failed = 74;  // serve: a write or fsync went wrong; start again (EX_IOERR of sysexits)

constexpr int exit_of(const admin::Ended& ended) {
  if (!ended.trouble) return ended.partial ? exit_partial : exit_ok;
  switch (*ended.trouble) {
    case admin::Trouble::usage:
      return exit_usage;
    case admin::Trouble::not_found:
      return exit_not_found;
    case admin::Trouble::unreachable:
      return exit_unreachable;
    case admin::Trouble::not_allowed:
      return exit_not_allowed;
    case admin::Trouble::failed:
    case admin::Trouble::busy:
      return exit_failed;
  }
  return exit_failed;
}

}  // namespace titip::gateway
