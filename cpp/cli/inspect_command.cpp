#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "check/check_json.hpp"
#include "check/check_report.hpp"
#include "check/checked_scan.hpp"
#include "cli/commands.hpp"
#include "cli/each_scan.hpp"
#include "cli/header_text.hpp"
#include "cli/message.hpp"
#include "cli/option_checks.hpp"
#include "cli/standard_output.hpp"
#include "io/scan_file.hpp"
#include "io/scan_reader.hpp"
#include "mriembed/error.hpp"
#include "text/number_text.hpp"
#include "text/one_line.hpp"
#include "text/text_table.hpp"

namespace mriembed::cli {

namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::vector<std::string> scans;
  io::ReadOptions reading;
  std::string noise;  // file with the noise measurement; empty: each scan's own
  bool json = false;
};

// Slices that tell the figures of coils: more would take longer and tell the same.
constexpr std::int64_t most_slices = 8;

struct Inspected {
  io::ScanSummary summary;
  bool needs_allow_undersampled = false;
  bool prewhitened = false;                  // of several measurements, the first one
  std::vector<check::Checked> measurements;  // of k-space
};

// What the samples say of the coils; a note where they cannot be used.
void look_at_coils(io::ScanReader& reader, Inspected& inspected) {
  if (reader.summary().domain != io::Domain::kspace) {
    return;
  }
  try {
    inspected.measurements = check::check_scan(reader, {}, most_slices);
  } catch (const Error& error) {
    inspected.summary.warnings.push_back("no figures of coils: " + std::string(error.what()));
  }
}

Inspected look_at(io::ScanReader& reader) {
  Inspected inspected;
  inspected.summary = reader.summary();
  inspected.prewhitened = reader.noise_covariance().has_value();
  look_at_coils(reader, inspected);
  return inspected;
}

// As embed takes the scan: without --allow-undersampled where that can be, otherwise with it.
Inspected inspect_file(const std::string& file, io::ReadOptions reading,
                       const std::optional<io::MeasuredNoise>& noise) {
  try {
    return look_at(*io::open_scan_file(file, reading, noise));
  } catch (const Error&) {
    reading.allow_undersampled = true;
    const std::unique_ptr<io::ScanReader> reader = io::open_scan_file(file, reading, noise);
    if (!reader->summary().zero_filled) {
      throw;  // for another reason
    }
    Inspected inspected = look_at(*reader);
    inspected.needs_allow_undersampled = true;
    return inspected;
  }
}

std::string samples_text(io::Domain domain) {
  switch (domain) {
    case io::Domain::image:
      return "complex coil images";
    case io::Domain::network_input:
      return "network input (magnitudes of images, then their real parts)";
    case io::Domain::kspace:
      break;
  }
  return "k-space";
}

std::int64_t kept(std::int64_t cropped, std::int64_t whole) { return cropped > 0 ? cropped : whole; }

std::string matrix_text(const io::ScanSummary& summary) {
  std::string text = std::to_string(summary.encoded_x) + " x " + std::to_string(summary.encoded_y);
  if (summary.encoded_z > 1) {
    text += " x " + std::to_string(summary.encoded_z);
  }
  text += " (x, y" + std::string(summary.encoded_z > 1 ? ", z" : "") + ") as stored";
  const io::SliceGeometry& geometry = summary.geometry;
  if (geometry.readout_width > 0 || geometry.phase_height > 0) {
    text += "; slices of " + std::to_string(kept(geometry.readout_width, summary.encoded_x)) + " x " +
            std::to_string(kept(geometry.phase_height, summary.encoded_y)) + " once oversampling is removed";
  }
  return text;
}

// `remaining`: 0 where nothing is cropped.
std::string oversampling_text(std::int64_t encoded, std::int64_t remaining) {
  if (remaining <= 0) {
    return "none to remove";
  }
  const double factor = static_cast<double>(encoded) / static_cast<double>(remaining);
  const bool whole = std::abs(factor - std::round(factor)) < 0.005;
  return text::fixed(factor, whole ? 0 : 2) + "x, removed to " + std::to_string(remaining) + " pixels";
}

std::string noise_text(const Inspected& inspected) {
  const std::int64_t samples = inspected.summary.noise_samples;
  if (samples <= 0) {
    return "none";
  }
  return "yes, " + std::to_string(samples) + " samples per coil -> " + (inspected.prewhitened ? "" : "no ") +
         "prewhitening";
}

std::string missing_text(const Inspected& inspected) {
  const std::string share = text::fixed(100 * inspected.summary.zero_fraction, 1) + " % of the samples";
  return inspected.needs_allow_undersampled ? share + "; embed needs --allow-undersampled" : share;
}

