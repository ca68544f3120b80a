// Text that others wrote, as one line that does no harm to a terminal.
#pragma once

#include <string>
#include <string_view>

namespace mriembed::text {

// `text` on one line, in UTF-8: control characters and Unicode's separators of lines become spaces, so that neither a
// line break in a message nor a terminal escape in a file's name gets through.
std::string one_line(std::string_view text);

// The same text, with U+FFFD in the place of what is no UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace mriembed::text
