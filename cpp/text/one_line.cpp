#include "text/one_line.hpp"

#include <nlohmann/json.hpp>

namespace mriembed::text {

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

}  // namespace mriembed::text
