#include "server/image_meta.hpp"

#include <openssl/evp.h>

#include <pugixml.hpp>
#include <sstream>

namespace mriembed::server {

std::string ImageMeta::text() const {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("ismrmrdMeta");
  for (const auto& [name, values] : values_) {
    pugi::xml_node meta = root.append_child("meta");
    meta.append_child("name").text().set(name.c_str());
    for (const std::string& value : values) {
      meta.append_child("value").text().set(value.c_str());
    }
  }
  std::ostringstream text;
  document.save(text, "", pugi::format_raw | pugi::format_no_declaration);
  return text.str();
}

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // one more for the NUL that OpenSSL writes
  const int written =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(written));
  return text;
}

}  // namespace mriembed::server
