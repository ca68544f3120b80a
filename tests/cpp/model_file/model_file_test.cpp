#include "mriembed/model_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "mriembed/error.hpp"
#include "scratch_folder.hpp"

namespace {

const std::string models = MRIEMBED_MODEL_DIR;

std::string refusal_of(const std::string& path, const mriembed::Trust& trust = {}) {
  try {
    mriembed::read_model_info(path, trust);
  } catch (const mriembed::Error& error) {
    EXPECT_EQ(error.code(), mriembed::ErrorCode::bad_model_file);
    EXPECT_EQ(std::string(error.what()).rfind(path, 0), 0U) << "the message begins with the file's name";
    return error.what();
  }
  return "accepted";
}

std::string written(const std::string& name, const std::string& bytes) {
  const std::string path = mriembed::testing_files::scratch_folder() / name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

TEST(ModelFile, describes_itself) {
  const mriembed::ModelInfo info = mriembed::read_model_info(models + "/pca.pt");
  EXPECT_EQ(info.model_class, "MRIEmbeddingModel");
  EXPECT_EQ(info.num_coils, 4);
  EXPECT_EQ(info.in_channels, 8);
  EXPECT_EQ(info.embed_dim, 32);
  EXPECT_EQ(info.coil_compression, "pca");
  EXPECT_EQ(info.weights_source, "random, seed 0");
  EXPECT_EQ(info.weights_sha256.size(), 64U);
  EXPECT_TRUE(info.sealed);
  EXPECT_TRUE(info.signers.empty());
}

TEST(ModelFile, that_does_not_exist_is_refused_by_name) {
  EXPECT_NE(refusal_of(models + "/absent.pt").find("No such file"), std::string::npos);
}

TEST(ModelFile, that_is_a_folder_is_refused_by_name) {
  EXPECT_NE(refusal_of(models).find("this is a folder"), std::string::npos);
}

TEST(ModelFile, that_is_a_pipe_is_refused_without_waiting_for_a_writer) {
  const std::string pipe = mriembed::testing_files::scratch_folder() / "pipe.pt";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_NE(refusal_of(pipe).find("this is a pipe, socket or device"), std::string::npos);
}

TEST(ModelFile, that_is_empty_is_refused_by_name) {
  EXPECT_NE(refusal_of(written("empty.pt", "")).find("the file is empty"), std::string::npos);
}

TEST(ModelFile, of_foreign_content_is_refused_by_name) {
  EXPECT_NE(refusal_of(written("text.pt", "no archive")).find("has no intact seal at its end"), std::string::npos);
}

TEST(ModelFile, without_a_description_is_refused_by_name) {
  mriembed::Trust trust;
  trust.allow_unsealed = true;
  EXPECT_NE(refusal_of(models + "/foreign.pt", trust).find("without mriembed.json"), std::string::npos);
  EXPECT_NE(refusal_of(models + "/foreign.pt").find("has no intact seal at its end"), std::string::npos);
}

TEST(ModelFile, cut_short_anywhere_is_refused) {
  std::ifstream stream(models + "/pca.pt", std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  for (std::size_t length = 1; length < whole.size(); length += whole.size() / 23) {
    EXPECT_NE(refusal_of(written("cut.pt", whole.substr(0, length))), "accepted") << length << " bytes";
  }
}

}  // namespace
