#include "tests/capacity/bodies.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tests/sampler/random.h"

namespace titip::capacity {
namespace {

using sampler::Random;

// Zeros, and the '?' of the dose, are written over. The area code 99 is nobody's, and 000 is no telephone's.
constexpr std::string_view head =
    R"({"kdPpk":"0000R000","noTiket":"T-00000000000000","nik":"9900000000000000","nama":"Orang Uji",)"
    R"("tglLahir":"1980-01-01","noHp":"000000000000","alamat":"Jalan Contoh 1, Desa Uji","kodeKategori":"1",)"
    R"("tglVaksin":"2021-08-16","dosis":?,"jenisVaksin":"SINOVAC","noBatch":"202108C","skrining":{"suhu":36.5,)"
    R"("tekananDarah":"120/80","hasil":"lanjut"},"observasi":{"keluhan":""},"alasan":"02","catatan":")";
constexpr std::string_view foot = R"("})";
constexpr std::size_t digits = 14;
constexpr std::size_t facility_at = head.find("0000R000");
constexpr std::size_t ticket_at = head.find("T-") + 2;
constexpr std::size_t nik_at = head.find("99000000");
constexpr std::size_t person_at = nik_at + 2;
constexpr std::size_t dose_at = head.find('?');
constexpr std::size_t filler_chars = Bodies::body_bytes - head.size() - foot.size();
static_assert(head.size() + foot.size() < Bodies::body_bytes / 2, "most of a body is random");
static_assert(head.find(Bodies::date) != std::string_view::npos);

constexpr std::uint64_t most_numbers = 10'000'000'000'000;
constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// One in sixteen is the second dose of an earlier person.
constexpr std::uint64_t every = 16;
constexpr std::uint64_t back = 8;
bool is_second(std::uint64_t number) {
  return number % every == every - 1;
}
std::uint64_t person_of(std::uint64_t number) {
  return is_second(number) ? number - back : number;
}

void write_digits(char* to, std::uint64_t value) {
  for (std::size_t i = digits; i-- > 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

std::optional<std::uint64_t> read_digits(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Bodies::Bodies(std::uint64_t seed, std::uint32_t facilities) : seed_(seed) {
  for (std::uint32_t i = 0; i < std::max(facilities, 1U); ++i)
    facilities_.push_back(fmt::format("{:04}R{:03}", 1 + i / 1000 % 9999, i % 1000));
}

const std::string& Bodies::facility(std::uint64_t number) const {
  return facilities_[person_of(number) % facilities_.size()];
}

std::string Bodies::idempotency_key(std::uint64_t number) const {
  Random random(~seed_, number);
  std::string key(32, '\0');
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t bits = random.next();
    for (std::size_t i = 0; i < 16; ++i, bits >>= 4U) key[half * 16 + i] = "0123456789abcdef"[bits & 15U];
  }
  return key;
}

void Bodies::write(std::uint64_t number, std::string& body) const {
  const std::uint64_t person = person_of(number);
  body.assign(head);
  body.resize(body_bytes);
  std::ranges::copy(facility(number), body.data() + facility_at);
  write_digits(body.data() + ticket_at, person);
  write_digits(body.data() + person_at, person);
  body[dose_at] = is_second(number) ? '2' : '1';
  Random random(seed_, number);
  char* to = body.data() + head.size();
  char* const end = to + filler_chars;
  while (to != end) {
    std::uint64_t bits = random.next();
    for (int i = 0; i < 10 && to != end; ++i, bits >>= 6U) *to++ = base64[bits & 63U];
  }
  std::ranges::copy(foot, end);
}

std::optional<std::uint64_t> Bodies::number_of(std::string_view body) {
  if (body.size() != body_bytes || body.substr(nik_at, 2) != "99") return std::nullopt;
  const auto person = read_digits(body.substr(person_at, digits));
  if (!person || *person >= most_numbers) return std::nullopt;
  if (body[dose_at] == '1') return is_second(*person) ? std::nullopt : person;
  if (body[dose_at] == '2' && is_second(*person + back)) return *person + back;
  return std::nullopt;
}

}  // namespace titip::capacity
