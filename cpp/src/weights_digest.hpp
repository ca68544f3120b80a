// SHA-256 over the weights of a network, the same in Python (model_file.py) and C++.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

struct evp_md_ctx_st;

namespace mriembed {

// Weights go in sorted by name; each contributes its name, dtype and shape as text, each ended by a zero byte,
// and its raw little-endian values.
class WeightsDigest {
 public:
  WeightsDigest();
  // `shape` as "32,16,3,3"; `dtype` as "float32".
  void add(const std::string& name, const std::string& dtype, const std::string& shape, const void* values,
           std::size_t bytes);
  // 64 hexadecimal digits. Ends the digest: nothing may be added afterwards.
  [[nodiscard]] std::string hexadecimal();

 private:
  void update(const void* bytes, std::size_t count);
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace mriembed
