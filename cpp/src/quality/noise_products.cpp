#include "quality/noise_products.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

#include "kernels/coil_block.hpp"
#include "kernels/coil_gram.hpp"

namespace mriembed::quality {

namespace {

constexpr double most_excess = 1.2;  // of a coil's power over its noise's, in the blocks that count

// The blocks that are emptiest in the mean over coils.
std::vector<std::int64_t> emptiest_of_all(std::int64_t blocks, const std::vector<double>& powers,
                                          const std::vector<double>& noise) {
  std::vector<double> sums(static_cast<std::size_t>(blocks), 0.0);
  for (std::size_t coil = 0; coil < noise.size(); ++coil) {
    for (std::size_t block = 0; block < sums.size() && noise[coil] > 0; ++block) {
      sums[block] += powers[coil * sums.size() + block] / noise[coil];
    }
  }
  std::vector<std::int64_t> order(sums.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {},
                    [&](std::int64_t block) { return std::pair(sums[static_cast<std::size_t>(block)], block); });
  order.resize(static_cast<std::size_t>(empty_blocks(blocks)));
  return order;
}

}  // namespace

NoiseProducts noise_products(const BlockLayout& layout, const std::vector<std::complex<float>>& rows,
                             const std::vector<double>& powers, const std::vector<double>& noise) {
  const auto coils = static_cast<std::int64_t>(noise.size());
  const std::vector<std::int64_t> blocks = emptiest_of_all(layout.blocks(), powers, noise);
  NoiseProducts products;
  std::vector<float> scales;  // with which noise has a power of 1
  for (std::size_t coil = 0; coil < noise.size(); ++coil) {
    double power = 0;
    for (const std::int64_t block : blocks) {
      power += powers[coil * static_cast<std::size_t>(layout.blocks()) + static_cast<std::size_t>(block)];
    }
    power /= static_cast<double>(blocks.size());
    products.coils.push_back(noise[coil] > 0 && power <= most_excess * noise[coil]);
    scales.push_back(products.coils.back() ? static_cast<float>(1 / std::sqrt(noise[coil])) : 0.0F);
  }
  kernels::CoilGram gram;
  gram.reset(coils);
  kernels::CoilBlock part;
  part.resize(coils);
  std::vector<std::complex<float>> samples(static_cast<std::size_t>(coils * layout.block_width));
  for (const std::int64_t block : blocks) {
    const std::int64_t group = block / layout.segments;
    const std::int64_t first_x = block % layout.segments * layout.block_width;
    for (std::int64_t line = layout.first_line(group); line < layout.first_line(group + 1); ++line) {
      for (std::int64_t coil = 0; coil < coils; ++coil) {
        const std::complex<float>* const row = rows.data() + (coil * layout.lines + line) * layout.width;
        for (std::int64_t x = 0; x < layout.block_width; ++x) {
          samples[static_cast<std::size_t>(coil * layout.block_width + x)] =
              row[layout.place_of(first_x + x)] * scales[static_cast<std::size_t>(coil)];
        }
      }
      for (std::int64_t x = 0; x < layout.block_width; x += kernels::CoilBlock::most_pixels) {
        const std::int64_t pixels = std::min(kernels::CoilBlock::most_pixels, layout.block_width - x);
        part.read(samples.data() + x, layout.block_width, pixels, 1.0F);
        gram.add(part);
      }
      products.samples += layout.block_width;
    }
  }
  products.values.resize(static_cast<std::size_t>(coils * coils));
  gram.write(products.values.data());
  return products;
}

}  // namespace mriembed::quality
