#include "base/error.h"

#include <gtest/gtest.h>

namespace vmlab {
namespace {

TEST(Error, CarriesTrailAndHint) {
  try {
    doing("bringing up lab 'dcos'", [] {
      doing("starting node 'master-1'",
            [] { throw Error("cannot start domain 'dcos-master-1': no memory", "stop another"); });
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "cannot start domain 'dcos-master-1': no memory");
    const std::vector<std::string> trail = {"starting node 'master-1'", "bringing up lab 'dcos'"};
    EXPECT_EQ(error.trail(), trail);
    EXPECT_EQ(error.code(), ExitCode::failed);
    EXPECT_STREQ(error.what(),
                 "cannot start domain 'dcos-master-1': no memory\n"
                 "  while starting node 'master-1'\n"
                 "  while bringing up lab 'dcos'\n"
                 "  hint: stop another");
  }
}

TEST(Error, FirstHintStays) {
  Error error("cannot x");
  error.suggest("do this");
  error.suggest("do that");
  EXPECT_EQ(error.hint(), "do this");
  EXPECT_STREQ(error.what(), "cannot x\n  hint: do this");
}

TEST(Doing, ReturnsWhatTheFunctionReturns) {
  int value = 1;
  int& same = doing("x", [&]() -> int& { return value; });
  same = 2;
  EXPECT_EQ(value, 2);
}

TEST(Doing, LetsOtherExceptionsPass) {
  EXPECT_THROW(doing("x", [] { throw Cancelled(); }), Cancelled);
}

TEST(BadInput, NamesEveryProblemWithItsPlace) {
  const BadInput bad({{"lab.yaml", 3, 5, "unknown key 'x'", "did you mean 'y'?"},
                      {"lab.yaml", 0, 0, "cannot read it", ""}});
  EXPECT_STREQ(bad.what(), "lab.yaml:3:5: unknown key 'x'\nlab.yaml: cannot read it");
  EXPECT_EQ(bad.problems().size(), 2U);
}

}  // namespace
}  // namespace vmlab
