#include "text/number_text.hpp"

#include <array>
#include <charconv>

namespace mriembed::text {

namespace {

// Room for the longest double in fixed notation (309 digits before the point) and for the digits after it.
constexpr std::size_t room = 400;

template <typename... Format>
std::string text_of(Format... format) {
  std::array<char, room> buffer{};
  const auto [end, failure] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), format...);
  return failure == std::errc() ? std::string(buffer.data(), end) : std::string("?");
}

// JSON readers take "-0" for an integer, which has no sign there.
std::string keeping_sign_of_zero(const std::string& text) { return text == "-0" ? "-0.0" : text; }

}  // namespace

std::string shortest(float number) { return keeping_sign_of_zero(text_of(number)); }

std::string shortest(double number) { return keeping_sign_of_zero(text_of(number)); }

std::string fixed(double number, int digits) { return text_of(number, std::chars_format::fixed, digits); }

std::string scientific(double number, int digits) { return text_of(number, std::chars_format::scientific, digits - 1); }

}  // namespace mriembed::text
