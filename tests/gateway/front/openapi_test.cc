// The document of the API and what is served must be the same, in both directions; and an answer has the shape that the
// document says.
#include "gateway/front/openapi.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "gateway/front/routes.h"
#include "tests/gateway/front/native_world.h"

namespace titip::front {
namespace {

using nlohmann::json;
using tests::NativeWorld;

const std::vector<http::Header> nobody;
using Complaints = std::vector<std::string>;

constexpr std::array methods{"get", "post", "put", "delete", "patch"};

json document() {
  return json::parse(openapi_document);
}

class OpenApiTest : public testing::Test, public NativeWorld {
 protected:
  OpenApiTest() { record_ = records.settle(records.put({}), storage::Event::rejected, "tglLahir tidak valid"); }

  // A path of the document with something that is there for each parameter.
  std::string sample(std::string path) const {
    const std::map<std::string, std::string> values{{"{id}", record_.id.text()},
                                                    {"{code}", record_.receipt},
                                                    {"{destination}", "pcare-vaksin"},
                                                    {"{mount}", "pcare-vaksin"},
                                                    {"{path}", "vaksin/simpan"}};
    for (const auto& [name, value] : values)
      if (const auto at = path.find(name); at != std::string::npos) path.replace(at, name.size(), value);
    return path;
  }
  static std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(c - 32);
    return text;
  }
  Place place_of(const std::string& path) const {
    return locate({{"/pcare-vaksin", "pcare-vaksin"}}, sample(path)).place;
  }

  // Whether any route of a shipped profile is served with that method: on a mount and below a destination the profile
  // says which.
  bool is_routed(const std::string& method, Place place) {
    const std::pair<std::string, const profile::Profile*> services[] = {{"pcare-vaksin", &by_header},
                                                                        {"signed", &by_signature}};
    for (const auto& [name, profile] : services) {
      for (const auto& route : profile->routes) {
        if (route.method != upper(method)) continue;
        auto path = route.path;  // its parameters may be anything
        std::erase_if(path, [](char c) { return c == '{' || c == '}'; });
        const auto base = place == Place::mount ? profile->mount : "/v1/destinations/" + name;
        const int status = ask(upper(method), base + path).status;
        return status != 404 && status != 405;
      }
    }
    return false;
  }

  Complaints disagreements(const json& document) {
    Complaints found;
    std::set<Place> documented;
    for (const auto& [path, item] : document.at("paths").items()) {
      const auto place = place_of(path);
      if (place == Place::nowhere) {
        found.push_back(path + " leads nowhere");
        continue;
      }
      if (!documented.insert(place).second) found.push_back(path + " stands there twice");
      const auto served = [&](const std::string& verb) {
        const int status = ask(verb, sample(path), named()).status;
        return status != 404 && status != 405;
      };
      // What the document says of them all.
      if (place != Place::mount && place != Place::native && served("HEAD") != served("GET"))
        found.push_back(path + " has no HEAD where it has a GET");
      for (const std::string method : methods) {
        const bool is_open = place == Place::mount || place == Place::native;
        const bool is_served = is_open ? is_routed(method, place) : served(upper(method));
        if (item.contains(method) != is_served)
          found.push_back(fmt::format("{} {} is {}", method, path, is_served ? "not documented" : "not served"));
      }
    }
    for (int each = static_cast<int>(Place::nowhere) + 1; each <= static_cast<int>(Place::mount); ++each)
      if (!documented.contains(static_cast<Place>(each)))
        found.push_back(fmt::format("{} is not documented", name(static_cast<Place>(each))));
    return found;
  }

  storage::Submission record_;
};

TEST_F(OpenApiTest, is_served_as_it_stands) {
  const auto response = get("/openapi.json", nobody);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, openapi_document);
  EXPECT_EQ(json::parse(response.body).at("openapi"), "3.1.0");
}

TEST_F(OpenApiTest, routes_and_document_agree) {
  EXPECT_EQ(disagreements(document()), Complaints{});
}

// The control: whatever is taken away or made up is found.
TEST_F(OpenApiTest, a_document_that_disagrees_is_found_out) {
  for (const auto& [path, item] : document().at("paths").items()) {
    auto less = document();
    less["paths"].erase(path);
    EXPECT_EQ(disagreements(less).size(), 1U) << path;
    for (const auto* method : methods) {
      auto other = document();
      auto& changed = other["paths"][path];
      if (changed.contains(method)) {
        changed.erase(method);
      } else {
        changed[method] = item.begin().value();
      }
      EXPECT_EQ(disagreements(other).size(), 1U) << method << path;
    }
  }
  auto more = document();
  more["paths"]["/v1/nothing"] = {{"get", json::object()}};
  EXPECT_EQ(disagreements(more), Complaints{"/v1/nothing leads nowhere"});
}

