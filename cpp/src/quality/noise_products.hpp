// The noise of all coils together, from parts of the outer lines that hold noise alone.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

namespace mriembed::quality {

// How the outer lines of a slice, as images along x, are cut into blocks: groups of lines by segments of x. Blocks
// count segment by segment, then group by group.
struct BlockLayout {
  std::int64_t width = 0;
  std::int64_t lines = 0;
  std::int64_t block_width = 0;
  std::int64_t segments = 0;
  std::int64_t groups = 0;

  [[nodiscard]] std::int64_t blocks() const { return segments * groups; }
  [[nodiscard]] std::int64_t first_line(std::int64_t group) const { return group * lines / groups; }
  // Where pixel x lies in a line with x = 0, the middle pixel, in front.
  [[nodiscard]] std::int64_t place_of(std::int64_t x) const { return (x + width - width / 2) % width; }
};

// One of so many blocks is taken as empty.
inline constexpr std::int64_t emptiest_share = 8;

// Of `count` blocks so many are taken as empty.
constexpr std::int64_t empty_blocks(std::int64_t count) { return count < emptiest_share ? 1 : count / emptiest_share; }

// Sums over samples of n n^H, of noise n in units of each coil's standard deviation.
struct NoiseProducts {
  std::int64_t samples = 0;
  std::vector<std::complex<double>> values;  // (coils, coils)
  std::vector<bool> coils;                   // whose part of these blocks is noise alone; products of others are 0
};

// The products in the blocks that are emptiest in the mean over the coils with known noise: an object that fills a
// block for one coil correlates it with others. A coil counts if these blocks hold no more than its noise, to 20 %.
//
// `rows`: (coils, lines, width), x = 0 in front. `powers`: (coils, blocks), mean powers. `noise`: noise power of each
// coil, 0: not known.
NoiseProducts noise_products(const BlockLayout& layout, const std::vector<std::complex<float>>& rows,
                             const std::vector<double>& powers, const std::vector<double>& noise);

}  // namespace mriembed::quality
