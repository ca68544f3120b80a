// What the bits of an embedding do not depend on.
#include <gtest/gtest.h>
#include <xmmintrin.h>

#include <algorithm>
#include <locale>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "embedded_kspace.hpp"
#include "threads/host_threads.hpp"

namespace mriembed::testing_files {
namespace {

TEST(EmbedderBits, reads_strided_memory_as_it_lies) {
  const Shape shape{2, 5, 12, 14};
  const auto kspace = random_kspace(shape);
  const auto plain = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  // The same samples with the coils innermost.
  std::vector<Complex> transposed(kspace.size());
  ArrayView<const Complex, 4> view;
  view.data = transposed.data();
  view.shape = shape;
  view.strides = {840, 1, 70, 5};
  for (std::int64_t slice = 0; slice < 2; ++slice) {
    for (std::int64_t coil = 0; coil < 5; ++coil) {
      for (std::int64_t y = 0; y < 12; ++y) {
        for (std::int64_t x = 0; x < 14; ++x) {
          const Shape at{slice, coil, y, x};
          std::int64_t from = 0;
          std::int64_t to = 0;
          for (std::size_t axis = 0; axis < 4; ++axis) {
            from += at[axis] * plain.strides[axis];
            to += at[axis] * view.strides[axis];
          }
          transposed[static_cast<std::size_t>(to)] = kspace[static_cast<std::size_t>(from)];
        }
      }
    }
  }
  const Embedder embedder = Embedder::load(pca_model);
  EXPECT_EQ(embed_kspace(embedder, plain), embed_kspace(embedder, view));
}

TEST(EmbedderBits, gives_many_threads_the_same_result_as_one) {
  const Shape shape{1, 6, 24, 24};
  const auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  Options options;
  options.threads = 1;
  const Embedder embedder = Embedder::load(pca_model, options);
  const auto expected = embed_kspace(embedder, view);
  std::vector<std::vector<float>> results(4);
  {
    std::vector<std::jthread> threads;
    threads.reserve(results.size());
    for (auto& result : results) {
      threads.emplace_back([&] {
        for (int turn = 0; turn < 5; ++turn) {
          result = embed_kspace(embedder, view);
        }
      });
    }
  }
  for (const auto& result : results) {
    EXPECT_EQ(result, expected);
  }
}

// A host's threads, of which there may be more than processors.
TEST(EmbedderBits, gives_the_same_bits_on_any_number_of_the_host_s_threads_and_in_any_batch) {
  const Shape shape{5, 6, 70, 50};
  const auto kspace = random_kspace(shape);
  for (const auto precision : {Precision::float32, Precision::bfloat16}) {
    Options options;
    options.precision = precision;
    options.threads = 1;
    const auto expected =
        embed_kspace(Embedder::load(pca_model, options), ArrayView<const Complex, 4>::row_major(kspace.data(), shape));
    options.parallel_for = in_threads_of_the_host;
    for (const int threads : {0, 2, 3, 8}) {
      options.threads = threads;
      const Embedder embedder = Embedder::load(pca_model, options);
      for (const std::int64_t batch : {1, 2, 5}) {
        std::vector<float> found;
        for (std::int64_t first = 0; first < shape[0]; first += batch) {
          const Shape part{std::min(batch, shape[0] - first), shape[1], shape[2], shape[3]};
          const auto rows =
              embed_kspace(embedder, ArrayView<const Complex, 4>::row_major(
                                         kspace.data() + count_of({first, shape[1], shape[2], shape[3]}), part));
          found.insert(found.end(), rows.begin(), rows.end());
        }
        EXPECT_EQ(found, expected) << threads << " threads, batches of " << batch;
      }
    }
  }
}

TEST(EmbedderBits, warming_up_changes_no_embedding) {
  const Shape shape{3, 6, 20, 17};
  const auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  for (const Backend backend : {Backend::native, Backend::torch}) {
    Options options;
    options.backend = backend;
    const auto expected = embed_kspace(Embedder::load(pca_model, options), view);
    const Embedder warm = Embedder::load(pca_model, options);
    warm.warm_up_kspace({5, 6, 40, 64}, 32);  // leaves larger memory behind than the slices need
    warm.warm_up_kspace(shape);
    EXPECT_EQ(embed_kspace(warm, view), expected);
  }
}

TEST(EmbedderBits, do_not_depend_on_the_hosts_rounding_subnormal_numbers_or_traps_which_stay_as_they_are) {
  const Shape shape{2, 6, 20, 17};
  const auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  const auto expected = embed_kspace(Embedder::load(pca_model), view);
  constexpr unsigned usual = _MM_MASK_MASK;
  constexpr unsigned subnormals_are_zero = 0x8040;  // flush to zero, denormals are zero
  for (const unsigned setting : {usual | _MM_ROUND_UP, usual | _MM_ROUND_TOWARD_ZERO, usual | subnormals_are_zero,
                                 0U /* every exception traps */, usual | _MM_EXCEPT_INVALID /* its flag is set */}) {
    const unsigned before = _mm_getcsr();
    _mm_setcsr(setting);
    const auto found = embed_kspace(Embedder::load(pca_model), view);
    const unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    EXPECT_EQ(found, expected) << std::hex << setting;
    EXPECT_EQ(after, setting);
  }
}

TEST(EmbedderBits, do_not_depend_on_the_programs_locale) {
  class German final : public std::numpunct<char> {
   protected:
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  const Shape shape{2, 6, 20, 17};
  const auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  for (const Backend backend : {Backend::native, Backend::torch}) {
    Options options;
    options.backend = backend;
    const auto expected = embed_kspace(Embedder::load(pca_model, options), view);
    const std::locale before = std::locale::global(std::locale(std::locale::classic(), new German));
    const auto found = embed_kspace(Embedder::load(pca_model, options), view);
    EXPECT_EQ(std::use_facet<std::numpunct<char>>(std::locale()).decimal_point(), ',');
    std::locale::global(before);
    EXPECT_EQ(found, expected) << "backend " << static_cast<int>(backend);
  }
}

// Where samples lie in memory must not decide which instructions add them up.
TEST(EmbedderBits, gives_the_same_bits_wherever_the_samples_lie) {
  const Shape shape{3, 6, 20, 17};
  const auto kspace = random_kspace(shape);
  std::mt19937 generator(2);  // NOLINT(bugprone-random-generator-seed): the same samples on every run
  std::normal_distribution<float> normal;
  std::vector<float> network_input(std::size_t{3} * 8 * 20 * 17);
  std::generate(network_input.begin(), network_input.end(), [&] { return normal(generator); });
  for (const Backend backend : {Backend::native, Backend::torch}) {
    for (const auto precision : {Precision::float32, Precision::bfloat16}) {
      Options options;
      options.backend = backend;
      options.precision = precision;
      const Embedder embedder = Embedder::load(pca_model, options);
      std::vector<float> expected;
      for (const std::size_t offset : {0U, 1U, 3U, 8U}) {  // in samples
        std::vector<Complex> moved_kspace(kspace.size() + offset);
        std::copy(kspace.begin(), kspace.end(), moved_kspace.begin() + static_cast<std::ptrdiff_t>(offset));
        std::vector<float> moved_input(network_input.size() + offset);
        std::copy(network_input.begin(), network_input.end(),
                  moved_input.begin() + static_cast<std::ptrdiff_t>(offset));
        auto rows = embed_kspace(embedder, ArrayView<const Complex, 4>::row_major(moved_kspace.data() + offset, shape));
        std::vector<float> more(std::size_t{3} * embed_dim);
        embedder.embed(ArrayView<const float, 4>::row_major(moved_input.data() + offset, {3, 8, 20, 17}),
                       ArrayView<float, 2>::row_major(more.data(), {3, embed_dim}));
        rows.insert(rows.end(), more.begin(), more.end());
        if (expected.empty()) {
          expected = rows;
        }
        EXPECT_EQ(rows, expected) << "backend " << static_cast<int>(backend) << ", offset " << offset;
      }
    }
  }
}

}  // namespace
}  // namespace mriembed::testing_files
