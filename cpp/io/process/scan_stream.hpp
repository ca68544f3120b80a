// How a scan travels from the process that reads it to the one that embeds it: as bytes, which the receiver trusts no
// more than the scan's file, for a hostile file may have taken over the process that read it. Samples are not among
// these bytes: they pass through memory that both processes share (shared_slots.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scan_facts.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

// What stands before each of the reading process's answers.
enum class AnswerKind : std::uint32_t {
  opened = 1,   // encoded_facts()
  slice = 2,    // encoded_slice_head()
  refused = 3,  // the refusal's text
  message = 4,  // one of an MRD stream; the last one is CLOSE
};
struct AnswerHead {
  AnswerKind kind = AnswerKind::refused;
  std::uint32_t bytes = 0;  // of what follows
};

// A request is the index of a slice, 64 bits. Where the answer to it is a slice, its samples follow portion by portion:
// the sender writes a byte once one is in its slot, the receiver one once that slot may be filled again, unless the
// last portions are in it.
inline constexpr std::uint32_t longest_answer = std::uint32_t{32} << 20U;

// Throws Error bad_input for bytes that no reading process writes of a sound file.
[[noreturn]] void refuse_answer();

std::string encoded_facts(const ScanReader& scan);
// Throws Error bad_input for bytes that encode no facts of a scan, or facts that cannot be.
ScanFacts decoded_facts(std::string_view bytes);

std::string encoded_slice_head(const Slice& slice);
// Gives `slice` its label and sizes, and returns the number of its samples. Throws Error bad_input as decoded_facts()
// does, and where the samples are more than a file of `file_size` bytes can justify.
std::size_t decode_slice_head(std::string_view bytes, std::int64_t file_size, Slice& slice);

}  // namespace mriembed::io
