// Runs kernel tests once with each instruction set that this processor has and kernels are compiled for.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdint>
#include <string>
#include <vector>

namespace mriembed::kernels {

// Parameter: the instruction set, one bit of hwy::SupportedTargets().
class EveryTarget : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { hwy::GetChosenTarget().Update(GetParam()); }
  void TearDown() override { hwy::GetChosenTarget().Update(hwy::SupportedTargets()); }
};

inline std::vector<std::int64_t> targets_here() { return hwy::SupportedAndGeneratedTargets(); }

inline std::string name_of_target(const testing::TestParamInfo<std::int64_t>& info) {
  return hwy::TargetName(info.param);
}

}  // namespace mriembed::kernels
