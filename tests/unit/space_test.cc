#include "run/space.h"

#include <gtest/gtest.h>

namespace vmlab {
namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30U;

PlannedStep with(Step step) {
  PlannedStep planned;
  planned.step = std::move(step);
  return planned;
}

TEST(Space, IsNeededForImagesAndDisksOnly) {
  Plan plan;
  EXPECT_EQ(space_needed(plan), 0U);
  plan.steps.push_back(with(StartDomain{"a"}));
  EXPECT_EQ(space_needed(plan), 0U);
  plan.steps.push_back(with(CreateOverlay{}));
  EXPECT_GT(space_needed(plan), 0U);
  EXPECT_LT(space_needed(plan), gib);
}

TEST(Space, IsNeededForATemplateThatIsNotThere) {
  Plan plan;
  plan.steps.push_back(with(MakeTemplate{}));
  EXPECT_GE(space_needed(plan), gib / 2);
  std::get<MakeTemplate>(plan.steps.front().step).there = true;
  EXPECT_EQ(space_needed(plan), 0U);
}

TEST(Space, GrowsWithTheNumberOfNodes) {
  Plan one;
  one.steps.push_back(with(BuildBase{}));
  one.steps.push_back(with(PrepareImage{}));
  one.steps.push_back(with(CreateOverlay{}));
  Plan six = one;
  for (int node = 0; node < 5; ++node) six.steps.push_back(with(CreateOverlay{}));
  EXPECT_GT(space_needed(one), 4 * gib);
  EXPECT_GT(space_needed(six), space_needed(one));
}

}  // namespace
}  // namespace vmlab
