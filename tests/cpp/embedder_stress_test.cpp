// One Embedder in many threads, many Embedders in one process, and Embedders that come and go. Short in the normal
// suite; MRIEMBED_STRESS_SECONDS and MRIEMBED_STRESS_LOADS make it long, as scripts/sanitize does.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "mriembed/embedder.hpp"

namespace {

using mriembed::ArrayView;
using mriembed::Embedder;
using Complex = std::complex<float>;
using Shape = std::array<std::int64_t, 4>;

const std::string pca_model = MRIEMBED_MODEL_DIR "/pca.pt";
const std::string none_model = MRIEMBED_MODEL_DIR "/none.pt";
constexpr std::int64_t embed_dim = 32;
constexpr std::int64_t virtual_coils = 4;

long setting(const char* name, long usual) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets the environment here
  return text == nullptr ? usual : std::strtol(text, nullptr, 10);
}

std::chrono::milliseconds stress_time() { return std::chrono::seconds(setting("MRIEMBED_STRESS_SECONDS", 1)); }

enum class Input { network_input, images, kspace, prewhitened };

// One call: what goes in, and the bits that must come out.
struct Case {
  Input input = Input::network_input;
  Shape shape{};
  std::int64_t readout_width = 0;
  std::vector<float> numbers;
  std::vector<std::complex<double>> covariance;
  std::vector<float> expected;
};

std::vector<float> embed(const Embedder& embedder, const Case& job) {
  std::vector<float> rows(static_cast<std::size_t>(job.shape[0] * embed_dim));
  const auto destination = ArrayView<float, 2>::row_major(rows.data(), {job.shape[0], embed_dim});
  if (job.input == Input::network_input) {
    embedder.embed(ArrayView<const float, 4>::row_major(job.numbers.data(), job.shape), destination);
    return rows;
  }
  // Complex numbers may be read from an array of their parts ([complex.numbers]).
  const auto samples =
      ArrayView<const Complex, 4>::row_major(reinterpret_cast<const Complex*>(job.numbers.data()), job.shape);
  if (job.input == Input::images) {
    embedder.embed_images(samples, destination);
    return rows;
  }
  mriembed::KspaceOptions options;
  options.readout_width = job.readout_width;
  if (job.input == Input::prewhitened) {
    options.noise_covariance =
        ArrayView<const std::complex<double>, 2>::row_major(job.covariance.data(), {job.shape[1], job.shape[1]});
  }
  embedder.embed_kspace(samples, destination, options);
  return rows;
}

// Every kind of input in several shapes; with `coils`, of exactly so many.
std::vector<Case> mixed_cases(std::int64_t coils = 0) {
  std::mt19937 generator(1);  // NOLINT(bugprone-random-generator-seed): the same samples on every run
  std::normal_distribution<float> normal;
  std::vector<Case> cases;
  const auto add = [&](Input input, Shape shape, std::int64_t readout_width = 0) {
    Case job;
    job.input = input;
    job.shape = shape;
    job.readout_width = readout_width;
    if (input == Input::network_input) {
      job.shape[1] = 2 * virtual_coils;
    } else if (coils > 0) {
      job.shape[1] = coils;
    }
    const auto count = static_cast<std::size_t>(job.shape[0] * job.shape[1] * job.shape[2] * job.shape[3]);
    job.numbers.resize(input == Input::network_input ? count : 2 * count);
    std::generate(job.numbers.begin(), job.numbers.end(), [&] { return normal(generator); });
    job.covariance.resize(static_cast<std::size_t>(job.shape[1] * job.shape[1]));
    for (std::size_t coil = 0; coil < static_cast<std::size_t>(job.shape[1]); ++coil) {
      job.covariance[coil * static_cast<std::size_t>(job.shape[1]) + coil] = 1.0 + static_cast<double>(coil);
    }
    cases.push_back(std::move(job));
  };
  add(Input::network_input, {1, 0, 32, 32});
  add(Input::network_input, {5, 0, 17, 40});
  add(Input::images, {1, 6, 24, 20});
  add(Input::images, {3, 9, 16, 33});
  add(Input::kspace, {1, 6, 24, 24});
  add(Input::kspace, {4, 3, 20, 31});
  add(Input::kspace, {2, 8, 24, 48}, 24);
  add(Input::prewhitened, {2, 5, 18, 36}, 18);
  return cases;
}

