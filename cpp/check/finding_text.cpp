#include "check/finding_text.hpp"

#include <cstddef>

#include "io/slice_name.hpp"
#include "text/number_text.hpp"

namespace mriembed::check {

namespace {

std::string slice_text(const Checked& checked, std::int64_t slice) {
  io::SliceLabel label = checked.labels[static_cast<std::size_t>(slice)];
  label.measurement = 0;  // that of the whole report
  return name_of(label);
}

std::string offset_text(const Checked& checked) {
  const std::optional<double> offset = offset_khz(checked);
  return offset.has_value() ? " (" + text::fixed(*offset, 2) + " kHz from its middle)" : "";
}

std::string noise_change_text(const Checked& checked, const Finding& finding, const std::string& figure_and_limit) {
  const bool of_array = finding.coil < 0;
  const std::string text = (of_array ? "noise of all coils: " : coil_text(checked, finding.coil) + ": noise ");
  const NoiseChange& change = checked.noise_change;
  // Beyond its limit, the change of the array is no coil's own.
  const bool beyond_array = !of_array && finding.value != change.of_coils[static_cast<std::size_t>(finding.coil)];
  return text + figure_and_limit + (beyond_array ? ", beyond the change of all coils" : "") +
         (checked.noise_is_measured ? "" : ", estimated");
}

}  // namespace

std::string short_number(double number) {
  constexpr double smallest = 0.01;
  if (number > 0 && number < smallest) {
    return text::scientific(number, 2);
  }
  constexpr double tens = 10;
  return text::fixed(number, number >= tens * tens ? 0 : number >= tens ? 1 : 2);
}

std::string channel_text(const Checked& checked, std::int64_t channel) {
  const auto place = static_cast<std::size_t>(channel);
  const std::string name = place < checked.names.size() ? checked.names[place] : "";
  return "coil " + std::to_string(channel) + (name.empty() ? "" : " (" + name + ")");
}

std::string coil_text(const Checked& checked, std::int64_t coil) {
  return channel_text(checked, checked.channels[static_cast<std::size_t>(coil)]);
}

std::optional<double> offset_khz(const Checked& checked) {
  const double time_us = checked.labels.empty() ? 0 : checked.labels.front().sample_time_us;
  constexpr double khz_of_mhz = 1000;
  return time_us > 0 ? std::optional(checked.figures.interference.frequency / time_us * khz_of_mhz) : std::nullopt;
}

std::string text_of(const Checked& checked, const Finding& finding) {
  const bool counts = finding.fault == Fault::clipped || finding.fault == Fault::lost_readouts ||
                      finding.fault == Fault::lost_lines || finding.fault == Fault::echo;
  const std::string figure = counts ? text::fixed(finding.value, 0) : short_number(finding.value);
  const std::string limit = " (limit " + (counts ? text::fixed(finding.limit, 0) : short_number(finding.limit)) + ")";
  switch (finding.fault) {
    case Fault::zero_coil:
      return coil_text(checked, finding.coil) + ": all samples are zero";
    case Fault::no_signal:
      return coil_text(checked, finding.coil) + ": power around the echo " + figure + " x that elsewhere" + limit +
             ": noise without signal";
    case Fault::high_noise:
    case Fault::low_noise:
      return coil_text(checked, finding.coil) + ": noise " + figure + " x the array's median" + limit +
             (checked.noise_is_measured ? "" : ", estimated");
    case Fault::correlated: {
      const std::int64_t other = checked.figures.coils[static_cast<std::size_t>(finding.coil)].correlated_with;
      return coil_text(checked, finding.coil) + " and " + coil_text(checked, other) + ": noise correlation " + figure +
             limit + (checked.noise_is_measured ? "" : ", estimated");
    }
    case Fault::clipped:
      return coil_text(checked, finding.coil) + ": " + figure + " values at the receiver's limit" + limit;
    case Fault::interference:
      return "interference at " + short_number(checked.figures.interference.frequency) + " of the readout's bandwidth" +
             offset_text(checked) + ": " + figure + " x the power of its neighbours" + limit + ", most in " +
             coil_text(checked, finding.coil);
    case Fault::spike: {
      const ToldSpike told =
          told_spike(checked.figures.slices[static_cast<std::size_t>(finding.slice)], checked.limits);
      const Spike& spike = told.spike;
      const std::string against =
          told.of_residual ? " x what the lines beside it leave unexplained around it" : " x the power around it";
      return slice_text(checked, finding.slice) + ": spike at line " + std::to_string(spike.y) + ", sample " +
             std::to_string(spike.x) + ": " + figure + against + limit + ", " + short_number(spike.share) +
             " of the peak";
    }
    case Fault::ghost:
      return slice_text(checked, finding.slice) + ": odd lines differ from even ones by " + figure + " rad" + limit +
             ": N/2 ghost";
    case Fault::motion:
      return slice_text(checked, finding.slice) + ": the object moved before line " +
             std::to_string(checked.figures.slices[static_cast<std::size_t>(finding.slice)].motion_line) + ": level " +
             figure + limit;
    case Fault::lost_readouts: {
      const SliceQuality& slice = checked.figures.slices[static_cast<std::size_t>(finding.slice)];
      return slice_text(checked, finding.slice) + ": " + figure + " readouts of single coils are zero" + limit +
             ", most in " + coil_text(checked, finding.coil) + ", of " + std::to_string(slice.measured_lines) +
             " lines: samples were lost";
    }
    case Fault::noise_increase:
    case Fault::noise_decrease:
      return noise_change_text(checked, finding, figure + " x the reference's" + limit);
    case Fault::scan_noise:
      return coil_text(checked, finding.coil) + ": noise in the scan " + figure +
             " x that of the noise measurement, relative to the array" + limit;
    case Fault::signal_change:
      return slice_text(checked, finding.slice) + ": the signal of " + coil_text(checked, finding.coil) +
             " changed by a factor of " + figure + " since the slice before, relative to the array" + limit;
    case Fault::coil_change:
      return slice_text(checked, finding.slice) + ": gain or phase of " + coil_text(checked, finding.coil) +
             " changed before line " +
             std::to_string(checked.figures.slices[static_cast<std::size_t>(finding.slice)].coil_change_line) +
             ": level " + figure + limit;
    case Fault::lost_lines: {
      const std::int64_t lines = checked.figures.slices[static_cast<std::size_t>(finding.slice)].lines;
      return slice_text(checked, finding.slice) + ": " + figure + " of " + std::to_string(lines) +
             " lines are zero in all coils" + limit + ": they were lost";
    }
    case Fault::echo: {
      const SliceQuality& slice = checked.figures.slices[static_cast<std::size_t>(finding.slice)];
      return slice_text(checked, finding.slice) + ": the echo lies " + figure + " samples from the centre of k-space" +
             limit + ": at line " + std::to_string(slice.lines / 2 + slice.echo_y) + ", sample " +
             std::to_string(slice.echo_x) + " from the middle";
    }
  }
  return "";
}

std::string dead_text(const Checked& checked, std::int64_t channel) {
  return channel_text(checked, channel) + ": no noise in the noise measurement: dead";
}

}  // namespace mriembed::check
