#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "mriembed/embedder.hpp"
#include "mriembed/mriembed.h"

namespace {

const std::string model = MRIEMBED_MODEL_DIR "/pca.pt";
constexpr std::int64_t embed_dim = 32;

class CApi : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(mriembed_load(model.c_str(), nullptr, &embedder, &error), MRIEMBED_OK) << error.message;
    for (std::size_t index = 0; index < samples.size(); ++index) {
      samples[index] = static_cast<float>((index * 7919U) % 101U) - 50.0F;
    }
  }
  void TearDown() override { mriembed_destroy(embedder); }

  mriembed_embedder* embedder = nullptr;
  mriembed_error error{};
  std::vector<float> samples = std::vector<float>(std::size_t{2} * 2 * 8 * 10 * 12);
  std::vector<float> embeddings = std::vector<float>(std::size_t{2} * embed_dim);
};

TEST_F(CApi, knows_the_sizes_of_the_model) {
  EXPECT_EQ(mriembed_embed_dim(embedder), embed_dim);
  EXPECT_EQ(mriembed_in_channels(embedder), 8);
  EXPECT_EQ(mriembed_num_coils(embedder), 4);
  EXPECT_EQ(mriembed_embed_dim(nullptr), 0);
  EXPECT_STREQ(mriembed_version(), MRIEMBED_VERSION);
}

// Counts its calls and runs the last task first, all in the calling thread.
void backwards(void* calls, std::int64_t tasks, mriembed_task task, void* work) {
  ++*static_cast<int*>(calls);
  for (std::int64_t index = tasks; index-- > 0;) {
    task(work, index);
  }
}

TEST_F(CApi, gives_the_same_bits_on_the_threads_of_the_host) {
  const std::int64_t shape[] = {2, 8, 10, 12};
  ASSERT_EQ(mriembed_embed_kspace(embedder, samples.data(), shape, nullptr, nullptr, embeddings.data(), &error),
            MRIEMBED_OK);
  int calls = 0;
  mriembed_options options;
  mriembed_options_init(&options);
  options.threads = 3;
  options.parallel_for = backwards;
  options.parallel_for_context = &calls;
  mriembed_embedder* hosted = nullptr;
  ASSERT_EQ(mriembed_load(model.c_str(), &options, &hosted, &error), MRIEMBED_OK) << error.message;
  std::vector<float> found(embeddings.size());
  EXPECT_EQ(mriembed_embed_kspace(hosted, samples.data(), shape, nullptr, nullptr, found.data(), &error), MRIEMBED_OK);
  mriembed_destroy(hosted);
  EXPECT_EQ(found, embeddings);
  EXPECT_GT(calls, 0);
}

TEST_F(CApi, gives_the_numbers_of_the_cpp_interface) {
  const mriembed::Embedder reference = mriembed::Embedder::load(model);
  std::vector<float> expected(embeddings.size());
  const auto rows = mriembed::ArrayView<float, 2>::row_major(expected.data(), {2, embed_dim});
  const auto complex = mriembed::ArrayView<const std::complex<float>, 4>::row_major(
      reinterpret_cast<const std::complex<float>*>(samples.data()), {2, 8, 10, 12});

  const std::int64_t shape[] = {2, 8, 10, 12};
  mriembed_kspace_options options;
  mriembed_kspace_options_init(&options);
  options.readout_width = 6;
  ASSERT_EQ(mriembed_embed_kspace(embedder, samples.data(), shape, nullptr, &options, embeddings.data(), &error),
            MRIEMBED_OK)
      << error.message;
  mriembed::KspaceOptions cpp_options;
  cpp_options.readout_width = 6;
  reference.embed_kspace(complex, rows, cpp_options);
  EXPECT_EQ(embeddings, expected);

  ASSERT_EQ(mriembed_embed_images(embedder, samples.data(), shape, nullptr, embeddings.data(), &error), MRIEMBED_OK);
  reference.embed_images(complex, rows);
  EXPECT_EQ(embeddings, expected);

  ASSERT_EQ(mriembed_embed(embedder, samples.data(), shape, nullptr, embeddings.data(), &error), MRIEMBED_OK);
  reference.embed(mriembed::ArrayView<const float, 4>::row_major(samples.data(), {2, 8, 10, 12}), rows);
  EXPECT_EQ(embeddings, expected);
}

TEST_F(CApi, reads_through_strides) {
  const std::int64_t swapped[] = {1, 8, 12, 10};
  const std::int64_t transposing[] = {960, 120, 1, 12};
  std::vector<float> transposed(960);
  for (std::size_t channel = 0; channel < 8; ++channel) {
    for (std::size_t y = 0; y < 10; ++y) {
      for (std::size_t x = 0; x < 12; ++x) {
        transposed[channel * 120 + x * 10 + y] = samples[channel * 120 + y * 12 + x];
      }
    }
  }
  std::vector<float> expected(embed_dim);
  ASSERT_EQ(mriembed_embed(embedder, transposed.data(), swapped, nullptr, expected.data(), &error), MRIEMBED_OK);
  embeddings.resize(embed_dim);
  ASSERT_EQ(mriembed_embed(embedder, samples.data(), swapped, transposing, embeddings.data(), &error), MRIEMBED_OK);
  EXPECT_EQ(embeddings, expected);
}

