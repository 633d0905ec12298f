#include <nlohmann/json.hpp>

#include "gateway/clock/local_date.h"
#include "gateway/front/attention_views.h"

namespace titip::front {
namespace {

using nlohmann::ordered_json;

ordered_json time_or_null(const std::optional<clock::WallTime>& at) {
  return at ? ordered_json(clock::rfc3339(*at)) : ordered_json(nullptr);
}

ordered_json text_or_null(const std::optional<reads::AttentionItem::Text>& text) {
  return text ? ordered_json{{"body", text->body}, {"cut", text->cut}} : ordered_json(nullptr);
}

}  // namespace

std::string attention_json(const AttentionView& view) {
  auto items = ordered_json::array();
  for (const auto& each : view.page.items) {
    ordered_json item{{"id", each.id},
                      {"receipt", each.receipt},
                      {"destination", each.destination},
                      {"route", each.route},
                      {"state", each.state},
                      {"hold_reason", each.reason.empty() ? "none" : each.reason},
                      {"outcome_rule", each.rule},
                      {"accepted_at", clock::rfc3339(each.accepted_at)},
                      {"settled_at", time_or_null(each.settled_at)},
                      {"deadline", time_or_null(each.deadline)},
                      {"http_status", each.http_status},
                      {"server_words", each.server_words},
                      {"to_do", {{"id", each.to_do.in(words::Language::id)}, {"en", each.to_do.english()}}},
                      {"content_erased", each.content_erased},
                      {"sent", text_or_null(each.sent)},
                      {"reply", text_or_null(each.reply)}};
    if (each.sent) {
      item["sent"]["method"] = each.method;
      item["sent"]["target"] = each.target;
    }
    items.push_back(std::move(item));
  }
  const ordered_json document{{"items", std::move(items)},
                              {"unreadable", view.page.unreadable},
                              {"next", view.page.next.empty() ? ordered_json(nullptr) : ordered_json(view.page.next)}};
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

std::string clean_text(std::string_view text) {
  // What the library replaces on writing, it reads back.
  auto clean = nlohmann::json::parse(nlohmann::json(text).dump(-1, ' ', false, ordered_json::error_handler_t::replace))
                   .get<std::string>();
  std::string made;
  for (const char c : clean) {
    const bool is_control = (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f;
    made += is_control ? std::string("\xef\xbf\xbd") : std::string(1, c);
  }
  return made;
}

}  // namespace titip::front