// Which measurement and how much of it a table of coils is of, where that is not all.
std::string coils_title(const check::Checked& checked, const io::ScanSummary& summary) {
  const auto slices = static_cast<std::int64_t>(checked.figures.slices.size());
  std::string title = summary.measurements > 1 ? "  measurement " + std::to_string(checked.measurement) : "";
  if (slices < summary.slices) {
    title += std::string(title.empty() ? "  " : ", ") + std::to_string(slices) + " of " +
             std::to_string(summary.slices) + " slices";
  }
  return title.empty() ? "" : title + ":\n";
}

std::string listing(const std::string& file, const Inspected& inspected) {
  const io::ScanSummary& summary = inspected.summary;
  std::vector<std::pair<std::string, std::string>> entries{
      {"format", summary.format},
      {"samples", samples_text(summary.domain)},
      {"coils", std::to_string(summary.coils)},
      {"matrix", matrix_text(summary)},
      {"slices", std::to_string(summary.slices)},
  };
  if (summary.domain == io::Domain::kspace) {
    const io::SliceGeometry& geometry = summary.geometry;
    entries.emplace_back("readout oversampling", oversampling_text(summary.encoded_x, geometry.readout_width));
    entries.emplace_back("phase oversampling", oversampling_text(summary.encoded_y, geometry.phase_height));
    const double aspect = io::aspect_of(geometry, summary.encoded_y, summary.encoded_x);
    if (aspect != 1) {
      entries.emplace_back("pixel", text::fixed(aspect, 3) + " times as high (y) as wide (x)" +
                                        (geometry.pixel_aspect > 0 ? "" : ": the field of view is taken as square"));
    }
    entries.emplace_back("noise measurement", noise_text(inspected));
  }
  if (summary.zero_fraction > 0) {
    entries.emplace_back("not acquired", missing_text(inspected));
  }
  for (const auto& entry : header_lines(summary.header)) {
    entries.push_back(entry);
  }
  for (const std::string& warning : summary.warnings) {
    entries.emplace_back("warning", warning);
  }
  for (const std::string& note : summary.notes) {
    entries.emplace_back("note", note);
  }
  std::string text = text::one_line(file) + "\n" + text::aligned_listing(entries, 2);
  for (const check::Checked& checked : inspected.measurements) {
    text += coils_title(checked, summary) + check::table_of(checked);
  }
  return text;
}

std::string json_line(const std::string& file, const Inspected& inspected) {
  const io::ScanSummary& summary = inspected.summary;
  Json object;
  object["file"] = file;
  object["format"] = summary.format;
  object["domain"] = name_of(summary.domain);
  object["coils"] = summary.coils;
  object["encoded_matrix"] = {summary.encoded_x, summary.encoded_y, summary.encoded_z};
  const io::SliceGeometry& geometry = summary.geometry;
  object["readout_width"] = geometry.readout_width > 0 ? Json(geometry.readout_width) : Json(nullptr);
  object["phase_height"] = geometry.phase_height > 0 ? Json(geometry.phase_height) : Json(nullptr);
  object["pixel_aspect"] = io::aspect_of(geometry, summary.encoded_y, summary.encoded_x);
  object["slices"] = summary.slices;
  object["measurements"] = summary.measurements;
  object["noise_samples"] = summary.noise_samples;
  object["zero_fraction"] = summary.zero_fraction;
  object["needs_allow_undersampled"] = inspected.needs_allow_undersampled;
  object["warnings"] = summary.warnings;
  object["notes"] = summary.notes;
  object["header"] = header_json(summary.header);
  Json measurements = Json::array();
  for (const check::Checked& checked : inspected.measurements) {
    measurements.push_back({{"measurement", checked.measurement},
                            {"slices", checked.figures.slices.size()},
                            {"dead_channels", checked.dead_channels},
                            {"coils", check::coils_json(checked)}});
  }
  object["quality"] = measurements;
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

int inspect(const Arguments& arguments) {
  const std::optional<io::MeasuredNoise> noise = io::measured_noise(arguments.noise);
  const bool all_good = for_each_scan(arguments.scans, [&](const std::string& file, const std::string& path) {
    const Inspected inspected = inspect_file(path, arguments.reading, noise);
    write_standard_output(arguments.json ? json_line(file, inspected) : listing(file, inspected));
  });
  return all_good ? 0 : exit_code(ErrorCode::bad_input);
}

}  // namespace

Action add_inspect_options(CLI::App* command) {
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("SCAN", arguments->scans, "Scan files: " + io::known_formats() + "; - for standard input")
      ->type_name("")
      ->required();
  add_input_option(*command, arguments->reading.domain);
  add_group_option(*command, arguments->reading.group);
  add_noise_option(*command, arguments->noise);
  command->add_flag("--json", arguments->json, "Print one JSON object a line for each file");
  command->footer("\nExit code 4 if a file cannot be read; the others are still described.");
  return [arguments] { return inspect(*arguments); };
}

}  // namespace mriembed::cli
