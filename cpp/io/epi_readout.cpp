#include "epi_readout.hpp"

#include <cmath>

#include "size_limits.hpp"

namespace mriembed::io {

namespace {

double gradient_of(const EpiReadout& readout) { return readout.ramp_up + readout.flat_top + readout.ramp_down; }

// With a dwell time that fits the gradient: some writers give it in another unit than the gradient's times. None where
// no unit has the readout end before its gradient does.
std::optional<EpiReadout> in_one_unit(EpiReadout readout, std::vector<std::string>& warnings) {
  const double gradient = gradient_of(readout);
  constexpr double least = 0.2;  // of the gradient
  constexpr double most = 1.1;
  const auto share_of = [&](double dwell_time) { return dwell_time * static_cast<double>(readout.samples) / gradient; };
  for (const double factor : {1.0, 1e-6, 1e-3, 1e3, 1e6}) {
    const double dwell_time = factor * readout.dwell_time;
    if (share_of(dwell_time) < least || share_of(dwell_time) > most) {
      continue;
    }
    if (factor != 1.0) {
      warnings.push_back("EPI: " + std::to_string(readout.samples) + " samples of the header's dwell time " +
                         std::to_string(readout.dwell_time) + " do not fit its gradient of " +
                         std::to_string(gradient) + ": a dwell time of " + std::to_string(dwell_time) + " is taken");
      readout.dwell_time = dwell_time;
    }
    return readout;
  }
  if (share_of(readout.dwell_time) > most) {
    warnings.emplace_back(
        "EPI: the header describes readouts that outlast their gradient: they are taken to be evenly "
        "spaced already");
    return std::nullopt;
  }
  return readout;
}

// Samples that lines have and the header does not count: as long a readout as it describes, of other samples, unless
// the numbers are so near to each other that only some samples were left out or counted twice.
void use_samples_of(const Acquisition& line, EpiReadout& readout, std::vector<std::string>& warnings) {
  constexpr double near = 1.25;
  const auto described = static_cast<double>(readout.samples);
  const auto own = static_cast<double>(line.samples);
  if (readout.samples > 0) {
    warnings.push_back("EPI: the header describes readouts of " + std::to_string(readout.samples) +
                       " samples, but lines have " + std::to_string(line.samples) + ", which are taken");
    if (own > near * described || described > near * own) {
      readout.dwell_time *= described / own;
    }
  }
  readout.samples = line.samples;
}

double positive(float time) { return std::isfinite(time) && time > 0 ? double{time} : 0; }

}  // namespace

std::optional<EpiReadout> readout_of_lines(EpiReadout described, const Acquisition& line, std::int64_t matrix_width,
                                           std::vector<std::string>& warnings) {
  if (described.samples > 0 && described.samples != line.samples && line.samples == matrix_width) {
    warnings.push_back("EPI: the header describes readouts of " + std::to_string(described.samples) +
                       " samples, but lines have " + std::to_string(line.samples) +
                       " as the matrix has: they are taken to be evenly spaced already");
    return std::nullopt;
  }
  if (described.samples != line.samples) {
    use_samples_of(line, described, warnings);
  }
  if (described.dwell_time > 0) {
    return in_one_unit(described, warnings);
  }
  const double between_delays = gradient_of(described) - 2 * described.delay;
  if (positive(line.sample_time_us) > 0) {
    described.dwell_time = positive(line.sample_time_us);
    warnings.emplace_back("EPI: the header gives no dwell time: sample_time_us of the lines is taken");
  } else if (described.delay > 0 && between_delays > 0 && described.samples > 0) {
    described.dwell_time = between_delays / static_cast<double>(described.samples);
    warnings.push_back(
        "EPI: neither the header nor its lines give a dwell time: by acqDelayTime, of a readout in the middle of its "
        "gradient, it is " +
        std::to_string(described.dwell_time));
  } else if (described.ramp_up > 0 || described.ramp_down > 0) {
    refuse(
        "EPI: the header describes a gradient with ramps, but no dwell time of the samples (dwellTime or acqDelayTime "
        "of the trajectory description, sample_time_us of the acquisitions): where they lie in k-space is not known");
  } else {
    return std::nullopt;
  }
  return in_one_unit(described, warnings);
}

}  // namespace mriembed::io
