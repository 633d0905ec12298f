// How the P-Care REST services (and their siblings: antreanfktp, vclaim) know a caller, and how they encrypt what they
// answer. A caller's consumer id, the time and an HMAC of both under the consumer's secret travel with each request;
// the secret never does. The signature covers neither method, path nor body, so whoever holds the secret may sign a
// stored request afresh. Replies since 2022 are sealed under a key made of the very timestamp their request carried.
// Pure; any thread. Secrets are the caller's to keep sealed.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace titip::scheme {

struct Consumer {
  std::string id;
  std::string secret;
};

// Base64 of HMAC-SHA256; the official documents give a vector for this alone.
std::string bpjs_hmac(std::string_view secret, std::string_view message);

// bpjs_hmac(secret, consumer id + "&" + timestamp). `timestamp` is Unix seconds in decimal, exactly as sent.
std::string bpjs_signature(const Consumer& consumer, std::string_view timestamp);

// In constant time. Says nothing about the timestamp's age: deployed clients compute it once and use it for hours.
bool bpjs_signature_is(const Consumer& consumer, std::string_view timestamp, std::string_view signature);

// Whole seconds since 1970 as they travel; nothing if it is not 1 to 12 digits.
std::optional<std::chrono::sys_seconds> read_bpjs_timestamp(std::string_view timestamp);

// The sealed form of a reply's `response`: Base64 of AES-256-CBC (PKCS#7) of LZ-String of the JSON text. Key: SHA-256
// of consumer id + secret + timestamp; the first 16 bytes of the key are the IV.
std::optional<std::string> bpjs_encrypt(const Consumer& consumer, std::string_view timestamp, std::string_view json);

// Nothing if any layer refuses: wrong key, truncated, not Base64, longer than `most_bytes` when unpacked.
std::optional<std::string> bpjs_decrypt(const Consumer& consumer, std::string_view timestamp, std::string_view sealed,
                                        std::size_t most_bytes);

}  // namespace titip::scheme
