#include "preprocessing/plane_copies.hpp"

#include <algorithm>
#include <vector>

#include "kernels/energy.hpp"

namespace mriembed {

namespace {

using Sample = std::complex<float>;

// Samples of an axis that follow each other in both arrays.
struct Run {
  std::int64_t to;
  std::int64_t from;
  std::int64_t count;
};

// The runs of an axis of `samples` samples around the echo, of a grid of `length` samples of which the central `held`
// are there.
std::vector<Run> runs_of(std::int64_t samples, std::int64_t held, std::int64_t length, std::int64_t echo) {
  std::vector<Run> runs;
  for (std::int64_t place = 0; place < samples; ++place) {
    const std::int64_t k = place < samples - samples / 2 ? place : place - samples;
    if (k < -(length / 2) || k >= length - length / 2) {
      continue;  // beyond the grid
    }
    const std::int64_t sample = (k + echo + length + length / 2) % length - length / 2;
    const std::int64_t from = sample < 0 ? sample + held : sample;
    if (!runs.empty() && runs.back().to + runs.back().count == place && runs.back().from + runs.back().count == from) {
      ++runs.back().count;
    } else {
      runs.push_back({place, from, 1});
    }
  }
  return runs;
}

}  // namespace

double energy_of(const Planes& planes) { return kernels::energy_of(planes.samples, planes.count * planes.pixels()); }

void gather_plane(const Sample* from, std::int64_t along_y, std::int64_t along_x, const Planes& to) {
  for (std::int64_t y = 0; y < to.height; ++y) {
    for (std::int64_t x = 0; x < to.width; ++x) {
      to.samples[y * to.width + x] = from[y * along_y + x * along_x];
    }
  }
}

void crop_rows(const Planes& from, const Planes& to) {
  const std::int64_t width = from.width;
  const std::int64_t kept = to.width;
  Sample* end = to.samples;
  for (const Sample* row = from.samples; row != from.samples + from.count * from.pixels(); row += width) {
    end = std::copy_n(row + width - kept / 2, kept / 2, end);  // left of the centre
    end = std::copy_n(row, kept - kept / 2, end);
  }
}

CropEnergies crop_plane(const Planes& from, Axes axes, const Planes& to) {
  const std::int64_t rows = from.height;
  const std::int64_t width = to.width;
  const std::int64_t stored = from.width;
  const std::int64_t before_centre = to.height / 2;
  for (std::int64_t row = 0; row < to.height; ++row) {
    const Sample* const begin = from.samples + (axes.y ? (row - before_centre + rows) % rows : row) * stored;
    Sample* const end = to.samples + row * width;
    if (axes.x) {
      std::copy_n(begin, width - width / 2, std::copy_n(begin + stored - width / 2, width / 2, end));
    } else {
      std::copy_n(begin, width, end);
    }
  }
  if (!axes.y) {
    return {0, 0};
  }
  CropEnergies energies{energy_of(to), 0};
  energies.all = energies.kept;
  // Rows at the front: those from the centre on; at the end: those before it.
  for (std::int64_t row = to.height - before_centre; row < rows - before_centre; ++row) {
    const Sample* const begin = from.samples + row * stored;
    energies.all += axes.x ? kernels::energy_of(begin + stored - width / 2, width / 2) +
                                 kernels::energy_of(begin, width - width / 2)
                           : kernels::energy_of(begin, width);
  }
  return energies;
}

void cut_kspace(const Planes& spectrum, GridSize grid, const std::array<std::int64_t, 2>& echo, const Planes& to) {
  const std::int64_t width = to.width;
  std::fill_n(to.samples, to.pixels(), Sample(0));
  const auto columns = runs_of(width, spectrum.width, grid.width, echo[1]);
  for (const Run& rows : runs_of(to.height, spectrum.height, grid.height, echo[0])) {
    for (std::int64_t row = 0; row < rows.count; ++row) {
      const Sample* from = spectrum.samples + (rows.from + row) * spectrum.width;
      Sample* copied = to.samples + (rows.to + row) * width;
      for (const Run& run : columns) {
        std::copy_n(from + run.from, run.count, copied + run.to);
      }
    }
  }
}

}  // namespace mriembed
