// Which lines of a slab were measured, and which of the others can be completed before its partitions are told apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "acceleration.hpp"

namespace mriembed::io {

// Lines begin to end - 1.
struct LineSpan {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  [[nodiscard]] std::int64_t count() const { return end - begin; }
  [[nodiscard]] bool empty() const { return end <= begin; }
};

// Lines along y and partitions that were measured without a gap around the centre of k-space.
struct CalibrationBox {
  LineSpan y;
  LineSpan z;

  [[nodiscard]] bool empty() const { return y.empty(); }
};

// The largest box; empty where there is none of at least 6 lines and 6 partitions. Where it ends before the matrix
// does, the shorter side of an axis has at least two thirds of the longer one.
CalibrationBox calibration_box(const std::vector<bool>& measured, std::int64_t height, std::int64_t depth);

// How a slab of measured lines (z, y) is completed. A slice is a slab of one partition: of it those lines are filled
// that the library fills by GRAPPA.
struct SlabSampling {
  // `measured_lines`: (depth, height). `calibration`: of ACS lines that are not among them.
  SlabSampling(std::vector<bool> measured_lines, std::int64_t height_of_slab, std::int64_t depth_of_slab,
               const std::optional<CalibrationBox>& calibration = std::nullopt);

  [[nodiscard]] bool fills() const { return most_gap_y > 1 || acceleration_z > 1; }

  // "grappa 2 x 3" (y x z; of a slice "grappa 2"), "zero-filled", "corners zero-filled", "partial 6/8 along z", joined
  // by commas. Empty where all of several partitions have the same lines and no partition is missing: what is missing
  // along y is left to the completion of slices.
  [[nodiscard]] std::string text() const;

  std::vector<bool> measured;
  std::int64_t height;
  std::int64_t depth;
  CalibrationBox box;
  // Lines from one that is there to the next, at most, between which some are filled: along z, and along y in what is
  // there then.
  std::int64_t acceleration_z = 1;
  std::int64_t acceleration_y = 1;  // but for the first and last partitions, between which nothing is filled along z
  std::int64_t most_gap_y = 1;      // in all partitions
  bool gaps_left = false;           // partitions between measured ones stay zero
  bool corners_left = false;        // ends along y or z, of some partitions or lines
  LineSpan partitions;              // from the first to the last one of which any line was measured
};

// Whether the lines that were measured hold the whole grid of a scan of this acceleration: some lines along y, at most
// `acceleration.y` apart from each other and from the ends of the encoding limits `y`, of each of which partitions are
// there that lie so in `z`. The grid may be shifted along z from line to line.
bool has_whole_grid(const std::vector<bool>& measured, std::int64_t height, LineSpan y, LineSpan z,
                    const Acceleration& acceleration);

// Whether a slab was scanned elliptically: all lines outside an ellipse that touches the borders of the encoding limits
// are missing, and none inside. Those limits are `y` and `z`.
bool is_elliptical(const std::vector<bool>& measured, std::int64_t height, std::int64_t depth, LineSpan y, LineSpan z);

}  // namespace mriembed::io