// Enough of JSON Schema for this document: types, members, enums, references, one of several.
class Shape {
 public:
  explicit Shape(const json& document) : document_(document) {}

  Complaints complaints(const json& value, const json& schema, const std::string& at) const {
    if (schema.contains("$ref"))
      return complaints(value, document_.at(json::json_pointer(schema.at("$ref").get<std::string>().substr(1))), at);
    if (schema.contains("oneOf")) {
      for (const auto& each : schema.at("oneOf"))
        if (complaints(value, each, at).empty()) return {};
      return {at + " is none of those"};
    }
    if (schema.contains("enum") && std::ranges::count(schema.at("enum"), value) == 0)
      return {fmt::format("{} is {}", at, value.dump())};
    if (schema.contains("type") && !is_of(value, schema.at("type"))) return {at + " is of another type"};
    Complaints found;
    if (value.is_array())
      for (const auto& each : value) add(found, complaints(each, schema.at("items"), at + "/-"));
    if (!value.is_object() || !schema.contains("properties")) return found;
    for (const auto& name : schema.value("required", json::array()))
      if (!value.contains(name)) found.push_back(fmt::format("{}/{} is missing", at, name.get<std::string>()));
    for (const auto& [name, member] : value.items()) {
      const auto& properties = schema.at("properties");
      if (properties.contains(name)) {
        add(found, complaints(member, properties.at(name), at + "/" + name));
      } else if (schema.value("additionalProperties", json(true)) == json(false)) {
        found.push_back(fmt::format("{}/{} is not documented", at, name));
      }
    }
    return found;
  }

 private:
  static void add(Complaints& to, Complaints more) { to.insert(to.end(), more.begin(), more.end()); }
  static bool is_of(const json& value, const json& types) {
    if (types.is_array()) return std::ranges::any_of(types, [&](const auto& each) { return is_of(value, each); });
    const std::string type = types;
    return type == "object"    ? value.is_object()
           : type == "array"   ? value.is_array()
           : type == "string"  ? value.is_string()
           : type == "integer" ? value.is_number_integer()
           : type == "boolean" ? value.is_boolean()
                               : type == "null" && value.is_null();
  }
  const json& document_;
};

TEST_F(OpenApiTest, answers_have_the_documented_shape) {
  const auto all = document();
  records.hold(records.put({.at = tests::morning + std::chrono::seconds(1)}), storage::HoldReason::person);
  const auto body = R"({"nik":"3300000000000001","noTiket":"A","dosis":1,"tglVaksin":"2021-08-16"})";
  const auto complaints = [&](const http::Response& response, const std::string& path, const std::string& method) {
    const auto& told = all.at("paths").at(path).at(method).at("responses");
    const auto status = std::to_string(response.status);
    if (!told.contains(status)) return Complaints{path + " answers " + status};
    json what = told.at(status);
    if (what.contains("$ref")) what = all.at(json::json_pointer(what.at("$ref").get<std::string>().substr(1)));
    if (!what.at("content").contains(response.content_type))
      return Complaints{path + " answers " + response.content_type};
    return Shape(all).complaints(json::parse(response.body), what.at("content").at(response.content_type).at("schema"),
                                 path + " " + status);
  };
  const std::string native = "/v1/destinations/{destination}/{path}";
  for (const int status : {202, 202, 422, 401}) {
    const auto response =
        ask("POST", sample(native), status == 401 ? std::vector<http::Header>{} : named(), status == 422 ? "{}" : body);
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(complaints(response, native, "post"), Complaints{});
  }
  const auto taken = ask("POST", sample(native), named(), body);
  records.settle(records.load(*storage::SubmissionId::parse(header(taken, "Titip-Submission-Id"))),
                 storage::Event::delivered, "OK", 200);
  const auto ended = ask("POST", sample(native), named(), body);
  EXPECT_EQ(ended.status, 200);
  EXPECT_TRUE(json::parse(ended.body).contains("national")) << ended.body;
  EXPECT_EQ(complaints(ended, native, "post"), Complaints{});
  for (const std::string path :
       {"/v1/submissions", "/v1/submissions/{id}", "/v1/receipts/{code}", "/v1/attention", "/v1/status"}) {
    const auto response = get(sample(path));
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(complaints(response, path, "get"), Complaints{});
    auto other = response;
    auto changed = json::parse(other.body);
    changed["made_up"] = 1;
    other.body = changed.dump();
    EXPECT_EQ(complaints(other, path, "get").empty(), path == "/v1/status") << "the control: " << path;
  }
  EXPECT_EQ(complaints(get("/v1/submissions?state=x"), "/v1/submissions", "get"), Complaints{});
  EXPECT_EQ(complaints(get("/v1/attention", nobody), "/v1/attention", "get"), Complaints{});
  EXPECT_EQ(complaints(get("/v1/receipts/x", nobody), "/v1/receipts/{code}", "get"), Complaints{});
}

}  // namespace
}  // namespace titip::front
