// How the image of a stage is cut into units of work, and the memory that a unit takes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/aligned_vector.hpp"

namespace mriembed::kernels {

// Depends on the stage and the shape only: the same slice is cut in the same way whatever runs the units.
template <typename Stage>
struct StagePlan {
  StagePlan(const Stage& stage, std::int64_t in_height, std::int64_t in_width)
      : height((in_height - 1) / stage.stride() + 1),
        width((in_width - 1) / stage.stride() + 1),
        given_height(stage.pools() ? (height + 1) / 2 : height),
        given_width(stage.pools() ? (width + 1) / 2 : width),
        image(height * width * stage.output_pixel()),
        strip(stage.strip_rows(width, std::min(height, rows_of_a_unit(stage, width)))),
        unit(strip * std::max(least_strips, (rows_of_a_unit(stage, width) + strip - 1) / strip)),
        units((height + unit - 1) / unit),
        slots(stage.stride() * (strip - 1) + 3),
        row((stage.input_row(width) + line - 1) / line * line),
        scratch(stage.scratch_floats(strip, width)),
        mean_rows(std::max<std::int64_t>(1, mean_samples / (width * stage.output_pixel()))),
        mean_units((height + mean_rows - 1) / mean_rows) {}

  std::int64_t height;  // of the output
  std::int64_t width;
  std::int64_t given_height;  // that the next stage reads
  std::int64_t given_width;
  std::int64_t image;  // samples of the output
  std::int64_t strip;  // its rows
  std::int64_t unit;   // its rows, whole strips
  std::int64_t units;
  std::int64_t slots;       // input rows that a strip reads
  std::int64_t row;         // samples of an input row
  std::int64_t scratch;     // floats
  std::int64_t mean_rows;   // of the output, that a unit of the mean over pixels takes
  std::int64_t mean_units;  // of that mean

 private:
  // Products of a unit: 5 to 30 microseconds of a core. With fewer, taking units and starting each one's sums would
  // show; with more, callers would wait for the last one.
  static constexpr std::int64_t unit_products = std::int64_t{2} * 1024 * 1024;
  // The first strip of a unit takes its sums in a pass of their own.
  static constexpr std::int64_t least_strips = 2;
  static constexpr std::int64_t mean_samples = 8192;
  static constexpr auto line = static_cast<std::int64_t>(cache_line / sizeof(typename Stage::Sample));

  static std::int64_t rows_of_a_unit(const Stage& stage, std::int64_t width) {
    const std::int64_t row_products = 9 * width * stage.in_channels() * stage.output_pixel();
    return (unit_products + row_products - 1) / row_products;
  }
};

}  // namespace mriembed::kernels
