#include "model_file/zip_archive.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mriembed/error.hpp"

namespace mriembed {
namespace {

std::string number(std::uint64_t value, std::size_t length) {
  std::string bytes;
  for (std::size_t byte = 0; byte < length; ++byte) {
    bytes += static_cast<char>(value >> (8 * byte) & 0xFFU);
  }
  return bytes;
}

struct Entry {
  std::string path;
  std::string data;
  std::uint64_t method = 0;
  std::uint64_t flags = 0;
};

// APPNOTE 4.3.7, 4.3.12 and 4.3.16. Local headers carry padding, as torch writes it.
std::string archive_of(const std::vector<Entry>& entries) {
  std::string bytes;
  std::string directory;
  for (const Entry& entry : entries) {
    const std::size_t header = bytes.size();
    const std::string sizes = number(entry.data.size(), 4) + number(entry.data.size(), 4);
    bytes += "PK\3\4" + number(20, 2) + number(entry.flags, 2) + number(entry.method, 2) + number(0, 8) + sizes +
             number(entry.path.size(), 2) + number(5, 2) + entry.path + "FB\1" + number(0, 2) + entry.data;
    directory += "PK\1\2" + number(20, 2) + number(20, 2) + number(entry.flags, 2) + number(entry.method, 2) +
                 number(0, 8) + sizes + number(entry.path.size(), 2) + number(0, 2) + number(0, 2) + number(0, 2) +
                 number(0, 2) + number(0, 4) + number(header, 4) + entry.path;
  }
  const std::string count = number(entries.size(), 2);
  return bytes + directory + "PK\5\6" + number(0, 2) + number(0, 2) + count + count + number(directory.size(), 4) +
         number(bytes.size(), 4) + number(0, 2);
}

std::string refusal_of(const std::string& bytes, const std::string& record = "data/0") {
  try {
    static_cast<void>(ZipArchive(bytes).stored(record));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_model_file);
    return error.what();
  }
  return "accepted";
}

const std::string no_archive = "this is not a model file, or it is damaged; `mriembed export` writes model files";

TEST(ZipArchive, gives_stored_records_by_their_names) {
  const std::string bytes = archive_of({{"archive/data/0", "weights"}, {"archive/extra/mriembed.json", "{}"}});
  const ZipArchive archive(bytes);
  EXPECT_EQ(archive.stored("data/0"), "weights");
  EXPECT_EQ(archive.stored("extra/mriembed.json"), "{}");
  EXPECT_TRUE(archive.holds("data/0"));
  EXPECT_FALSE(archive.holds("data/1"));
}

TEST(ZipArchive, refuses_records_that_are_missing_compressed_or_encrypted) {
  EXPECT_EQ(refusal_of(archive_of({{"archive/data/1", "x"}})), "its archive lacks the record data/0");
  for (const Entry& entry : {Entry{"archive/data/0", "x", 8, 0}, Entry{"archive/data/0", "x", 0, 1}}) {
    EXPECT_EQ(refusal_of(archive_of({entry})),
              "its record data/0 is compressed or encrypted; `mriembed export` stores it as it is");
  }
  EXPECT_EQ(refusal_of(archive_of({{"archive/code/a.py", "x", 8, 0}, {"archive/data/0", "x"}})), "accepted");
}

TEST(ZipArchive, refuses_two_records_of_one_name_and_more_than_one_folder) {
  EXPECT_EQ(refusal_of(archive_of({{"archive/data/0", "x"}, {"archive/data/0", "y"}})),
            "its archive has two records data/0; a model file has each record once");
  EXPECT_EQ(refusal_of(archive_of({{"archive/data/0", "x"}, {"other/data/0", "y"}})), no_archive);
  EXPECT_EQ(refusal_of(archive_of({{"data", "x"}})), no_archive);
}

TEST(ZipArchive, refuses_every_archive_that_was_cut) {
  const std::string bytes = archive_of({{"archive/data/0", "weights"}});
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_EQ(refusal_of(bytes.substr(0, length)), no_archive) << length;
    EXPECT_EQ(refusal_of(bytes.substr(bytes.size() - length)), no_archive) << length;
  }
}

// Whatever a byte of the headers says: refused, or a record within the bytes.
TEST(ZipArchive, stays_within_its_bytes_whatever_the_headers_say) {
  const std::string whole = archive_of({{"archive/data/0", "weights"}, {"archive/data/1", "more"}});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int value : {0, 1, 0x7F, 0xFF}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(value);
      try {
        const ZipArchive archive(bytes);
        for (const char* record : {"data/0", "data/1"}) {
          const std::string_view found = archive.stored(record);
          EXPECT_GE(found.data(), bytes.data());
          EXPECT_LE(found.data() + found.size(), bytes.data() + bytes.size());
        }
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_model_file);
      }
    }
  }
}

TEST(ZipArchive, refuses_parts_whose_numbers_stand_elsewhere) {
  std::string bytes = archive_of({{"archive/data/0", "weights"}});
  std::string many = bytes;
  many.replace(many.size() - 14, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_EQ(refusal_of(many), no_archive);
  std::string split = bytes;
  split[split.size() - 18] = 1;
  EXPECT_EQ(refusal_of(split), no_archive);
}

}  // namespace
}  // namespace mriembed
