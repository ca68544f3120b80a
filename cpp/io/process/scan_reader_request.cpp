#include "process/scan_reader_request.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace mriembed::io {

namespace {

constexpr std::string_view messages_word = "messages";

template <typename T>
struct Word {
  std::string_view text;
  T value;
};

constexpr std::array completeness{Word<bool>{"complete", false}, Word<bool>{"allow-undersampled", true}};
constexpr std::array domains{Word<std::optional<Domain>>{"any", std::nullopt},
                             Word<std::optional<Domain>>{"kspace", Domain::kspace},
                             Word<std::optional<Domain>>{"image", Domain::image},
                             Word<std::optional<Domain>>{"network-input", Domain::network_input}};
constexpr std::array noises{Word<NoiseUse>{"own-noise", NoiseUse::own}, Word<NoiseUse>{"no-noise", NoiseUse::none},
                            Word<NoiseUse>{"noise-alone", NoiseUse::alone}};

template <typename T, std::size_t Count>
std::string word_of(const std::array<Word<T>, Count>& words, const T& value) {
  return std::string(std::ranges::find(words, value, &Word<T>::value)->text);
}

// False for a word that is none of these.
template <typename T, std::size_t Count>
bool take_word(const std::array<Word<T>, Count>& words, const std::string& text, T& value) {
  const auto found = std::ranges::find(words, text, &Word<T>::text);
  if (found == words.end()) {
    return false;
  }
  value = found->value;
  return true;
}

}  // namespace

std::vector<std::string> arguments_of(const ScanReaderRequest& request) {
  const ReadOptions& options = request.options;
  if (request.messages) {
    return {request.path, std::string(messages_word), options.group};
  }
  return {request.path, word_of(completeness, options.allow_undersampled), word_of(domains, options.domain),
          options.group, word_of(noises, options.noise)};
}

std::optional<ScanReaderRequest> request_of(std::span<const std::string> arguments) {
  ScanReaderRequest request;
  ReadOptions& options = request.options;
  if (arguments.size() == 3 && arguments[1] == messages_word) {
    request.path = arguments[0];
    options.group = arguments[2];
    request.messages = true;
    return request;
  }
  constexpr std::size_t count = 5;
  if (arguments.size() != count || !take_word(completeness, arguments[1], options.allow_undersampled) ||
      !take_word(domains, arguments[2], options.domain) || !take_word(noises, arguments[4], options.noise)) {
    return std::nullopt;
  }
  request.path = arguments[0];
  options.group = arguments[3];
  return request;
}

}  // namespace mriembed::io
