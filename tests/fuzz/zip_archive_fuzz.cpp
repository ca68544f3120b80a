// The archive around a model file, with the records that the library reads.
#include <cstddef>
#include <cstdint>
#include <string>

#include "model_file/zip_archive.hpp"
#include "mriembed/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  try {
    const mriembed::ZipArchive archive(bytes);
    for (const char* record : {"extra/mriembed.json", "data/0", "data/1"}) {
      if (archive.holds(record)) {
        const std::string copy(archive.stored(record));  // each byte is read, so that the sanitizer sees it
        if (copy.size() > size) {
          return -1;
        }
      }
    }
  } catch (const mriembed::Error&) {  // a refusal
    return 0;
  }
  return 0;
}
