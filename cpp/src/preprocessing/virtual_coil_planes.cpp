#include "preprocessing/virtual_coil_planes.hpp"

#include <algorithm>

#include "kernels/coil_block.hpp"
#include "kernels/peak.hpp"
#include "kernels/plane.hpp"

namespace mriembed {

namespace {

using Sample = std::complex<float>;

constexpr std::int64_t block_pixels = kernels::CoilBlock::most_pixels;
constexpr std::int64_t unit_pixels = 8 * block_pixels;  // some tens of microseconds of a core

// At the block's pixels, `first` to `last - 1` of the slice, to where the transform expects them.
void compress_block(const VirtualCoilPlanes& to, const kernels::CoilBlock& block, std::int64_t first,
                    std::int64_t last) {
  const auto& [rows, columns] = to.window;
  const std::int64_t height = rows.length();
  const std::int64_t width = columns.length();
  for (std::int64_t pixel = first; pixel < last;) {
    std::int64_t end = last;
    std::int64_t position = pixel;
    if (to.kspace) {
      const std::int64_t x = pixel % to.source.width - columns.begin;
      end = std::min(last, pixel - x + (x < width / 2 ? width / 2 : width));
      position = kernels::to_front(pixel / to.source.width - rows.begin, height) * width + kernels::to_front(x, width);
    }
    kernels::compress_coils(block, to.weights, pixel - first, end - pixel, to.planes.samples + position,
                            height * width);
    pixel = end;
  }
}

bool is_zero(std::span<const std::uint8_t> measured, std::int64_t row) {
  return !measured.empty() && measured[static_cast<std::size_t>(row)] == 0;
}

// Row `row` of the slice, which is zero.
void clear_row(const VirtualCoilPlanes& to, std::int64_t row) {
  const std::int64_t width = to.planes.width;
  const std::int64_t first = kernels::to_front(row - to.window.rows.begin, to.planes.height) * width;
  for (std::int64_t coil = 0; coil < to.planes.count; ++coil) {
    std::fill_n(to.planes.at(coil).samples + first, width, Sample(0));
  }
}

}  // namespace

std::int32_t peak_outside(const CoilSamples& source, const SampleWindow& window, std::span<const std::uint8_t> measured,
                          std::int64_t coil) {
  const Sample* plane = source.samples + coil * source.stride;
  std::int32_t peak_bits = 0;
  std::int64_t first = 0;  // of the samples to be looked at: they end where zeros or inner samples begin
  const auto look = [&](std::int64_t end) {
    peak_bits = std::max(peak_bits, kernels::peak_bits(plane + first, end - first));
  };
  for (std::int64_t row = 0; row < source.height; ++row) {
    const std::int64_t begin = row * source.width;
    if (is_zero(measured, row)) {
      look(begin);
      first = begin + source.width;
    } else if (window.rows.begin <= row && row < window.rows.end) {
      look(begin + window.columns.begin);
      first = begin + window.columns.end;
    }
  }
  look(source.height * source.width);
  return peak_bits;
}

void compress_run(const VirtualCoilPlanes& to, SampleRange pixels, SliceUnits::Participant& own,
                  SliceUnits::Found& found) {
  for (std::int64_t first = pixels.begin; first < pixels.end; first += block_pixels) {
    const std::int64_t last = std::min(first + block_pixels, pixels.end);
    const Sample* from = to.source.samples + first;
    found.peak_bits = std::max(found.peak_bits, own.block.read(from, to.source.stride, last - first, to.scale));
    compress_block(to, own.block, first, last);
  }
}

std::int32_t compress_window(const VirtualCoilPlanes& to, bool look_outside, const SliceUnits& units) {
  const SampleRange all_rows = to.window.rows;
  const SampleRange columns = to.window.columns;
  const std::int64_t source_width = to.source.width;
  const bool whole_rows = columns.length() == source_width;  // they follow each other
  const bool whole = whole_rows && all_rows.length() == to.source.height;
  const std::int64_t rows_of_a_unit = std::max<std::int64_t>(1, unit_pixels / columns.length());
  const std::int64_t combining = units_of(all_rows.length(), rows_of_a_unit);
  const std::int64_t looking = look_outside && !whole ? to.source.count : 0;  // at what is not combined
  units.run(combining + looking, [&](std::int64_t unit, SliceUnits::Participant& own, SliceUnits::Found& found) {
    if (unit >= combining) {
      found.peak_bits = peak_outside(to.source, to.window, to.measured, unit - combining);
      return;
    }
    const SampleRange rows{all_rows.begin + unit * rows_of_a_unit,
                           std::min(all_rows.end, all_rows.begin + (unit + 1) * rows_of_a_unit)};
    std::int64_t end = 0;
    for (std::int64_t row = rows.begin; row < rows.end; row = end) {
      end = row + 1;
      if (is_zero(to.measured, row)) {
        clear_row(to, row);
        continue;
      }
      while (whole_rows && end < rows.end && !is_zero(to.measured, end)) {
        ++end;
      }
      compress_run(to, {row * source_width + columns.begin, (end - 1) * source_width + columns.end}, own, found);
    }
  });
  return units.largest_peak();
}

}  // namespace mriembed
