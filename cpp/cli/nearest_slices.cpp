#include "cli/nearest_slices.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "text/number_text.hpp"
#include "text/text_table.hpp"

namespace mriembed::cli {

void NearestSlices::add(std::string name, std::span<const float> embedding) {
  const double energy = std::inner_product(embedding.begin(), embedding.end(), embedding.begin(), 0.0);
  const auto scale = static_cast<float>(1 / std::sqrt(energy));
  names_.push_back(std::move(name));
  for (const float component : embedding) {
    rows_.push_back(component * scale);
  }
}

std::vector<NearestSlices::Neighbour> NearestSlices::find() const {
  std::vector<Neighbour> nearest(size(), {0, 3});
  for (std::size_t one = 0; one < size(); ++one) {
    for (std::size_t other = 0; other < one; ++other) {
      const std::span<const float> row_of_one = row(one);
      const double cosine = std::inner_product(row_of_one.begin(), row_of_one.end(), row(other).begin(), 0.0);
      const double distance = std::max(0.0, 1 - cosine);  // rounding may leave less than 0
      if (distance < nearest[one].distance) {
        nearest[one] = {other, distance};
      }
      if (distance < nearest[other].distance) {
        nearest[other] = {one, distance};
      }
    }
  }
  return nearest;
}

std::string NearestSlices::text() const {
  std::vector<text::TextTable::Column> columns{
      {"slice", text::TextTable::Align::left}, {"nearest other slice", text::TextTable::Align::left}, {"distance"}};
  const bool meant = !distances_.kinds.empty();
  if (meant) {
    columns.push_back({"typical of", text::TextTable::Align::left});
  }
  text::TextTable table(columns);
  const std::vector<Neighbour> nearest = find();
  for (std::size_t index = 0; index < size(); ++index) {
    std::vector<std::string> cells{names_[index], names_[nearest[index].index],
                                   text::fixed(nearest[index].distance, 4)};
    if (meant) {
      cells.push_back(typical_of(distances_, nearest[index].distance));
    }
    table.add_row(std::move(cells));
  }
  return table.text();
}

std::span<const float> NearestSlices::row(std::size_t index) const {
  const std::size_t length = rows_.size() / size();
  return std::span<const float>(rows_).subspan(index * length, length);
}

}  // namespace mriembed::cli
