#include "cli/embedding_writer.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "../scratch_folder.hpp"
#include "mriembed/error.hpp"

namespace {

namespace fs = std::filesystem;
using mriembed::Error;
using mriembed::ErrorCode;
using mriembed::cli::EmbeddingSource;
using mriembed::cli::EmbeddingWriter;
using mriembed::cli::ModelIdentity;
using mriembed::cli::OutputFormat;
using mriembed::cli::OutputTarget;
using Json = nlohmann::json;

const ModelIdentity model{"model.pt", std::string(64, 'a'), 2};

std::string contents(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

void write_text(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

struct Npy {
  std::vector<std::size_t> shape;
  std::vector<float> values;
};

// By the specification of the format (NEP 1), not by the code under test.
Npy parse_npy(const std::string& bytes) {
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const auto low = static_cast<unsigned char>(bytes.at(8));
  const auto high = static_cast<unsigned char>(bytes.at(9));
  const std::size_t length = low + 256U * high;
  EXPECT_EQ((10 + length) % 64, 0U);
  const std::string header = bytes.substr(10, length);
  EXPECT_EQ(header.back(), '\n');
  const std::regex pattern(R"(\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\), \} *\n)");
  std::smatch match;
  EXPECT_TRUE(std::regex_match(header, match, pattern)) << header;
  Npy npy;
  npy.shape = {std::stoul(match[1]), std::stoul(match[2])};
  const std::string data = bytes.substr(10 + length);
  npy.values.resize(data.size() / sizeof(float));
  EXPECT_EQ(data.size(), npy.shape[0] * npy.shape[1] * sizeof(float));
  if (!data.empty()) {
    std::memcpy(npy.values.data(), data.data(), npy.values.size() * sizeof(float));
  }
  return npy;
}

EmbeddingSource source(int slice) {
  EmbeddingSource made;
  made.file = "scan.h5";
  made.label.slice = slice;
  made.coils = 4;
  made.energy_kept = 0.5;
  made.sampling = "full";
  return made;
}

const std::array<float, 2> first{0.1F, -0.2F};
const std::array<float, 2> second{1.0F / 3, 4e-30F};

class EmbeddingWriterTest : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<EmbeddingWriter> open(const std::string& name) const {
    return mriembed::cli::open_writer(OutputTarget::parse((folder / name).string()), model);
  }

  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  const mriembed::testing_files::ScratchFolder scratch;
  const fs::path folder = scratch.path();
};

std::pair<ErrorCode, std::string> refusal_of(const std::string& path) {
  try {
    OutputTarget::parse(path);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {ErrorCode::internal, "no error"};
}

TEST_F(EmbeddingWriterTest, npy_holds_the_rows_and_json_what_they_are) {
  const auto writer = open("rows.npy");
  writer->add(source(7), first);
  writer->add(source(8), second);
  writer->finish();

  const Npy npy = parse_npy(contents(folder / "rows.npy"));
  EXPECT_EQ(npy.shape, (std::vector<std::size_t>{2, 2}));
  EXPECT_EQ(npy.values, (std::vector<float>{first[0], first[1], second[0], second[1]}));
  const Json json = Json::parse(contents(folder / "rows.json"));
  EXPECT_EQ(json["model"], "model.pt");
  EXPECT_EQ(json["model_sha256"], model.sha256);
  EXPECT_EQ(json["embed_dim"], 2);
  ASSERT_EQ(json["rows"].size(), 2U);
  EXPECT_EQ(json["rows"][0]["slice"], 7);
  EXPECT_EQ(json["rows"][1]["slice"], 8);
  EXPECT_EQ(files(), (std::vector<std::string>{"rows.json", "rows.npy"}));
}

TEST_F(EmbeddingWriterTest, npy_of_no_rows_is_valid_too) {
  open("rows.npy")->finish();
  EXPECT_EQ(parse_npy(contents(folder / "rows.npy")).shape, (std::vector<std::size_t>{0, 2}));
  EXPECT_TRUE(Json::parse(contents(folder / "rows.json"))["rows"].empty());
}

// AtomicFile collects a megabyte; the numbers take three, and what they are more than one.
TEST_F(EmbeddingWriterTest, npy_larger_than_the_buffer_keeps_every_row) {
  constexpr std::size_t rows = 5000;
  constexpr std::size_t embed_dim = 150;
  const auto writer = mriembed::cli::open_writer(OutputTarget::parse((folder / "rows.npy").string()),
                                                 {"model.pt", model.sha256, embed_dim});
  std::vector<float> row(embed_dim);
  for (std::size_t number = 0; number < rows; ++number) {
    row.front() = static_cast<float>(number);
    row.back() = -row.front();
    writer->add(source(static_cast<int>(number)), row);
  }
  writer->finish();
  const Npy npy = parse_npy(contents(folder / "rows.npy"));
  ASSERT_EQ(npy.shape, (std::vector<std::size_t>{rows, embed_dim}));
  const std::string json = contents(folder / "rows.json");
  EXPECT_GT(json.size(), std::size_t{1} << 20U);
  const Json described = Json::parse(json)["rows"];
  ASSERT_EQ(described.size(), rows);
  for (std::size_t number = 0; number < rows; ++number) {
    ASSERT_EQ(npy.values[embed_dim * number], static_cast<float>(number));
    ASSERT_EQ(npy.values[embed_dim * number + embed_dim - 1], -static_cast<float>(number));
    ASSERT_EQ(described[number]["slice"], number);
  }
}

TEST_F(EmbeddingWriterTest, jsonl_holds_one_object_a_line) {
  const auto writer = open("rows.jsonl");
  writer->add(source(7), first);
  writer->add(source(8), second);
  writer->finish();

  std::ifstream stream(folder / "rows.jsonl");
  std::vector<Json> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(Json::parse(line));
  }
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["embedding"].get<std::vector<float>>(), (std::vector<float>{first[0], first[1]}));
  EXPECT_EQ(lines[1]["embedding"].get<std::vector<float>>(), (std::vector<float>{second[0], second[1]}));
  EXPECT_EQ(lines[1]["slice"], 8);
}

TEST_F(EmbeddingWriterTest, csv_holds_a_header_and_one_line_a_row) {
  const auto writer = open("rows.csv");
  writer->add(source(7), first);
  writer->add(source(8), second);
  writer->finish();

  std::ifstream stream(folder / "rows.csv");
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0],
            "file,slice,contrast,phase,repetition,set,partition,measurement,coils,energy_kept,sampling,"
            "model_sha256,e0,e1");
  EXPECT_EQ(lines[1], "scan.h5,7,0,0,0,0,0,0,4,0.5,full," + model.sha256 + ",0.1,-0.2");
  EXPECT_EQ(lines[2].rfind("scan.h5,8,", 0), 0U);
}

