#include "upstream/profile/source.h"

#include <gtest/gtest.h>

namespace titip::profile {
namespace {

std::string shown(const std::optional<Source>& source) {
  if (!source) {
    return "none";
  }
  const char* kinds[] = {"body ", "parameter ", "facility "};
  return kinds[static_cast<int>(source->kind)] + std::string(source->name);
}

TEST(Source, Parse) {
  const struct {
    const char* text;
    const char* alone;
    const char* in_braces;
  } rows[] = {
      {"/nik", "body /nik", "body /nik"},
      {"/a/0/b~1c", "body /a/0/b~1c", "body /a/0/b~1c"},
      {"facility", "facility ", "facility "},
      {"{noKartu}", "parameter noKartu", "none"},
      {"noKartu", "none", "parameter noKartu"},
      {"{}", "none", "none"},
      {"{a-b}", "none", "none"},
      {"{a", "none", "none"},
      {"/a{b}", "none", "none"},
      {"/a~2", "none", "none"},
      {"", "none", "none"},
      {" facility", "none", "none"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    EXPECT_EQ(shown(parse_source(row.text)), row.alone);
    EXPECT_EQ(shown(parse_source_in_braces(row.text)), row.in_braces);
  }
}

TEST(Source, Pieces) {
  const struct {
    const char* text;
    const char* pieces;  // sources in <>
  } rows[] = {
      {"/a/{/b/c}/d", "/a/,</b/c>,/d"},
      {"/a", "/a"},
      {"{a}{b}", "<a>,<b>"},
      {"/{}", "/,<>"},
      {"", ""},
      {"/a/{b", "none"},
      {"/a}", "none"},
      {"/{a{b}}", "none"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    const auto pieces = pieces_of(row.text);
    std::string shown_pieces = pieces ? "" : "none";
    for (const Piece& piece : pieces.value_or(std::vector<Piece>{})) {
      shown_pieces += shown_pieces.empty() ? "" : ",";
      shown_pieces += piece.is_source ? "<" + std::string(piece.text) + ">" : std::string(piece.text);
    }
    EXPECT_EQ(shown_pieces, row.pieces);
  }
}

TEST(Source, PercentEncodingThereAndBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    all.push_back(static_cast<char>(byte));
  }
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a-Z_0.~/ %\xff"), "a-Z_0.~%2F%20%25%FF");
  EXPECT_EQ(percent_decode("%"), std::nullopt);
  EXPECT_EQ(percent_decode("%4"), std::nullopt);
  EXPECT_EQ(percent_decode("%4g"), std::nullopt);
  EXPECT_EQ(percent_decode("%41%6a"), "Aj");
}

}  // namespace
}  // namespace titip::profile
