#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <nlohmann/json.hpp>

#include "gateway/clock/local_date.h"
#include "gateway/front/attention_views.h"
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

std::string row(std::string_view term, std::string_view value) {
  return value.empty() ? std::string() : fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(term), escaped(value));
}

std::string local_time(clock::WallTime at, std::chrono::minutes utc_offset) {
  return fmt::format("{} {} {}", clock::local_date(at, utc_offset), clock::local_hour_minute(at, utc_offset),
                     clock::zone_name(utc_offset));
}

std::string_view state_word(std::string_view state) {
  if (state == "rejected") return "Ditolak server nasional";
  if (state == "expired") return "Tidak dikirim lagi";
  return "Ditahan";
}

// The members of an object, one a line; anything else as it was sent.
std::string sent_rows(const reads::AttentionItem::Text& sent) {
  const auto document = sent.cut ? nlohmann::ordered_json() : nlohmann::ordered_json::parse(sent.body, nullptr, false);
  std::string rows;
  if (document.is_object()) {
    for (const auto& [name, value] : document.items())
      rows +=
          row(name, value.is_string() ? value.get<std::string>()
                                      : value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else {
    rows = row("Isi", sent.body);
  }
  return sent.cut ? rows + row("", "(dipotong)") : rows;
}

std::string section(const reads::AttentionItem& item, std::chrono::minutes utc_offset) {
  auto text = fmt::format("<section>\n<h2>{}: {}</h2>\n<dl>\n", escaped(state_word(item.state)), escaped(item.route));
  text += fmt::format("<dt>Yang harus dilakukan</dt><dd class=\"do\">{}</dd>\n", escaped(item.to_do_id));
  text += row("Kata server nasional", item.server_words);
  if (item.http_status != 0) text += row("Status HTTP", std::to_string(item.http_status));
  text += row("Diterima Titip", local_time(item.accepted_at, utc_offset));
  if (item.deadline) text += row("Batas waktu", local_time(*item.deadline, utc_offset));
  text += row("Layanan", item.destination);
  text += row("Nomor tanda terima", item.receipt);
  text += "</dl>\n";
  if (item.content_erased) text += "<p>Isi data ini sudah dihapus dari Titip.</p>\n";
  if (item.sent)
    text += fmt::format("<h2>Yang Anda kirim</h2>\n<dl>\n{}{}</dl>\n",
                        row("Permintaan", item.method + " " + item.target), sent_rows(*item.sent));
  return text + "</section>\n";
}

}  // namespace

std::string attention_page(const AttentionView& view) {
  auto text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"id\">\n<head>\n<meta charset=\"utf-8\">\n<title>Data yang perlu "
      "diperiksa</title>\n"
      "<style>{}</style>\n</head>\n<body>\n<h1>Data yang perlu diperiksa: faskes {}</h1>\n"
      "<p>Dicetak {}. Halaman ini memuat data pasien; simpan dan musnahkan seperti rekam medis.</p>\n",
      style, escaped(view.owner.facility), local_time(view.now, view.owner.utc_offset));
  if (view.page.items.empty() && view.next.empty() && view.page.unreadable == 0)
    text += "<p>Tidak ada data yang perlu diperiksa.</p>\n";
  for (const auto& item : view.page.items) text += section(item, view.owner.utc_offset);
  if (view.page.unreadable > 0)
    text += fmt::format("<p>{} data tidak dapat dibaca; hubungi pengelola Titip.</p>\n", view.page.unreadable);
  if (!view.next.empty())
    text += fmt::format("<p>Masih ada data lain. <a href=\"{}\">Halaman berikutnya</a></p>\n", escaped(view.next));
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
