// The slices of one call of the library, and how many these may be.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "scan_reader.hpp"

namespace mriembed::io {

// Slices of one geometry and one measurement, one behind the other in memory.
struct SliceBatch {
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  SliceGeometry geometry;
  int measurement = 0;
  std::vector<SliceLabel> labels;
  std::vector<double> read_seconds;
  std::vector<std::complex<float>> samples;
  std::vector<float> network_input;

  [[nodiscard]] std::size_t count() const { return labels.size(); }

  // Whether the slice has the geometry and measurement of the others and is not one too many. `limit`: slices of a
  // batch; 0: up to 8, fewer where these would exceed 256 MiB. An empty batch takes any slice.
  [[nodiscard]] bool has_room_for(const Slice& slice, std::int64_t limit) const;

  void add(const Slice& slice, double seconds);

  // Keeps the memory for the slices of the next batch.
  void clear();
};

}  // namespace mriembed::io