void remember(const Embedder& embedder, std::vector<Case>& cases) {
  for (Case& job : cases) {
    job.expected = embed(embedder, job);
  }
}

struct Work {
  const Embedder* embedder = nullptr;
  std::vector<Case> cases;
};

// Calls from `threads` threads at once, each through all of the work from a place of its own, until the time is up.
// Returns how many calls gave other bits than expected.
long differing_calls(const std::vector<Work>& all, int threads, std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  std::atomic<long> differing = 0;
  std::vector<std::jthread> team;
  team.reserve(static_cast<std::size_t>(threads));
  for (int thread = 0; thread < threads; ++thread) {
    team.emplace_back([&, thread] {
      auto turn = static_cast<std::size_t>(thread);
      do {
        const Work& work = all[turn % all.size()];
        const Case& job = work.cases[turn / all.size() % work.cases.size()];
        const std::vector<float> rows = embed(*work.embedder, job);
        if (std::memcmp(rows.data(), job.expected.data(), rows.size() * sizeof(float)) != 0) {
          ++differing;
        }
        ++turn;
      } while (std::chrono::steady_clock::now() < end);
    });
  }
  team.clear();  // joins
  return differing;
}

TEST(EmbedderStress, one_embedder_gives_eight_threads_the_bits_it_gives_one) {
  for (const int threads : {1, 2}) {
    mriembed::Options options;
    options.threads = threads;
    const Embedder embedder = Embedder::load(pca_model, options);
    std::vector<Work> work{{&embedder, mixed_cases()}};
    remember(embedder, work.front().cases);
    EXPECT_EQ(differing_calls(work, 8, stress_time() / 2), 0) << threads << " threads within each call";
  }
}

TEST(EmbedderStress, embedders_of_different_models_and_precisions_do_not_disturb_each_other) {
  std::vector<Embedder> embedders;
  std::vector<Work> work;
  for (const std::string& model : {pca_model, none_model}) {
    for (const auto precision : {mriembed::Precision::float32, mriembed::Precision::bfloat16}) {
      for (const mriembed::Backend backend : {mriembed::Backend::native, mriembed::Backend::torch}) {
        mriembed::Options options;
        options.precision = precision;
        options.backend = backend;
        options.threads = static_cast<int>(1 + embedders.size() % 2);
        embedders.push_back(Embedder::load(model, options));
        work.push_back({nullptr, mixed_cases(model == none_model ? virtual_coils : 0)});
        remember(embedders.back(), work.back().cases);
      }
    }
  }
  for (std::size_t index = 0; index < work.size(); ++index) {
    work[index].embedder = &embedders[index];  // now that they no longer move
  }
  EXPECT_EQ(differing_calls(work, 8, stress_time()), 0);
}

long resident_kib() {
  std::ifstream file("/proc/self/statm");
  long all = 0;
  long resident = 0;
  file >> all >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

TEST(EmbedderStress, loading_and_destroying_does_not_gather_memory) {
#if defined(MRIEMBED_ADDRESS_SANITIZER) || defined(MRIEMBED_THREAD_SANITIZER)
  GTEST_SKIP() << "sanitizers keep memory for themselves";
#endif
  const std::vector<Case> cases = mixed_cases();
  const auto live_once = [&](long turn) {
    mriembed::Options options;
    options.precision = turn % 2 == 0 ? mriembed::Precision::float32 : mriembed::Precision::bfloat16;
    const Embedder embedder = Embedder::load(pca_model, options);
    static_cast<void>(embed(embedder, cases[static_cast<std::size_t>(turn) % cases.size()]));
  };
  const long loads = setting("MRIEMBED_STRESS_LOADS", 30);
  const long warm_up = std::max(10L, loads / 10);
  for (long turn = 0; turn < warm_up; ++turn) {
    live_once(turn);
  }
  const long before = resident_kib();
  for (long turn = 0; turn < loads; ++turn) {
    live_once(turn);
  }
  const long grown = resident_kib() - before;
  RecordProperty("loads", std::to_string(loads));
  RecordProperty("resident_kib_after_warm_up", std::to_string(before));
  RecordProperty("grown_kib", std::to_string(grown));
  // A model of this test holds about 1.5 MB: one in ten that stayed would show.
  EXPECT_LT(grown, 8192 + 100 * loads) << "from " << before << " KiB after warming up";
}

}  // namespace
