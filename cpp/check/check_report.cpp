#include "check/check_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "io/slice_name.hpp"
#include "text/number_text.hpp"
#include "text/text_table.hpp"

namespace mriembed::check {

namespace {

using Json = nlohmann::ordered_json;

// To about three digits.
std::string plain(double number) {
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

std::string slice_text(const Checked& checked, std::int64_t slice) {
  io::SliceLabel label = checked.labels[static_cast<std::size_t>(slice)];
  label.measurement = 0;  // that of the whole report
  return name_of(label);
}

// Of the interference, from the middle of the readout's band in kHz; none where no time of a sample is known.
std::optional<double> offset_khz(const Checked& checked) {
  const double time_us = checked.labels.empty() ? 0 : checked.labels.front().sample_time_us;
  constexpr double khz_of_mhz = 1000;
  return time_us > 0 ? std::optional(checked.figures.interference.frequency / time_us * khz_of_mhz) : std::nullopt;
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

std::string text_of(const Checked& checked, const Finding& finding) {
  const bool counts = finding.fault == Fault::clipped || finding.fault == Fault::lost_readouts ||
                      finding.fault == Fault::lost_lines || finding.fault == Fault::echo;
  const std::string figure = counts ? text::fixed(finding.value, 0) : plain(finding.value);
  const std::string limit = " (limit " + (counts ? text::fixed(finding.limit, 0) : plain(finding.limit)) + ")";
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
      return "interference at " + plain(checked.figures.interference.frequency) + " of the readout's bandwidth" +
             offset_text(checked) + ": " + figure + " x the power of its neighbours" + limit + ", most in " +
             coil_text(checked, finding.coil);
    case Fault::spike: {
      const ToldSpike told =
          told_spike(checked.figures.slices[static_cast<std::size_t>(finding.slice)], checked.limits);
      const Spike& spike = told.spike;
      const std::string against =
          told.of_residual ? " x what the lines beside it leave unexplained around it" : " x the power around it";
      return slice_text(checked, finding.slice) + ": spike at line " + std::to_string(spike.y) + ", sample " +
             std::to_string(spike.x) + ": " + figure + against + limit + ", " + plain(spike.share) + " of the peak";
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

// All findings as values, in the order of lines_of.
Json findings_json(const Checked& checked) {
  Json all = Json::array();
  for (const std::int64_t channel : checked.dead_channels) {
    all.push_back({{"text", dead_text(checked, channel)},
                   {"fault", "dead_channel"},
                   {"channels", {channel}},
                   {"slice", nullptr},
                   {"value", nullptr},
                   {"limit", nullptr},
                   {"severity", nullptr}});
  }
  for (const Finding& finding : checked.findings) {
    Json channels = Json::array();
    if (finding.coil >= 0) {
      const auto coil = static_cast<std::size_t>(finding.coil);
      channels.push_back(checked.channels[coil]);
      if (finding.fault == Fault::correlated) {
        channels.push_back(checked.channels[static_cast<std::size_t>(checked.figures.coils[coil].correlated_with)]);
      }
    }
    const bool limited = finding.fault != Fault::zero_coil;
    all.push_back({{"text", text_of(checked, finding)},
                   {"fault", name_of(finding.fault)},
                   {"channels", channels},
                   {"slice", finding.slice >= 0 ? Json(finding.slice) : Json(nullptr)},
                   {"value", limited ? Json(finding.value) : Json(nullptr)},
                   {"limit", limited ? Json(finding.limit) : Json(nullptr)},
                   {"severity", std::isfinite(finding.severity()) ? Json(finding.severity()) : Json(nullptr)}});
  }
  return all;
}

template <typename T>
Json positive_or_null(T number) {
  return number > 0 ? Json(number) : Json(nullptr);
}

Json reference_json(const Checked& checked) {
  if (!checked.reference.has_value()) {
    return nullptr;
  }
  return {{"file", checked.reference->path},
          {"scan", checked.reference->scan},
          {"noise_change", positive_or_null(checked.noise_change.of_array)}};
}

Json spike_json(const Spike& spike) {
  return {{"y", spike.y}, {"x", spike.x}, {"level", spike.level}, {"share", spike.share}};
}

nlohmann::ordered_json json_of(const QualityLimits& limits) {
  Json object;
  for (const auto& [name, limit] : named_limits()) {
    object[name] = limits.*limit;
  }
  return object;
}

}  // namespace

std::string not_judged(const Checked& checked) {
  std::string text;
  const auto add = [&](const std::string& what) { text += (text.empty() ? "" : "; ") + what; };
  bool known = false;
  for (const CoilQuality& coil : checked.figures.coils) {
    known = known || coil.noise > 0;
  }
  const auto has_correlation = [](const CoilQuality& coil) { return coil.correlated_with >= 0; };
  if (!checked.noise_is_measured && std::ranges::none_of(checked.figures.coils, has_correlation)) {
    add("noise correlation (no noise measurement)");
  }
  if (!known) {
    add("noise (no part of k-space is empty)");
  }
  if (checked.figures.interference.level == 0) {
    add("interference (too few lines far from the centre of k-space)");
  }
  const std::vector<SliceQuality>& slices = checked.figures.slices;
  const auto add_slices = [&](const std::string& what, bool SliceQuality::* judged, const std::string& reason) {
    if (const auto left = std::ranges::count(slices, false, judged); left > 0) {
      const bool all = left == static_cast<std::ptrdiff_t>(slices.size());
      const std::string part = " in " + std::to_string(left) + " of " + std::to_string(slices.size()) + " slices";
      add(what + (all ? "" : part) + " (" + reason + ")");
    }
  };
  if (checked.figures.coils.size() < 4) {
    add_slices("ghosts", &SliceQuality::ghost_is_judged,
               "less than 24 lines side by side, too little of the field of view empty along y, or noise alone");
    add_slices("motion", &SliceQuality::lines_are_judged, "less than 4 coils");
  } else {
    add_slices("ghosts and motion", &SliceQuality::lines_are_judged, "less than 24 lines side by side, or noise alone");
  }
  if (const std::vector<std::int64_t> weak = weak_coils(checked.figures, checked.limits, checked.coil_limits);
      !weak.empty()) {
    std::string coils;
    for (const std::int64_t coil : weak) {
      coils += (coils.empty() ? "" : ", ") + coil_text(checked, coil);
    }
    add("whether these are broken or far from the object, with an SNR below " + plain(checked.limits.low_snr) +
        " x the array's median: " + coils);
  }
  const auto is_filled = [](const io::SliceLabel& label) { return label.slab_sampling.starts_with("grappa"); };
  if (std::ranges::any_of(checked.labels, is_filled)) {
    add("what was measured alone: lines of the accelerated slab are filled in, and count");
  }
  if (checked.figures.coils.size() < 3) {
    add("coils against the array (less than 3)");
  }
  if (const std::string left = not_compared(checked); !left.empty()) {
    add(left);
  }
  return text;
}

std::string not_compared(const Checked& checked) {
  std::string text;
  if (checked.reference.has_value()) {
    for (const std::string& reason : {checked.reference->refusal, checked.reference->assumption}) {
      if (!reason.empty()) {
        text += (text.empty() ? "" : "; ") + ("noise against the reference (" + reason + ")");
      }
    }
  }
  return text;
}

std::vector<std::string> lines_of(const Checked& checked) {
  std::vector<std::string> lines;
  lines.reserve(checked.dead_channels.size() + checked.findings.size());
  for (const std::int64_t channel : checked.dead_channels) {
    lines.push_back(dead_text(checked, channel));
  }
  for (const Finding& finding : checked.findings) {
    lines.push_back(text_of(checked, finding));
  }
  return lines;
}

std::string table_of(const Checked& checked) {
  text::TextTable table({{"coil", text::TextTable::Align::left},
                         {"noise"},
                         {"signal"},
                         {"share"},
                         {"SNR"},
                         {"correlation", text::TextTable::Align::left},
                         {"clipped"}});
  for (std::size_t coil = 0; coil < checked.figures.coils.size(); ++coil) {
    const CoilQuality& figures = checked.figures.coils[coil];
    const std::string with = figures.correlated_with < 0 ? ""
                                                         : " (" + coil_text(checked, figures.correlated_with) + ")" +
                                                               (figures.noise_is_estimated ? " estimated" : "");
    table.add_row({coil_text(checked, static_cast<std::int64_t>(coil)),
                   (figures.noise > 0 ? text::scientific(figures.noise, 3) : "unknown") +
                       (figures.noise_is_estimated ? " estimated" : ""),
                   text::scientific(figures.signal, 3), text::fixed(100 * figures.signal_share, 1) + " %",
                   figures.noise > 0 ? text::fixed(figures.snr, 1) : "unknown",
                   figures.correlated_with < 0 ? "unknown" : text::fixed(figures.correlation, 2) + with,
                   std::to_string(figures.clipped)});
  }
  for (const std::int64_t channel : checked.dead_channels) {
    table.add_row({channel_text(checked, channel), "dead", "", "", "", "", ""});
  }
  return table.text();
}

nlohmann::ordered_json json_of(const SliceQuality& figures) {
  return {{"lines", figures.lines},
          {"measured_lines", figures.measured_lines},
          {"zero_readouts", figures.zero_readouts},
          {"spike", spike_json(figures.spike)},
          {"residual_spike", spike_json(figures.residual_spike)},
          {"echo_y", figures.echo_y},
          {"echo_x", figures.echo_x},
          {"lines_are_judged", figures.lines_are_judged},
          {"ghost_is_judged", figures.ghost_is_judged},
          {"ghost_phase", figures.ghost_phase},
          {"motion_level", figures.motion_level},
          {"motion_line", figures.motion_line},
          {"echo_contrast", figures.echo_contrast},
          {"signal_change", figures.signal_change},
          {"coil_change_is_judged", figures.coil_change_is_judged},
          {"coil_change", figures.coil_change},
          {"coil_change_line", figures.coil_change_line},
          {"lost_lines", figures.lost_lines}};
}

nlohmann::ordered_json coils_json(const Checked& checked) {
  const ArrayMedians medians = array_medians(checked.figures);
  Json coils = Json::array();
  for (std::size_t coil = 0; coil < checked.figures.coils.size(); ++coil) {
    const CoilQuality& figures = checked.figures.coils[coil];
    const std::int64_t channel = checked.channels[coil];
    const auto place = static_cast<std::size_t>(channel);
    Json entry;
    entry["channel"] = channel;
    entry["name"] = place < checked.names.size() ? checked.names[place] : "";
    entry["noise"] = figures.noise > 0 ? Json(figures.noise) : Json(nullptr);
    const bool compared = figures.noise > 0 && medians.noise > 0;
    entry["noise_ratio"] = compared ? Json(figures.noise / medians.noise) : Json(nullptr);
    entry["noise_is_estimated"] = figures.noise_is_estimated;
    entry["signal"] = figures.signal;
    entry["signal_share"] = figures.signal_share;
    entry["snr"] = figures.noise > 0 ? Json(figures.snr) : Json(nullptr);
    const bool has_ratio = figures.noise > 0 && medians.snr > 0;
    entry["snr_ratio"] = has_ratio ? Json(figures.snr / medians.snr) : Json(nullptr);
    const bool correlated = figures.correlated_with >= 0;
    entry["correlation"] = correlated ? Json(figures.correlation) : Json(nullptr);
    entry["correlated_with"] =
        correlated ? Json(checked.channels[static_cast<std::size_t>(figures.correlated_with)]) : Json(nullptr);
    entry["echo_contrast"] = positive_or_null(figures.echo_contrast);
    entry["scan_noise"] = positive_or_null(figures.scan_noise);
    entry["clipped"] = figures.clipped;
    entry["is_zero"] = figures.is_zero;
    coils.push_back(entry);
  }
  return coils;
}

nlohmann::ordered_json json_of(const std::string& file, const Checked& checked) {
  Json object;
  object["file"] = file;
  object["measurement"] = checked.measurement;
  object["noise_is_measured"] = checked.noise_is_measured;
  const NoiseConditions& conditions = checked.noise_conditions;
  object["noise_sample_time_us"] = positive_or_null(conditions.sample_time_us);
  object["noise_averages"] = positive_or_null(conditions.averages);
  object["reference"] = reference_json(checked);
  object["findings"] = findings_json(checked);
  object["not_judged"] = not_judged(checked);
  Json coils = coils_json(checked);
  const NoiseChange& change = checked.noise_change;
  for (std::size_t coil = 0; coil < coils.size(); ++coil) {
    coils[coil]["noise_change"] = positive_or_null(change.of_coils[coil]);
    coils[coil]["limits"] = json_of(checked.coil_limits[coil]);
  }
  object["coils"] = coils;
  object["dead_channels"] = checked.dead_channels;
  const std::optional<double> offset = offset_khz(checked);
  object["interference"] = {{"level", checked.figures.interference.level},
                            {"frequency", checked.figures.interference.frequency},
                            {"offset_khz", offset.has_value() ? Json(*offset) : Json(nullptr)},
                            {"channel", checked.channels[static_cast<std::size_t>(checked.figures.interference.coil)]}};
  Json slices = Json::array();
  for (std::size_t slice = 0; slice < checked.figures.slices.size(); ++slice) {
    const io::SliceLabel& label = checked.labels[slice];
    Json entry{{"slice", label.slice},           {"contrast", label.contrast}, {"phase", label.phase},
               {"repetition", label.repetition}, {"set", label.set},           {"partition", label.partition}};
    entry.update(json_of(checked.figures.slices[slice]));
    slices.push_back(entry);
  }
  object["slices"] = slices;
  object["limits"] = json_of(checked.limits);
  return object;
}

}  // namespace mriembed::check
