#include <algorithm>
#include <array>
#include <complex>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "c_interface.hpp"
#include "mriembed/quality_findings.hpp"
#include "mriembed/scan_quality.h"
#include "mriembed/scan_quality.hpp"

struct mriembed_scan_quality {
  explicit mriembed_scan_quality(std::int64_t number) : coils(number), quality(number) {}

  std::int64_t coils;
  std::int64_t slices = 0;
  mriembed::ScanQuality quality;
  std::optional<mriembed::ScanQualityFigures> figures;  // of all slices so far
  std::map<std::int64_t, mriembed::QualityLimits> limits_of_coils;
  mriembed::NoiseReference reference;
  std::vector<mriembed::Finding> findings;
};

namespace {

using mriembed::ArrayView;
using mriembed::Error;
using mriembed::ErrorCode;
using mriembed::Fault;
using mriembed::c_interface::guarded;
using mriembed::c_interface::options_of;
using mriembed::c_interface::require;

static_assert(static_cast<int>(Fault::zero_coil) == MRIEMBED_ZERO_COIL);
static_assert(static_cast<int>(Fault::no_signal) == MRIEMBED_NO_SIGNAL);
static_assert(static_cast<int>(Fault::high_noise) == MRIEMBED_HIGH_NOISE);
static_assert(static_cast<int>(Fault::low_noise) == MRIEMBED_LOW_NOISE);
static_assert(static_cast<int>(Fault::correlated) == MRIEMBED_CORRELATED);
static_assert(static_cast<int>(Fault::clipped) == MRIEMBED_CLIPPED);
static_assert(static_cast<int>(Fault::interference) == MRIEMBED_INTERFERENCE);
static_assert(static_cast<int>(Fault::spike) == MRIEMBED_SPIKE);
static_assert(static_cast<int>(Fault::ghost) == MRIEMBED_GHOST);
static_assert(static_cast<int>(Fault::motion) == MRIEMBED_MOTION);
static_assert(static_cast<int>(Fault::lost_readouts) == MRIEMBED_LOST_READOUTS);
static_assert(static_cast<int>(Fault::noise_increase) == MRIEMBED_NOISE_INCREASE);
static_assert(static_cast<int>(Fault::noise_decrease) == MRIEMBED_NOISE_DECREASE);
static_assert(static_cast<int>(Fault::signal_change) == MRIEMBED_SIGNAL_CHANGE);
static_assert(static_cast<int>(Fault::coil_change) == MRIEMBED_COIL_CHANGE);
static_assert(static_cast<int>(Fault::scan_noise) == MRIEMBED_SCAN_NOISE);
static_assert(static_cast<int>(Fault::lost_lines) == MRIEMBED_LOST_LINES);
static_assert(static_cast<int>(Fault::echo) == MRIEMBED_ECHO);

const mriembed::ScanQualityFigures& figures_of(mriembed_scan_quality& quality) {
  if (!quality.figures.has_value()) {
    quality.figures = quality.quality.figures();
  }
  return *quality.figures;
}

template <typename T>
const T& at(const std::vector<T>& all, std::int64_t index, const char* what) {
  if (index < 0 || index >= static_cast<std::int64_t>(all.size())) {
    throw Error(ErrorCode::invalid_argument, std::string(what) + " " + std::to_string(index) + " of " +
                                                 std::to_string(all.size()) + "; they count from 0");
  }
  return all[static_cast<std::size_t>(index)];
}

// A struct of an older header is shorter: it gets the members that it has.
template <typename Struct>
void give(Struct value, Struct* to, const char* name) {
  require(to, name);
  const std::size_t size = to->struct_size;
  if (size < sizeof(std::size_t) || size > sizeof(Struct)) {
    throw Error(ErrorCode::invalid_argument,
                std::string(name) + ": struct_size is " + std::to_string(size) + "; it must be the size of the struct");
  }
  value.struct_size = size;
  std::memcpy(to, &value, size);
}

mriembed::QualityLimits limits_from(const mriembed_quality_limits* limits) {
  const mriembed_quality_limits given = options_of(limits, mriembed_quality_limits_init);
  mriembed::QualityLimits converted;
  converted.high_noise = given.high_noise;
  converted.low_noise = given.low_noise;
  converted.low_snr = given.low_snr;
  converted.correlation = given.correlation;
  converted.clipped = given.clipped;
  converted.interference = given.interference;
  converted.spike = given.spike;
  converted.ghost_phase = given.ghost_phase;
  converted.motion_level = given.motion_level;
  converted.zero_readouts = given.zero_readouts;
  converted.residual_spike = given.residual_spike;
  converted.noise_increase = given.noise_increase;
  converted.noise_decrease = given.noise_decrease;
  converted.array_noise_increase = given.array_noise_increase;
  converted.array_noise_decrease = given.array_noise_decrease;
  converted.no_signal = given.no_signal;
  converted.signal_change = given.signal_change;
  converted.coil_change = given.coil_change;
  converted.scan_noise = given.scan_noise;
  converted.lost_lines = given.lost_lines;
  converted.echo = given.echo;
  return converted;
}

}  // namespace