TEST_F(EmbeddingWriterTest, the_same_rows_give_the_same_bytes) {
  for (const std::string name : {"one", "two"}) {
    for (const std::string ending : {".npy", ".csv", ".jsonl"}) {
      const auto writer = open(name + ending);
      writer->add(source(1), first);
      writer->finish();
    }
  }
  for (const std::string ending : {".npy", ".json", ".csv", ".jsonl"}) {
    EXPECT_EQ(contents(folder / ("one" + ending)), contents(folder / ("two" + ending))) << ending;
  }
}

TEST_F(EmbeddingWriterTest, an_older_output_stays_until_finish) {
  for (const std::string name : {"rows.npy", "rows.json", "rows.csv", "rows.jsonl"}) {
    write_text(folder / name, "old");
  }
  const auto before = files();
  for (const std::string name : {"rows.npy", "rows.csv", "rows.jsonl"}) {
    open(name)->add(source(1), first);  // the writer goes without finish(), as after an error
  }
  EXPECT_EQ(files(), before) << "temporary files stayed";
  for (const std::string& name : before) {
    EXPECT_EQ(contents(folder / name), "old") << name;
  }
  const auto writer = open("rows.npy");
  writer->add(source(1), first);
  writer->finish();
  EXPECT_EQ(parse_npy(contents(folder / "rows.npy")).shape[0], 1U);
  EXPECT_NE(contents(folder / "rows.json"), "old");
  EXPECT_EQ(files(), before);
}

// Stands for a full disk: writing beyond the limit fails with EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : previous_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &previous_);
    const rlimit limit{bytes, previous_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &previous_);
    static_cast<void>(std::signal(SIGXFSZ, previous_handler_));
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit previous_{};
  void (*previous_handler_)(int);
};

