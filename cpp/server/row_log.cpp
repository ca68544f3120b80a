#include "server/row_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "mriembed/error.hpp"

namespace mriembed::server {

namespace {

std::string reason() { return std::generic_category().message(errno); }

}  // namespace

RowLog::RowLog(const std::string& path) : path_(path) {
  const std::string ending = std::filesystem::path(path).extension().string();
  if (ending != ".jsonl" && ending != ".csv") {
    throw Error(ErrorCode::invalid_argument,
                "\"" + path + "\": rows are appended to a file that ends in .jsonl or .csv");
  }
  csv_ = ending == ".csv";
  open();
}

void RowLog::open() {
  constexpr mode_t readable = 0644;
  file_ = io::Descriptor(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, readable));
  if (file_.get() < 0) {
    throw Error(ErrorCode::invalid_argument, path_ + ": cannot be written: " + reason() + "; name another output");
  }
  // A row that a loss of power cut must not take the next one with it.
  struct stat facts{};
  char last = '\n';
  const bool cut = fstat(file_.get(), &facts) == 0 && facts.st_size > 0 &&
                   pread(file_.get(), &last, 1, facts.st_size - 1) == 1 && last != '\n';
  if (cut) {
    append("\n");
  }
}

bool RowLog::stands_at_path() const {
  struct stat held{};
  struct stat there{};
  return fstat(file_.get(), &held) == 0 && stat(path_.c_str(), &there) == 0 && held.st_dev == there.st_dev &&
         held.st_ino == there.st_ino;
}

void RowLog::add(const cli::EmbeddingSource& source, const cli::ModelIdentity& model,
                 std::span<const float> embedding) {
  const std::scoped_lock lock(mutex_);
  if (!stands_at_path()) {
    open();
  }
  if (!csv_) {
    append(cli::json_line(source, model, embedding));
    return;
  }
  struct stat facts{};
  const bool is_new = fstat(file_.get(), &facts) == 0 && facts.st_size == 0;
  append((is_new ? cli::csv_header(model) : "") + cli::csv_line(source, model, embedding));
}

void RowLog::append(const std::string& bytes) {
  struct stat before{};
  const bool known = fstat(file_.get(), &before) == 0;
  const ssize_t written = write(file_.get(), bytes.data(), bytes.size());
  if (written == static_cast<ssize_t>(bytes.size())) {
    return;
  }
  const std::string cause = written < 0 ? reason() : "no space left";
  if (written > 0 && known && ftruncate(file_.get(), before.st_size) != 0) {
    throw Error(ErrorCode::internal, path_ + ": a row was written in part: " + cause);
  }
  throw Error(ErrorCode::internal, path_ + ": a row cannot be written: " + cause);
}

}  // namespace mriembed::server