TEST_F(CApi, loads_bytes_that_the_program_holds) {
  std::ifstream file(model, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  mriembed_embedder* other = nullptr;
  ASSERT_EQ(mriembed_load_bytes(bytes.data(), bytes.size(), "held", nullptr, &other, &error), MRIEMBED_OK);
  EXPECT_EQ(mriembed_embed_dim(other), mriembed_embed_dim(embedder));
  mriembed_destroy(other);
  EXPECT_EQ(mriembed_load_bytes(bytes.data(), bytes.size() - 1, "held", nullptr, &other, &error),
            MRIEMBED_BAD_MODEL_FILE);
  EXPECT_EQ(std::string(error.message).substr(0, 36), "held: it has no intact seal at its e");
  EXPECT_EQ(other, nullptr);
  EXPECT_EQ(mriembed_load_bytes(nullptr, 0, "held", nullptr, &other, &error), MRIEMBED_INVALID_ARGUMENT);
  EXPECT_EQ(mriembed_load_bytes(bytes.data(), bytes.size(), nullptr, nullptr, &other, &error),
            MRIEMBED_INVALID_ARGUMENT);
}

TEST_F(CApi, returns_codes_and_messages) {
  const std::int64_t shape[] = {1, 8, 10, 12};
  mriembed_embedder* other = nullptr;
  EXPECT_EQ(mriembed_load("absent.pt", nullptr, &other, &error), MRIEMBED_BAD_MODEL_FILE);
  EXPECT_EQ(error.code, MRIEMBED_BAD_MODEL_FILE);
  EXPECT_NE(std::string(error.message).find("absent.pt"), std::string::npos);
  EXPECT_EQ(other, nullptr);

  mriembed_options options;
  mriembed_options_init(&options);
  options.device = "cuda:127";
  EXPECT_EQ(mriembed_load(model.c_str(), &options, &other, &error), MRIEMBED_DEVICE_NOT_AVAILABLE);
  options.device = "cpu";
  options.backend = static_cast<mriembed_backend>(3);
  EXPECT_EQ(mriembed_load(model.c_str(), &options, &other, &error), MRIEMBED_INVALID_ARGUMENT);
  options.backend = MRIEMBED_TORCH;
  ASSERT_EQ(mriembed_load(model.c_str(), &options, &other, &error), MRIEMBED_OK) << error.message;
  mriembed_destroy(other);
  options.struct_size = 0;
  EXPECT_EQ(mriembed_load(model.c_str(), &options, &other, &error), MRIEMBED_INVALID_ARGUMENT);

  EXPECT_EQ(mriembed_load(nullptr, nullptr, &other, nullptr), MRIEMBED_INVALID_ARGUMENT);
  EXPECT_EQ(mriembed_load(model.c_str(), nullptr, nullptr, nullptr), MRIEMBED_INVALID_ARGUMENT);
  EXPECT_EQ(mriembed_embed(nullptr, samples.data(), shape, nullptr, embeddings.data(), nullptr),
            MRIEMBED_INVALID_ARGUMENT);
  EXPECT_EQ(mriembed_embed(embedder, nullptr, shape, nullptr, embeddings.data(), nullptr), MRIEMBED_INVALID_ARGUMENT);
  EXPECT_EQ(mriembed_embed(embedder, samples.data(), nullptr, nullptr, embeddings.data(), nullptr),
            MRIEMBED_INVALID_ARGUMENT);
  EXPECT_EQ(mriembed_embed(embedder, samples.data(), shape, nullptr, nullptr, nullptr), MRIEMBED_INVALID_ARGUMENT);

  std::fill(samples.begin(), samples.end(), 0.0F);
  EXPECT_EQ(mriembed_embed(embedder, samples.data(), shape, nullptr, embeddings.data(), &error), MRIEMBED_BAD_INPUT);
  EXPECT_STREQ(error.message, "slice 0 is all zero; a slice needs signal to be embedded");
  EXPECT_EQ(error.slice, 0);
  EXPECT_EQ(mriembed_embed(embedder, nullptr, shape, nullptr, embeddings.data(), &error), MRIEMBED_INVALID_ARGUMENT);
  EXPECT_EQ(error.slice, -1);
  mriembed_destroy(nullptr);
}

TEST_F(CApi, warms_up_for_kspace_and_bounds_memory) {
  const std::int64_t kspace[4] = {1, 6, 20, 24};
  mriembed_kspace_options crop;
  mriembed_kspace_options_init(&crop);
  crop.readout_width = 12;
  EXPECT_EQ(mriembed_warm_up_kspace(embedder, kspace, &crop, &error), MRIEMBED_OK) << error.message;
  crop.readout_width = 25;
  EXPECT_EQ(mriembed_warm_up_kspace(embedder, kspace, &crop, &error), MRIEMBED_INVALID_ARGUMENT);
  EXPECT_EQ(mriembed_warm_up_kspace(embedder, nullptr, nullptr, &error), MRIEMBED_INVALID_ARGUMENT);

  mriembed_options options;
  mriembed_options_init(&options);
  EXPECT_EQ(options.memory_mib, 1024);
  options.memory_mib = 0;
  mriembed_embedder* other = nullptr;
  EXPECT_EQ(mriembed_load(model.c_str(), &options, &other, &error), MRIEMBED_INVALID_ARGUMENT);
  EXPECT_EQ(other, nullptr);
}

TEST_F(CApi, cuts_messages_that_are_too_long) {
  mriembed_embedder* other = nullptr;
  const std::string path(3000, 'a');
  EXPECT_EQ(mriembed_load(path.c_str(), nullptr, &other, &error), MRIEMBED_BAD_MODEL_FILE);
  EXPECT_EQ(std::strlen(error.message), sizeof(error.message) - 1);
}

}  // namespace
