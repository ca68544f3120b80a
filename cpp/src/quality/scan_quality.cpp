#include "mriembed/scan_quality.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include "kernels/peak.hpp"
#include "kernels/sample_power.hpp"
#include "mriembed/error.hpp"
#include "quality/clipping.hpp"
#include "quality/coil_change.hpp"
#include "quality/coil_contrast.hpp"
#include "quality/echo.hpp"
#include "quality/half_field_ghost.hpp"
#include "quality/interference.hpp"
#include "quality/line_consistency.hpp"
#include "quality/lost_lines.hpp"
#include "quality/outer_lines.hpp"
#include "quality/spike.hpp"
#include "threads/default_floating_point.hpp"

namespace mriembed {

namespace {

using Slice = ArrayView<const std::complex<float>, 3>;

constexpr double largest_scale = 1e38;         // that float32 holds
constexpr std::int64_t enough_samples = 4096;  // for correlations of noise
constexpr std::int64_t fewest_samples = 256;   // independent coils then seldom have a correlation above 0.25
// Lines that show interference: nearer to the centre, objects have lines in their spectrum, too.
constexpr std::int64_t nearest_to_centre = 12;

// What is gathered of one coil.
struct Gathered {
  double energy = 0;
  double noise_power = 0;  // sum of the slices' estimates
  std::int64_t estimates = 0;
  double contrast = 0;  // the largest
  quality::Clipping clipping;
  std::vector<std::int64_t> zero_readouts;  // of each slice, where another coil measured the line
};

}  // namespace

class ScanQuality::State {
 public:
  explicit State(std::int64_t coils) : gathered_(static_cast<std::size_t>(coils)) {}

  [[nodiscard]] std::int64_t coils() const { return static_cast<std::int64_t>(gathered_.size()); }

  void set_noise(const ArrayView<const std::complex<double>, 2>& covariance, std::int64_t samples) {
    if (covariance.shape != std::array<std::int64_t, 2>{coils(), coils()}) {
      throw Error(ErrorCode::invalid_argument, "a noise covariance of " + std::to_string(covariance.shape[0]) + " x " +
                                                   std::to_string(covariance.shape[1]) + " for " +
                                                   std::to_string(coils()) + " coils");
    }
    std::vector<std::complex<double>> noise;
    for (std::int64_t row = 0; row < coils(); ++row) {
      for (std::int64_t column = 0; column < coils(); ++column) {
        noise.push_back(covariance.data[row * covariance.strides[0] + column * covariance.strides[1]]);
      }
      const double power = noise[static_cast<std::size_t>(row * coils() + row)].real();
      if (!(power >= 0) || !std::isfinite(power)) {
        throw Error(ErrorCode::bad_input, "the noise power of coil " + std::to_string(row) + " is " +
                                              std::to_string(power) + "; it must be at least 0");
      }
    }
    noise_ = std::move(noise);
    noise_samples_ = samples;
  }

  SliceQuality add_slice(const Slice& kspace) {
    const auto [slice_coils, height, width] = kspace.shape;
    if (slice_coils != coils() || height < 1 || width < 1) {
      throw Error(ErrorCode::invalid_argument, "a slice of " + std::to_string(slice_coils) + " coils, " +
                                                   std::to_string(height) + " lines of " + std::to_string(width) +
                                                   " samples; it must have " + std::to_string(coils()) +
                                                   " coils and no empty axis");
    }
    const std::vector<double> energies = energies_of(kspace);
    std::vector<bool> measured;  // lines with a sample
    std::vector<bool> dense;     // lines of which at least half was measured
    for (std::int64_t y = 0; y < height; ++y) {
      const auto line = power_.begin() + y * width;
      const auto samples = std::count_if(line, line + width, [](float power) { return power > 0; });
      measured.push_back(samples > 0);
      dense.push_back(2 * samples >= width);
    }
    SliceQuality slice;
    slice.lines = height;
    slice.measured_lines = std::ranges::count(measured, true);
    slice.lost_lines = quality::lost_lines(measured);
    samples_ += slice.measured_lines * width;
    for (std::size_t coil = 0; coil < gathered_.size(); ++coil) {
      gathered_[coil].energy += energies[coil];
      std::int64_t zero = 0;
      for (std::size_t line = 0; line < measured.size(); ++line) {
        zero += measured[line] && is_zero_[coil * measured.size() + line] != 0 ? 1 : 0;
      }
      gathered_[coil].zero_readouts.push_back(zero);
    }
    if (slice.measured_lines > 0) {
      const quality::Echo echo = quality::find_echo(power_, height, width);
      slice.echo_y = echo.y - height / 2;
      slice.echo_x = echo.x - width / 2;
      constexpr double a_quarter = 0.25;
      slice.spike = quality::strongest_spike(power_, height, width, echo, a_quarter);
      add_coil_figures(kspace, energies, echo, slice);
      gather_outer_lines(kspace, measured);
      const quality::LineConsistency lines = consistency_.of(kspace, dense, energies, scales_, echo);
      slice.lines_are_judged = lines.judged;
      slice.ghost_is_judged = lines.ghost_is_judged;
      slice.ghost_phase = lines.ghost_phase;
      if (coils() < quality::LineConsistencyCheck::fewest_coils) {
        const quality::HalfFieldGhost ghost = ghost_of_few_coils_.of(kspace, dense, scales_);
        slice.ghost_is_judged = ghost.judged;
        slice.ghost_phase = ghost.phase;
      }
      slice.motion_level = lines.motion.level;
      slice.motion_line = lines.motion.line;
      slice.residual_spike = lines.residual_spike;
      if (lines.residual_spike.level > 0) {
        const float largest = kernels::largest_magnitude(power_.data(), height * width);
        const std::int64_t place = lines.residual_spike.y * width + lines.residual_spike.x;
        slice.residual_spike.share = std::sqrt(power_[static_cast<std::size_t>(place)] / largest);
      }
    }
    slices_.push_back(slice);
    count_zero_readouts(slices_.size() - 1, slice);
    count_lost_slice(slice);
    return slice;
  }

