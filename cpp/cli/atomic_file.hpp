// A file that is either the old one or the whole new one.
#pragma once

#include <string>
#include <string_view>

namespace mriembed::cli {

// Written beside its destination under a temporary name; commit() puts it in place, otherwise the destructor removes it.
// Throws Error internal where the disk is full or the folder cannot be written.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  // Waits until the bytes are on the disk. No write may follow.
  void finish();
  // Renames; to be called after finish().
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::string path_;
  std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace mriembed::cli
