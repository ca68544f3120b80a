#include "check/check_json.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "check/check_report.hpp"
#include "check/finding_text.hpp"

namespace mriembed::check {

namespace {

using Json = nlohmann::ordered_json;

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
