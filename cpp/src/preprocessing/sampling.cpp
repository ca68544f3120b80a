#include "mriembed/sampling.hpp"

#include <cmath>

namespace mriembed {

std::string Sampling::text() const {
  if (lines == 0) {
    return "";
  }
  if (gaps_left) {
    return "zero-filled";
  }
  std::string text = acceleration > 1 ? "grappa " + std::to_string(acceleration) : "";
  if (partial) {
    constexpr std::int64_t parts = 8;
    const std::int64_t eighths = std::llround(static_cast<double>(parts * extent) / static_cast<double>(lines));
    // Protocols round an eighth to whole lines.
    const bool even = std::abs(parts * extent - eighths * lines) <= parts;
    text += (text.empty() ? "partial " : ", partial ") + std::to_string(even ? eighths : extent) + "/" +
            std::to_string(even ? parts : lines);
  }
  return text.empty() ? "full" : text;
}

}  // namespace mriembed
