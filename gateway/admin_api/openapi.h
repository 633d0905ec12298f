// The document of the admin API, as it stands in openapi.json.
#pragma once

#include <string_view>

namespace titip::admin_api {

extern const std::string_view openapi_document;

}  // namespace titip::admin_api
