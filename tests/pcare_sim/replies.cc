#include "tests/pcare_sim/replies.h"

#include <fmt/format.h>

#include <utility>

#include "tests/pcare_sim/text.h"

namespace titip::pcare_sim {
namespace {

constexpr const char* html = "text/html;charset=UTF-8";

Reply xhtml_page(int status, std::string_view sentence) {
  return {status, html,
          fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" "
                      "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\n"
                      "<html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title>{0} {1}</title></head>"
                      "<body><h1>{0} {1}</h1><p>{2}</p></body></html>\n",
                      status, reason_phrase(status), sentence)};
}

}  // namespace

Reply envelope(int status, int code, std::string_view message, std::string_view response_json) {
  Reply reply;
  reply.status = status;
  reply.body = fmt::format(R"({{"response":{},"metaData":{{"message":{},"code":{}}}}})", response_json,
                           json_string(message), code);
  return reply;
}

Reply precondition_failed(const std::vector<FieldFault>& faults) {
  std::string array = "[";
  for (const auto& fault : faults)
    array += fmt::format(R"({}{{"field":{},"message":{}}})", array.size() > 1 ? "," : "", json_string(fault.field),
                         json_string(fault.message));
  return envelope(412, 412, "PRECONDITION_FAILED", array + "]");
}

Reply error_page(int status) {
  return {status, html,
          fmt::format("<html>\r\n<head><title>{0} {1}</title></head>\r\n<body>\r\n<center><h1>{0} {1}</h1></center>\r\n"
                      "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
                      status, reason_phrase(status))};
}

Reply maintenance_page() {
  return {200, html,
          "<!DOCTYPE html>\n<html><head><title>Pemeliharaan Sistem</title></head><body><h1>Mohon maaf, sistem sedang "
          "dalam pemeliharaan</h1><p>Silakan coba beberapa saat lagi.</p></body></html>\n"};
}

Reply missing_page() {
  return xhtml_page(404, "The requested URL was not found on this server.");
}

Reply wrong_method_page() {
  return xhtml_page(405, "The method is not allowed for the requested URL.");
}

Reply json_reply(int status, std::string body) {
  return {status, "application/json", std::move(body)};
}

const char* reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 208:
      return "Already Reported";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Payload Too Large";
    case 428:
      return "Precondition Required";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

}  // namespace titip::pcare_sim
