#include "mriembed/embedder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "threads/host_threads.hpp"

namespace {

using mriembed::ArrayView;
using mriembed::Embedder;
using mriembed::Error;
using mriembed::ErrorCode;
using Complex = std::complex<float>;
using Shape = std::array<std::int64_t, 4>;

const std::string pca_model = MRIEMBED_MODEL_DIR "/pca.pt";
const std::string none_model = MRIEMBED_MODEL_DIR "/none.pt";
constexpr std::int64_t embed_dim = 32;

std::size_t count_of(const Shape& shape) { return static_cast<std::size_t>(shape[0] * shape[1] * shape[2] * shape[3]); }

std::vector<Complex> random_kspace(const Shape& shape) {
  std::mt19937 generator(1);  // NOLINT(bugprone-random-generator-seed): the same samples on every run
  std::normal_distribution<float> normal;
  std::vector<Complex> kspace(count_of(shape));
  for (Complex& sample : kspace) {
    sample = {normal(generator), normal(generator)};
  }
  return kspace;
}

std::vector<float> embed_kspace(const Embedder& embedder, const ArrayView<const Complex, 4>& kspace,
                                const mriembed::KspaceOptions& options = {}, mriembed::Report* report = nullptr) {
  std::vector<float> rows(static_cast<std::size_t>(kspace.shape[0] * embed_dim));
  embedder.embed_kspace(kspace, ArrayView<float, 2>::row_major(rows.data(), {kspace.shape[0], embed_dim}), options,
                        report);
  return rows;
}

template <typename Call>
std::optional<std::int64_t> slice_at_fault(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.slice();
  }
  return std::nullopt;
}

template <typename Call>
std::pair<ErrorCode, std::string> error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {ErrorCode::internal, "no error"};
}

TEST(Embedder, reproduces_the_reference_embedding_of_the_model_file) {
  const mriembed::Verification result = Embedder::load(pca_model).verify();
  EXPECT_TRUE(result.weights_match);
  EXPECT_LE(result.largest_difference, 1e-6);
  EXPECT_TRUE(result.passed);
}

TEST(Embedder, asks_every_few_slices_whether_to_go_on) {
  const Shape shape{40, 6, 20, 17};
  const auto kspace = random_kspace(shape);
  const auto samples = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  mriembed::Options options;
  options.threads = 1;
  const auto expected = embed_kspace(Embedder::load(pca_model, options), samples);
  int questions = 0;
  int most = 1000;
  options.interrupted = [&] { return ++questions > most; };
  const Embedder embedder = Embedder::load(pca_model, options);
  questions = 0;
  EXPECT_EQ(embed_kspace(embedder, samples), expected);
  EXPECT_GE(questions, 10);

  questions = 0;
  most = 3;
  std::vector<float> rows(static_cast<std::size_t>(40 * embedder.info().embed_dim), 7.0F);
  const auto to = ArrayView<float, 2>::row_major(rows.data(), {40, embedder.info().embed_dim});
  EXPECT_EQ(error_of([&] { embedder.embed_kspace(samples, to); }),
            (std::pair<ErrorCode, std::string>(ErrorCode::interrupted, "interrupted")));
  EXPECT_EQ(questions, 4);
  EXPECT_EQ(std::count(rows.begin(), rows.end(), 7.0F), 40 * embedder.info().embed_dim) << "nothing was written";
}

TEST(Embedder, in_bfloat16_stays_within_a_cosine_of_0_999) {
  mriembed::Options options;
  options.precision = mriembed::Precision::bfloat16;
  for (const mriembed::Backend backend : {mriembed::Backend::native, mriembed::Backend::torch}) {
    options.backend = backend;
    const Embedder embedder = Embedder::load(pca_model, options);
    const mriembed::Verification result = embedder.verify();
    EXPECT_GE(result.cosine, 0.999);
    EXPECT_EQ(result.largest_difference > 1e-5, embedder.compute_dtype() == mriembed::Precision::bfloat16);
    EXPECT_TRUE(result.passed);
  }
}

