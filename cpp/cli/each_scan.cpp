#include "cli/each_scan.hpp"

#include <new>

#include "cli/message.hpp"
#include "cli/standard_input.hpp"
#include "cli/standard_output.hpp"
#include "mriembed/error.hpp"

namespace mriembed::cli {

bool for_each_scan(const std::vector<std::string>& scans,
                   const std::function<void(const std::string& name, const std::string& path)>& work) {
  bool all_good = true;
  StandardInput standard_input(scans);
  for (const std::string& name : scans) {
    try {
      work(name, standard_input.path_of(name));
      flush_standard_output();  // in order with the errors of other files
    } catch (const Error& error) {
      if (error.code() != ErrorCode::bad_input && error.code() != ErrorCode::invalid_argument) {
        throw;
      }
      print_error(name + ": " + error.what());
      all_good = false;
    } catch (const std::bad_alloc&) {  // from sizes that the file claims
      print_error(name + ": a slice of this file does not fit into memory");
      all_good = false;
    }
  }
  return all_good;
}

}  // namespace mriembed::cli
