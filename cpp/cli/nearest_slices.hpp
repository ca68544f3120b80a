// For each slice of a run the one among all others whose embedding is closest, which is what --nearest prints.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mriembed/distances.hpp"

namespace mriembed::cli {

// Collects embeddings. Comparing all takes time with the square of their number.
class NearestSlices {
 public:
  struct Neighbour {
    std::size_t index = 0;  // in the order of add()
    double distance = 0;    // 1 - cosine: 0 for the same direction, 2 for the opposite one
  };

  // `distances` are those of the model that all embeddings come from.
  explicit NearestSlices(Distances distances = {}) : distances_(std::move(distances)) {}

  // `embedding` is as long as all others and not zero.
  void add(std::string name, std::span<const float> embedding);

  [[nodiscard]] std::size_t size() const { return names_.size(); }

  // The nearest other slice of each, the first among equals. Expects at least two slices.
  [[nodiscard]] std::vector<Neighbour> find() const;

  // The same as a table, with what each distance is typical of, where the model says that.
  [[nodiscard]] std::string text() const;

 private:
  [[nodiscard]] std::span<const float> row(std::size_t index) const;

  Distances distances_;
  std::vector<std::string> names_;
  std::vector<float> rows_;  // of unit length
};

}  // namespace mriembed::cli
