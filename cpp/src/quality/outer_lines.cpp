#include "quality/outer_lines.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <span>
#include <utility>

#include "kernels/sample_power.hpp"
#include "quality/readout_length.hpp"

namespace mriembed::quality {

namespace {

constexpr std::int64_t most_lines = 64;
constexpr std::int64_t most_samples = 8192;  // of a coil
constexpr std::int64_t fewest_samples = 64;  // of a block: its mean power is then known to 13 %
constexpr std::int64_t most_blocks = 64;
constexpr std::int64_t fewest_of_all = 256;  // samples of a coil: the emptiest of few blocks is so by chance
// Of neighbouring lines' correlation, squared, times their samples: exponential with a mean of 1 in noise, so that one
// of a million coils has more.
constexpr double most_alike = 14;

// Measured lines from the outermost one inwards, without the half of them that lies around the centre of k-space.
// At most most_lines and most_samples: more make figures hardly more certain, and cost time.
std::vector<std::int64_t> outer_lines(const std::vector<bool>& measured, std::int64_t width) {
  std::vector<std::int64_t> lines;
  const auto middle = static_cast<std::int64_t>(measured.size() / 2);
  for (std::size_t line = 0; line < measured.size(); ++line) {
    if (measured[line]) {
      lines.push_back(static_cast<std::int64_t>(line));
    }
  }
  std::ranges::sort(lines, {}, [&](std::int64_t line) { return std::pair(-std::abs(line - middle), line); });
  const auto half = static_cast<std::int64_t>(lines.size() + 1) / 2;
  lines.resize(static_cast<std::size_t>(std::min({half, most_lines, std::max<std::int64_t>(1, most_samples / width)})));
  return lines;
}

// The mean of the lowest `lowest` of `count` independent normal variables, in standard deviations below their mean
// (Blom 1958: order statistic i lies near the quantile (i - 3/8) / (count + 1/4)).
double depth_of_lowest(std::int64_t lowest, std::int64_t count) {
  const auto quantile = [](double p) {  // of a normal variable, by bisection of its distribution
    double low = -8;
    double high = 8;
    for (int step = 0; step < 60; ++step) {
      const double middle = (low + high) / 2;
      (std::erfc(-middle / std::numbers::sqrt2) / 2 < p ? low : high) = middle;
    }
    return low;
  };
  double sum = 0;
  for (std::int64_t rank = 1; rank <= lowest; ++rank) {
    sum += quantile((static_cast<double>(rank) - 0.375) / (static_cast<double>(count) + 0.25));
  }
  return -sum / static_cast<double>(lowest);
}

// For each of the taken lines, the place of the next measured line among them; -1 where it is not taken.
std::vector<std::int64_t> next_lines(const std::vector<std::int64_t>& lines, const std::vector<bool>& measured) {
  std::vector<std::int64_t> next;
  next.reserve(lines.size());
  for (const std::int64_t line : lines) {
    const auto after = std::find(measured.begin() + line + 1, measured.end(), true);
    const auto found = std::ranges::find(lines, static_cast<std::int64_t>(after - measured.begin()));
    next.push_back(found == lines.end() ? -1 : found - lines.begin());
  }
  return next;
}

// Of the noise alone, from the mean powers of blocks of so many samples; 0 where no block is empty. `depth`: that of
// the lowest of as many normal variables. Puts the numbers of the blocks into `order`, the emptiest first.
double emptiest(const std::vector<double>& powers, std::int64_t samples, double depth,
                std::vector<std::int64_t>& order) {
  const auto count = static_cast<std::int64_t>(powers.size());
  const std::int64_t lowest = empty_blocks(count);
  if (count < 2 || samples < 2) {
    return 0;
  }
  const auto power_of = [&](std::int64_t block) { return powers[static_cast<std::size_t>(block)]; };
  order.resize(powers.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, power_of);
  double sum = 0;
  for (std::int64_t rank = 0; rank < lowest; ++rank) {
    sum += power_of(order[static_cast<std::size_t>(rank)]);
  }
  const double mean = sum / static_cast<double>(lowest);
  const double deviation = 1 / std::sqrt(static_cast<double>(samples));  // of a block's mean power, relative
  // Where twice as many blocks are far from alike, the emptiest hold signal, too.
  const double next = power_of(order[static_cast<std::size_t>(std::min(2 * lowest, count - 1))]);
  if (next > mean * (1 + 4 * deviation) * 1.5) {
    return 0;
  }
  return mean / std::max(0.25, 1 - depth * deviation);
}

// Whether lines of these blocks have more in common with the next measured lines than noise has. `rows`: (lines,
// width), of one coil, x = 0 in front.
bool lines_are_alike(const BlockLayout& layout, const std::complex<float>* rows, const std::vector<std::int64_t>& next,
                     std::span<const std::int64_t> blocks) {
  std::complex<double> product;
  double power = 0;
  double power_of_next = 0;
  std::int64_t samples = 0;
  for (const std::int64_t block : blocks) {
    const std::int64_t group = block / layout.segments;
    for (std::int64_t line = layout.first_line(group); line < layout.first_line(group + 1); ++line) {
      const std::int64_t other = next[static_cast<std::size_t>(line)];
      if (other < 0) {
        continue;
      }
      for (std::int64_t x = 0; x < layout.block_width; ++x) {
        const std::int64_t place = layout.place_of(block % layout.segments * layout.block_width + x);
        const std::complex<double> own(rows[line * layout.width + place]);
        const std::complex<double> beside(rows[other * layout.width + place]);
        product += own * std::conj(beside);
        power += std::norm(own);
        power_of_next += std::norm(beside);
      }
      samples += layout.block_width;
    }
  }
  return std::norm(product) * static_cast<double>(samples) > most_alike * power * power_of_next;
}

}  // namespace

void OuterLines::read(const ArrayView<const std::complex<float>, 3>& kspace, const std::vector<bool>& measured,
                      const std::vector<float>& scales, bool correlate) {
  const auto [coils, height, full_width] = kspace.shape;
  width_ = transformed_length(full_width);
  const std::vector<std::int64_t> lines = outer_lines(measured, width_);
  lines_ = static_cast<std::int64_t>(lines.size());
  nearest_ = lines.empty() ? 0 : std::abs(lines.back() - height / 2);
  const kernels::FourierTransform& transform = transform_of(width_, transform_);
  const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(width_)));
  power_.assign(static_cast<std::size_t>(coils * width_), 0.0);
  outermost_power_.assign(power_.size(), 0.0);
  noise_.assign(static_cast<std::size_t>(coils), 0.0);
  rows_.resize(static_cast<std::size_t>((correlate ? coils : 1) * lines_ * width_));
  // Blocks along x, of as many lines as make them large enough.
  const std::int64_t block_width = std::max<std::int64_t>(1, width_ / 16);
  const std::int64_t segments = width_ / block_width;
  const std::int64_t wanted = std::clamp<std::int64_t>(lines_ * width_ / fewest_samples, 1, most_blocks);
  const std::int64_t groups = std::clamp<std::int64_t>(wanted / segments, 1, std::max<std::int64_t>(1, lines_));
  const double depth = depth_of_lowest(empty_blocks(segments * groups), segments * groups);
  const BlockLayout layout{width_, lines_, block_width, segments, groups};
  const std::vector<std::int64_t> next = next_lines(lines, measured);
  std::vector<double> blocks;
  std::vector<std::int64_t> order;
  block_powers_.assign(correlate ? static_cast<std::size_t>(coils * layout.blocks()) : 0, 0.0);
  for (std::int64_t coil = 0; coil < coils && lines_ > 0; ++coil) {
    const float coil_scale = scales[static_cast<std::size_t>(coil)];
    if (coil_scale == 0) {
      continue;
    }
    std::complex<float>* const rows = rows_.data() + (correlate ? coil * lines_ * width_ : 0);
    for (std::int64_t row = 0; row < lines_; ++row) {
      copy_readout(kspace.data + coil * kspace.strides[0] + lines[static_cast<std::size_t>(row)] * kspace.strides[1],
                   kspace.strides[2], full_width, width_, rows + row * width_);
    }
    transform.along_rows(rows, lines_, kernels::Direction::inverse, scale, memory_);
    of_groups_.assign(static_cast<std::size_t>(groups * width_), 0.0F);
    for (std::int64_t row = 0; row < lines_; ++row) {  // x = 0 to the middle
      const std::complex<float>* values = rows + row * width_;
      float* const of_group = of_groups_.data() + row * groups / lines_ * width_;
      kernels::add_power(values, width_ - width_ / 2, coil_scale, of_group + width_ / 2);
      kernels::add_power(values + (width_ - width_ / 2), width_ / 2, coil_scale, of_group);
    }
    double* const power = power_.data() + coil * width_;
    double* const outermost_power = outermost_power_.data() + coil * width_;
    const std::int64_t outermost_groups = (groups + 1) / 2;
    const std::int64_t outermost_lines = layout.first_line(outermost_groups);
    const double unit = 1 / (static_cast<double>(coil_scale) * static_cast<double>(coil_scale));
    blocks.clear();
    for (std::int64_t group = 0; group < groups; ++group) {
      const float* const of_group = of_groups_.data() + group * width_;
      for (std::int64_t x = 0; x < width_; ++x) {
        power[x] += static_cast<double>(of_group[x]) * (unit / static_cast<double>(lines_));
        if (group + 1 == outermost_groups) {
          outermost_power[x] = power[x] * (static_cast<double>(lines_) / static_cast<double>(outermost_lines));
        }
      }
      const std::int64_t lines_of_group = (group + 1) * lines_ / groups - group * lines_ / groups;
      const double share = unit / static_cast<double>(block_width * lines_of_group);
      for (std::int64_t segment = 0; segment < segments; ++segment) {
        const float* const first = of_group + segment * block_width;
        blocks.push_back(std::accumulate(first, first + block_width, 0.0) * share);
      }
    }
    if (correlate) {
      std::ranges::copy(blocks, block_powers_.begin() + coil * layout.blocks());
    }
    const std::int64_t samples = block_width * (lines_ / groups);
    if (lines_ * width_ >= fewest_of_all) {
      const double noise = emptiest(blocks, samples, depth, order);
      const auto empty = static_cast<std::size_t>(empty_blocks(layout.blocks()));
      const bool is_noise = noise > 0 && !lines_are_alike(layout, rows, next, std::span(order).first(empty));
      noise_[static_cast<std::size_t>(coil)] = is_noise ? noise : 0;
    }
  }
  products_ = {};
  if (correlate && lines_ > 0) {
    products_ = noise_products(layout, rows_, block_powers_, noise_);
  }
}

}  // namespace mriembed::quality
