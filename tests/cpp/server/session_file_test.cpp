#include "server/session_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "scratch_folder.hpp"
#include "server/memory_streams.hpp"

namespace mriembed::server {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST(SessionFile, keeps_bytes_until_the_limit_and_says_so_once) {
  const std::filesystem::path path = testing_files::scratch_folder() / "kept.mrd";
  std::vector<std::string> failures;
  SavedBytes budget(10);
  SessionFile file(path.string(), budget, [&](const std::string& failure) { failures.push_back(failure); });
  file.append("12345");
  file.append("6789");
  file.append("ab");  // one too many
  file.append("c");
  EXPECT_EQ(content(path), "123456789");
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_NE(failures[0].find("--save-limit"), std::string::npos);
}

TEST(SavedBytes, of_a_folder_are_those_of_its_sessions) {
  const std::filesystem::path folder = testing_files::scratch_folder() / "saved";
  std::filesystem::create_directories(folder / "folder.mrd");
  EXPECT_EQ(saved_bytes_in(folder.string()), 0);
  std::ofstream(folder / "a.mrd") << "12345";
  std::ofstream(folder / "b.mrd") << "6789";
  std::ofstream(folder / "rows.jsonl") << "no session";
  EXPECT_EQ(saved_bytes_in(folder.string()), 9);
  SavedBytes exceeded(8 - saved_bytes_in(folder.string()));
  EXPECT_FALSE(exceeded.take(1));
}

TEST(SessionFile, replaces_nothing) {
  const std::filesystem::path path = testing_files::scratch_folder() / "there.mrd";
  std::ofstream(path) << "old";
  std::vector<std::string> failures;
  SavedBytes budget(10);
  SessionFile file(path.string(), budget, [&](const std::string& failure) { failures.push_back(failure); });
  file.append("new");
  EXPECT_EQ(content(path), "old");
  EXPECT_EQ(failures.size(), 1U);
}

TEST(TappedSource, shows_all_bytes_on_their_way) {
  testing_streams::MemorySource source(std::string(200'000, 'x') + "abc");
  std::string seen;
  TappedSource tapped(source, [&](std::string_view part) { seen += part; });
  tapped.skip(200'000);
  char letter = 0;
  tapped.read(&letter, 1);
  EXPECT_EQ(letter, 'a');
  EXPECT_EQ(seen, std::string(200'000, 'x') + "a");
  EXPECT_EQ(tapped.place(), 200'001);
  EXPECT_THROW(tapped.skip(5), io::ByteSource::CutShort);
  EXPECT_EQ(seen, std::string(200'000, 'x') + "abc");
}

}  // namespace
}  // namespace mriembed::server
