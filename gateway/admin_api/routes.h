// The admin API as a table: each route is a request of the control socket (gateway/admin/wire.h) and says what of it
// stands in the path, the query and the body. Nothing is done here that the socket could not be asked. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/admin/wire.h"

namespace titip::admin_api {

inline constexpr std::string_view document_path = "/admin/v1/openapi.json";

// How the text of a query's parameter becomes a value of the request.
enum class Kind : std::uint8_t {
  text,
  number,
  words,        // by commas
  seconds_ago,  // a time in the past, in milliseconds since 1970
  json,         // of a body: as it stands
};

struct Field {
  const char* name;
  const char* to;  // JSON pointer into the request
  Kind kind = Kind::json;
};

struct Route {
  const char* method;
  const char* path;  // "/admin/v1/submissions/{id}/hold"
  admin::Command command = admin::Command::status;
  const char* path_to = "";  // where what stands in the path goes; empty: nothing does
  std::span<const Field> query{};
  std::span<const Field> body{};
  const char* set = "";   // a flag of the request that this route sets
  bool is_bulk = false;   // the body says which action; counted before it is done
  const char* look = "";  // where to look how far a long one is
};

std::span<const Route> routes();

struct Found {
  const Route* route = nullptr;      // null: none, or not with this method
  std::string_view parameter;        // as it stands in the path
  std::vector<const char*> methods;  // that are served at this path
};
Found find(std::string_view method, std::string_view path);

}  // namespace titip::admin_api
