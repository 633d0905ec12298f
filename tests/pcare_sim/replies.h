// Answers in the national server's ways: its envelope, and the HTML pages that stand in for it. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace titip::pcare_sim {

struct Reply {
  int status = 200;
  const char* content_type = "application/json;charset=UTF-8";
  std::string body;
};

struct FieldFault {
  std::string field;
  std::string message;
};

// `response_json` is JSON text.
Reply envelope(int status, int code, std::string_view message, std::string_view response_json = "null");
Reply precondition_failed(const std::vector<FieldFault>& faults);  // 412, a plain array
Reply error_page(int status);                    // 500, 502, 503, 504 as a web server in front writes them
Reply maintenance_page();                        // HTML with HTTP 200
Reply missing_page();                            // 404 XHTML, for paths nobody serves
Reply wrong_method_page();                       // 405 XHTML
Reply json_reply(int status, std::string body);  // for /_sim, without an envelope

const char* reason_phrase(int status);

}  // namespace titip::pcare_sim
