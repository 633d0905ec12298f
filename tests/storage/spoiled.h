// A store with a bit of everything in it, and how to spoil one thing of it.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include "storage/keys.h"
#include "storage/records.h"
#include "tests/storage/history.h"

namespace titip::storage {

class Spoiled {
 public:
  Spoiled() {
    static std::uint32_t seed = 100;  // once found, it is found again at once
    for (; seed < 200; ++seed) {
      history = std::make_unique<History>(seed);
      history->steps(700);
      if (has_everything()) return;
    }
    ADD_FAILURE() << "no history has a bit of everything";
  }
  MemoryKv& kv() { return history->kv(); }

  void put(Family family, std::string key, std::string value) {
    ASSERT_TRUE(kv().commit({{family, std::move(key), std::move(value)}}));
  }
  template <class T>
  void write(Family family, const std::string& key, const T& value) {
    put(family, key, encode(Place{family, key}, value));
  }
  void erase(Family family, const std::string& key) { ASSERT_TRUE(kv().commit({{family, key, std::nullopt}})); }
  std::string get(Family family, const std::string& key) { return kv().get(family, key).value().value(); }
  template <class T>
  T read(Family family, const std::string& key, Decode<T> decode) {
    return decode({family, key}, get(family, key)).value();
  }
  template <class T>
  void change(Family family, const std::string& key, Decode<T> decode, const std::function<void(T&)>& how) {
    T value = read(family, key, decode);
    how(value);
    write(family, key, value);
  }

  std::string first(Family family, const std::string& prefix = {}) {
    std::string found;
    static_cast<void>(kv().scan(family, prefix, prefix, [&](std::string_view key, std::string_view) {
      found = std::string(key);
      return false;
    }));
    EXPECT_FALSE(found.empty()) << family_names[static_cast<std::size_t>(family)];
    return found;
  }
  Submission one(const std::function<bool(const Submission&)>& is_it) {
    for (const Submission& each : history->records()) {
      if (is_it(each)) return each;
    }
    ADD_FAILURE() << "no such record";
    return {};
  }
  Submission in(State state) {
    return one([&](const Submission& s) { return s.state == state; });
  }
  // A front in class send.
  std::string due_key() {
    std::string found;
    static_cast<void>(kv().scan(Family::due, {}, {}, [&](std::string_view key, std::string_view) {
      if (keys::parse_due(key)->due_class == DueClass::send) found = std::string(key);
      return found.empty();
    }));
    return found;
  }
  // A line of two or more.
  std::string long_line() { return first(Family::chain).substr(0, 16); }
  std::string pending_provider() {
    const auto provider = one([](const Submission& s) { return !is_terminal(s.state) && !s.provides.empty(); });
    return keys::of(provider.provides.front());
  }

  std::unique_ptr<History> history;

 private:
  bool has_everything() {
    const auto some = [&](const std::function<bool(const Submission&)>& is_it) {
      return std::ranges::any_of(history->records(), is_it);
    };
    for (const State state : {State::in_flight, State::delivered, State::rejected, State::blocked, State::cancelled}) {
      if (history->in_state(state).empty()) return false;
    }
    for (const Family family : {Family::chain, Family::due, Family::attempt, Family::audit, Family::person,
                                Family::attention, Family::waiter, Family::idempotency}) {
      bool any = false;
      static_cast<void>(kv().scan(family, {}, {}, [&](std::string_view, std::string_view) {
        any = true;
        return false;
      }));
      if (!any) return false;
    }
    return !due_key().empty() && some([](const Submission& s) { return s.replaces.has_value(); }) &&
           some([](const Submission& s) { return s.content_erased && is_terminal(s.state); }) &&
           some([](const Submission& s) { return !is_terminal(s.state) && !s.provides.empty(); }) &&
           some([](const Submission& s) { return !is_terminal(s.state) && s.natural_key.has_value(); }) &&
           some([](const Submission& s) { return s.state == State::queued; });
  }
};

inline std::string meta_of(const Submission& s) {
  return keys::of(s.id);
}

inline void flip(Spoiled& s, Family family, const std::string& key) {
  std::string value = s.get(family, key);
  value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 1);
  s.put(family, key, std::move(value));
}

}  // namespace titip::storage
