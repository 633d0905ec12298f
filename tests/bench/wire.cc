#include "tests/bench/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

namespace titip::bench {
namespace {

constexpr std::size_t payload_bytes = 800;
constexpr std::size_t digits = 14;
constexpr std::size_t ticket_digits = 8;
constexpr std::string_view blank_number = "00000000000000";

// As Titip answers, and nginx, and every other server that frames its body by Content-Length.
class Http final : public Wire {
 public:
  explicit Http(const WireOptions& options)
      : payload_(options.date),
        head_(fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-kdppk: {}\r\nContent-Type: application/json\r\n"
                          "Idempotency-Key: \"visit-",
                          options.path, options.facility)) {}

  std::string greeting(std::size_t) const override { return {}; }

  void request(std::uint64_t number, std::size_t, std::string& out) override {
    const auto body = payload_.of(number);
    fmt::format_to(std::back_inserter(out), "{}{}\"\r\nContent-Length: {}\r\n\r\n{}", head_, number, body.size(), body);
  }

  std::optional<Reply> reply(std::string_view bytes) const override {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const auto head = bytes.substr(0, end);
    std::size_t length = 0;
    constexpr std::string_view name = "Content-Length: ";
    if (const auto at = head.find(name); at != std::string_view::npos) {
      std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
    }
    if (bytes.size() < end + 4 + length) return std::nullopt;
    return Reply{end + 4 + length, head.starts_with("HTTP/1.1 20")};
  }

 private:
  Payload payload_;
  const std::string head_;
};

class Redis final : public Wire {
 public:
  explicit Redis(const WireOptions& options) : payload_(options.date) {}

  std::string greeting(std::size_t) const override { return {}; }

  void request(std::uint64_t number, std::size_t, std::string& out) override {
    const auto key = fmt::format("visit-{:014}", number);
    const auto body = payload_.of(number);
    fmt::format_to(std::back_inserter(out), "*3\r\n$3\r\nSET\r\n${}\r\n{}\r\n${}\r\n{}\r\n", key.size(), key,
                   body.size(), body);
  }

  std::optional<Reply> reply(std::string_view bytes) const override {
    const auto end = bytes.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    return Reply{end + 2, bytes.substr(0, end) == "+OK"};
  }

 private:
  Payload payload_;
};

// Each publication names the inbox where the stream's acknowledgement is to go.
class Nats final : public Wire {
 public:
  explicit Nats(const WireOptions& options) : payload_(options.date) {}

  std::string greeting(std::size_t connection) const override {
    return fmt::format("CONNECT {{\"verbose\":false,\"pedantic\":false}}\r\nSUB inbox.{} 1\r\n", connection);
  }

  void request(std::uint64_t number, std::size_t connection, std::string& out) override {
    const auto body = payload_.of(number);
    fmt::format_to(std::back_inserter(out), "PUB bench.visits inbox.{} {}\r\n{}\r\n", connection, body.size(), body);
  }

  std::optional<Reply> reply(std::string_view bytes) const override {
    std::size_t passed = 0;
    while (true) {
      const auto rest = bytes.substr(passed);
      const auto end = rest.find("\r\n");
      if (end == std::string_view::npos) return std::nullopt;
      const auto line = rest.substr(0, end);
      if (!line.starts_with("MSG ")) {
        if (line.starts_with("-ERR")) return Reply{passed + end + 2, false};
        passed += end + 2;  // INFO, PING
        continue;
      }
      std::size_t length = 0;
      const auto last = line.rfind(' ') + 1;
      std::from_chars(line.data() + last, line.data() + line.size(), length);
      if (rest.size() < end + 2 + length + 2) return std::nullopt;
      const auto told = rest.substr(end + 2, length);
      return Reply{passed + end + 2 + length + 2, told.contains("\"stream\"") && !told.contains("\"error\"")};
    }
  }

 private:
  Payload payload_;
};

}  // namespace

Payload::Payload(std::string_view date) {
  text_ = fmt::format(
      R"({{"kdPpk":"P0001","noTiket":"U-{1}","nik":"99{0}","nama":"Orang Uji {0}","tglLahir":"1990-01-01",)"
      R"("noHp":"000{0}","alamat":"Jalan Contoh 1, Desa Uji","kodeKategori":"4","tglVaksin":"{2}","dosis":1,)"
      R"("jenisVaksin":"1","noBatch":"UJI0001","skrining":{{"suhu":36.5,"tekananDarah":"120/80","hasil":"lanjut"}},)"
      R"("observasi":{{"keluhan":""}},"alasan":"","catatan":")",
      blank_number, blank_number.substr(0, ticket_digits), date);
  text_.append(payload_bytes - 2 - std::min(payload_bytes - 2, text_.size()), 'x').append("\"}");
  const auto behind = [&](std::string_view mark) { return text_.find(mark) + mark.size(); };
  ticket_at_ = behind(R"("noTiket":"U-)");
  number_at_ = {behind(R"("nik":"99)"), behind(R"("nama":"Orang Uji )"), behind(R"("noHp":"000)")};
}

void Payload::put(std::size_t at, std::size_t width, std::uint64_t number) {
  for (std::size_t i = width; i > 0; --i, number /= 10) text_[at + i - 1] = static_cast<char>('0' + number % 10);
}

std::string_view Payload::of(std::uint64_t number) {
  put(ticket_at_, ticket_digits, number);
  for (const std::size_t at : number_at_) put(at, digits, number);
  return text_;
}

std::unique_ptr<Wire> make_wire(const WireOptions& options) {
  if (options.protocol == "http") return std::make_unique<Http>(options);
  if (options.protocol == "redis") return std::make_unique<Redis>(options);
  if (options.protocol == "nats") return std::make_unique<Nats>(options);
  return nullptr;
}

}  // namespace titip::bench
