#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <nlohmann/json.hpp>

#include "gateway/clock/local_date.h"
#include "gateway/front/attention_views.h"
#include "metrics/words/said.h"
#include "upstream/scheme/base64.h"

namespace titip::front {
namespace {

constexpr std::string_view style =
    "body{font:11pt/1.4 sans-serif;margin:2em auto;max-width:48em;color:#111}"
    "h1{font-size:16pt}section{border-top:1px solid #777;padding:.6em 0;break-inside:avoid}"
    "h2{font-size:12pt;margin:.2em 0}dl{display:grid;grid-template-columns:11em 1fr;gap:.15em .8em;margin:.4em 0}"
    "dt{color:#555}dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}.do{font-weight:bold}"
    "@media print{body{margin:0;max-width:none}a{display:none}}";

std::string escaped(std::string_view value) {
  std::string made;
  for (const char c : clean_text(value)) {
    switch (c) {
      case '&':
        made += "&amp;";
        break;
      case '<':
        made += "&lt;";
        break;
      case '>':
        made += "&gt;";
        break;
      case '"':
        made += "&quot;";
        break;
      case '\'':
        made += "&#39;";
        break;
      default:
        made += c;
    }
  }
  return made;
}

using words::Language;

std::string row(std::string_view term, std::string_view value) {
  return value.empty() ? std::string() : fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(term), escaped(value));
}

std::string paragraph(std::string_view text) {
  return fmt::format("<p>{}</p>\n", escaped(text));
}

std::string local_time(clock::WallTime at, std::chrono::minutes utc_offset) {
  return fmt::format("{} {} {}", clock::local_date(at, utc_offset), clock::local_hour_minute(at, utc_offset),
                     clock::zone_name(utc_offset));
}

words::Text state_word(std::string_view state) {
  if (state == "rejected") return words::text("Refused by the national server");
  if (state == "expired") return words::text("Not sent any more");
  return words::text("Held back");
}

// The members of an object, one a line; anything else as it was sent.
std::string sent_rows(const reads::AttentionItem::Text& sent, Language language) {
  const auto document = sent.cut ? nlohmann::ordered_json() : nlohmann::ordered_json::parse(sent.body, nullptr, false);
  std::string rows;
  if (document.is_object()) {
    for (const auto& [name, value] : document.items())
      rows +=
          row(name, value.is_string() ? value.get<std::string>()
                                      : value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else {
    rows = row(words::text("Body").in(language), sent.body);
  }
  return sent.cut ? rows + row("", words::text("(cut)").in(language)) : rows;
}

std::string section(const reads::AttentionItem& item, std::chrono::minutes utc_offset, Language language) {
  const auto named = [&](words::Text term, std::string_view value) { return row(term.in(language), value); };
  auto text = fmt::format("<section>\n<h2>{}: {}</h2>\n<dl>\n", escaped(state_word(item.state).in(language)),
                          escaped(item.route));
  text += fmt::format("<dt>{}</dt><dd class=\"do\">{}</dd>\n", escaped(words::text("What to do now").in(language)),
                      escaped(item.to_do.in(language)));
  text += named(words::text("What the national server said"), item.server_words);
  if (item.http_status != 0) text += named(words::text("HTTP status"), std::to_string(item.http_status));
  text += named(words::text("Accepted by Titip"), local_time(item.accepted_at, utc_offset));
  if (item.deadline) text += named(words::text("Deadline"), local_time(*item.deadline, utc_offset));
  text += named(words::text("Service"), item.destination);
  text += named(words::text("Receipt code"), item.receipt);
  text += "</dl>\n";
  if (item.content_erased) text += paragraph(words::text("The content of this was erased from Titip.").in(language));
  if (item.sent)
    text +=
        fmt::format("<h2>{}</h2>\n<dl>\n{}{}</dl>\n", escaped(words::text("What you sent").in(language)),
                    named(words::text("Request"), item.method + " " + item.target), sent_rows(*item.sent, language));
  return text + "</section>\n";
}

}  // namespace

std::string attention_page(const AttentionView& view) {
  const auto language = view.wanted.value_or(Language::id);
  const auto title = escaped(words::text("What needs attention").in(language));
  auto text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{}</title>\n"
      "<style>{}</style>\n</head>\n<body>\n<h1>{}</h1>\n",
      words::name(language), title, style,
      escaped(words::said("What needs attention: facility {}", view.owner.facility).in(language)));
  text +=
      paragraph(words::said("Printed {}. This page holds data of patients; keep and destroy it like a medical record.",
                            local_time(view.now, view.owner.utc_offset))
                    .in(language));
  if (view.page.items.empty() && view.next.empty() && view.page.unreadable == 0)
    text += paragraph(words::text("Nothing needs attention.").in(language));
  for (const auto& item : view.page.items) text += section(item, view.owner.utc_offset, language);
  if (view.page.unreadable > 0)
    text += paragraph(words::said("{} cannot be read; tell whoever runs Titip.", view.page.unreadable).in(language));
  if (!view.next.empty())
    text += fmt::format("<p>{} <a href=\"{}\">{}</a></p>\n", escaped(words::text("There is more.").in(language)),
                        escaped(view.next), escaped(words::text("Next page").in(language)));
  return text + "</body>\n</html>\n";
}

std::string page_policy() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  EVP_Digest(style.data(), style.size(), hash.data(), &size, EVP_sha256(), nullptr);
  return fmt::format(
      "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      scheme::to_base64({reinterpret_cast<const char*>(hash.data()), size}));
}

}  // namespace titip::front
