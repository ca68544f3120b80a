#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "check/check_json.hpp"
#include "check/check_report.hpp"
#include "check/checked_scan.hpp"
#include "cli/commands.hpp"
#include "cli/each_scan.hpp"
#include "cli/message.hpp"
#include "cli/option_checks.hpp"
#include "cli/standard_output.hpp"
#include "io/scan_file.hpp"
#include "io/scan_reader.hpp"
#include "mriembed/error.hpp"
#include "text/one_line.hpp"

namespace mriembed::cli {

namespace {

struct Arguments {
  std::vector<std::string> scans;
  io::ReadOptions reading;
  std::string noise;      // file with the noise measurement; empty: each scan's own
  std::string limits;     // file; empty: the default ones
  std::string reference;  // file; empty: none
  bool json = false;
  bool table = false;
};

std::string report(const Arguments& arguments, const std::string& file, const check::Checked& checked) {
  if (arguments.json) {
    return check::json_of(file, checked).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  const std::string prefix =
      text::one_line(file) + ": " +
      (checked.measurement == 0 ? "" : "measurement " + std::to_string(checked.measurement) + ": ");
  std::string text;
  for (const std::string& line : check::lines_of(checked)) {
    text += prefix + line + "\n";
  }
  if (text.empty()) {
    text = prefix + "nothing found in " + std::to_string(checked.figures.coils.size()) + " coils, " +
           std::to_string(checked.figures.slices.size()) + " slices\n";
  }
  if (const std::string left = check::not_judged(checked); !left.empty()) {
    text += prefix + "not judged: " + left + "\n";
  }
  return text + (arguments.table ? check::table_of(checked) : "");
}

int check(const Arguments& arguments) {
  bool found = false;
  const check::CheckCriteria criteria = check::check_criteria(arguments.limits, arguments.reference);
  const std::optional<io::MeasuredNoise> noise = io::measured_noise(arguments.noise);
  const bool all_good = for_each_scan(arguments.scans, [&](const std::string& file, const std::string& path) {
    const auto scan = io::open_scan_file(path, arguments.reading, noise);
    for (const check::Checked& checked : check::check_scan(*scan, criteria)) {
      found = found || !checked.findings.empty() || !checked.dead_channels.empty();
      write_standard_output(report(arguments, file, checked));
    }
  });
  if (!all_good) {
    return exit_code(ErrorCode::bad_input);
  }
  return found ? exit_with_findings : 0;
}

}  // namespace

Action add_check_options(CLI::App* command) {
  const auto arguments = std::make_shared<Arguments>();
  command
      ->add_option("SCAN", arguments->scans, "Scan files of k-space: " + io::known_formats() + "; - for standard input")
      ->type_name("")
      ->required();
  add_group_option(*command, arguments->reading.group);
  add_noise_option(*command, arguments->noise);
  command->add_flag("--allow-undersampled", arguments->reading.allow_undersampled,
                    "Also check scans with missing lines and no ACS lines");
  add_limits_option(*command, arguments->limits);
  add_reference_option(*command, arguments->reference);
  command->add_flag("--json", arguments->json,
                    "Print one JSON object a line for each measurement: all figures and limits");
  command->add_flag("--table", arguments->table, "Also print the figures of each coil");
  command->footer(R"(
Prints one line for each finding, the worst first. Noise and SNR of a coil are given relative to the array's median.
The noise is that of the noise measurement, or an estimate from the emptiest part of k-space. Only --reference finds
more noise in all coils: it compares the noise of the array and of each coil, matched by name, with an earlier scan.
Bandwidth and number of averages may differ if both scans state them.

`mriembed check SCAN... --html FILE` (Python package) draws findings, figures, images and spectra as a page.

Exit code 10 if there is a finding, 4 if a file cannot be read; the others are still checked.)");
  return [arguments] { return check(*arguments); };
}

}  // namespace mriembed::cli
