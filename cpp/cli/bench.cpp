#include <algorithm>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "commands.hpp"

namespace mriembed::cli {

namespace {

struct Arguments {
  std::string model;
  std::vector<std::int64_t> shape;
  Options options;
  int repeats = 20;
  bool kspace = false;
  bool json = false;
};

// Times of single calls, in seconds, ascending.
std::vector<double> measure(int repeats, const std::function<void()>& call) {
  for (int warm_up = 0; warm_up < 3; ++warm_up) {
    call();
  }
  std::vector<double> seconds;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    call();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

std::vector<float> random_samples(std::size_t count) {
  std::mt19937 generator(0);  // the same samples on every run  NOLINT(bugprone-random-generator-seed)
  std::normal_distribution<float> normal;
  std::vector<float> samples(count);
  std::generate(samples.begin(), samples.end(), [&] { return normal(generator); });
  return samples;
}

int run(Arguments& arguments) {
  const Embedder embedder = Embedder::load(arguments.model, arguments.options);
  if (arguments.shape.empty()) {
    arguments.shape = {1, arguments.kspace ? 32 : embedder.info().in_channels, 256, 256};
  }
  const std::array<std::int64_t, 4> shape{arguments.shape[0], arguments.shape[1], arguments.shape[2],
                                          arguments.shape[3]};
  std::int64_t count = arguments.kspace ? 2 : 1;
  for (const std::int64_t length : shape) {
    if (length < 1 || __builtin_mul_overflow(count, length, &count) || count > (std::int64_t{1} << 33U)) {
      throw Error(ErrorCode::invalid_argument, "--shape: four sizes of at least 1 that fit in memory are right");
    }
  }
  const std::vector<float> samples = random_samples(static_cast<std::size_t>(count));
  std::vector<float> embeddings(static_cast<std::size_t>(shape[0] * embedder.info().embed_dim));
  const auto rows = ArrayView<float, 2>::row_major(embeddings.data(), {shape[0], embedder.info().embed_dim});
  const std::vector<double> seconds = measure(arguments.repeats, [&] {
    if (arguments.kspace) {
      embedder.embed_kspace(ArrayView<const std::complex<float>, 4>::row_major(
                                reinterpret_cast<const std::complex<float>*>(samples.data()), shape),
                            rows);
    } else {
      embedder.embed(ArrayView<const float, 4>::row_major(samples.data(), shape), rows);
    }
  });
  const double median = seconds[seconds.size() / 2];
  const double slices_per_second = static_cast<double>(shape[0]) / median;
  if (arguments.json) {
    const nlohmann::ordered_json result{{"input", arguments.kspace ? "kspace" : "stacked"},
                                        {"shape", shape},
                                        {"device", arguments.options.device},
                                        {"precision", name_of(arguments.options.precision)},
                                        {"threads", arguments.options.threads},
                                        {"median_seconds", median},
                                        {"slices_per_second", slices_per_second},
                                        {"seconds", seconds}};
    std::cout << result.dump(2) << '\n';
    return 0;
  }
  std::cout << (arguments.kspace ? "k-space" : "stacked") << " (" << shape[0] << ", " << shape[1] << ", " << shape[2]
            << ", " << shape[3] << "), " << arguments.options.device << ", " << name_of(arguments.options.precision)
            << ", " << arguments.repeats << " calls\n"
            << std::fixed << std::setprecision(3) << "milliseconds a call: median " << 1000 * median << ", fastest "
            << 1000 * seconds.front() << ", 9 of 10 below " << 1000 * seconds[seconds.size() * 9 / 10]
            << "\nslices a second: " << std::setprecision(1) << slices_per_second << '\n';
  return 0;
}

}  // namespace

Command add_bench(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* app = program.add_subcommand("bench", "Measure the speed of a model on this machine");
  app->add_option("MODEL", arguments->model, "model file (.pt)")->required();
  app->add_option("--shape", arguments->shape,
                  "B,C,H,W: slices, channels (with --kspace: coils), height, width; default 1,C,256,256")
      ->delimiter(',')
      ->expected(4);
  app->add_flag("--kspace", arguments->kspace, "from k-space, preprocessing included");
  add_embedder_options(*app, arguments->options);
  app->add_option("--repeats", arguments->repeats, "timed calls, after 3 untimed ones")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app->add_flag("--json", arguments->json, "as JSON, with every time");
  return {app, [arguments] { return run(*arguments); }};
}

}  // namespace mriembed::cli
