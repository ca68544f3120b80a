#include "preprocessing/slice_channels.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>

#include "kernels/combined_image.hpp"
#include "kernels/energy.hpp"
#include "mriembed/error.hpp"
#include "preprocessing/preprocessing_version.hpp"
#include "preprocessing/without_signal.hpp"

namespace mriembed {

namespace {

using kernels::Direction;
using Sample = std::complex<float>;

constexpr std::int64_t combined_pixels = 2048;  // of a unit of work

// cos^2(pi k / width) at each sample of an axis, k counted from its front; 0 from |k| = width / 2 on.
std::vector<float> hann_window(std::int64_t length, double width) {
  std::vector<float> window(static_cast<std::size_t>(length));
  for (std::int64_t place = 0; place < length; ++place) {
    const auto k = static_cast<double>(place < length - length / 2 ? place : place - length);
    const double cosine = std::cos(std::numbers::pi * k / width);
    window[static_cast<std::size_t>(place)] = std::abs(k) < width / 2 ? static_cast<float>(cosine * cosine) : 0;
  }
  return window;
}

class Channels {
 public:
  Channels(const Planes& kspace, std::int64_t num_coils, const PlaneTransforms& transforms,
           const threads::Executor& executor, ChannelMemory& memory, float* channels)
      : images_(kspace.samples),
        coils_(kspace.count),
        height_(kspace.height),
        width_(kspace.width),
        num_coils_(num_coils),
        transforms_(transforms),
        executor_(executor),
        memory_(memory),
        channels_(channels),
        low_(sized(memory.low, coils_, height_, width_).samples),
        combined_(sized(memory.combined, 1, height_, width_).samples),
        power_(sized(memory.power, 1, height_, width_).samples) {
    memory_.participants.resize(std::max(memory_.participants.size(), static_cast<std::size_t>(executor.threads())));
  }

  // Images and low-resolution images of the virtual coils. Returns the mean over pixels of the squared magnitudes of
  // the latter, or 0 if they hold no signal.
  double transform_coils() {
    const Window window = window_of(low_resolution);
    std::vector<double> whole(static_cast<std::size_t>(coils_));
    std::vector<double> low(static_cast<std::size_t>(coils_));
    executor_.run(coils_, [&](std::int64_t coil, int participant) {
      const auto index = static_cast<std::size_t>(coil);
      Sample* plane = images_ + coil * pixels();
      Sample* low_plane = low_ + coil * pixels();
      whole[index] = kernels::energy_of(plane, pixels());
      low[index] = low_pass(plane, window, low_plane);
      auto& memory = at_participant(participant).transform;
      transform_window(low_plane, window, memory);
      transforms_.run(plane, height_, width_, {true, true}, Direction::inverse, memory);
    });
    const double low_energy = std::accumulate(low.begin(), low.end(), 0.0);
    const bool signal = low_energy > least_energy * std::accumulate(whole.begin(), whole.end(), 0.0);
    return signal ? low_energy / static_cast<double>(pixels()) : 0;  // transforms keep the energy
  }

  // One image of all coils, and the transform of its squared magnitude. Returns the mean of the latter over pixels.
  double combine(double mean_strength) {
    const auto least_strength = static_cast<float>(darkest_coils * darkest_coils * mean_strength);
    const std::int64_t units = (pixels() + combined_pixels - 1) / combined_pixels;
    std::vector<double> sums(static_cast<std::size_t>(units));
    executor_.run(units, [&](std::int64_t unit, int /*participant*/) {
      const std::int64_t first = unit * combined_pixels;
      sums[static_cast<std::size_t>(unit)] = kernels::combine_images(images_ + first, low_ + first, coils_, pixels(),
                                                                     std::min(combined_pixels, pixels() - first),
                                                                     least_strength, combined_ + first, power_ + first);
    });
    transforms_.run(power_, height_, width_, {true, true}, Direction::forward, at_participant(0).transform);
    return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(pixels());
  }

  // The combined image over its local brightness, and over its own alone in channel 0, of unit energy.
  void even(double mean_power) {
    std::vector<double> sums(static_cast<std::size_t>(num_coils_));
    executor_.run(num_coils_, [&](std::int64_t channel, int participant) {
      ChannelMemory::Participant& own = at_participant(participant);
      Sample* local = nullptr;
      if (channel > 0) {
        const Window window = window_of(brightness_window(channel, num_coils_));
        local = sized(own.local, 1, height_, width_).samples;
        low_pass(power_, window, local);
        transform_window(local, window, own.transform);
      }
      const double least = channel > 0 ? darkest * darkest * mean_power : mean_power;
      sums[static_cast<std::size_t>(channel)] = even_channel(local, static_cast<float>(least), channel);
    });
    const double energy = std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(pixels());
    const auto factor = static_cast<float>(1 / std::sqrt(energy));
    executor_.run(2 * num_coils_, [&](std::int64_t plane, int /*participant*/) {
      kernels::scale(channels_ + plane * pixels(), pixels(), factor);
    });
  }

