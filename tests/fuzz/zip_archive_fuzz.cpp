// The archive around a model file, with the records that the library reads.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model_file/zip_archive.hpp"
#include "mriembed/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  try {
    const mriembed::ZipArchive archive(bytes);
    std::size_t sum = 0;
    for (const char* record : {"extra/mriembed.json", "data/0", "data/1"}) {
      if (archive.holds(record)) {
        for (const char byte : archive.stored(record)) {  // each one read, so that the sanitizer sees it
          sum += static_cast<std::uint8_t>(byte);
        }
      }
    }
    static volatile std::size_t seen = 0;
    seen = sum;
    return 0;
  } catch (const mriembed::Error&) {  // a refusal
    return 0;
  }
}