  [[nodiscard]] ScanQualityFigures figures() const {
    ScanQualityFigures figures;
    double all = 0;
    for (std::int64_t coil = 0; coil < coils(); ++coil) {
      figures.coils.push_back(coil_figures(coil));
      all += figures.coils.back().signal * figures.coils.back().signal;
    }
    for (CoilQuality& coil : figures.coils) {
      coil.signal_share = all > 0 ? coil.signal * coil.signal / all : 0;
    }
    figures.slices = slices_;
    for (std::size_t slice = 0; slice < slices_.size(); ++slice) {
      count_zero_readouts(slice, figures.slices[slice]);
      count_lost_slice(figures.slices[slice]);
    }
    if (!spectrum_.empty()) {
      figures.interference = quality::strongest_interference(spectrum_, outermost_spectrum_, coils());
    }
    figures.correlation_samples = correlation_is_estimated() ? products_.samples : noise_samples_;
    return figures;
  }

 private:
  // A slice of zeros where others have samples.
  void count_lost_slice(SliceQuality& slice) const {
    slice.lost_lines = samples_ > 0 && slice.measured_lines == 0 ? slice.lines : slice.lost_lines;
  }

  void add_coil_figures(const Slice& kspace, const std::vector<double>& energies, quality::Echo echo,
                        SliceQuality& slice) {
    std::vector<double> contrasts = quality::coil_contrasts(kspace, power_, energies, echo);
    slice.echo_contrast = quality::median_contrast(contrasts);
    const quality::CoilChange change = quality::strongest_coil_change(kspace, power_, contrasts, echo);
    slice.coil_change_is_judged = change.judged;
    slice.coil_change = change.level;
    slice.coil_change_coil = change.coil;
    slice.coil_change_line = change.line;
    if (!contrasts_.empty()) {
      const quality::ContrastChange of_slice = quality::contrast_change(contrasts_, contrasts);
      slice.signal_change = of_slice.level;
      slice.signal_change_coil = of_slice.coil;
    }
    for (std::size_t coil = 0; coil < gathered_.size() && slice.echo_contrast >= quality::least_contrast; ++coil) {
      gathered_[coil].contrast = std::max(gathered_[coil].contrast, contrasts[coil]);
    }
    contrasts_ = std::move(contrasts);
  }

  void count_zero_readouts(std::size_t slice, SliceQuality& figures) const {
    std::int64_t most = 0;
    for (std::size_t coil = 0; coil < gathered_.size(); ++coil) {
      const std::int64_t zero = gathered_[coil].energy > 0 ? gathered_[coil].zero_readouts[slice] : 0;
      figures.zero_readouts += zero;
      if (zero > most) {
        most = zero;
        figures.zero_readouts_coil = static_cast<std::int64_t>(coil);
      }
    }
  }

