// The formats of a table, for messages and help texts.
#pragma once

#include <cstddef>
#include <string>

namespace mriembed::io {

// "NumPy, BART and MRD" for "and": the names in `formats`, whose elements have a `name`.
template <typename Formats>
std::string names_of(const Formats& formats, const std::string& conjunction) {
  std::string names;
  std::size_t left = formats.size();
  for (const auto& format : formats) {
    names += (names.empty() ? std::string() : left == 1 ? " " + conjunction + " " : ", ") + format.name;
    --left;
  }
  return names;
}

}  // namespace mriembed::io
