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

  // False: nobody takes bytes any more.
  virtual bool write(std::string_view bytes) = 0;

  // Takes as many of the first bytes as it can without waiting; 0: none, or nobody takes any.
  virtual std::size_t write_at_once(std::string_view /*bytes*/) { return 0; }
};

}  // namespace mriembed::server
