#include "quality/half_field_ghost.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "quality/readout_length.hpp"

namespace mriembed::quality {

namespace {

constexpr std::int64_t most_samples = 64;
constexpr std::int64_t most_lines_either_way = 32;
constexpr std::int64_t fewest_lines = 24;
constexpr std::int64_t block_height = 2;
constexpr std::int64_t block_width = 2;
constexpr double least_coherence = 0.98;
constexpr double least_energy = 0.02;  // over the strongest block's
constexpr double agreement = 0.08;     // radians
constexpr std::size_t fewest_blocks = 16;
constexpr double least_share = 0.7;
constexpr double least_share_of_few = 0.9;
constexpr double less_for_more = 0.35;
constexpr double largest_phase = std::numbers::pi / 4;

std::vector<float> hann_window(std::int64_t length) {
  std::vector<float> window;
  for (std::int64_t place = 0; place < length; ++place) {
    const double half = std::sin(std::numbers::pi * (static_cast<double>(place) + 0.5) / static_cast<double>(length));
    window.push_back(static_cast<float>(half * half));
  }
  return window;
}

// To -pi / 2 ... pi / 2: E and O have the same sign or not.
double without_sign(double phase) { return phase - std::numbers::pi * std::round(phase / std::numbers::pi); }

// The median of the largest group within 2 x agreement.
double most_frequent(std::vector<double>& phases) {
  std::ranges::sort(phases);
  const std::size_t count = phases.size();
  const auto at = [&](std::size_t place) {
    return place < count ? phases[place] : phases[place - count] + std::numbers::pi;
  };
  std::size_t best = 0;
  std::size_t most = 0;
  std::size_t end = 0;
  for (std::size_t first = 0; first < count; ++first) {
    end = std::max(end, first);
    while (end < first + count && at(end) - at(first) <= 2 * agreement) {
      ++end;
    }
    if (end - first > most) {
      most = end - first;
      best = first;
    }
  }
  return without_sign(at(best + most / 2));
}

}  // namespace

HalfFieldGhost HalfFieldGhostCheck::of(const ArrayView<const std::complex<float>, 3>& kspace,
                                       const std::vector<bool>& measured, const std::vector<float>& scales) {
  const auto height = static_cast<std::int64_t>(measured.size());
  const LineRange lines = central_lines(measured, std::min(height / 4, most_lines_either_way));
  // One scale for all coils keeps their weights; that of the strongest one keeps squares within float32.
  float scale = 0;
  for (const float of_coil : scales) {
    scale = of_coil > 0 && (scale == 0 || of_coil < scale) ? of_coil : scale;
  }
  rows_ = (lines.end - lines.first) / 2;
  width_ = std::min(kspace.shape[2], most_samples) / block_width * block_width;
  if (2 * rows_ < fewest_lines || width_ == 0 || scale == 0) {
    return {};
  }
  window_along_y_ = hann_window(2 * rows_);
  window_along_x_ = hann_window(width_);
  std::rotate(window_along_x_.begin(), window_along_x_.begin() + width_ / 2, window_along_x_.end());
  blocks_.assign(static_cast<std::size_t>(rows_ / block_height * (width_ / block_width)), Block());
  for (std::int64_t coil = 0; coil < kspace.shape[0]; ++coil) {
    read(kspace, coil, scale, lines);
    add_to_blocks();
  }
  double strongest = 0;
  for (const Block& block : blocks_) {
    strongest = std::max(strongest, block.energy);
  }
  std::vector<Block> of_object = blocks_;
  std::erase_if(of_object, [&](const Block& block) { return block.energy <= least_energy * strongest; });
  std::vector<double> of_blocks = phases(of_object);
  if (of_blocks.size() < fewest_blocks) {
    return {};
  }
  const double part_of_object = static_cast<double>(of_blocks.size()) / static_cast<double>(of_object.size());
  const double share = std::max(least_share, least_share_of_few - less_for_more * part_of_object);
  const double phase = most_frequent(of_blocks);
  const auto agreeing = static_cast<std::size_t>(std::ranges::count_if(
      of_blocks, [&](double of_block) { return std::abs(without_sign(of_block - phase)) <= agreement; }));
  if (agreeing < fewest_blocks || static_cast<double>(agreeing) < share * static_cast<double>(of_blocks.size()) ||
      std::abs(phase) > largest_phase) {
    return {};
  }
  return {true, lines.first % 2 == 0 ? phase : -phase};
}

void HalfFieldGhostCheck::read(const ArrayView<const std::complex<float>, 3>& kspace, std::int64_t coil, float scale,
                               LineRange lines) {
  const kernels::FourierTransform along_x(width_);
  const kernels::FourierTransform along_y(rows_);
  for (std::vector<std::complex<float>>* plane : {&even_, &odd_}) {
    plane->resize(static_cast<std::size_t>(rows_ * width_));
    for (std::int64_t row = 0; row < rows_; ++row) {
      const std::int64_t line = 2 * row + (plane == &odd_ ? 1 : 0);
      std::complex<float>* const to = plane->data() + row * width_;
      copy_readout(kspace.data + coil * kspace.strides[0] + (lines.first + line) * kspace.strides[1], kspace.strides[2],
                   kspace.shape[2], width_, to);
      const float weight = scale * window_along_y_[static_cast<std::size_t>(line)];
      for (std::int64_t x = 0; x < width_; ++x) {
        to[x] *= weight * window_along_x_[static_cast<std::size_t>(x)];
      }
    }
    along_x.along_rows(plane->data(), rows_, kernels::Direction::inverse, 1, memory_);
    along_y.along_columns(plane->data(), width_, kernels::Direction::inverse, 1, memory_);
  }
}

void HalfFieldGhostCheck::add_to_blocks() {
  const std::int64_t across = width_ / block_width;
  for (std::int64_t row = 0; row < rows_ / block_height * block_height; ++row) {
    // Odd lines lie one line farther from k = 0, which their transform leaves out.
    const std::complex<double> shift =
        std::polar(1.0, std::numbers::pi * static_cast<double>(row) / static_cast<double>(rows_));
    const std::complex<float>* even = even_.data() + row * width_;
    const std::complex<float>* odd = odd_.data() + row * width_;
    for (std::int64_t number = 0; number < across; ++number) {
      Block& block = blocks_[static_cast<std::size_t>(row / block_height * across + number)];
      std::complex<float> product;
      float energy = 0;
      for (std::int64_t x = number * block_width; x < (number + 1) * block_width; ++x) {
        product += odd[x] * std::conj(even[x]);
        energy += std::norm(even[x]) + std::norm(odd[x]);
      }
      block.product += shift * std::complex<double>(product);
      block.energy += static_cast<double>(energy) / 2;
    }
  }
}

std::vector<double> HalfFieldGhostCheck::phases(const std::vector<Block>& of_object) {
  std::vector<double> phases;
  for (const Block& block : of_object) {
    if (std::abs(block.product) > least_coherence * block.energy) {
      phases.push_back(without_sign(std::arg(block.product)));
    }
  }
  return phases;
}

}  // namespace mriembed::quality
