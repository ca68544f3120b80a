#include "epi_regridding.hpp"

#include <ismrmrd/ismrmrd.h>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "size_limits.hpp"

namespace mriembed::io {

namespace {

using Weights = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::int64_t most_samples = 2048;  // of a readout: the time to invert grows with their third power
constexpr std::size_t most_kinds = 16;

double sinc(double value) {
  const double angle = std::numbers::pi * value;
  return std::abs(angle) < 1e-9 ? 1.0 : std::sin(angle) / angle;
}

// Of k-space at two places so many steps apart: most of the object lies in the image, little anywhere.
double correlation(double steps, double image_share) {
  constexpr double elsewhere = 0.05;
  return (1 - elsewhere) * sinc(steps * image_share) + elsewhere * sinc(steps);
}

}  // namespace

EpiRegridding::EpiRegridding(const EpiReadout& readout, std::int64_t width, std::int64_t image_width)
    : readout_(readout), width_(width) {
  constexpr double margin = 1.1;
  image_share_ = std::min(1.0, margin * static_cast<double>(image_width) / static_cast<double>(width));
  const double whole = readout.ramp_up + readout.flat_top + readout.ramp_down;
  const double duration = readout.dwell_time * static_cast<double>(readout.samples);
  // A delay with which the readout would outlast its gradient, and none at all, is what a readout in its middle has.
  const bool stated = readout.delay > 0 && readout.delay + duration <= whole * (1 + 1e-3);
  delay_ = stated ? readout.delay : (whole - duration) / 2;
  scale_ = static_cast<double>(width) / (area_until(delay_ + duration) - area_until(delay_));
}

bool EpiRegridding::needed(const EpiReadout& readout, std::int64_t width) {
  const bool ramps = readout.ramp_up > 0 || readout.ramp_down > 0;
  const double duration = readout.dwell_time * static_cast<double>(readout.samples);
  return readout.samples != width || (ramps && duration > readout.flat_top * (1 + 1e-3));
}

// Under a gradient of height 1. Before its beginning and after its end there is none.
double EpiRegridding::area_until(double time) const {
  const double up = std::clamp(time, 0.0, readout_.ramp_up);
  const double flat = std::clamp(time - readout_.ramp_up, 0.0, readout_.flat_top);
  const double down = std::clamp(time - readout_.ramp_up - readout_.flat_top, 0.0, readout_.ramp_down);
  const double rising = readout_.ramp_up > 0 ? up * up / (2 * readout_.ramp_up) : 0;
  const double falling = readout_.ramp_down > 0 ? down - down * down / (2 * readout_.ramp_down) : 0;
  return rising + flat + falling;
}

std::vector<double> EpiRegridding::positions(const Acquisition& line) const {
  const auto area_of = [&](double sample) { return area_until(delay_ + (sample + 0.5) * readout_.dwell_time); };
  const bool set = line.center_sample > 0 && line.center_sample < line.samples;
  const double whole = readout_.ramp_up + readout_.flat_top + readout_.ramp_down;
  const double middle = set ? area_of(line.center_sample) : area_until(whole) / 2;
  const double direction = line.has(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE) ? -scale_ : scale_;
  std::vector<double> positions;
  for (int sample = line.discard_pre; sample < line.samples - line.discard_post; ++sample) {
    positions.push_back(direction * (area_of(sample) - middle));
  }
  return positions;
}

// Row-major (width, samples): the expected sample at each step of the matrix, given the measured ones.
std::vector<float> EpiRegridding::weights_for(const std::vector<double>& positions) const {
  constexpr double noise = 1e-4;  // power, to that of the signal at one place
  const auto count = static_cast<Eigen::Index>(positions.size());
  const auto place = [&](Eigen::Index index) { return positions[static_cast<std::size_t>(index)]; };
  const Eigen::MatrixXd among = Eigen::MatrixXd::NullaryExpr(count, count, [&](Eigen::Index row, Eigen::Index column) {
    return correlation(place(row) - place(column), image_share_) + (row == column ? noise : 0.0);
  });
  const std::int64_t middle = width_ / 2;
  const Eigen::MatrixXd with_steps = Eigen::MatrixXd::NullaryExpr(
      count, static_cast<Eigen::Index>(width_), [&](Eigen::Index sample, Eigen::Index step) {
        return correlation(place(sample) - static_cast<double>(step - middle), image_share_);
      });
  const Eigen::MatrixXd solved = among.llt().solve(with_steps);
  std::vector<float> weights(static_cast<std::size_t>(width_ * count));
  Eigen::Map<Weights>(weights.data(), static_cast<Eigen::Index>(width_), count) = solved.transpose().cast<float>();
  return weights;
}

void EpiRegridding::regrid(const Acquisition& line, std::size_t index, std::span<const std::complex<float>> samples,
                           std::vector<std::complex<float>>& regridded) {
  const std::int64_t kept = std::int64_t{line.samples} - line.discard_pre - line.discard_post;
  if (line.samples != readout_.samples || line.samples > most_samples || kept < 2) {
    refuse("acquisition " + std::to_string(index) + " keeps " + std::to_string(kept) + " of " +
           std::to_string(line.samples) + " samples, where the header's EPI readout has " +
           std::to_string(readout_.samples) + " (2 to " + std::to_string(most_samples) + " are right)");
  }
  const Kind kind{line.has(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE), line.discard_pre, line.discard_post, line.center_sample};
  auto found = weights_.find(kind);
  if (found == weights_.end()) {
    if (weights_.size() == most_kinds) {
      refuse("acquisition " + std::to_string(index) + " is the first of more than " + std::to_string(most_kinds) +
             " kinds of EPI readouts (by direction, discarded samples and centre); some are right");
    }
    found = weights_.emplace(kind, weights_for(positions(line))).first;
  }
  const auto coils = static_cast<Eigen::Index>(line.coils);
  const auto width = static_cast<Eigen::Index>(width_);
  const Eigen::Map<const Weights> weights(found->second.data(), width, static_cast<Eigen::Index>(kept));
  const Eigen::Map<const Eigen::MatrixXcf, 0, Eigen::OuterStride<>> measured(
      samples.data() + line.discard_pre, static_cast<Eigen::Index>(kept), coils,
      Eigen::OuterStride<>(static_cast<Eigen::Index>(line.samples)));
  regridded.resize(static_cast<std::size_t>(width * coils));
  Eigen::Map<Eigen::MatrixXcf>(regridded.data(), width, coils).noalias() =
      weights.cast<std::complex<float>>().lazyProduct(measured);
}

}  // namespace mriembed::io
