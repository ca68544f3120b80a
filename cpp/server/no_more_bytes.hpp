// Why a session's bytes end, beside the client's end of them (io::ByteSource::CutShort).
#pragma once

#include <exception>

namespace mriembed::server {

// The server is to end.
struct Stopped : std::exception {};
// The client took too long.
struct TimedOut : std::exception {};

}  // namespace mriembed::server
