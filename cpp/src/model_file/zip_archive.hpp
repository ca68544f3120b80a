// The records of a ZIP archive in memory, as torch.jit.save writes it: a folder of files, some of them compressed.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace mriembed {

// Finds records by the archive's central directory (APPNOTE 4.3.12) and gives those that are stored as they are; what
// is compressed, code and debug information, is no business of the library. Checks every number against the bytes that
// there are, and takes no memory that they do not back. Checksums (CRC-32) are not looked at: seal and SHA-256 of the
// weights say more.
class ZipArchive {
 public:
  // `bytes` begin with the archive and end with its end record (APPNOTE 4.3.16), without a comment. They are the
  // caller's, who keeps them. Throws Error bad_model_file, without the file's name, for what is no such archive: one
  // that is split, has two records of one name, more than one folder, or parts of 4 GiB.
  ZipArchive() = default;  // of no records
  explicit ZipArchive(std::string_view bytes);

  // `name` without the folder.
  [[nodiscard]] bool holds(const std::string& name) const { return records_.contains(name); }

  // The record's bytes. Throws Error bad_model_file where there is none, or it is compressed.
  [[nodiscard]] std::string_view stored(const std::string& name) const;

 private:
  struct Record {
    bool compressed;
    std::size_t header;  // where its local header begins
    std::size_t size;
  };

  std::string_view bytes_;
  std::map<std::string, Record> records_;
};

}  // namespace mriembed