void mriembed_quality_limits_init(mriembed_quality_limits* limits) {
  if (limits != nullptr) {
    const mriembed::QualityLimits defaults;
    *limits = {sizeof(mriembed_quality_limits),
               defaults.high_noise,
               defaults.low_noise,
               defaults.low_snr,
               defaults.correlation,
               defaults.clipped,
               defaults.interference,
               defaults.spike,
               defaults.ghost_phase,
               defaults.motion_level,
               defaults.zero_readouts,
               defaults.residual_spike,
               defaults.noise_increase,
               defaults.noise_decrease,
               defaults.array_noise_increase,
               defaults.array_noise_decrease,
               defaults.no_signal,
               defaults.signal_change,
               defaults.coil_change,
               defaults.scan_noise,
               defaults.lost_lines,
               defaults.echo};
  }
}

const char* mriembed_fault_name(mriembed_fault fault) {
  const bool known = fault >= MRIEMBED_ZERO_COIL && fault <= MRIEMBED_ECHO;
  return known ? mriembed::name_of(static_cast<Fault>(fault)) : nullptr;
}

mriembed_status mriembed_scan_quality_create(int64_t coils, mriembed_scan_quality** quality, mriembed_error* error) {
  return guarded(error, [&] {
    require(quality, "quality");
    *quality = nullptr;
    *quality = std::make_unique<mriembed_scan_quality>(coils).release();
  });
}

void mriembed_scan_quality_destroy(mriembed_scan_quality* quality) {
  std::unique_ptr<mriembed_scan_quality>{quality}.reset();
}

mriembed_status mriembed_scan_quality_set_noise(mriembed_scan_quality* quality, const double* covariance,
                                                mriembed_error* error) {
  return guarded(error, [&] {
    require(quality, "quality");
    require(covariance, "covariance");
    quality->quality.set_noise(ArrayView<const std::complex<double>, 2>::row_major(
        reinterpret_cast<const std::complex<double>*>(covariance), {quality->coils, quality->coils}));
    quality->figures.reset();
  });
}

mriembed_status mriembed_scan_quality_add_slice(mriembed_scan_quality* quality, const float* kspace,
                                                const int64_t shape[3], const int64_t strides[3],
                                                mriembed_error* error) {
  return guarded(error, [&] {
    require(quality, "quality");
    require(kspace, "kspace");
    require(shape, "shape");
    auto view = ArrayView<const std::complex<float>, 3>::row_major(reinterpret_cast<const std::complex<float>*>(kspace),
                                                                   {shape[0], shape[1], shape[2]});
    if (strides != nullptr) {
      std::copy_n(strides, 3, view.strides.begin());
    }
    quality->quality.add_slice(view);
    ++quality->slices;
    quality->figures.reset();
  });
}

int64_t mriembed_scan_quality_slices(const mriembed_scan_quality* quality) {
  return quality == nullptr ? 0 : quality->slices;
}

mriembed_status mriembed_scan_quality_coil(mriembed_scan_quality* quality, int64_t coil, mriembed_coil_quality* figures,
                                           mriembed_error* error) {
  return guarded(error, [&] {
    require(quality, "quality");
    const mriembed::CoilQuality& of = at(figures_of(*quality).coils, coil, "coil");
    give<mriembed_coil_quality>(
        {0, of.noise, of.noise_is_estimated ? 1 : 0, of.signal, of.signal_share, of.snr, of.correlation,
         of.correlated_with, of.clipped, of.is_zero ? 1 : 0, of.echo_contrast, of.scan_noise},
        figures, "figures");
  });
}

