// Sources in the context of their route, and the probe that is made of them.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "metrics/words/said.h"
#include "upstream/profile/load_parts.h"
#include "upstream/profile/shapes.h"
#include "upstream/profile/source.h"

namespace titip::profile {
namespace {

using Parse = std::optional<Source> (*)(std::string_view);

bool has_parameter(const Route& route, std::string_view name) {
  return std::ranges::any_of(segments_of(route.path),
                             [&](std::string_view segment) { return parameter_name(segment) == name; });
}

Complaint unknown_source(const Route& route, std::string_view source, Parse parse) {
  for (const std::string_view alternative : alternatives(source)) {
    const std::optional<Source> parsed = parse(alternative);
    if (!parsed) {
      return words::tell(
          "has an unknown source \"{}\"; write a JSON pointer into the body (\"/nik\"), a segment of the path "
          "(\"{{nik}}\") or \"facility\"",
          alternative);
    }
    if (parsed->kind == SourceKind::parameter && !has_parameter(route, parsed->name)) {
      return words::tell("needs {{{}}}, and the route's path \"{}\" has no such segment; name one that it has",
                         parsed->name, route.path);
    }
  }
  return std::nullopt;
}

Complaint may_be_empty(const Route& route, std::string_view source, Parse parse) {
  for (const std::string_view alternative : alternatives(source)) {
    const std::optional<Source> parsed = parse(alternative);
    if (parsed &&
        (parsed->kind != SourceKind::body || std::ranges::find(route.required, parsed->name) != route.required.end())) {
      return std::nullopt;
    }
  }
  return words::tell("may have no value in a request; add \"{}\" to \"required\"", alternatives(source).front());
}

void complain(const Node& node, std::string_view text, const Complaint& complaint) {
  if (complaint) {
    node.fail(fmt::format("\"{}\" {}", text, *complaint));
  }
}

constexpr std::string_view page_start = "start";
constexpr std::string_view page_limit = "limit";

std::string read_template(const Node& node, const Route& route, bool paged) {
  const std::string text = node.text();
  const auto pieces = pieces_of(text);
  if (!text.starts_with('/') || !pieces) {
    node.fail(words::tell("\"{}\" is not a path template; write it like \"/datavaksin/notiket/{{/noTiket}}\"", text));
    return text;
  }
  for (const Piece& piece : *pieces) {
    if (paged && piece.is_source && (piece.text == page_start || piece.text == page_limit)) continue;
    if (piece.is_source) {
      complain(node, text, unknown_source(route, piece.text, parse_source_in_braces));
      complain(node, text, may_be_empty(route, piece.text, parse_source_in_braces));
    } else if (piece.text.find_first_of(" %#\\\"") != std::string_view::npos ||
               piece.text.find("..") != std::string_view::npos) {
      node.fail(words::tell(
          "\"{}\" has characters that a path cannot have as they are; leave out spaces, %, #, \\ and ..", text));
    }
  }
  return text;
}

std::optional<Paging> read_paging(const Node& node, const std::string& read, const Route& route) {
  node.only({"count", "size"});
  for (const std::string_view name : {page_start, page_limit}) {
    if (!read.contains(fmt::format("{{{}}}", name)))
      node.fail(words::tell("\"read\" does not say which page; write {{{}}} where it stands in its path", name));
    if (has_parameter(route, name))
      node.fail(words::tell("{{{}}} is a segment of the route's own path too; call that one something else", name));
  }
  return Paging{.count = node.at("count").text(body_pointer),
                .size = static_cast<std::uint32_t>(node.at("size").whole(1, 1000))};
}

// "/nik" alone means the same place on both sides.
FieldPair read_pair(const Node& node, const Route& route, bool certain) {
  if (node.value().is_string()) {
    const std::string pointer = node.text(body_pointer);
    return {pointer, certain ? read_certain(node, route) : read_source(node, route)};
  }
  node.only({"in_entry", "in_body"});
  const Node body = node.at("in_body");
  return {node.at("in_entry").text(entry_pointer), certain ? read_certain(body, route) : read_source(body, route)};
}

}  // namespace

std::string read_source(const Node& node, const Route& route) {
  const std::string text = node.text();
  complain(node, text, unknown_source(route, text, parse_source));
  return text;
}

std::string read_certain(const Node& node, const Route& route) {
  const std::string text = read_source(node, route);
  complain(node, text, may_be_empty(route, text, parse_source));
  return text;
}

Probe read_probe_part(const Node& node, const Route& route) {
  node.only({"read", "paging", "entries", "identify", "compare", "empty_codes", "empty_texts", "empty_statuses",
             "among_others"});
  Probe probe;
  probe.read = read_template(node.at("read"), route, node.has("paging"));
  if (node.has("paging")) probe.paging = read_paging(node.at("paging"), probe.read, route);
  probe.entries = node.at("entries").text(body_pointer);
  for (const Node& pair : node.at("identify").items()) {
    probe.identify.push_back(read_pair(pair, route, true));
  }
  if (node.has("among_others")) {
    probe.among_others = node.at("among_others").flag();
  }
  if (probe.identify.empty() && !probe.among_others) {
    node.at("identify")
        .fail(words::tell(
            "this is empty, so any entry would be taken for the record; name the fields that tell it apart"));
  }
  for (const Node& pair : node.at("compare").items()) {
    probe.compare.push_back(read_pair(pair, route, false));
  }
  if (probe.compare.empty()) {
    node.at("compare").fail(words::tell(
        "this is empty, so an old record would pass for this write; name the fields that the write changes"));
  }
  if (node.has("empty_codes")) {
    for (const Node& code : node.at("empty_codes").items()) {
      probe.empty_codes.push_back(static_cast<int>(code.whole(0, 999'999)));
    }
  }
  if (node.has("empty_texts")) {
    probe.empty_texts = node.at("empty_texts").texts();
  }
  if (node.has("empty_statuses")) {
    for (const Node& status : node.at("empty_statuses").items()) {
      probe.empty_statuses.push_back(static_cast<int>(status.whole(200, 299)));
    }
  }
  return probe;
}

}  // namespace titip::profile