  // Of each coil; also takes its extremes and adds its power to that of all coils. Throws, and takes nothing, where
  // values are not finite.
  std::vector<double> energies_of(const Slice& kspace) {
    const auto [slice_coils, height, width] = kspace.shape;
    std::vector<double> energies;
    std::vector<quality::Clipping> clipping;
    is_zero_.assign(static_cast<std::size_t>(slice_coils * height), 0);
    power_.assign(static_cast<std::size_t>(height * width), 0.0F);
    scales_.clear();
    for (std::int64_t coil = 0; coil < slice_coils; ++coil) {
      double energy = 0;
      quality::Clipping of_coil = gathered_[static_cast<std::size_t>(coil)].clipping;
      for (std::int64_t y = 0; y < height; ++y) {
        const std::complex<float>* samples = samples_of(kspace, coil, y);
        const double of_line = kernels::power_of(samples, width);
        is_zero_[static_cast<std::size_t>(coil * height + y)] = of_line == 0 ? 1 : 0;
        energy += of_line;
        of_coil.add(samples, width);
      }
      if (!std::isfinite(energy)) {
        throw Error(ErrorCode::bad_input, "coil " + std::to_string(coil) + " holds samples that are not finite");
      }
      const double amplitude = std::sqrt(energy / static_cast<double>(height * width));
      scales_.push_back(amplitude > 0 ? static_cast<float>(std::min(1 / amplitude, largest_scale)) : 0.0F);
      for (std::int64_t y = 0; y < height; ++y) {  // the coil still lies in the cache
        kernels::add_power(samples_of(kspace, coil, y), width, scales_.back(), power_.data() + y * width);
      }
      energies.push_back(energy);
      clipping.push_back(of_coil);
    }
    for (std::size_t coil = 0; coil < gathered_.size(); ++coil) {
      gathered_[coil].clipping = clipping[coil];
    }
    return energies;
  }

  // The samples of a line, one beside the other.
  const std::complex<float>* samples_of(const Slice& kspace, std::int64_t coil, std::int64_t y) {
    const std::complex<float>* from = kspace.data + coil * kspace.strides[0] + y * kspace.strides[1];
    const std::int64_t width = kspace.shape[2];
    if (kspace.strides[2] == 1) {
      return from;
    }
    line_.resize(static_cast<std::size_t>(width));
    for (std::int64_t x = 0; x < width; ++x) {
      line_[static_cast<std::size_t>(x)] = from[x * kspace.strides[2]];
    }
    return line_.data();
  }

  void gather_outer_lines(const Slice& kspace, const std::vector<bool>& measured) {
    const bool correlate = noise_.empty() && coils() > 1 && products_.samples < enough_samples;
    outer_.read(kspace, measured, scales_, correlate);
    if (correlate) {
      add_products(outer_.products());
    }
    const bool shows_interference = outer_.nearest() >= nearest_to_centre;
    if (spectrum_.empty() && shows_interference) {
      width_ = outer_.width();
      spectrum_.assign(static_cast<std::size_t>(coils() * width_), 0.0);
      outermost_spectrum_ = spectrum_;
    }
    for (std::int64_t coil = 0; coil < coils(); ++coil) {
      Gathered& gathered = gathered_[static_cast<std::size_t>(coil)];
      if (const double power = outer_.noise_power(coil); power > 0) {
        gathered.noise_power += power;
        ++gathered.estimates;
      }
      for (std::int64_t x = 0; x < width_ && width_ == outer_.width() && shows_interference; ++x) {
        const auto place = static_cast<std::size_t>(coil * width_ + x);
        spectrum_[place] += outer_.power(coil)[x];
        outermost_spectrum_[place] += outer_.outermost_power(coil)[x];
      }
    }
  }

  void add_products(const quality::NoiseProducts& of_slice) {
    if (products_.samples == 0) {
      products_ = of_slice;
      return;
    }
    products_.samples += of_slice.samples;
    for (std::size_t place = 0; place < of_slice.values.size(); ++place) {
      products_.values[place] += of_slice.values[place];
    }
    for (std::size_t coil = 0; coil < of_slice.coils.size(); ++coil) {
      products_.coils[coil] = products_.coils[coil] && of_slice.coils[coil];
    }
  }

  // Whether correlations are estimated for want of a noise measurement.
  [[nodiscard]] bool correlation_is_estimated() const {
    return noise_.empty() && products_.samples >= fewest_samples && most_are_estimated();
  }