TEST(Embedder, in_bfloat16_computes_in_float32_at_most_where_its_own_kernels_run) {
  mriembed::Options options;
  EXPECT_EQ(Embedder::load(pca_model, options).compute_dtype(), mriembed::Precision::float32);
  options.precision = mriembed::Precision::bfloat16;
  const Embedder own = Embedder::load(pca_model, options);
  options.backend = mriembed::Backend::torch;
  EXPECT_EQ(Embedder::load(pca_model, options).compute_dtype(), mriembed::Precision::bfloat16);

  const Shape shape{2, 6, 20, 17};
  const auto kspace = random_kspace(shape);
  const auto samples = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  const bool same = embed_kspace(own, samples) == embed_kspace(Embedder::load(pca_model), samples);
  EXPECT_EQ(same, own.compute_dtype() == mriembed::Precision::float32);
}

TEST(Embedder, gives_unit_vectors_and_reports_the_energy_kept) {
  const Shape shape{3, 6, 20, 17};
  const auto kspace = random_kspace(shape);
  mriembed::Report report;
  const auto rows = embed_kspace(Embedder::load(pca_model),
                                 ArrayView<const Complex, 4>::row_major(kspace.data(), shape), {}, &report);
  for (std::size_t row = 0; row < 3; ++row) {
    double norm = 0;
    for (std::size_t index = 0; index < embed_dim; ++index) {
      norm += std::pow(rows[row * embed_dim + index], 2);
    }
    EXPECT_NEAR(norm, 1.0, 1e-5);
  }
  ASSERT_EQ(report.energy_kept.size(), 3U);
  for (const double kept : report.energy_kept) {
    EXPECT_GT(kept, 0.5);  // 4 of 6 coils of equal noise
    EXPECT_LT(kept, 0.9);
  }
}

