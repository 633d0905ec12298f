#include "gateway/front/routes.h"

#include <gtest/gtest.h>

namespace titip::front {
namespace {

const std::vector<MountPoint> mounts{{"/pcare-vaksin", "pcare"}, {"/pcare", "old"}, {"/pcare/deep", "deep"}};

TEST(Routes, where_a_path_belongs) {
  struct Row {
    const char* path;
    Place place;
    std::size_t destination;
    const char* rest;
  };
  const Row rows[] = {
      {"/livez", Place::livez, 0, ""},
      {"/readyz", Place::readyz, 0, ""},
      {"/v1/status", Place::status, 0, ""},
      {"/v1/submissions/ABC", Place::submission, 0, "ABC"},
      {"/v1/submissions/", Place::submission, 0, ""},
      {"/v1/submissions", Place::submissions, 0, ""},
      {"/v1/receipts/ABC", Place::receipt, 0, "ABC"},
      {"/v1/receipts", Place::nowhere, 0, ""},
      {"/v1/attention", Place::attention, 0, ""},
      {"/v1/attention/", Place::nowhere, 0, ""},
      {"/openapi.json", Place::openapi, 0, ""},
      {"/v1/destinations/pcare/vaksin/simpan", Place::native, 0, "/vaksin/simpan"},
      {"/v1/destinations/old/x", Place::native, 1, "/x"},
      {"/v1/destinations/pcare/", Place::native, 0, "/"},
      {"/v1/destinations/pcare", Place::nowhere, 0, ""},
      {"/v1/destinations/pcar/x", Place::nowhere, 0, ""},
      {"/v1/destinations//x", Place::nowhere, 0, ""},
      {"/pcare-vaksin/vaksin/simpan", Place::mount, 0, "/vaksin/simpan"},
      {"/pcare-vaksin/", Place::mount, 0, "/"},
      {"/pcare-vaksin", Place::nowhere, 0, ""},
      {"/pcare/x", Place::mount, 1, "/x"},
      {"/pcare-vaksi/x", Place::nowhere, 0, ""},
      {"/PCARE/x", Place::nowhere, 0, ""},
      {"//pcare/x", Place::nowhere, 0, ""},
      {"/", Place::nowhere, 0, ""},
      {"", Place::nowhere, 0, ""},
      {"/livez/", Place::nowhere, 0, ""},
      {"/v1/statusx", Place::nowhere, 0, ""},
  };
  for (const auto& row : rows) {
    const auto located = locate(mounts, row.path);
    EXPECT_EQ(located.place, row.place) << row.path;
    EXPECT_EQ(located.destination, row.destination) << row.path;
    EXPECT_EQ(located.rest, row.rest) << row.path;
  }
}

// The longer mount is the one that is meant, wherever it stands in the config.
TEST(Routes, of_two_mounts_the_longer_one_is_meant) {
  const auto located = locate(mounts, "/pcare/deep/x");
  EXPECT_EQ(located.destination, 2U);
  EXPECT_EQ(located.rest, "/x");
}

}  // namespace
}  // namespace titip::front
