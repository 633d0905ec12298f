// The document of the native API, as it stands in openapi.json.
#pragma once

#include <string_view>

namespace titip::front {

extern const std::string_view openapi_document;

}  // namespace titip::front
