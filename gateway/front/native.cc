#include "gateway/front/native.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "gateway/front/answers.h"
#include "gateway/front/attention_views.h"
#include "gateway/front/negotiation.h"
#include "gateway/http/accept_language.h"
#include "upstream/profile/source.h"

namespace titip::front {
namespace {

constexpr std::array manners{Manner{"json", "application/json"}, Manner{"csv", "text/csv"},
                             Manner{"html", "text/html"}};

// What a facility's records say is a person's: kept by nobody on the way, and never taken for something else.
http::Response answer(std::string content_type, std::string body, std::string_view route) {
  http::Response response;
  response.content_type = std::move(content_type);
  response.body = std::move(body);
  response.route = route;
  response.headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
  return response;
}

struct Asker {
  std::string_view route;
  words::Wanted wanted;
};

http::Response fault(const Asker& asker, int status, std::string_view type, const words::Said& title,
                     const std::vector<intake::FieldFault>& errors = {}) {
  auto response = problem(status, type, title, asker.wanted, errors);
  response.headers.push_back({"Cache-Control", "no-store"});
  response.route = asker.route;
  return response;
}

http::Response fault_of(reads::OwnFault what, const Asker& asker, const words::Said& absent) {
  switch (what) {
    case reads::OwnFault::bad_cursor:
      return fault(asker, 400, "invalid-query",
                   words::text("This cursor belongs to another question; ask again without it."),
                   {{"cursor", words::text("is none that was given out for these parameters")}});
    case reads::OwnFault::absent:
      return fault(asker, 404, fmt::format("no-such-{}", asker.route), absent);
    case reads::OwnFault::store_unavailable:
      break;
  }
  auto response =
      fault(asker, 503, "store-unavailable", words::text("The gateway cannot read now; ask again in a moment."));
  response.headers.push_back({"Retry-After", "5"});
  return response;
}

// The same question, from the cursor on; relative to where it was asked.
std::string next_page(const http::Request& request, const std::string& cursor) {
  if (cursor.empty()) return {};
  std::string target(request.path());
  char mark = '?';
  std::string_view rest = request.query();
  while (!rest.empty()) {
    const auto part = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (part.empty() || part.starts_with("cursor=")) continue;
    target += std::exchange(mark, '&');
    target += part;
  }
  return fmt::format("{}{}cursor={}", target, mark, cursor);
}

void link_next(http::Response& response, const std::string& next) {
  if (!next.empty()) response.headers.push_back({"Link", fmt::format("<{}>; rel=\"next\"", next)});
}

struct Question {
  reads::OwnRecords& records;
  reads::Owner owner;
  clock::WallTime now{};
  std::string_view route;
  words::Wanted wanted;
  Asker asker() const { return {route, wanted}; }
};

std::optional<reads::OwnQuery> read_query(const Question& question, reads::OwnList list, const http::Request& request,
                                          http::Responder& respond) {
  auto query = reads::read_own_query(request.query(), list, question.owner.utc_offset);
  if (query) return *std::move(query);
  respond(fault(question.asker(), 400, "invalid-query", words::text("A parameter of this query is not understood."),
                {{query.error().parameter, query.error().sentence}}));
  return std::nullopt;
}

void answer_list(Question question, const http::Request& request, http::Responder respond) {
  auto query = read_query(question, reads::OwnList::submissions, request, respond);
  if (!query) return;
  question.records.list(*std::move(query), std::move(question.owner),
                        [request, asker = question.asker(), respond = std::move(respond)](auto page) mutable {
                          if (!page) return respond(fault_of(page.error(), asker, {}));
                          auto response = answer("application/json", reads::list_json(*page), asker.route);
                          link_next(response, next_page(request, page->next));
                          respond(std::move(response));
                        });
}

void answer_attention(Question question, const http::Request& request, http::Responder respond) {
  const auto wanted = reads::query_value(request.query(), "format");
  const auto manner = choose(manners, wanted, request.header("accept"));
  if (!manner)
    return respond(fault(
        question.asker(), 406, "not-acceptable",
        words::text("This list is served as application/json, text/csv and text/html (format=json, csv, html).")));
  auto query = read_query(question, reads::OwnList::attention, request, respond);
  if (!query) return;
  auto owner = question.owner;
  if (owner.sees_callbacks) owner.destinations.emplace_back(storage::callback_destination);
  question.records.attention(
      *std::move(query), std::move(owner),
      [request, manner = *manner, question = std::move(question), respond = std::move(respond)](auto page) mutable {
        if (!page) return respond(fault_of(page.error(), question.asker(), {}));
        const bool is_page = manners[manner].format == "html";
        const AttentionView view{*page, question.owner, question.now, next_page(request, page->next), question.wanted};
        auto response = is_page ? answer("text/html; charset=utf-8", attention_page(view), question.route)
                        : manners[manner].format == "csv"
                            ? answer("text/csv; charset=utf-8; header=present", attention_csv(view), question.route)
                            : answer("application/json", attention_json(view), question.route);
        response.headers.push_back({"Vary", "Accept"});
        link_next(response, view.next);
        if (is_page) {
          http::say_language(response, question.wanted);
          response.headers.push_back({"Content-Security-Policy", page_policy()});
          response.headers.push_back({"Referrer-Policy", "no-referrer"});
        }
        respond(std::move(response));
      });
}

void answer_submission(Question question, std::string_view text, http::Responder respond) {
  const auto id = storage::SubmissionId::parse(text);
  if (!id)
    return respond(fault(question.asker(), 404, "no-such-submission",
                         words::text("This is not a submission id: those have 26 letters and digits.")));
  question.records.submission(
      *id, std::move(question.owner), [asker = question.asker(), respond = std::move(respond)](auto found) mutable {
        if (found) return respond(answer("application/json", *std::move(found), asker.route));
        respond(fault_of(found.error(), asker, words::text("Your facility has no submission with this id.")));
      });
}

void answer_receipt(reads::OwnRecords& records, std::string_view code, const Asker& asker, http::Responder respond) {
  records.receipt(code, [asker, respond = std::move(respond)](auto found) mutable {
    if (found) return respond(answer("application/json", *std::move(found), asker.route));
    respond(fault_of(
        found.error(), asker,
        words::text("No record has this receipt code. One of 13 characters is found by its own facility alone, with "
                    "GET /v1/submissions?receipt=CODE.")));
  });
}

}  // namespace

std::optional<reads::Owner> find_owner(const std::vector<Destination>& destinations,
                                       const storage::Facilities& facilities, const http::Request& request,
                                       clock::WallTime now, const Admission* admission) {
  std::optional<reads::Owner> owner;
  for (const auto& destination : destinations) {
    const auto caller = find_caller(*destination.profile, facilities, Door::native, request, now, admission);
    if (!caller) continue;
    if (!owner) owner = reads::Owner{caller->facility->code, {}, caller->facility->utc_offset};
    if (owner->facility == caller->facility->code) owner->destinations.push_back(destination.name);
  }
  // A callback may tell of a record of any of them.
  if (owner) owner->sees_callbacks = owner->destinations.size() == destinations.size();
  return owner;
}

void answer_about_records(AskedAboutRecords asked, const Located& located, const http::Request& request,
                          http::Responder respond) {
  const Asker asker{name(located.place), http::wanted_language(request)};
  if (located.place == Place::receipt) return answer_receipt(asked.records, located.rest, asker, std::move(respond));
  if (!asked.owner)
    return respond(
        fault(asker, 401, "unknown-facility",
              words::text("Say who you are as on the mount: with the header x-kdppk (and X-Api-Key, where the "
                          "gateway asks for it), or signed with X-cons-id, X-timestamp and X-signature.")));
  Question question{asked.records, *std::move(asked.owner), asked.now, asker.route, asker.wanted};
  if (located.place == Place::submission)
    return answer_submission(std::move(question), located.rest, std::move(respond));
  if (located.place == Place::attention) return answer_attention(std::move(question), request, std::move(respond));
  answer_list(std::move(question), request, std::move(respond));
}

}  // namespace titip::front