mriembed_status mriembed_scan_quality_slice(mriembed_scan_quality* quality, int64_t slice,
                                            mriembed_slice_quality* figures, mriembed_error* error) {
  return guarded(error, [&] {
    require(quality, "quality");
    const mriembed::SliceQuality& of = at(figures_of(*quality).slices, slice, "slice");
    give<mriembed_slice_quality>({0,
                                  of.lines,
                                  of.measured_lines,
                                  of.spike.y,
                                  of.spike.x,
                                  of.spike.level,
                                  of.spike.share,
                                  of.echo_y,
                                  of.echo_x,
                                  of.lines_are_judged ? 1 : 0,
                                  of.ghost_phase,
                                  of.motion_level,
                                  of.motion_line,
                                  of.zero_readouts,
                                  of.zero_readouts_coil,
                                  of.residual_spike.y,
                                  of.residual_spike.x,
                                  of.residual_spike.level,
                                  of.residual_spike.share,
                                  of.ghost_is_judged ? 1 : 0,
                                  of.echo_contrast,
                                  of.signal_change,
                                  of.signal_change_coil,
                                  of.coil_change_is_judged ? 1 : 0,
                                  of.coil_change,
                                  of.coil_change_coil,
                                  of.coil_change_line,
                                  of.lost_lines},
                                 figures, "figures");
  });
}

mriembed_status mriembed_scan_quality_interference(mriembed_scan_quality* quality, mriembed_interference* figures,
                                                   mriembed_error* error) {
  return guarded(error, [&] {
    require(quality, "quality");
    const mriembed::Interference& of = figures_of(*quality).interference;
    give<mriembed_interference>({0, of.level, of.frequency, of.coil}, figures, "figures");
  });
}

mriembed_status mriembed_scan_quality_set_coil_limits(mriembed_scan_quality* quality, int64_t coil,
                                                      const mriembed_quality_limits* limits, mriembed_error* error) {
  return guarded(error, [&] {
    require(quality, "quality");
    if (coil < 0 || coil >= quality->coils) {
      throw Error(ErrorCode::invalid_argument,
                  "coil " + std::to_string(coil) + " of " + std::to_string(quality->coils) + "; they count from 0");
    }
    if (limits == nullptr) {
      quality->limits_of_coils.erase(coil);
    } else {
      quality->limits_of_coils.insert_or_assign(coil, limits_from(limits));
    }
  });
}

mriembed_status mriembed_scan_quality_set_reference(mriembed_scan_quality* quality, const double* noise,
                                                    int is_estimated, mriembed_error* error) {
  return guarded(error, [&] {
    require(quality, "quality");
    quality->reference = {};
    if (noise != nullptr) {
      quality->reference.noise.assign(noise, noise + quality->coils);
      quality->reference.is_estimated = is_estimated != 0;
    }
  });
}

mriembed_status mriembed_scan_quality_find(mriembed_scan_quality* quality, const mriembed_quality_limits* limits,
                                           int64_t* count, mriembed_error* error) {
  return guarded(error, [&] {
    require(quality, "quality");
    require(count, "count");
    const mriembed::QualityLimits of_all = limits_from(limits);
    std::vector<mriembed::QualityLimits> of_coils;
    if (!quality->limits_of_coils.empty()) {
      of_coils.assign(static_cast<std::size_t>(quality->coils), of_all);
      for (const auto& [coil, of_coil] : quality->limits_of_coils) {
        of_coils[static_cast<std::size_t>(coil)] = of_coil;
      }
    }
    quality->findings = mriembed::findings_of(figures_of(*quality), of_all, of_coils, quality->reference);
    *count = static_cast<std::int64_t>(quality->findings.size());
  });
}

mriembed_status mriembed_scan_quality_finding(const mriembed_scan_quality* quality, int64_t index,
                                              mriembed_finding* finding, mriembed_error* error) {
  return guarded(error, [&] {
    require(quality, "quality");
    const mriembed::Finding& of = at(quality->findings, index, "finding");
    give<mriembed_finding>(
        {0, static_cast<mriembed_fault>(of.fault), of.coil, of.slice, of.value, of.limit, of.severity()}, finding,
        "finding");
  });
}
