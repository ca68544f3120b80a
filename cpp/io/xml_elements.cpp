#include "xml_elements.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace mriembed::io {

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child_of(const pugi::xml_node& node, std::string_view name) {
  return node.find_child([&](const pugi::xml_node& child) { return local_name(child) == name; });
}

std::string_view text_of(const pugi::xml_node& node) {
  constexpr std::string_view spaces = " \t\r\n";
  std::string_view text = node.child_value();
  text.remove_prefix(std::min(text.find_first_not_of(spaces), text.size()));
  return text.substr(0, text.find_last_not_of(spaces) + 1);
}

double positive_number_of(const pugi::xml_node& node) {
  const std::string_view text = text_of(node);
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool sound = failure == std::errc() && end == text.data() + text.size() && std::isfinite(number);
  return sound ? std::max(number, 0.0) : 0.0;
}

}  // namespace mriembed::io
