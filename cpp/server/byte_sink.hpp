// Where a session's answers go.
#pragma once

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
};

}  // namespace mriembed::server
