// The attributes of an MRD image: names and values, as XML.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mriembed::server {

// <ismrmrdMeta><meta><name>...</name><value>...</value>...</meta>...</ismrmrdMeta>, in the order of add().
class ImageMeta {
 public:
  void add(std::string name, std::string value) {
    values_.emplace_back(std::move(name), std::vector{std::move(value)});
  }
  void add(std::string name, std::vector<std::string> values) {
    values_.emplace_back(std::move(name), std::move(values));
  }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> values_;
};

// Base64 (RFC 4648) without line breaks.
std::string base64(std::string_view bytes);

}  // namespace mriembed::server
