#include "mrd_hdf5.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "hdf5_acquisitions.hpp"

namespace mriembed::io {

namespace {

// Digits compare as numbers.
bool comes_before(const std::string& left, const std::string& right) {
  const auto is_digit = [](char letter) { return std::isdigit(static_cast<unsigned char>(letter)) != 0; };
  const auto number_at = [&](const std::string& text, std::size_t begin) {
    std::size_t end = begin;
    while (end < text.size() && is_digit(text[end])) {
      ++end;
    }
    while (begin + 1 < end && text[begin] == '0') {
      ++begin;
    }
    return std::pair{text.substr(begin, end - begin), end};
  };
  std::size_t at = 0;
  std::size_t other = 0;
  while (at < left.size() && other < right.size()) {
    if (is_digit(left[at]) && is_digit(right[other])) {
      const auto [number, end] = number_at(left, at);
      const auto [other_number, other_end] = number_at(right, other);
      if (number != other_number) {
        return number.size() != other_number.size() ? number.size() < other_number.size() : number < other_number;
      }
      at = end;
      other = other_end;
    } else if (left[at] != right[other]) {
      return left[at] < right[other];
    } else {
      ++at;
      ++other;
    }
  }
  return left.size() - at < right.size() - other;
}

// The names of the groups, in the order in which they are read.
std::vector<std::string> measurement_groups(const Hdf5Handle& file) {
  std::vector<std::string> groups;
  for (const std::string& name : children(file)) {
    if (holds_group(file, name)) {
      const Hdf5Handle group = open_group(file, name);
      if (holds_dataset(group, "data") && holds_dataset(group, "xml")) {
        groups.push_back(name);
      }
    }
  }
  std::ranges::sort(groups, [](const std::string& left, const std::string& right) {
    constexpr const char* usual = "dataset";
    return (left == usual) != (right == usual) ? left == usual : comes_before(left, right);
  });
  return groups;
}

}  // namespace

bool is_mrd_hdf5(const Hdf5Handle& file) { return !measurement_groups(file).empty(); }

std::vector<RawMeasurement> hdf5_measurements(const Hdf5Handle& file, std::int64_t file_size) {
  std::vector<RawMeasurement> measurements;
  for (const std::string& name : measurement_groups(file)) {
    measurements.push_back({name, file_size,
                            [&file, name, file_size] {
                              return parse_mrd_header(
                                  read_text(open_dataset(open_group(file, name), "xml", file_size)));
                            },
                            [&file, name, file_size] {
                              return std::make_shared<const Hdf5Acquisitions>(open_group(file, name), file_size);
                            }});
  }
  return measurements;
}

std::unique_ptr<ScanReader> open_mrd_hdf5(const Hdf5Handle& file, std::int64_t file_size, const ReadOptions& options) {
  return open_measurements(hdf5_measurements(file, file_size), file_size, options);
}

}  // namespace mriembed::io