TEST_F(EmbeddingWriterTest, a_failed_write_names_the_output_and_leaves_the_older_one) {
  for (const std::string name : {"rows.npy", "rows.csv", "rows.jsonl"}) {
    write_text(folder / name, "old");
    std::string message;
    {
      const FileSizeLimit limit(4096);
      try {
        const auto writer = open(name);
        for (int row = 0; row < 1000; ++row) {
          writer->add(source(row), first);
        }
        writer->finish();
      } catch (const Error& error) {
        message = error.what();
        EXPECT_EQ(error.code(), ErrorCode::internal);
      }
    }
    EXPECT_EQ(message.rfind((folder / name).string() + ": cannot be written: ", 0), 0U) << name << ": " << message;
    EXPECT_EQ(contents(folder / name), "old");
  }
  EXPECT_EQ(files(), (std::vector<std::string>{"rows.csv", "rows.jsonl", "rows.npy"}));
}

TEST_F(EmbeddingWriterTest, the_longest_file_name_works) {
  const std::string name = std::string(251, 'n') + ".csv";
  const auto writer = open(name);
  writer->add(source(1), first);
  writer->finish();
  EXPECT_EQ(files(), std::vector<std::string>{name});
}

TEST_F(EmbeddingWriterTest, files_get_the_usual_permissions) {
  write_text(folder / "plain", "");
  open("rows.csv")->finish();
  EXPECT_EQ(fs::status(folder / "rows.csv").permissions(), fs::status(folder / "plain").permissions());
}

TEST_F(EmbeddingWriterTest, two_writers_in_one_folder_do_not_meet) {
  const auto one = open("one.csv");
  const auto two = open("two.csv");
  one->add(source(1), first);
  two->add(source(2), second);
  two->finish();
  one->finish();
  EXPECT_NE(contents(folder / "one.csv").find("scan.h5,1,"), std::string::npos);
  EXPECT_NE(contents(folder / "two.csv").find("scan.h5,2,"), std::string::npos);
}

TEST_F(EmbeddingWriterTest, endings_choose_the_format) {
  const auto format_of = [this](const std::string& name) {
    return OutputTarget::parse((folder / name).string()).format;
  };
  EXPECT_EQ(format_of("a.npy"), OutputFormat::npy);
  EXPECT_EQ(format_of("a.csv"), OutputFormat::csv);
  EXPECT_EQ(format_of("a.jsonl"), OutputFormat::jsonl);
  EXPECT_EQ(OutputTarget::parse("-").format, OutputFormat::standard_output);
  EXPECT_EQ(OutputTarget::parse((folder / "a.b.npy").string()).sidecar(), (folder / "a.b.json").string());
  EXPECT_EQ(OutputTarget::parse((folder / "a.csv").string()).sidecar(), "");
  for (const std::string name : {"a", "a.json", "a.NPY", "a.npy.gz", "npy", ".npy", ""}) {
    EXPECT_EQ(refusal_of((folder / name).string()).first, ErrorCode::invalid_argument) << name;
  }
}

TEST_F(EmbeddingWriterTest, a_folder_that_does_not_exist_is_refused) {
  const auto [code, message] = refusal_of((folder / "missing" / "a.npy").string());
  EXPECT_EQ(code, ErrorCode::invalid_argument);
  EXPECT_NE(message.find("missing does not exist"), std::string::npos) << message;
  write_text(folder / "file", "");
  EXPECT_EQ(refusal_of((folder / "file" / "a.npy").string()).first, ErrorCode::invalid_argument);
}

TEST_F(EmbeddingWriterTest, a_folder_without_write_permission_is_refused) {
  if (geteuid() == 0) {
    GTEST_SKIP() << "root may write everywhere";
  }
  fs::permissions(folder, fs::perms::owner_read | fs::perms::owner_exec);
  const auto [code, message] = refusal_of((folder / "a.npy").string());
  fs::permissions(folder, fs::perms::owner_all);
  EXPECT_EQ(code, ErrorCode::invalid_argument);
  EXPECT_NE(message.find("cannot be written to"), std::string::npos) << message;
}

TEST_F(EmbeddingWriterTest, a_target_that_is_no_file_is_refused) {
  fs::create_directory(folder / "a.npy");
  fs::create_directory(folder / "b.json");
  EXPECT_EQ(refusal_of((folder / "a.npy").string()).first, ErrorCode::invalid_argument);
  EXPECT_EQ(refusal_of((folder / "b.npy").string()).first, ErrorCode::invalid_argument);
}

}  // namespace
