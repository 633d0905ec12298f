#include "gateway/csv.h"

#include <utility>

#include "metrics/words/said.h"

namespace titip::gateway {
namespace {

class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : rest_(text) {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    if (rest_.starts_with(mark)) rest_.remove_prefix(mark.size());
  }

  std::vector<CsvRow> read() {
    std::vector<CsvRow> rows;
    while (!rest_.empty()) {
      if (take_line_end()) continue;  // an empty line
      rows.push_back(row());
    }
    return rows;
  }

 private:
  bool take_line_end() {
    if (!rest_.starts_with('\n') && !rest_.starts_with("\r\n")) return false;
    rest_.remove_prefix(rest_.front() == '\n' ? 1 : 2);
    ++line_;
    return true;
  }

  CsvRow row() {
    CsvRow row;
    row.line = line_;
    while (true) {
      row.fields.push_back(rest_.starts_with('"') ? quoted(row) : plain(row));
      if (rest_.empty() || take_line_end()) return row;
      rest_.remove_prefix(1);  // the comma
    }
  }

  std::string plain(CsvRow& row) {
    std::string field;
    while (!rest_.empty() && rest_.front() != ',' && !at_line_end()) {
      if (rest_.front() == '"')
        fault(row, words::tell("a quote inside a field; such a field stands in quotes, and its quotes twice"));
      field += take();
    }
    return field;
  }

  std::string quoted(CsvRow& row) {
    std::string field;
    rest_.remove_prefix(1);
    while (true) {
      if (rest_.empty()) {
        fault(row, words::tell("a quote that is never closed; nothing behind it can be read"));
        return field;
      }
      if (rest_.starts_with("\"\"")) {
        rest_.remove_prefix(1);
      } else if (rest_.front() == '"') {
        rest_.remove_prefix(1);
        break;
      }
      if (rest_.front() == '\n') ++line_;
      field += take();
    }
    if (!rest_.empty() && rest_.front() != ',' && !at_line_end()) {
      fault(row, words::tell("something stands between a closing quote and the comma"));
      field += plain(row);
    }
    return field;
  }

  bool at_line_end() const { return rest_.front() == '\n' || rest_.starts_with("\r\n"); }
  char take() {
    const char first = rest_.front();
    rest_.remove_prefix(1);
    return first;
  }
  static void fault(CsvRow& row, std::string sentence) {
    if (row.fault.empty()) row.fault = sentence;
  }

  std::string_view rest_;
  std::size_t line_ = 1;
};

}  // namespace

std::vector<CsvRow> read_csv(std::string_view text) {
  return CsvReader(text).read();
}

}  // namespace titip::gateway
