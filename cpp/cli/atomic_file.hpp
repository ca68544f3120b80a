// A file that appears whole or not at all.
#pragma once

#include <string>
#include <string_view>

namespace mriembed::cli {

// Collects bytes under a temporary name in the target's folder; publish() puts the result in the target's place.
// Without publish(), the destructor removes the temporary file and an older target stays as it was. (A process that
// is killed leaves a file `.mriembed-*.tmp` behind.) Every function throws Error (internal) that names the target.
class AtomicFile {
 public:
  explicit AtomicFile(std::string target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void append(std::string_view bytes);

  // Replaces the first bytes of the file, for a header that is known only at the end.
  void replace_beginning(std::string_view bytes);

  // Puts everything on the disk. Nothing may be appended afterwards.
  void finish();

  // Renames to the target. After finish().
  void publish();

 private:
  void flush();
  [[noreturn]] void refuse(int cause) const;

  std::string target_;
  std::string temporary_;  // empty once there is nothing left to remove
  std::string buffer_;
  int descriptor_ = -1;
};

}  // namespace mriembed::cli
