#include "slab_sampling.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "acquired_lines.hpp"
#include "kernels/grappa.hpp"
#include "preprocessing/preprocessing_version.hpp"

namespace mriembed::io {

namespace {

constexpr std::int64_t fewest = 6;  // lines and partitions of a calibration box
constexpr std::int64_t reach = 64;  // partitions either side of the centre that a calibration box may have

class Mask {
 public:
  Mask(const std::vector<bool>& lines, std::int64_t height) : lines_(lines), height_(height) {}

  [[nodiscard]] bool operator()(std::int64_t y, std::int64_t z) const {
    return lines_[static_cast<std::size_t>(z * height_ + y)];
  }

  // Lines side by side in partition z around line `middle`; empty where that one is missing.
  [[nodiscard]] LineSpan run(std::int64_t z, std::int64_t middle) const {
    LineSpan run{middle, middle};
    while (run.end < height_ && (*this)(run.end, z)) {
      ++run.end;
    }
    while (!run.empty() && run.begin > 0 && (*this)(run.begin - 1, z)) {
      --run.begin;
    }
    return run;
  }

 private:
  const std::vector<bool>& lines_;
  std::int64_t height_;
};

bool is_central(LineSpan span, std::int64_t size) {
  const auto [shorter, longer] = std::minmax({size / 2 - span.begin, span.end - size / 2});
  return span.count() == size || 3 * shorter >= 2 * longer;
}

// What is filled along one axis: calls take(line, size of the gap before it) for each line measured after another one.
template <typename Present, typename Take>
void for_each_gap(std::int64_t lines, const Present& present, const Take& take) {
  std::int64_t before = -1;
  for (std::int64_t line = 0; line < lines; ++line) {
    if (present(line)) {
      if (before >= 0 && line - before > 1) {
        take(line, line - before);
      }
      before = line;
    }
  }
}

// Both ends are left out for a lower resolution, one alone by partial Fourier.
bool misses_one_end(LineSpan span, std::int64_t size, std::int64_t acceleration) {
  const std::int64_t whole = std::max(size / whole_end_share, acceleration - 1);
  return (span.begin > whole) != (size - span.end > whole);
}

// Every partition of the box is a run of ACS lines for the kernel of a gap, so few lines suffice; one slice has one
// run.
bool fits(std::int64_t gap, LineSpan calibration, std::int64_t depth) {
  return depth == 1 ? kernels::Grappa::fills(gap, calibration.count())
                    : gap <= kernels::Grappa::most_gap && gap < calibration.count();
}

}  // namespace

CalibrationBox calibration_box(const std::vector<bool>& measured, std::int64_t height, std::int64_t depth) {
  const Mask mask(measured, height);
  const std::int64_t first = std::max<std::int64_t>(0, depth / 2 - reach);
  const std::int64_t last = std::min(depth, depth / 2 + reach);
  std::vector<LineSpan> runs;
  for (std::int64_t z = first; z < last; ++z) {
    runs.push_back(mask.run(z, height / 2));
  }
  CalibrationBox largest;
  for (std::int64_t begin = first; begin <= depth / 2; ++begin) {
    LineSpan common{0, height};
    for (std::int64_t z = begin; z < last; ++z) {
      const LineSpan& run = runs[static_cast<std::size_t>(z - first)];
      common = {std::max(common.begin, run.begin), std::min(common.end, run.end)};
      const LineSpan partitions{begin, z + 1};
      const bool large = common.count() >= fewest && partitions.count() >= std::min(fewest, depth);
      const bool larger = common.count() * partitions.count() > largest.y.count() * largest.z.count();
      if (large && larger && is_central(common, height) && is_central(partitions, depth)) {
        largest = {common, partitions};
      }
    }
  }
  return largest;
}

SlabSampling::SlabSampling(std::vector<bool> measured_lines, std::int64_t height_of_slab, std::int64_t depth_of_slab,
                           const std::optional<CalibrationBox>& calibration)
    : measured(std::move(measured_lines)), height(height_of_slab), depth(depth_of_slab) {
  std::vector<bool> present = measured;
  const auto place = [&](std::int64_t y, std::int64_t z) { return static_cast<std::size_t>(z * height + y); };
  const auto begin_of = [&](std::int64_t z) { return measured.begin() + z * height; };
  const auto is_empty = [&](std::int64_t z) {
    return std::find(begin_of(z), begin_of(z) + height, true) == begin_of(z) + height;
  };
  while (partitions.begin < depth && is_empty(partitions.begin)) {
    ++partitions.begin;
  }
  partitions.end = depth;
  while (partitions.end > partitions.begin && is_empty(partitions.end - 1)) {
    --partitions.end;
  }
  bool alike = true;
  for (std::int64_t z = partitions.begin; z < partitions.end; ++z) {
    alike = alike && std::equal(begin_of(z), begin_of(z) + height, begin_of(partitions.begin));
  }
  if (!calibration.has_value() && (depth > 1 ? alike : !has_dense_centre(measured))) {
    return;
  }
  box = calibration.has_value() ? *calibration : calibration_box(measured, height, depth);
  for (std::int64_t y = 0; y < height; ++y) {
    for_each_gap(
        depth, [&](std::int64_t z) { return bool{measured[place(y, z)]}; },
        [&](std::int64_t z, std::int64_t size) {
          if (!fits(size, box.z, depth)) {
            gaps_left = true;
            return;
          }
          acceleration_z = std::max(acceleration_z, size);
          for (std::int64_t missing = z - size + 1; missing < z; ++missing) {
            present[place(y, missing)] = true;
          }
        });
  }
  LineSpan lines_of_all{height, 0};
  for (std::int64_t z = partitions.begin; z < partitions.end; ++z) {
    std::vector<std::int64_t> filled;
    for_each_gap(
        height, [&](std::int64_t y) { return bool{present[place(y, z)]}; },
        [&](std::int64_t y, std::int64_t size) {
          if (!fits(size, box.y, depth)) {
            gaps_left = true;
            return;
          }
          most_gap_y = std::max(most_gap_y, size);
          if (z >= partitions.begin + acceleration_z - 1 && z <= partitions.end - acceleration_z) {
            acceleration_y = std::max(acceleration_y, size);
          }
          for (std::int64_t missing = y - size + 1; missing < y; ++missing) {
            filled.push_back(missing);
          }
        });
    for (const std::int64_t y : filled) {
      present[place(y, z)] = true;
    }
    const auto begin = present.begin() + z * height;
    const auto end = begin + height;
    const auto first = std::find(begin, end, true);
    const auto last = std::find(std::reverse_iterator(end), std::reverse_iterator(begin), true).base();
    lines_of_all = {std::min(lines_of_all.begin, first - begin), std::max(lines_of_all.end, last - begin)};
  }
  // Nothing lies beyond the last line of a grid to fill from.
  for (const std::int64_t y : {lines_of_all.begin + acceleration_y - 1, lines_of_all.end - acceleration_y}) {
    for (const std::int64_t z : {partitions.begin + acceleration_z - 1, partitions.end - acceleration_z}) {
      const bool inside =
          lines_of_all.begin <= y && y < lines_of_all.end && partitions.begin <= z && z < partitions.end;
      corners_left = corners_left || (inside && !present[place(y, z)]);
    }
  }
}

std::string SlabSampling::text() const {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (fills()) {
    add("grappa " + (depth == 1 ? std::to_string(most_gap_y)
                                : std::to_string(acceleration_y) + " x " + std::to_string(acceleration_z)));
  }
  if (gaps_left) {
    add("zero-filled");
  } else if (corners_left) {
    add("corners zero-filled");
  }
  if (misses_one_end(partitions, depth, acceleration_z)) {
    constexpr std::int64_t parts = 8;
    const std::int64_t eighths =
        std::llround(static_cast<double>(parts * partitions.count()) / static_cast<double>(depth));
    const bool even = std::abs(parts * partitions.count() - eighths * depth) <= parts;
    add("partial " + std::to_string(even ? eighths : partitions.count()) + "/" + std::to_string(even ? parts : depth) +
        " along z");
  }
  return text;
}

bool has_whole_grid(const std::vector<bool>& measured, std::int64_t height, LineSpan y, LineSpan z,
                    const Acceleration& acceleration) {
  const auto spans = [](LineSpan span, std::int64_t step, const auto& is_there) {
    std::int64_t before = span.begin - 1;
    for (std::int64_t line = span.begin; line < span.end && line - before <= step; ++line) {
      before = is_there(line) ? line : before;
    }
    return span.end - before <= step;
  };
  const Mask mask(measured, height);
  return spans(y, acceleration.y, [&](std::int64_t line) {
    return spans(z, acceleration.z, [&](std::int64_t partition) { return mask(line, partition); });
  });
}

bool is_elliptical(const std::vector<bool>& measured, std::int64_t height, std::int64_t depth, LineSpan y, LineSpan z) {
  const Mask mask(measured, height);
  const auto half = [](LineSpan span, std::int64_t size) {
    return static_cast<double>(std::max<std::int64_t>({1, size / 2 - span.begin, span.end - 1 - size / 2}));
  };
  const auto radius = [](std::int64_t line, std::int64_t size, double half_axis) {
    const std::int64_t from_centre = line - size / 2;
    return static_cast<double>(from_centre) / half_axis;
  };
  constexpr double inside = 0.85;  // of the square of the radius: protocols round the ellipse in their own ways
  constexpr double outside = 1.25;
  std::int64_t missing = 0;
  for (std::int64_t partition = z.begin; partition < z.end; ++partition) {
    const double along_z = radius(partition, depth, half(z, depth));
    for (std::int64_t line = y.begin; line < y.end; ++line) {
      const double along_y = radius(line, height, half(y, height));
      const double square = along_y * along_y + along_z * along_z;
      const bool there = mask(line, partition);
      if ((there && square > outside) || (!there && square < inside)) {
        return false;
      }
      missing += there ? 0 : 1;
    }
  }
  return missing > 0;
}

}  // namespace mriembed::io
