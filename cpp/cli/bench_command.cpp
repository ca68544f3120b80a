#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.hpp"
#include "cli/message.hpp"
#include "cli/number_text.hpp"
#include "cli/option_checks.hpp"
#include "cli/progress.hpp"
#include "cli/standard_output.hpp"
#include "cli/text_table.hpp"
#include "mriembed/embedder.hpp"

namespace mriembed::cli {

namespace {

using Json = nlohmann::ordered_json;
using Shape = std::array<std::int64_t, 4>;

constexpr std::int64_t longest_axis = 1 << 16;
constexpr std::int64_t most_samples = std::int64_t{1} << 31;

struct Arguments {
  std::string model;
  std::string shape;
  bool kspace = false;
  Options options;
  int repeats = 20;
  bool json = false;
};

// "B,C,H,W"; nothing where the text is anything else.
std::optional<Shape> parse_shape(std::string_view text) {
  Shape shape{};
  std::int64_t samples = 1;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), shape[axis]);
    if (failure != std::errc() || shape[axis] < 1 || shape[axis] > longest_axis) {
      return std::nullopt;
    }
    samples *= shape[axis];  // below 2^47 here: no overflow
    if (samples > most_samples) {
      return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    const bool last = axis + 1 == shape.size();
    if (last ? !text.empty() : text.empty() || text.front() != ',') {
      return std::nullopt;
    }
    text.remove_prefix(last ? 0 : 1);
  }
  return shape;
}

CLI::Validator shape_text() {
  return CLI::Validator(
      [](const std::string& text) {
        return parse_shape(text) ? std::string()
                                 : "must be four whole numbers B,C,H,W, such as 1,16,256,256, not \"" + text + "\"";
      },
      "");
}

std::string text_of(const Shape& shape) {
  return std::to_string(shape[0]) + "," + std::to_string(shape[1]) + "," + std::to_string(shape[2]) + "," +
         std::to_string(shape[3]);
}

Shape default_shape(const ModelInfo& info, bool kspace) {
  constexpr std::int64_t usual_coils = 16;
  if (!kspace) {
    return {1, info.in_channels, 256, 256};
  }
  return {1, info.coil_compression == "none" ? info.num_coils : std::max(usual_coils, info.num_coils), 256, 256};
}

// Gaussian samples, the same on every run.
std::vector<float> random_numbers(std::size_t count) {
  std::mt19937 generator(1);  // NOLINT(bugprone-random-generator-seed)
  std::normal_distribution<float> normal;
  std::vector<float> numbers(count);
  for (float& number : numbers) {
    number = normal(generator);
  }
  return numbers;
}

struct Timing {
  double first = 0;          // milliseconds of the first call after warming up
  std::vector<double> call;  // milliseconds of each repeat, sorted
  double prepare = 0;        // median milliseconds of preprocessing
  double network = 0;        // median milliseconds of the network
};

// The value below which this share of the sorted values lies, by linear interpolation.
double quantile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - std::floor(position)) * (sorted[above] - sorted[below]);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return quantile(values, 0.5);
}

Timing measure(const Embedder& embedder, const Shape& shape, bool kspace, int repeats) {
  const auto count = static_cast<std::size_t>(shape[0] * shape[1] * shape[2] * shape[3]);
  const std::vector<float> numbers = random_numbers(kspace ? 2 * count : count);
  std::vector<float> rows(static_cast<std::size_t>(shape[0] * embedder.info().embed_dim));
  const auto destination = ArrayView<float, 2>::row_major(rows.data(), {shape[0], embedder.info().embed_dim});
  const auto call = [&](const std::vector<float>& fresh, Report& report) {
    if (kspace) {
      // Complex numbers may be read from an array of their parts ([complex.numbers]).
      const auto* samples = reinterpret_cast<const std::complex<float>*>(fresh.data());
      embedder.embed_kspace(ArrayView<const std::complex<float>, 4>::row_major(samples, shape), destination, {},
                            &report);
    } else {
      embedder.embed(ArrayView<const float, 4>::row_major(fresh.data(), shape), destination, &report);
    }
  };

  Progress progress;
  progress.show("warming up");
  if (kspace) {
    embedder.warm_up_kspace(shape);
  } else {
    embedder.warm_up(shape[0], shape[2], shape[3]);
  }
  Report report;
  Timing timing;
  std::vector<double> prepare;
  std::vector<double> network;
  for (int index = 0; index < repeats; ++index) {
    progress.show("call " + std::to_string(index + 1) + " of " + std::to_string(repeats));
    std::vector<float> fresh(numbers.size());  // in memory of its own for each call, as the samples of a scan are
    std::copy(numbers.begin(), numbers.end(), fresh.begin());
    const auto start = std::chrono::steady_clock::now();
    call(fresh, report);
    const std::chrono::duration<double, std::milli> duration = std::chrono::steady_clock::now() - start;
    timing.call.push_back(duration.count());
    prepare.push_back(1e3 * report.prepare_seconds);
    network.push_back(1e3 * report.network_seconds);
  }
  timing.first = timing.call.front();
  std::sort(timing.call.begin(), timing.call.end());
  timing.prepare = median(prepare);
  timing.network = median(network);
  return timing;
}

