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
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/message.hpp"
#include "cli/option_checks.hpp"
#include "cli/progress.hpp"
#include "cli/standard_output.hpp"
#include "mriembed/embedder.hpp"
#include "text/number_text.hpp"
#include "text/text_table.hpp"

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
  double preprocessing = 0;  // median milliseconds of preprocessing
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

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// The same call again and again.
class Call {
 public:
  Call(const Embedder& embedder, const Shape& shape, bool kspace)
      : embedder_(embedder),
        shape_(shape),
        kspace_(kspace),
        rows_(static_cast<std::size_t>(shape[0] * embedder.info().embed_dim)) {
    const auto count = static_cast<std::size_t>(shape[0] * shape[1] * shape[2] * shape[3]);
    numbers_ = random_numbers(kspace ? 2 * count : count);
  }

  void warm_up() const {
    if (kspace_) {
      embedder_.warm_up_kspace(shape_);
    } else {
      embedder_.warm_up(shape_[0], shape_[2], shape_[3]);
    }
  }

  // Returns the milliseconds that it took.
  double run(Report& report) {
    const std::vector<float> fresh = numbers_;  // in memory of its own for each call, as the samples of a scan are
    const auto rows = ArrayView<float, 2>::row_major(rows_.data(), {shape_[0], embedder_.info().embed_dim});
    const auto start = Clock::now();
    if (kspace_) {
      // Complex numbers may be read from an array of their parts ([complex.numbers]).
      const auto* samples = reinterpret_cast<const std::complex<float>*>(fresh.data());
      embedder_.embed_kspace(ArrayView<const std::complex<float>, 4>::row_major(samples, shape_), rows, {}, &report);
    } else {
      embedder_.embed(ArrayView<const float, 4>::row_major(fresh.data(), shape_), rows, &report);
    }
    return milliseconds_since(start);
  }

 private:
  const Embedder& embedder_;
  Shape shape_;
  bool kspace_;
  std::vector<float> numbers_;
  std::vector<float> rows_;
};

Timing measure(const Embedder& embedder, const Shape& shape, bool kspace, int repeats) {
  Call call(embedder, shape, kspace);
  Progress progress;
  progress.show("warming up");
  call.warm_up();
  Report report;
  Timing timing;
  std::vector<double> preprocessing;
  std::vector<double> network;
  for (int index = 0; index < repeats; ++index) {
    progress.show("call " + std::to_string(index + 1) + " of " + std::to_string(repeats));
    timing.call.push_back(call.run(report));
    preprocessing.push_back(1e3 * report.preprocessing_seconds);
    network.push_back(1e3 * report.network_seconds);
  }
  timing.first = timing.call.front();
  std::sort(timing.call.begin(), timing.call.end());
  timing.preprocessing = median(preprocessing);
  timing.network = median(network);
  return timing;
}

// What every report begins with.
struct Setting {
  std::string model_sha256;
  std::string backend;
  std::string compute_dtype;
  Shape shape{};
};

Setting setting_of(const Embedder& embedder, const Arguments& arguments) {
  return {embedder.info().weights_sha256, embedder.backend() == Backend::native ? "native" : "torch",
          name_of(embedder.compute_dtype()),
          arguments.shape.empty() ? default_shape(embedder.info(), arguments.kspace)
                                  : parse_shape(arguments.shape).value()};
}

Json json_of(const Setting& setting, const Arguments& arguments) {
  Json root;
  root["model"] = arguments.model;
  root["model_sha256"] = setting.model_sha256;
  root["device"] = arguments.options.device;
  root["precision"] = name_of(arguments.options.precision);
  root["threads"] = arguments.options.threads;
  root["backend"] = setting.backend;
  root["compute_dtype"] = setting.compute_dtype;
  root["input"] = arguments.kspace ? "kspace" : "network_input";
  root["shape"] = setting.shape;
  root["repeats"] = arguments.repeats;
  return root;
}

using Listing = std::vector<std::pair<std::string, std::string>>;

Listing listing_of(const Setting& setting, const Arguments& arguments) {
  return {
      {"model", arguments.model},
      {"input", std::string(arguments.kspace ? "kspace " : "network input ") + text_of(setting.shape) + " (slices," +
                    (arguments.kspace ? "coils" : "channels") + ",H,W)"},
      {"device", arguments.options.device + ", " + precision_text(arguments.options.precision, setting.compute_dtype) +
                     ", " +
                     (arguments.options.threads > 0 ? std::to_string(arguments.options.threads) + " threads"
                                                    : std::string("a thread for each processor"))},
      {"backend", setting.backend},
  };
}

void print(const Json& root) { write_standard_output(root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"); }

int bench(const Arguments& arguments) {
  const Embedder embedder = Embedder::load(arguments.model, arguments.options);
  warn_if_unsealed(arguments.model, embedder.info());
  const Setting setting = setting_of(embedder, arguments);
  const Timing timing = measure(embedder, setting.shape, arguments.kspace, arguments.repeats);
  const double middle = quantile(timing.call, 0.5);
  const double slices_per_second = 1e3 * static_cast<double>(setting.shape[0]) / middle;

  if (arguments.json) {
    Json root = json_of(setting, arguments);
    root["first_ms"] = timing.first;
    root["min_ms"] = timing.call.front();
    root["median_ms"] = middle;
    root["p90_ms"] = quantile(timing.call, 0.9);
    root["preprocessing_median_ms"] = timing.preprocessing;
    root["network_median_ms"] = timing.network;
    root["slices_per_second"] = slices_per_second;
    print(root);
    return 0;
  }
  Listing lines = listing_of(setting, arguments);
  const Listing times{
      {"calls", std::to_string(arguments.repeats)},
      {"first call", text::fixed(timing.first, 3) + " ms, after warming up"},
      {"minimum", text::fixed(timing.call.front(), 3) + " ms per call"},
      {"median", text::fixed(middle, 3) + " ms per call (preprocessing " + text::fixed(timing.preprocessing, 3) +
                     ", network " + text::fixed(timing.network, 3) + ")"},
      {"90th percentile", text::fixed(quantile(timing.call, 0.9), 3) + " ms per call"},
      {"throughput", text::fixed(slices_per_second, 1) + " slices/s at the median"},
  };
  lines.insert(lines.end(), times.begin(), times.end());
  write_standard_output(text::aligned_listing(lines));
  return 0;
}

}  // namespace

Action add_bench_options(CLI::App* command) {
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("MODEL", arguments->model, "Model file (.pt)")->type_name("")->required();
  command
      ->add_option(
          "--shape", arguments->shape,
          "Shape of the input. C is the number of the model's input channels, with --kspace of coils. Default: one "
          "slice of 256 x 256, with --kspace of 16 coils")
      ->type_name("B,C,H,W")
      ->check(shape_text());
  command->add_flag("--kspace", arguments->kspace,
                    "Begin with k-space (random, without noise measurement and readout oversampling)");
  add_engine_options(*command, arguments->options);
  command->add_option("--repeats", arguments->repeats, "Measured calls, after a warm-up")
      ->type_name("N")
      ->check(whole_number(1, 1000000))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print JSON");
  return [arguments] { return bench(*arguments); };
}

}  // namespace mriembed::cli
