#include "cli/message.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace mriembed::cli {

namespace {

void print_line(std::string_view kind, std::string_view message) {
  // One call for the whole line: lines of two programs on one terminal do not mix.
  const std::string line = "mriembed_cli: " + std::string(kind) + ": " + one_line(message) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string line = valid_utf8(text);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
    line.pop_back();
  }
  for (std::size_t at = 0; at < line.size(); ++at) {
    const auto code = [&](std::size_t offset) {
      return at + offset < line.size() ? static_cast<unsigned char>(line[at + offset]) : 0U;
    };
    std::size_t control = 0;  // bytes of a control character or a separator of lines, in UTF-8
    if (code(0) < 0x20 || code(0) == 0x7f) {
      control = 1;
    } else if (code(0) == 0xc2 && code(1) >= 0x80 && code(1) <= 0x9f) {
      control = 2;
    } else if (code(0) == 0xe2 && code(1) == 0x80 && (code(2) == 0xa8 || code(2) == 0xa9)) {
      control = 3;
    }
    if (control > 0) {
      line.replace(at, control, " ");
    }
  }
  return line;
}

// Through JSON, which knows what to replace.
std::string valid_utf8(std::string_view text) {
  using Json = nlohmann::json;
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

void print_error(std::string_view message) { print_line("error", message); }

void print_note(std::string_view message) { print_line("note", message); }

void print_warning(std::string_view message) { print_line("warning", message); }

Error about_file(const std::string& file, const Error& error) { return {error.code(), file + ": " + error.what()}; }

int exit_status(ErrorCode code) { return static_cast<int>(code); }

}  // namespace mriembed::cli