 private:
  // Along both axes, and how many samples of each the front and the back of an axis hold that are not 0.
  struct Window {
    std::vector<float> rows;
    std::vector<float> columns;
    std::int64_t front;
    std::int64_t back;
  };

  [[nodiscard]] Window window_of(double width) const {
    Window window{hann_window(height_, width), hann_window(width_, width), 0, 0};
    const auto reach = static_cast<std::int64_t>(std::ceil(width / 2));  // samples on either side, the middle included
    window.front = std::min(reach, height_ - height_ / 2);
    window.back = std::min(reach - 1, height_ / 2);
    return window;
  }

  [[nodiscard]] std::int64_t pixels() const { return height_ * width_; }
  ChannelMemory::Participant& at_participant(int participant) {
    return memory_.participants[static_cast<std::size_t>(participant)];
  }

  // `from` times the window to `to`. Returns the energy of that.
  double low_pass(const Sample* from, const Window& window, Sample* to) const {
    double energy = 0;
    std::fill_n(to, pixels(), Sample(0));
    for (std::int64_t y = 0; y < height_; ++y) {
      Sample* row = to + y * width_;
      const float along_y = window.rows[static_cast<std::size_t>(y)];
      if (along_y == 0) {
        continue;
      }
      const Sample* samples = from + y * width_;
      for (std::int64_t x = 0; x < width_; ++x) {
        const float along_x = window.columns[static_cast<std::size_t>(x)];
        if (along_x != 0) {
          row[x] = samples[x] * (along_y * along_x);
          energy += static_cast<double>(std::norm(row[x]));
        }
      }
    }
    return energy;
  }

  // The inverse transform of a plane that is 0 outside the window: along x for the rows that are not.
  void transform_window(Sample* plane, const Window& window, PlaneTransforms::Memory& memory) const {
    transforms_.run(plane, window.front, width_, {false, true}, Direction::inverse, memory);
    if (window.back > 0) {
      transforms_.run(plane + (height_ - window.back) * width_, window.back, width_, {false, true}, Direction::inverse,
                      memory);
    }
    transforms_.run(plane, height_, width_, {true, false}, Direction::inverse, memory);
  }

  // Image `channel` to its two planes, the centre in the middle. Returns its energy.
  double even_channel(const Sample* local, float darkest_power, std::int64_t channel) const {
    const std::int64_t right = width_ - width_ / 2;  // the centre, and what lies right of it
    float* magnitude = channels_ + channel * pixels();
    float* real = magnitude + num_coils_ * pixels();
    double energy = 0;
    for (std::int64_t y = 0; y < height_; ++y) {
      const std::int64_t to = (y + height_ / 2) % height_ * width_;
      const Sample* row = combined_ + y * width_;
      const Sample* beside = local != nullptr ? local + y * width_ : nullptr;
      energy += kernels::even_brightness(row, beside, right, darkest_power, magnitude + to + width_ / 2,
                                         real + to + width_ / 2);
      energy += kernels::even_brightness(row + right, beside != nullptr ? beside + right : nullptr, width_ / 2,
                                         darkest_power, magnitude + to, real + to);
    }
    return energy;
  }

  Sample* images_;  // of the virtual coils, at first their k-space
  std::int64_t coils_;
  std::int64_t height_;
  std::int64_t width_;
  std::int64_t num_coils_;
  const PlaneTransforms& transforms_;
  const threads::Executor& executor_;
  ChannelMemory& memory_;
  float* channels_;
  Sample* low_;
  Sample* combined_;
  Sample* power_;
};

}  // namespace

void write_channels(const Planes& kspace, std::int64_t num_coils, std::int64_t index, const PlaneTransforms& transforms,
                    const threads::Executor& executor, ChannelMemory& memory, float* channels) {
  Channels steps(kspace, num_coils, transforms, executor, memory, channels);
  const double mean_strength = steps.transform_coils();
  if (!(mean_strength > 0)) {
    refuse_without_signal(index, "low-resolution image");
  }
  steps.even(steps.combine(mean_strength));
}

}  // namespace mriembed