TEST(Embedder, reads_strided_memory_as_it_lies) {
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

TEST(Embedder, writes_through_the_strides_of_the_destination) {
  const Shape shape{2, 4, 12, 14};
  const auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  const Embedder embedder = Embedder::load(pca_model);
  const auto rows = embed_kspace(embedder, view);
  std::vector<float> columns(rows.size());
  ArrayView<float, 2> destination;
  destination.data = columns.data();
  destination.shape = {2, embed_dim};
  destination.strides = {1, 2};
  embedder.embed_kspace(view, destination);
  for (std::size_t index = 0; index < embed_dim; ++index) {
    EXPECT_EQ(columns[2 * index], rows[index]);
    EXPECT_EQ(columns[2 * index + 1], rows[embed_dim + index]);
  }
}

TEST(Embedder, gives_many_threads_the_same_result_as_one) {
  const Shape shape{1, 6, 24, 24};
  const auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  mriembed::Options options;
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
TEST(Embedder, gives_the_same_bits_on_any_number_of_the_host_s_threads_and_in_any_batch) {
  const Shape shape{5, 6, 70, 50};
  const auto kspace = random_kspace(shape);
  for (const auto precision : {mriembed::Precision::float32, mriembed::Precision::bfloat16}) {
    mriembed::Options options;
    options.precision = precision;
    options.threads = 1;
    const auto expected =
        embed_kspace(Embedder::load(pca_model, options), ArrayView<const Complex, 4>::row_major(kspace.data(), shape));
    options.parallel_for = mriembed::in_threads_of_the_host;
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

TEST(Embedder, lets_failures_of_the_host_s_parallel_for_through) {
  const Shape shape{1, 6, 24, 24};
  const auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  mriembed::Options options;
  options.threads = 2;
  enum class Host { works, fails, does_nothing } host = Host::works;
  options.parallel_for = [&host](std::int64_t tasks, const std::function<void(std::int64_t)>& task) {
    if (host == Host::fails) {
      throw Error(ErrorCode::internal, "the scheduler is gone");
    }
    for (std::int64_t index = 0; index < tasks && host == Host::works; ++index) {
      task(index);
    }
  };
  const Embedder embedder = Embedder::load(pca_model, options);
  host = Host::fails;
  auto [code, message] = error_of([&] { static_cast<void>(embed_kspace(embedder, view)); });
  EXPECT_EQ(code, ErrorCode::internal);
  EXPECT_EQ(message, "the scheduler is gone");
  std::tie(code, message) = error_of([&] { static_cast<void>(Embedder::load(pca_model, options)); });
  EXPECT_EQ(message, "the scheduler is gone") << "load() computes the reference embedding";

  host = Host::does_nothing;
  std::tie(code, message) = error_of([&] { static_cast<void>(embed_kspace(embedder, view)); });
  EXPECT_EQ(code, ErrorCode::internal);
  EXPECT_EQ(message, "the host's parallel_for returned before every task had run");
}

TEST(Embedder, names_the_slice_that_is_zero_or_not_finite_and_writes_nothing) {
  const Shape shape{3, 4, 10, 10};
  auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  const Embedder embedder = Embedder::load(pca_model);
  std::vector<float> rows(std::size_t{3} * embed_dim, -7.0F);
  const auto destination = ArrayView<float, 2>::row_major(rows.data(), {3, embed_dim});

  kspace[2 * 400 + 5] = {std::numeric_limits<float>::quiet_NaN(), 0};
  auto [code, message] = error_of([&] { embedder.embed_kspace(view, destination); });
  EXPECT_EQ(code, ErrorCode::bad_input);
  EXPECT_EQ(message, "slice 2 holds NaN or infinite samples; only finite samples can be embedded");

  std::fill(kspace.begin() + 400, kspace.begin() + 800, Complex(0));
  std::tie(code, message) = error_of([&] { embedder.embed_images(view, destination); });
  EXPECT_EQ(code, ErrorCode::bad_input);
  EXPECT_EQ(message, "slice 1 is all zero; a slice needs signal to be embedded");

  const std::vector<float> stacked(std::size_t{2} * 8 * 100, 0.0F);
  std::tie(code, message) = error_of([&] {
    embedder.embed(ArrayView<const float, 4>::row_major(stacked.data(), {2, 8, 10, 10}),
                   ArrayView<float, 2>::row_major(rows.data(), {2, embed_dim}));
  });
  EXPECT_EQ(code, ErrorCode::bad_input);
  EXPECT_EQ(rows, std::vector<float>(3 * embed_dim, -7.0F));
}

TEST(Embedder, refuses_arguments_that_cannot_be_right) {
  const Embedder embedder = Embedder::load(pca_model);
  const Shape shape{1, 4, 10, 10};
  const auto kspace = random_kspace(shape);
  const auto good = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  std::vector<float> row(embed_dim);
  const auto destination = ArrayView<float, 2>::row_major(row.data(), {1, embed_dim});
  const auto code_of = [&](const ArrayView<const Complex, 4>& view, const ArrayView<float, 2>& rows,
                           const mriembed::KspaceOptions& options = {}) {
    return error_of([&] { embedder.embed_kspace(view, rows, options); }).first;
  };

  auto view = good;
  view.data = nullptr;
  EXPECT_EQ(code_of(view, destination), ErrorCode::invalid_argument);
  view = good;
  view.strides[2] = -10;
  EXPECT_EQ(code_of(view, destination), ErrorCode::invalid_argument);
  view = good;
  view.shape[3] = 0;
  EXPECT_EQ(code_of(view, destination), ErrorCode::invalid_argument);
  view = good;
  view.shape[0] = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(code_of(view, destination), ErrorCode::invalid_argument);

  EXPECT_EQ(code_of(good, ArrayView<float, 2>::row_major(row.data(), {1, embed_dim - 1})), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(good, ArrayView<float, 2>::row_major(nullptr, {1, embed_dim})), ErrorCode::invalid_argument);
  auto overlapping = destination;
  overlapping.strides[1] = 0;
  EXPECT_EQ(code_of(good, overlapping), ErrorCode::invalid_argument);

  mriembed::KspaceOptions options;
  options.readout_width = 11;
  EXPECT_EQ(code_of(good, destination, options), ErrorCode::invalid_argument);
  options = {};
  const std::vector<std::complex<double>> covariance(9);
  options.noise_covariance = ArrayView<const std::complex<double>, 2>::row_major(covariance.data(), {3, 3});
  EXPECT_EQ(code_of(good, destination, options), ErrorCode::invalid_argument);

  EXPECT_EQ(error_of([&] { embedder.warm_up(1, 0, 8); }).first, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of([&] { embedder.warm_up_kspace({1, 0, 8, 8}); }).first, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of([&] { embedder.warm_up_kspace({1, 4, 8, 8}, 9); }).first, ErrorCode::invalid_argument);
}

TEST(Embedder, without_compression_demands_exactly_its_number_of_coils) {
  const Embedder embedder = Embedder::load(none_model);
  const Shape shape{1, 5, 10, 10};
  const auto kspace = random_kspace(shape);
  const auto [code, message] =
      error_of([&] { embed_kspace(embedder, ArrayView<const Complex, 4>::row_major(kspace.data(), shape)); });
  EXPECT_EQ(code, ErrorCode::invalid_argument);
  EXPECT_NE(message.find("exactly 4 coils"), std::string::npos);
}

TEST(Embedder, of_no_slices_gives_no_rows) {
  const std::vector<float> nothing;
  const Embedder embedder = Embedder::load(pca_model);
  EXPECT_NO_THROW(embedder.embed_kspace(ArrayView<const Complex, 4>::row_major(nullptr, {0, 4, 10, 10}),
                                        ArrayView<float, 2>::row_major(nullptr, {0, embed_dim})));
}

TEST(Embedder, refuses_unknown_devices_and_precisions_with_their_own_code) {
  const auto code_of = [](const std::string& device, mriembed::Precision precision, int threads = 0) {
    mriembed::Options options;
    options.device = device;
    options.precision = precision;
    options.threads = threads;
    return error_of([&] { Embedder::load(pca_model, options); }).first;
  };
  EXPECT_EQ(code_of("cuda:127", mriembed::Precision::float32), ErrorCode::device_not_available);
  EXPECT_EQ(code_of("cpu", mriembed::Precision::float16), ErrorCode::device_not_available);
  EXPECT_EQ(code_of("tpu", mriembed::Precision::float32), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of("cuda:-1", mriembed::Precision::float32), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of("cuda:99999999999", mriembed::Precision::float32), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of("cpu", mriembed::Precision::float32, -1), ErrorCode::invalid_argument);
}

TEST(Embedder, gives_the_same_rows_in_parts_that_fit_little_memory) {
  const Shape shape{11, 6, 40, 31};
  const auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  for (const mriembed::Backend backend : {mriembed::Backend::native, mriembed::Backend::torch}) {
    mriembed::Options options;
    options.backend = backend;
    mriembed::Report whole_report;
    const auto whole = embed_kspace(Embedder::load(pca_model, options), view, {}, &whole_report);
    options.memory_mib = 1;
    mriembed::Report report;
    const auto parts = embed_kspace(Embedder::load(pca_model, options), view, {}, &report);
    ASSERT_EQ(parts.size(), whole.size());
    for (std::size_t index = 0; index < whole.size(); ++index) {
      ASSERT_NEAR(parts[index], whole[index], 1e-6);
    }
    ASSERT_EQ(report.energy_kept.size(), 11U);
    for (std::size_t slice = 0; slice < 11; ++slice) {
      EXPECT_NEAR(report.energy_kept[slice], whole_report.energy_kept[slice], 1e-6);
    }
    EXPECT_GT(report.preprocessing_seconds, 0);
    EXPECT_GT(report.network_seconds, 0);
  }
}

TEST(Embedder, counts_the_slices_of_the_call_where_it_runs_in_parts) {
  const Shape shape{11, 6, 40, 31};
  auto kspace = random_kspace(shape);
  kspace[std::size_t{9} * 6 * 40 * 31 + 5] = {std::numeric_limits<float>::infinity(), 0};
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  std::vector<float> stacked(std::size_t{11} * 8 * 40 * 31, 1.0F);
  std::fill_n(stacked.begin() + std::ptrdiff_t{10} * 8 * 40 * 31, 8 * 40 * 31, 0.0F);
  std::vector<float> rows(std::size_t{11} * embed_dim, -7.0F);
  const auto destination = ArrayView<float, 2>::row_major(rows.data(), {11, embed_dim});
  for (const mriembed::Backend backend : {mriembed::Backend::native, mriembed::Backend::torch}) {
    mriembed::Options options;
    options.memory_mib = 1;
    options.backend = backend;
    const Embedder embedder = Embedder::load(pca_model, options);
    auto [code, message] = error_of([&] { embedder.embed_kspace(view, destination); });
    EXPECT_EQ(code, ErrorCode::bad_input);
    EXPECT_EQ(message, "slice 9 holds NaN or infinite samples; only finite samples can be embedded");
    EXPECT_EQ(slice_at_fault([&] { embedder.embed_kspace(view, destination); }), 9);
    std::tie(code, message) = error_of(
        [&] { embedder.embed(ArrayView<const float, 4>::row_major(stacked.data(), {11, 8, 40, 31}), destination); });
    EXPECT_EQ(code, ErrorCode::bad_input);
    EXPECT_EQ(message, "slice 10 is all zero; a slice needs signal to be embedded");
  }
  EXPECT_EQ(rows, std::vector<float>(std::size_t{11} * embed_dim, -7.0F)) << "nothing is written on failure";
}

TEST(Embedder, warming_up_changes_no_embedding) {
  const Shape shape{3, 6, 20, 17};
  const auto kspace = random_kspace(shape);
  const auto view = ArrayView<const Complex, 4>::row_major(kspace.data(), shape);
  for (const mriembed::Backend backend : {mriembed::Backend::native, mriembed::Backend::torch}) {
    mriembed::Options options;
    options.backend = backend;
    const auto expected = embed_kspace(Embedder::load(pca_model, options), view);
    const Embedder warm = Embedder::load(pca_model, options);
    warm.warm_up_kspace({5, 6, 40, 64}, 32);  // leaves larger memory behind than the slices need
    warm.warm_up_kspace(shape);
    EXPECT_EQ(embed_kspace(warm, view), expected);
  }
}

// Where samples lie in memory must not decide which instructions add them up.
TEST(Embedder, gives_the_same_bits_wherever_the_samples_lie) {
  const Shape shape{3, 6, 20, 17};
  const auto kspace = random_kspace(shape);
  std::mt19937 generator(2);  // NOLINT(bugprone-random-generator-seed): the same samples on every run
  std::normal_distribution<float> normal;
  std::vector<float> stacked(std::size_t{3} * 8 * 20 * 17);
  std::generate(stacked.begin(), stacked.end(), [&] { return normal(generator); });
  for (const mriembed::Backend backend : {mriembed::Backend::native, mriembed::Backend::torch}) {
    for (const auto precision : {mriembed::Precision::float32, mriembed::Precision::bfloat16}) {
      mriembed::Options options;
      options.backend = backend;
      options.precision = precision;
      const Embedder embedder = Embedder::load(pca_model, options);
      std::vector<float> expected;
      for (const std::size_t offset : {0U, 1U, 3U, 8U}) {  // in samples
        std::vector<Complex> moved_kspace(kspace.size() + offset);
        std::copy(kspace.begin(), kspace.end(), moved_kspace.begin() + static_cast<std::ptrdiff_t>(offset));
        std::vector<float> moved_stacked(stacked.size() + offset);
        std::copy(stacked.begin(), stacked.end(), moved_stacked.begin() + static_cast<std::ptrdiff_t>(offset));
        auto rows = embed_kspace(embedder, ArrayView<const Complex, 4>::row_major(moved_kspace.data() + offset, shape));
        std::vector<float> more(std::size_t{3} * embed_dim);
        embedder.embed(ArrayView<const float, 4>::row_major(moved_stacked.data() + offset, {3, 8, 20, 17}),
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

TEST(Embedder, refuses_a_memory_that_is_none) {
  mriembed::Options options;
  for (const std::int64_t memory : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::max()}) {
    options.memory_mib = memory;
    EXPECT_EQ(error_of([&] { Embedder::load(pca_model, options); }).first, ErrorCode::invalid_argument);
  }
}

TEST(Embedder, can_be_moved) {
  Embedder first = Embedder::load(pca_model);
  const Embedder second = std::move(first);
  EXPECT_TRUE(second.verify().passed);
}

}  // namespace
