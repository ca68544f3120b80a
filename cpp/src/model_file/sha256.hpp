// SHA-256, by OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

struct evp_md_ctx_st;

namespace mriembed {

using Sha256Digest = std::array<unsigned char, 32>;

class Sha256 {
 public:
  // Throws Error internal where OpenSSL offers no SHA-256 (as for every function here).
  Sha256();
  void update(const void* bytes, std::size_t count);
  // Ends the digest: nothing may be added afterwards.
  [[nodiscard]] Sha256Digest digest();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// Two lower-case digits a byte.
std::string hexadecimal(std::span<const unsigned char> bytes);

}  // namespace mriembed
