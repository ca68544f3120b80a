#include "server/row_log.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "mriembed/error.hpp"
#include "scratch_folder.hpp"

namespace mriembed::server {
namespace {

const cli::ModelIdentity model{"model.pt", "abc", 2};
const std::vector<float> embedding{0.5F, -0.25F};

cli::EmbeddingSource source_of(const std::string& file) {
  cli::EmbeddingSource source;
  source.file = file;
  return source;
}

std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  return lines;
}

TEST(RowLog, appends_to_what_is_there) {
  const std::filesystem::path path = testing_files::scratch_folder() / "appended.jsonl";
  std::ofstream(path) << "{\"before\":1}\n";
  RowLog(path.string()).add(source_of("one"), model, embedding);
  RowLog(path.string()).add(source_of("two"), model, embedding);
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], "{\"before\":1}");
  EXPECT_EQ(nlohmann::json::parse(lines[2]).at("file"), "two");
  EXPECT_EQ(nlohmann::json::parse(lines[1]).at("embedding"), nlohmann::json({0.5, -0.25}));
}

TEST(RowLog, ends_a_row_that_was_cut_before_it_appends) {
  const std::filesystem::path path = testing_files::scratch_folder() / "cut.jsonl";
  std::ofstream(path) << "{\"file\":\"x\",\"emb";
  RowLog(path.string()).add(source_of("next"), model, embedding);
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(nlohmann::json::parse(lines[1]).at("file"), "next");
}

TEST(RowLog, begins_a_new_table_with_one_line_of_names) {
  const std::filesystem::path path = testing_files::scratch_folder() / "table.csv";
  for (int run = 0; run < 2; ++run) {
    RowLog(path.string()).add(source_of("a"), model, embedding);
  }
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(lines[0].starts_with("file,slice,"));
  EXPECT_TRUE(lines[1].starts_with("a,0,"));
}

TEST(RowLog, writes_whole_rows_from_many_threads) {
  const std::filesystem::path path = testing_files::scratch_folder() / "threads.jsonl";
  RowLog rows(path.string());
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int number = 0; number < 8; ++number) {
      threads.emplace_back([&] {
        for (int row = 0; row < 50; ++row) {
          rows.add(source_of(std::string(200, 'x')), model, embedding);
        }
      });
    }
  }
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 400U);
  for (const std::string& line : lines) {
    EXPECT_TRUE(nlohmann::json::accept(line));
  }
}

TEST(RowLog, leaves_no_half_of_a_row_where_there_is_no_room) {
  const std::filesystem::path path = testing_files::scratch_folder() / "full.jsonl";
  RowLog rows(path.string());
  rows.add(source_of("first"), model, embedding);
  const std::string before = content(path);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit tight{before.size() + 10, limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tight);
  EXPECT_THROW(rows.add(source_of("second"), model, embedding), Error);
  setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_EQ(content(path), before);
  rows.add(source_of("third"), model, embedding);
  EXPECT_EQ(lines_of(path).size(), 2U);
}

TEST(RowLog, begins_a_new_file_where_its_own_was_moved_away) {
  for (const std::string ending : {".jsonl", ".csv"}) {
    const std::filesystem::path path = testing_files::scratch_folder() / ("rotated" + ending);
    const std::filesystem::path moved = testing_files::scratch_folder() / ("moved" + ending);
    RowLog rows(path.string());
    rows.add(source_of("old"), model, embedding);
    std::filesystem::rename(path, moved);
    rows.add(source_of("new"), model, embedding);
    rows.add(source_of("next"), model, embedding);
    const std::size_t names = ending == ".csv" ? 1 : 0;  // the line of names
    EXPECT_EQ(lines_of(moved).size(), names + 1);
    const auto lines = lines_of(path);
    ASSERT_EQ(lines.size(), names + 2);
    EXPECT_NE(lines[names].find("new"), std::string::npos);
  }
}

TEST(RowLog, says_that_its_folder_is_gone_and_writes_again_once_it_is_back) {
  const std::filesystem::path folder = testing_files::scratch_folder() / "gone";
  std::filesystem::create_directories(folder);
  const std::filesystem::path path = folder / "rows.jsonl";
  RowLog rows(path.string());
  std::filesystem::remove_all(folder);
  for (int row = 0; row < 2; ++row) {
    EXPECT_THROW(rows.add(source_of("lost"), model, embedding), Error);
  }
  std::filesystem::create_directories(folder);
  rows.add(source_of("found"), model, embedding);
  EXPECT_EQ(lines_of(path).size(), 1U);
}

TEST(RowLog, refuses_other_files) {
  EXPECT_THROW(RowLog("rows.npy"), Error);
  EXPECT_THROW(RowLog("/nowhere/rows.jsonl"), Error);
}

}  // namespace
}  // namespace mriembed::server
