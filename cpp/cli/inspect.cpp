#include <iomanip>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "commands.hpp"
#include "messages.hpp"
#include "scan_reader.hpp"

namespace mriembed::cli {

namespace {

const char* name_of_domain(io::Domain domain) {
  switch (domain) {
    case io::Domain::kspace:
      return "k-space";
    case io::Domain::image:
      return "coil images";
    case io::Domain::stacked:
      return "stacked channels";
  }
  return "unknown";
}

std::string percent(double share) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << 100 * share << " %";
  return text.str();
}

nlohmann::ordered_json as_json(const std::string& path, const io::ScanSummary& scan) {
  return {{"file", path},
          {"format", scan.format},
          {"holds", name_of_domain(scan.domain)},
          {"slices", scan.slices},
          {"coils", scan.coils},
          {"encoded_x", scan.encoded_x},
          {"encoded_y", scan.encoded_y},
          {"encoded_z", scan.encoded_z},
          {"readout_width", scan.readout_width == 0 ? scan.encoded_x : scan.readout_width},
          {"noise_samples", scan.noise_samples},
          {"zero_fraction", scan.zero_fraction},
          {"notes", scan.notes}};
}

void print(const std::string& path, const io::ScanSummary& scan, bool prewhitening) {
  std::cout << path << '\n'
            << "  format      " << scan.format << ", " << name_of_domain(scan.domain) << '\n'
            << "  slices      " << scan.slices << '\n'
            << "  coils       " << scan.coils << '\n'
            << "  matrix      " << scan.encoded_x << " x " << scan.encoded_y;
  if (scan.encoded_z > 1) {
    std::cout << " x " << scan.encoded_z;
  }
  std::cout << " (readout first)\n";
  if (scan.domain == io::Domain::kspace) {
    if (scan.readout_width > 0) {
      const double factor = static_cast<double>(scan.encoded_x) / static_cast<double>(scan.readout_width);
      std::cout << "  readout     " << factor << "x oversampled; cropped to " << scan.readout_width << " pixels\n";
    } else {
      std::cout << "  readout     no oversampling\n";
    }
    std::cout << "  noise       ";
    if (scan.noise_samples > 0) {
      std::cout << "measured, " << scan.noise_samples << " samples a coil: "
                << (prewhitening ? "slices are prewhitened" : "no prewhitening") << '\n';
    } else {
      std::cout << "not measured: no prewhitening\n";
    }
    std::cout << "  zero        " << percent(scan.zero_fraction) << " of k-space\n";
  }
  for (const std::string& note : scan.notes) {
    std::cout << "  note        " << note << '\n';
  }
}

}  // namespace

Command add_inspect(CLI::App& program) {
  struct Arguments {
    std::vector<std::string> scans;
    std::string input;
    bool json = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* app = program.add_subcommand("inspect", "Say what a scan file holds");
  app->add_option("SCAN", arguments->scans, "scan files: MRD, fastMRI, BART or NumPy")->required();
  app->add_option("--input", arguments->input, "what a .npy or BART file holds: kspace (default) or image")
      ->check(CLI::IsMember({"kspace", "image"}));
  app->add_flag("--json", arguments->json, "as JSON, one line a file");
  return {app, [arguments] {
            io::ReadOptions options;
            options.allow_undersampled = true;  // to describe such a scan; embed asks for it by name
            if (!arguments->input.empty()) {
              options.domain = arguments->input == "image" ? io::Domain::image : io::Domain::kspace;
            }
            int status = 0;
            for (const std::string& path : arguments->scans) {
              try {
                const std::unique_ptr<io::ScanReader> scan = io::open_scan(path, options);
                if (arguments->json) {
                  std::cout << as_json(path, scan->summary())
                                   .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                            << '\n';
                } else {
                  print(path, scan->summary(), scan->noise_covariance().has_value());
                }
              } catch (const Error& error) {
                print_error(path + ": " + error.what());
                status = static_cast<int>(error.code());
              }
            }
            return status;
          }};
}

}  // namespace mriembed::cli
