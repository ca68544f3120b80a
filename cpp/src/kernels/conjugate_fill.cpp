#include "kernels/conjugate_fill.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <numbers>

#include "kernels/sample_copy.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conjugate_fill.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Takes of each pixel of `image` the part with the phase of `low`, from `first` on by vectors of `d`. Returns where it
// stopped.
template <typename Lanes>
HWY_INLINE std::int64_t project_by(Lanes d, const float* HWY_RESTRICT low, std::int64_t first, std::int64_t pixels,
                                   float* HWY_RESTRICT image) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto least = hn::Set(d, 1e-30F);  // where there is nothing, nothing stays
  std::int64_t pixel = first;
  for (; pixel + lanes <= pixels; pixel += lanes) {
    auto low_real = hn::Zero(d);
    auto low_imaginary = hn::Zero(d);
    auto real = hn::Zero(d);
    auto imaginary = hn::Zero(d);
    hn::LoadInterleaved2(d, low + 2 * pixel, low_real, low_imaginary);
    hn::LoadInterleaved2(d, image + 2 * pixel, real, imaginary);
    const auto energy = hn::MulAdd(low_real, low_real, hn::Mul(low_imaginary, low_imaginary));
    const auto product = hn::MulAdd(real, low_real, hn::Mul(imaginary, low_imaginary));
    const auto share = hn::Div(product, hn::Max(energy, least));
    hn::StoreInterleaved2(hn::Mul(share, low_real), hn::Mul(share, low_imaginary), d, image + 2 * pixel);
  }
  return pixel;
}

void project_in_lanes(const float* HWY_RESTRICT low, std::int64_t pixels, float* HWY_RESTRICT image) {
  const std::int64_t pixel = project_by(hn::CappedTag<float, 16>(), low, 0, pixels, image);
  project_by(hn::CappedTag<float, 1>(), low, pixel, pixels, image);
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(project_in_lanes);

Completion ConjugateFill::fill(const HybridSlice& slice, LineRange measured, std::int64_t echo,
                               const ColumnTransform& transform, const threads::Executor& executor) {
  Completion completion{0, slice.lines - (measured.end - measured.begin)};
  // Lines on either side of the echo, itself included.
  const std::int64_t before = echo - measured.begin + 1;
  const std::int64_t after = measured.end - echo;
  const std::int64_t mirrored = std::min(before, after);
  if (mirrored < fewest_mirrored) {
    return completion;
  }
  std::vector<std::int64_t> missing;
  for (std::int64_t line = 0; line < slice.lines; ++line) {
    const bool nearer_end = after < before ? line >= measured.end : line < measured.begin;
    if (nearer_end && measured.contains(2 * echo - line)) {
      missing.push_back(line);
    }
  }
  if (missing.empty()) {
    return completion;
  }
  participants_.resize(std::max(participants_.size(), static_cast<std::size_t>(executor.threads())));
  executor.run(slice.coils, [&](std::int64_t coil, int participant) {
    Participant& own = participants_[static_cast<std::size_t>(participant)];
    const std::int64_t pixels = slice.lines * slice.width;
    own.low.assign(static_cast<std::size_t>(pixels), 0.0F);
    own.image.assign(static_cast<std::size_t>(pixels), 0.0F);
    for (std::int64_t line = measured.begin; line < measured.end; ++line) {
      // In lines from the echo, towards the end that is missing.
      const auto away = static_cast<double>(after < before ? line - echo : echo - line);
      const double share = away / static_cast<double>(mirrored);
      const std::complex<float>* from = slice.line(line) + coil * slice.coil_stride;
      const std::int64_t to = slice.row(line) * slice.width;
      if (std::abs(share) < 1) {
        const double cosine = std::cos(0.5 * std::numbers::pi * share);
        copy_scaled(from, slice.width, static_cast<float>(cosine * cosine), own.low.data() + to);
      }
      const double weight = std::clamp(1 - share, 0.0, 2.0);  // a line and its mirror image together: 2
      copy_scaled(from, slice.width, static_cast<float>(weight), own.image.data() + to);
    }
    transform(own.low.data(), Direction::inverse, participant);
    transform(own.image.data(), Direction::inverse, participant);
    HWY_DYNAMIC_DISPATCH(project_in_lanes)
    (reinterpret_cast<const float*>(own.low.data()), pixels, reinterpret_cast<float*>(own.image.data()));
    transform(own.image.data(), Direction::forward, participant);
    for (const std::int64_t line : missing) {
      std::copy_n(own.image.data() + slice.row(line) * slice.width, slice.width,
                  slice.line(line) + coil * slice.coil_stride);
    }
  });
  completion.filled = static_cast<std::int64_t>(missing.size());
  completion.left -= completion.filled;
  return completion;
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
