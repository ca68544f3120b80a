#include "server/rss_image.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <utility>

#include "io/centred_fft.hpp"
#include "io/slab_sampling.hpp"

namespace mriembed::server {

void complete_lines(io::Slice& slice, io::SlabCompletion& completion) {
  std::vector<bool> measured;
  for (std::int64_t y = 0; y < slice.height; ++y) {
    bool found = false;
    for (std::int64_t coil = 0; coil < slice.channels && !found; ++coil) {
      const auto line = slice.samples.begin() + (coil * slice.height + y) * slice.width;
      found = std::any_of(line, line + slice.width, [](const auto& sample) { return sample != 0.0F; });
    }
    measured.push_back(found);
  }
  completion.fill(slice.samples, slice.channels, slice.width, io::SlabSampling(std::move(measured), slice.height, 1));
}

RssImage rss_image(const io::Slice& slice) {
  using io::CentredFft;
  CentredFft along_x(slice.width, CentredFft::Direction::to_image);
  CentredFft along_y(slice.height, CentredFft::Direction::to_image);
  RssImage image;
  image.width = slice.geometry.readout_width > 0 ? slice.geometry.readout_width : slice.width;
  image.height = slice.geometry.phase_height > 0 ? slice.geometry.phase_height : slice.height;
  image.pixels.assign(static_cast<std::size_t>(image.width * image.height), 0);
  // Sums and squares of samples that a float32 holds may be more, or less, than it can.
  float peak = 0;
  for (const std::complex<float>& sample : slice.samples) {
    peak = std::max({peak, std::abs(sample.real()), std::abs(sample.imag())});
  }
  const float scale = peak > 0 ? std::ldexp(1.0F, std::clamp(-std::ilogb(peak), -126, 126)) : 1;
  const std::int64_t first_x = slice.width / 2 - image.width / 2;
  const std::int64_t first_y = slice.height / 2 - image.height / 2;
  std::vector<std::complex<float>> coil(static_cast<std::size_t>(slice.height * slice.width));
  for (std::int64_t channel = 0; channel < slice.channels; ++channel) {
    const std::complex<float>* const from = slice.samples.data() + channel * slice.height * slice.width;
    std::transform(from, from + coil.size(), coil.begin(),
                   [&](const std::complex<float>& sample) { return sample * scale; });
    for (std::int64_t y = 0; y < slice.height; ++y) {
      along_x.apply(coil.data() + y * slice.width);
    }
    for (std::int64_t x = 0; x < image.width; ++x) {
      along_y.apply(coil.data() + first_x + x, slice.width);
    }
    for (std::int64_t y = 0; y < image.height; ++y) {
      for (std::int64_t x = 0; x < image.width; ++x) {
        const std::complex<double> pixel = coil[static_cast<std::size_t>((first_y + y) * slice.width + first_x + x)];
        image.pixels[static_cast<std::size_t>(y * image.width + x)] += std::norm(pixel);
      }
    }
  }
  std::ranges::transform(image.pixels, image.pixels.begin(),
                         [&](double square) { return std::sqrt(square) / static_cast<double>(scale); });
  return image;
}

}  // namespace mriembed::server
