#include "cli/option_checks.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <cstdio>

#include "cli/message.hpp"

namespace mriembed::cli {

CLI::Validator whole_number(std::int64_t lowest, std::int64_t highest) {
  return CLI::Validator(
      [lowest, highest](const std::string& text) {
        std::int64_t number = 0;
        const char* end = text.data() + text.size();
        const auto [rest, failure] = std::from_chars(text.data(), end, number);
        if (failure == std::errc() && rest == end && number >= lowest && number <= highest) {
          return std::string();
        }
        return "must be a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest) + ", not \"" +
               text + "\"";
      },
      "");
}

CLI::Validator number_in(double lowest, double highest) {
  return CLI::Validator(
      [lowest, highest](const std::string& text) {
        double number = 0;
        const char* end = text.data() + text.size();
        const auto [rest, failure] = std::from_chars(text.data(), end, number);
        if (failure == std::errc() && rest == end && number >= lowest && number <= highest) {
          return std::string();
        }
        std::array<char, 64> range{};
        std::snprintf(range.data(), range.size(), "%g to %g", lowest, highest);
        return "must be a number from " + std::string(range.data()) + ", not \"" + text + "\"";
      },
      "");
}

void add_engine_options(CLI::App& command, Options& options) {
  command.add_option("--device", options.device, "Where the network runs: cpu, cuda (the first GPU) or cuda:N")
      ->type_name("D")
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "--precision",
          [&options](const std::string& name) {
            options.precision = name == "bfloat16"  ? Precision::bfloat16
                                : name == "float16" ? Precision::float16
                                                    : Precision::float32;
          },
          "Data type of the network; float16 needs a GPU. Preprocessing always runs in float32")
      ->type_name("P")
      ->default_str("float32")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}));
  command
      .add_option("--threads", options.threads,
                  "CPU threads at most; 0: one for each processor that this process may use")
      ->type_name("N")
      ->check(whole_number(0, 1024))
      ->capture_default_str();
  command
      .add_option("--memory", options.memory_mib,
                  "Approximate working-memory limit per call (MiB), samples not included. Larger batches are processed "
                  "in chunks")
      ->type_name("MIB")
      ->check(whole_number(1, 1 << 20))
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "--backend",
          [&options](const std::string& name) {
            options.backend = name == "native"  ? Backend::native
                              : name == "torch" ? Backend::torch
                                                : Backend::automatic;
          },
          "What runs the network: native (the library's own kernels), torch, or auto (native if it has kernels for the "
          "network and the device, otherwise torch)")
      ->type_name("B")
      ->default_str("auto")
      ->check(CLI::IsMember({"auto", "native", "torch"}));
  add_trust_options(command, options.trust);
}

void add_trust_options(CLI::App& command, Trust& trust) {
  command
      .add_option(
          "--trust", trust.keys,
          "Public key (KEY.pub of `mriembed keygen`): load only model files with its signature. May be given several "
          "times")
      ->type_name("KEY")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_flag("--allow-unsealed", trust.allow_unsealed,
                   "Also load a TorchScript file without a seal; damage in it may go unnoticed");
}

void warn_if_unsealed(const std::string& model, const ModelInfo& info) {
  if (!info.sealed) {
    print_warning(model + ": not sealed, loaded because of --allow-unsealed; damage in it may go unnoticed");
  }
}

void add_input_option(CLI::App& command, std::optional<io::Domain>& domain) {
  command
      .add_option_function<std::string>(
          "--input",
          [&domain](const std::string& name) { domain = name == "image" ? io::Domain::image : io::Domain::kspace; },
          "What the samples are, for files that do not state it (NumPy, BART)")
      ->type_name("DOMAIN")
      ->default_str("kspace")
      ->check(CLI::IsMember({"kspace", "image"}));
}

CLI::Option* add_noise_option(CLI::App& command, std::string& file) {
  return command
      .add_option(
          "--noise", file,
          "MRD file with noise lines, or NumPy array (coils, samples), that replaces the scans' own noise measurements")
      ->type_name("FILE");
}

CLI::Option* add_limits_option(CLI::App& command, std::string& file) {
  return command
      .add_option(
          "--limits", file,
          "JSON file with limits of findings, by their names in `check --json`, for the array or for coils by name")
      ->type_name("FILE");
}

CLI::Option* add_reference_option(CLI::App& command, std::string& file) {
  return command
      .add_option(
          "--reference", file,
          "Compare the noise with this output of `check --json` for an earlier, faultless scan with the same coils")
      ->type_name("FILE");
}

void add_group_option(CLI::App& command, std::string& group) {
  command
      .add_option(
          "--group", group,
          "Name of the measurement to read, in raw MRD files with several (in streams: scan_1, scan_2, ...). Default: "
          "all that can be read")
      ->type_name("NAME");
}

std::string signers_text(const ModelInfo& info) {
  std::string text;
  for (const std::string& key : info.signers) {
    text += (text.empty() ? "" : ", ") + key;
  }
  return text.empty() ? "nobody" : text;
}

std::string name_of(Precision precision) {
  switch (precision) {
    case Precision::bfloat16:
      return "bfloat16";
    case Precision::float16:
      return "float16";
    case Precision::float32:
      break;
  }
  return "float32";
}

std::string precision_text(Precision asked, const std::string& compute_dtype) {
  const std::string name = name_of(asked);
  return compute_dtype == name ? name
                               : name + " (computed in " + compute_dtype + ", which is faster on this processor)";
}

std::string name_of(io::Domain domain) {
  switch (domain) {
    case io::Domain::image:
      return "image";
    case io::Domain::network_input:
      return "network_input";
    case io::Domain::kspace:
      break;
  }
  return "kspace";
}

}  // namespace mriembed::cli
