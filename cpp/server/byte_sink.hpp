// Where a session's answers go.
#pragma once

#include <cstddef>
#include <string_view>

namespace mriembed::server {

class ByteSink {
 public:
  ByteSink() = default;
  virtual ~ByteSink() = default;
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;

  // Waits until it can take some of the first bytes, and returns how many; 0: nobody takes bytes any more.
  virtual std::size_t write_some(std::string_view bytes) = 0;

  // All of them. False: nobody takes bytes any more.
  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t count = write_some(bytes);
      if (count == 0) {
        return false;
      }
      bytes.remove_prefix(count);
    }
    return true;
  }

  // Takes as many of the first bytes as it can without waiting; 0: none, or nobody takes any.
  virtual std::size_t write_at_once(std::string_view /*bytes*/) { return 0; }
};

}  // namespace mriembed::server