int bench(const Arguments& arguments) {
  const Embedder embedder = Embedder::load(arguments.model, arguments.options);
  warn_if_unsealed(arguments.model, embedder.info());
  const Shape shape =
      arguments.shape.empty() ? default_shape(embedder.info(), arguments.kspace) : parse_shape(arguments.shape).value();
  const Timing timing = measure(embedder, shape, arguments.kspace, arguments.repeats);
  const double middle = quantile(timing.call, 0.5);
  const double slices_per_second = 1e3 * static_cast<double>(shape[0]) / middle;
  const std::string input = arguments.kspace ? "kspace" : "stacked";
  const std::string kernels = embedder.uses_fused_kernels() ? "fused" : "torch's";

  if (arguments.json) {
    Json root;
    root["model"] = arguments.model;
    root["model_sha256"] = embedder.info().weights_sha256;
    root["device"] = arguments.options.device;
    root["precision"] = name_of(arguments.options.precision);
    root["threads"] = arguments.options.threads;
    root["kernels"] = kernels;
    root["input"] = input;
    root["shape"] = shape;
    root["repeats"] = arguments.repeats;
    root["first_ms"] = timing.first;
    root["min_ms"] = timing.call.front();
    root["median_ms"] = middle;
    root["p90_ms"] = quantile(timing.call, 0.9);
    root["prepare_median_ms"] = timing.prepare;
    root["network_median_ms"] = timing.network;
    root["slices_per_second"] = slices_per_second;
    write_standard_output(root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    return 0;
  }
  write_standard_output(aligned_listing({
      {"model", arguments.model},
      {"input", input + " " + text_of(shape) + " (slices," + (arguments.kspace ? "coils" : "channels") + ",H,W)"},
      {"device", arguments.options.device + ", " + name_of(arguments.options.precision) + ", " +
                     (arguments.options.threads > 0 ? std::to_string(arguments.options.threads) + " threads"
                                                    : std::string("torch's choice of threads"))},
      {"kernels", kernels},
      {"calls", std::to_string(arguments.repeats)},
      {"first call", fixed(timing.first, 3) + " ms, after warming up"},
      {"minimum", fixed(timing.call.front(), 3) + " ms per call"},
      {"median", fixed(middle, 3) + " ms per call (preprocessing " + fixed(timing.prepare, 3) + ", network " +
                     fixed(timing.network, 3) + ")"},
      {"90th percentile", fixed(quantile(timing.call, 0.9), 3) + " ms per call"},
      {"throughput", fixed(slices_per_second, 1) + " slices/s at the median"},
  }));
  return 0;
}

}  // namespace

Command add_bench_command(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand("bench", "Measure how long one call takes on this machine");
  command->add_option("MODEL", arguments->model, "Model file (.pt)")->type_name("")->required();
  command
      ->add_option("--shape", arguments->shape,
                   "Shape of the input. C: the model's input channels, or with --kspace physical coils. "
                   "Default: one slice of 256 x 256, with --kspace of 16 coils")
      ->type_name("B,C,H,W")
      ->check(shape_text());
  command->add_flag("--kspace", arguments->kspace,
                    "Start from k-space: random, without noise measurement and readout oversampling");
  add_engine_options(*command, arguments->options);
  command->add_option("--repeats", arguments->repeats, "Calls to measure, after warming up")
      ->type_name("N")
      ->check(whole_number(1, 1000000))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "As JSON");
  return {command, [arguments] { return bench(*arguments); }};
}

}  // namespace mriembed::cli
