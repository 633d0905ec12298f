#include "tests/day/clinics.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "tests/day/dialect.h"

namespace titip::day {

Clinics::Clinics(const sampler::Day& day, ClinicSettings settings) : settings_(std::move(settings)) {
  plan(day);
}

void Clinics::plan(const sampler::Day& day) {
  std::map<std::size_t, std::size_t> last;  // person → index of the latest planned call
  const auto add = [&](const sampler::Call& source, const std::string& body, bool correction) {
    const std::size_t index = planned_.size();
    Planned planned{.source = &source, .correction = correction, .next = none, .call = {}};
    const auto before = last.find(source.person);
    planned.call.person = source.person;
    planned.call.step = before == last.end() ? 0 : planned_[before->second].call.step + 1;
    planned.call.facility = source.facility;
    planned.call.route = source.path.substr(1);
    planned.call.entity = entity_of(source.facility, planned.call.route, body);
    planned.call.values = canonical_values(body);
    planned.call.body_sha256 = sha256_hex(body);
    planned.call.patched_sha256 = patched_hashes(body, settings_.late_entry_reason);
    planned.call.idempotency_key = fmt::format("day-{}-{}-{}", settings_.seed, source.person, planned.call.step);
    planned.call.dirty = source.ends_rejected && !correction;
    planned.call.same_day_edit = source.kind == sampler::CallKind::given_after_all;
    if (before != last.end()) {
      planned_[before->second].next = index;
    } else {
      ++unfinished_chains_;
    }
    last[source.person] = index;
    planned_.push_back(std::move(planned));
  };
  for (const sampler::Call& source : day.calls) {
    add(source, source.body, false);
    if (source.corrected_after_rejection) add(source, source.corrected_body, true);
    auto& site = sites_[source.facility];
    if (!site) site = std::make_unique<Site>();
    site->facility = source.facility;
  }
}

Clinics::Site& Clinics::site_of(const std::string& facility) {
  return *sites_.at(facility);
}

void Clinics::open(DayClock::time_point day_start) {
  start_ = day_start;
  for (std::size_t i = 0; i < planned_.size(); ++i) {
    if (planned_[i].call.step == 0)
      put(site_of(planned_[i].call.facility), {start_ + planned_[i].source->at, i, false});
  }
  for (auto& [facility, site] : sites_) {
    for (std::size_t i = 0; i < settings_.connections_per_site; ++i) {
      site->desks.emplace_back([this, one = site.get()] { work(*one); });
    }
  }
}

void Clinics::close() {
  for (auto& [facility, site] : sites_) {
    const std::lock_guard lock(site->mutex);
    site->closing = true;
    site->wake.notify_all();
  }
  for (auto& [facility, site] : sites_) site->desks.clear();  // joins
}

void Clinics::put(Site& site, Item item) {
  const std::lock_guard lock(site.mutex);
  site.due.push(item);
  site.wake.notify_one();
}

bool Clinics::pause(Site& site, std::chrono::milliseconds span) {
  std::unique_lock lock(site.mutex);
  return !site.wake.wait_for(lock, span, [&] { return site.closing; });
}

std::int64_t Clinics::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(DayClock::now() - start_).count();
}

// One desk with its one connection: takes the site's next due call, makes it, and only then takes another.
void Clinics::work(Site& site) {
  HttpClient client(settings_.gateway_port);
  while (true) {
    Item item{};
    {
      std::unique_lock lock(site.mutex);
      while (true) {
        if (site.closing) return;
        if (site.due.empty()) {
          site.wake.wait(lock);
        } else if (const auto due = site.due.top().due; due > DayClock::now()) {
          site.wake.wait_until(lock, due);
        } else {
          break;
        }
      }
      item = site.due.top();
      site.due.pop();
    }
    if (item.poll) {
      poll_rejection(site, client, item.planned);
    } else {
      make_call(site, client, item.planned);
    }
  }
}

void Clinics::make_call(Site& site, HttpClient& client, std::size_t index) {
  ++said_;
  Planned& planned = planned_[index];
  while (!say_once(client, planned)) {
    if (!pause(site, settings_.before_saying_it_again)) return;
  }
  after_call(site, index);
}

bool Clinics::say_once(HttpClient& client, Planned& planned) {
  Call& call = planned.call;
  HttpRequest request{.method = planned.source->method,
                      .target = settings_.mount + planned.source->path,
                      .headers = {{"Content-Type", "application/json"},
                                  {"x-kdppk", call.facility},
                                  {"Idempotency-Key", "\"" + call.idempotency_key + "\""}},
                      .body = planned.correction ? planned.source->corrected_body : planned.source->body};
  Try attempt;
  attempt.started_ms = now_ms();
  const auto reply = client.exchange(request, settings_.patience);
  attempt.ended_ms = now_ms();
  if (reply) {
    read_answer(*reply, request.method, attempt);
  } else {
    attempt.answer = Answer::unknown;
    attempt.connected = reply.error().why != NoReply::Why::refused;
    attempt.words = reply.error().words;
  }
  call.tries.push_back(std::move(attempt));
  return reply.has_value();
}

void Clinics::after_call(Site& site, std::size_t index) {
  Planned& planned = planned_[index];
  if (planned.call.acknowledgement() == nullptr) {
    ++refused_;
    --unfinished_chains_;
    return;
  }
  ++acknowledged_;
  if (planned.next == none) {
    --unfinished_chains_;
  } else if (planned_[planned.next].correction) {
    put(site, {DayClock::now() + settings_.poll_interval, index, true});
  } else {
    // The timetable's time, or at once if the person has been waiting for this answer.
    const auto due = std::max(start_ + planned_[planned.next].source->at, DayClock::now());
    put(site, {due, planned.next, false});
  }
}

void Clinics::poll_rejection(Site& site, HttpClient& client, std::size_t index) {
  const Planned& planned = planned_[index];
  HttpRequest request{.method = "GET",
                      .target = "/v1/submissions/" + planned.call.acknowledgement()->submission_id,
                      .headers = {{"x-kdppk", planned.call.facility}},
                      .body = {}};
  const auto reply = client.exchange(request, settings_.patience);
  if (reply && reply->status == 200) {
    const auto answer = nlohmann::json::parse(reply->body, nullptr, false);
    if (answer.is_object() && answer.value("state", std::string()) == "rejected") {
      put(site, {DayClock::now(), planned.next, false});
      return;
    }
  }
  put(site, {DayClock::now() + settings_.poll_interval, index, true});
}

std::vector<Call> Clinics::history() const {
  std::vector<Call> calls;
  for (const Planned& planned : planned_) {
    if (!planned.call.tries.empty()) calls.push_back(planned.call);
  }
  return calls;
}

}  // namespace titip::day
