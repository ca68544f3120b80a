#include "preprocessing/calibration_region.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>

#include "kernels/coil_block.hpp"
#include "kernels/sample_copy.hpp"
#include "preprocessing/plane_copies.hpp"

namespace mriembed {

namespace {

using kernels::Direction;
using Sample = std::complex<float>;
using Participant = SliceUnits::Participant;
using Found = SliceUnits::Found;

constexpr std::int64_t block_pixels = kernels::CoilBlock::most_pixels;
// Of a unit of work: some tens of microseconds of a core. A Gram matrix of a unit's own takes as long as some blocks.
constexpr std::int64_t gram_pixels = 8 * block_pixels;
// Coils whose lines are transformed at once: their lines fill the lanes of the transform.
constexpr std::int64_t transformed_coils = 2;

// The centred orthonormal transform along y, of which the central lines are kept.
CoilSamples region_of_images(const CoilSamples& source, std::int64_t lines, float scale, const SliceUnits& units) {
  const Planes region = sized(units.workspace().calibration, source.count, lines, source.width);
  units.run(source.count, [&](std::int64_t coil, Participant& own, auto& /*found*/) {
    const Planes image = sized(own.image, 1, source.height, source.width);
    const Sample* from = source.samples + coil * source.stride;
    const std::int64_t before_centre = source.height / 2 * source.width;
    const std::int64_t from_centre = image.pixels() - before_centre;
    kernels::copy_scaled(from + before_centre, from_centre, scale, image.samples);
    kernels::copy_scaled(from, before_centre, scale, image.samples + from_centre);
    units.transform(image, {true, false}, Direction::forward, own);
    Sample* to = region.at(coil).samples;
    for (std::int64_t line = 0; line < lines; ++line) {
      const std::int64_t row = (line - lines / 2 + source.height) % source.height;
      to = std::copy_n(image.samples + row * source.width, source.width, to);
    }
  });
  return {region.samples, source.count, region.pixels(), lines, source.width};
}

// Once cropped, transformed along x.
CoilSamples region_of_kspace(const CoilSamples& source, const CalibrationRegion& region, float scale,
                             const SliceUnits& units, CalibrationFigures& figures) {
  const std::int64_t lines = region.lines;
  const bool crops = region.width != source.width;
  const CoilSamples central{source.samples + (source.height / 2 - lines / 2) * source.width, source.count,
                            source.stride, lines, source.width};
  if (!crops && scale == 1) {
    return central;
  }
  SliceWorkspace& workspace = units.workspace();
  const Planes readouts = sized(workspace.readouts, source.count, lines, source.width);
  const Planes cropped = crops ? sized(workspace.calibration, source.count, lines, region.width) : readouts;
  const std::int64_t shift = crops ? source.width / 2 : 0;  // brings the centre to the front
  units.run(units_of(source.count, transformed_coils), [&](std::int64_t unit, Participant& own, Found& found) {
    const std::int64_t first = unit * transformed_coils;
    const std::int64_t count = std::min(transformed_coils, source.count - first);
    for (std::int64_t row = first * lines; row < (first + count) * lines; ++row) {
      const Sample* from = central.samples + row / lines * central.stride + row % lines * source.width;
      Sample* to = readouts.samples + row * source.width;
      kernels::copy_scaled(from, shift, scale, to + source.width - shift);
      kernels::copy_scaled(from + shift, source.width - shift, scale, to);
    }
    if (crops) {
      const Planes rows{readouts.at(first).samples, 1, count * lines, source.width};
      const Planes kept{cropped.at(first).samples, 1, count * lines, region.width};
      found.energy_before = energy_of(rows);
      units.transform(rows, {false, true}, Direction::inverse, own);
      crop_rows(rows, kept);
      found.energy = energy_of(kept);
    }
  });
  figures.energy_before = units.energy_before();
  figures.energy = units.energy();
  return {cropped.samples, source.count, cropped.pixels(), lines, cropped.width};
}

}  // namespace

CalibrationFigures gather_coil_gram(const CoilSamples& source, const CalibrationRegion& region, float scale,
                                    const SliceUnits& units) {
  CalibrationFigures figures;
  const CoilSamples coils = region.kspace ? region_of_kspace(source, region, scale, units, figures)
                                          : region_of_images(source, region.lines, scale, units);
  const std::int64_t samples = coils.height * coils.width;
  units.run(units_of(samples, gram_pixels), [&](std::int64_t unit, Participant& own, Found& found) {
    own.gram.reset(coils.count);
    const std::int64_t end = std::min(samples, (unit + 1) * gram_pixels);
    for (std::int64_t first = unit * gram_pixels; first < end; first += block_pixels) {
      const std::int64_t count = std::min(block_pixels, end - first);
      found.peak_bits = std::max(found.peak_bits, own.block.read(coils.samples + first, coils.stride, count, 1));
      own.gram.add(own.block);
    }
    found.gram.resize(static_cast<std::size_t>(coils.count * coils.count));
    own.gram.write(found.gram.data());
  });
  auto& sum = units.workspace().gram;
  sum.assign(static_cast<std::size_t>(coils.count * coils.count), 0.0);
  for (const Found& found : units.workspace().found) {
    std::transform(found.gram.begin(), found.gram.end(), sum.begin(), sum.begin(), std::plus<>());
  }
  figures.peak_bits = units.largest_peak();
  return figures;
}

}  // namespace mriembed
