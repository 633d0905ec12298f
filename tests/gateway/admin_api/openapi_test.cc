// The document of the admin API and its routes must be the same, in both directions: paths, methods, what stands in the
// query and in the body, and the role that each needs.
#include "gateway/admin_api/openapi.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/gateway/admin_api/api_fixture.h"

namespace titip::admin_api {
namespace {

using nlohmann::json;
using Complaints = std::vector<std::string>;
using Names = std::set<std::string>;

json document() {
  return json::parse(openapi_document);
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

Names names_of(std::span<const Field> fields) {
  Names names;
  for (const auto& each : fields) names.insert(each.name);
  return names;
}
Names parameters_of(const json& operation) {
  Names names;
  for (const auto& each : operation.value("parameters", json::array()))
    names.insert(each.at("name").get<std::string>());
  return names;
}
Names properties_of(const json& operation) {
  Names names;
  const json::json_pointer at("/requestBody/content/application~1json/schema/properties");
  if (operation.contains(at))
    for (const auto& [name, schema] : operation.at(at).items()) names.insert(name);
  return names;
}

Complaints disagreements(const json& document) {
  Complaints found;
  std::map<std::string, const Route*> served;
  for (const auto& each : routes()) served.emplace(lower(each.method) + " " + each.path, &each);
  Names documented;
  for (const auto& [path, item] : document.at("paths").items())
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      const auto where = method + " " + path;
      documented.insert(where);
      if (path == document_path && method == "get") continue;
      const auto route = served.find(where);
      if (route == served.end()) {
        found.push_back(where + " is not served");
        continue;
      }
      if (parameters_of(operation) != names_of(route->second->query)) found.push_back(where + " takes another query");
      if (properties_of(operation) != names_of(route->second->body)) found.push_back(where + " takes another body");
      const auto role = fmt::format("Needs the role {}.", admin::name(admin::least_role(route->second->command)));
      if (operation.value("description", "") != role) found.push_back(where + " needs another role");
    }
  for (const auto& [where, route] : served)
    if (!documented.contains(where)) found.push_back(where + " is not documented");
  return found;
}

TEST(AdminOpenApi, routes_and_document_agree) {
  EXPECT_EQ(disagreements(document()), Complaints{});
}

// The control: whatever is taken away, made up or renamed is found.
TEST(AdminOpenApi, a_document_that_disagrees_is_found_out) {
  for (const auto& [path, item] : document().at("paths").items())
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters" || path == document_path) continue;
      const auto where = method + (" " + path);
      auto less = document();
      less["paths"][path].erase(method);
      EXPECT_EQ(disagreements(less), Complaints{where + " is not documented"});
      auto role = document();
      role["paths"][path][method]["description"] = "Needs nothing.";
      EXPECT_EQ(disagreements(role), Complaints{where + " needs another role"});
      auto query = document();
      query["paths"][path][method]["parameters"].push_back({{"name", "made_up"}});
      EXPECT_EQ(disagreements(query), Complaints{where + " takes another query"});
      auto body = document();
      body["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]["properties"]["made_up"] =
          json::object();
      EXPECT_EQ(disagreements(body), Complaints{where + " takes another body"});
    }
  auto more = document();
  more["paths"]["/admin/v1/nothing"] = {{"get", json::object()}};
  EXPECT_EQ(disagreements(more), Complaints{"get /admin/v1/nothing is not served"});
}

class AdminOpenApiServed : public ApiFixture {};

TEST_F(AdminOpenApiServed, is_served_to_anybody_as_it_stands) {
  const auto response = call("GET", std::string(document_path), "");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, openapi_document);
  EXPECT_EQ(json::parse(response.body).at("openapi"), "3.1.0");
}

// Every documented path leads somewhere with its methods, and with no other.
TEST_F(AdminOpenApiServed, every_documented_place_answers_to_its_methods_alone) {
  const auto all = document();
  for (const auto& [path, item] : all.at("paths").items()) {
    if (path == document_path) continue;
    auto target = path;
    if (const auto open = target.find('{'); open != std::string::npos)
      target.replace(open, target.find('}') - open + 1, "x");
    for (const std::string method : {"get", "post", "put", "delete", "patch"}) {
      auto verb = method;
      std::ranges::transform(verb, verb.begin(), [](char c) { return static_cast<char>(c - 32); });
      const auto response = as("admin", verb, target, verb == "GET" ? json(nullptr) : json("["));
      EXPECT_EQ(response.status != 405, item.contains(method)) << verb << " " << path;
      if (verb == "GET")
        EXPECT_EQ(as("admin", "HEAD", target).status, response.status) << path << ": the document says so of them all";
      if (response.status == 405) EXPECT_FALSE(header(response, "Allow").empty()) << path;
    }
  }
  EXPECT_EQ(as("admin", "GET", "/admin/v1/nothing").status, 404);
  EXPECT_EQ(as("admin", "GET", "/admin/v1/submissions/a/b").status, 404);
  EXPECT_EQ(as("admin", "GET", "/v1/status").status, 404);
}

}  // namespace
}  // namespace titip::admin_api
