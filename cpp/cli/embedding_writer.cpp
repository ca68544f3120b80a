#include "cli/embedding_writer.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/atomic_file.hpp"
#include "cli/standard_output.hpp"
#include "mriembed/error.hpp"

namespace mriembed::cli {

namespace {

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::invalid_argument, reason); }

OutputFormat format_of(const std::string& path) {
  if (path == "-") {
    return OutputFormat::standard_output;
  }
  const std::string ending = std::filesystem::path(path).extension().string();
  if (ending == ".npy") {
    return OutputFormat::npy;
  }
  if (ending == ".csv") {
    return OutputFormat::csv;
  }
  if (ending == ".jsonl") {
    return OutputFormat::jsonl;
  }
  refuse("\"" + path + "\": the output must end in .npy, .csv or .jsonl, or be - for standard output");
}

void check_folder(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  std::error_code failure;
  if (!std::filesystem::is_directory(folder, failure)) {
    refuse(path + ": the folder " + folder + " does not exist; make it first, or name another one");
  }
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    refuse(path + ": the folder " + folder + " cannot be written to: " + std::generic_category().message(errno));
  }
}

void check_replaceable(const std::string& path) {
  std::error_code failure;
  const std::filesystem::file_status status = std::filesystem::status(path, failure);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    refuse(path + ": this is not a regular file; name another output");
  }
}

class NpyWriter : public EmbeddingWriter {
 public:
  NpyWriter(const OutputTarget& target, ModelIdentity model)
      : model_(std::move(model)), numbers_(target.path), description_(target.sidecar()) {
    numbers_.append(npy_header(0, model_.embed_dim));
    description_.append(json_beginning(model_));
  }

  void add(const EmbeddingSource& source, std::span<const float> embedding) override {
    numbers_.append({reinterpret_cast<const char*>(embedding.data()), embedding.size_bytes()});
    description_.append((rows_ > 0 ? ",\n" : "") + json_entry(source, model_));
    ++rows_;
  }

  void finish() override {
    numbers_.replace_beginning(npy_header(rows_, model_.embed_dim));
    description_.append(json_end());
    numbers_.finish();
    description_.finish();
    description_.publish();
    numbers_.publish();
  }

 private:
  ModelIdentity model_;
  AtomicFile numbers_;
  AtomicFile description_;
  std::int64_t rows_ = 0;
};

class CsvWriter : public EmbeddingWriter {
 public:
  CsvWriter(const OutputTarget& target, ModelIdentity model) : model_(std::move(model)), file_(target.path) {
    file_.append(csv_header(model_));
  }

  void add(const EmbeddingSource& source, std::span<const float> embedding) override {
    file_.append(csv_line(source, model_, embedding));
  }

  void finish() override {
    file_.finish();
    file_.publish();
  }

 private:
  ModelIdentity model_;
  AtomicFile file_;
};

class JsonLinesWriter : public EmbeddingWriter {
 public:
  JsonLinesWriter(const OutputTarget& target, ModelIdentity model) : model_(std::move(model)), file_(target.path) {}

  void add(const EmbeddingSource& source, std::span<const float> embedding) override {
    file_.append(json_line(source, model_, embedding));
  }

  void finish() override {
    file_.finish();
    file_.publish();
  }

 private:
  ModelIdentity model_;
  AtomicFile file_;
};

class StandardOutputWriter : public EmbeddingWriter {
 public:
  explicit StandardOutputWriter(ModelIdentity model) : model_(std::move(model)) {}

  void add(const EmbeddingSource& source, std::span<const float> embedding) override {
    write_standard_output(json_line(source, model_, embedding));
    flush_standard_output();  // line by line: a program that is killed leaves no half of one
  }

  void finish() override {}

 private:
  ModelIdentity model_;
};

}  // namespace

OutputTarget OutputTarget::parse(const std::string& path) {
  OutputTarget target{path, format_of(path)};
  if (target.format != OutputFormat::standard_output) {
    check_folder(path);
    check_replaceable(path);
    if (target.format == OutputFormat::npy) {
      check_replaceable(target.sidecar());
    }
  }
  return target;
}

std::string OutputTarget::sidecar() const {
  return format == OutputFormat::npy ? std::filesystem::path(path).replace_extension(".json").string() : std::string();
}

std::unique_ptr<EmbeddingWriter> open_writer(const OutputTarget& target, const ModelIdentity& model) {
  switch (target.format) {
    case OutputFormat::npy:
      return std::make_unique<NpyWriter>(target, model);
    case OutputFormat::csv:
      return std::make_unique<CsvWriter>(target, model);
    case OutputFormat::jsonl:
      return std::make_unique<JsonLinesWriter>(target, model);
    case OutputFormat::standard_output:
      break;
  }
  return std::make_unique<StandardOutputWriter>(model);
}

}  // namespace mriembed::cli