  // Finds the coil with the most similar noise. `covariance`: (coils, coils). `counts`: of coils with known noise.
  void correlate(const std::vector<std::complex<double>>& covariance, const std::vector<bool>& counts,
                 std::int64_t coil, CoilQuality& figures) const {
    const auto place = [&](std::int64_t row, std::int64_t column) {
      return static_cast<std::size_t>(row * coils() + column);
    };
    for (std::int64_t other = 0; other < coils(); ++other) {
      if (!counts[static_cast<std::size_t>(coil)] || !counts[static_cast<std::size_t>(other)]) {
        continue;
      }
      const double both = covariance[place(coil, coil)].real() * covariance[place(other, other)].real();
      const double correlation = both > 0 ? std::abs(covariance[place(coil, other)]) / std::sqrt(both) : 0;
      if (other != coil && correlation > figures.correlation) {
        figures.correlation = correlation;
        figures.correlated_with = other;
      }
    }
  }

  [[nodiscard]] CoilQuality coil_figures(std::int64_t coil) const {
    const Gathered& gathered = gathered_[static_cast<std::size_t>(coil)];
    CoilQuality figures;
    figures.is_zero = gathered.energy == 0;
    figures.echo_contrast = gathered.contrast;
    const bool has_estimate = gathered.estimates > 0 && most_are_estimated();
    const double estimate =
        has_estimate ? std::sqrt(gathered.noise_power / static_cast<double>(gathered.estimates)) : 0;
    figures.clipped = gathered.clipping.parts();
    if (!noise_.empty()) {
      figures.noise = std::sqrt(noise_[static_cast<std::size_t>(coil * coils() + coil)].real());
      figures.scan_noise = estimate;
      correlate(noise_, std::vector<bool>(gathered_.size(), true), coil, figures);
    } else if (has_estimate) {
      figures.noise = estimate;
      figures.noise_is_estimated = true;
      if (correlation_is_estimated()) {
        correlate(products_.values, products_.coils, coil, figures);
      }
    }
    const double mean = samples_ > 0 ? gathered.energy / static_cast<double>(samples_) : 0;
    figures.signal = std::sqrt(std::max(0.0, mean - figures.noise * figures.noise));
    figures.snr = figures.noise > 0 ? figures.signal / figures.noise : 0;
    return figures;
  }

  // What is empty for few coils alone is more likely their darkest part than noise.
  [[nodiscard]] bool most_are_estimated() const {
    const auto live = std::ranges::count_if(gathered_, [](const Gathered& coil) { return coil.energy > 0; });
    const auto estimated = std::ranges::count_if(gathered_, [](const Gathered& coil) { return coil.estimates > 0; });
    return 2 * estimated >= live;
  }

  std::vector<Gathered> gathered_;           // of each coil
  std::vector<std::complex<double>> noise_;  // (coils, coils); empty: not measured
  std::int64_t noise_samples_ = 0;           // 0: many
  std::vector<SliceQuality> slices_;
  std::vector<double> contrasts_;  // of each coil, in the last slice that was measured
  std::int64_t samples_ = 0;       // measured, of each coil
  std::vector<float> scales_;      // of the last slice: with it, a coil's samples have a mean power of 1
  std::vector<float> power_;       // (y, x) of the last slice: the sum over coils of |v|^2 over the coil's mean
  std::vector<std::complex<float>> line_;
  std::vector<std::uint8_t> is_zero_;  // (coils, lines) of the last slice
  quality::OuterLines outer_;
  quality::NoiseProducts products_;  // of the first slices, without a noise measurement
  quality::LineConsistencyCheck consistency_;
  quality::HalfFieldGhostCheck ghost_of_few_coils_;
  std::int64_t width_ = 0;
  std::vector<double> spectrum_;  // (coils, frequency), summed over the slices as wide as the first one
  std::vector<double> outermost_spectrum_;
};

ScanQuality::ScanQuality(std::int64_t coils) {
  if (coils < 1) {
    throw Error(ErrorCode::invalid_argument,
                "figures of " + std::to_string(coils) + " coils; there must be one at least");
  }
  state_ = std::make_unique<State>(coils);
}
ScanQuality::~ScanQuality() = default;
ScanQuality::ScanQuality(ScanQuality&& other) noexcept = default;
ScanQuality& ScanQuality::operator=(ScanQuality&& other) noexcept = default;

void ScanQuality::set_noise(const ArrayView<const std::complex<double>, 2>& covariance, std::int64_t samples) {
  const threads::DefaultFloatingPoint environment;
  state_->set_noise(covariance, samples);
}

SliceQuality ScanQuality::add_slice(const Slice& kspace) {
  const threads::DefaultFloatingPoint environment;
  return state_->add_slice(kspace);
}

ScanQualityFigures ScanQuality::figures() const {
  const threads::DefaultFloatingPoint environment;
  return state_->figures();
}

}  // namespace mriembed
