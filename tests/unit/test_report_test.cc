#include <gtest/gtest.h>

#include <pugixml.hpp>

#include "cli/output_test.h"

namespace vmlab {
namespace {

using std::chrono::milliseconds;

const std::vector<TestRun> runs = {
    {0, milliseconds(9000), milliseconds(1500), "fine\n", ""},
    {3, milliseconds(8000), milliseconds(500), "<no> \x1b[1m& bad\n", ""},
    {0, milliseconds(100), milliseconds(0), "", "cannot restore checkpoint 'x': gone"}};

TEST(TestReport, TableSaysHowEachRunEnded) {
  EXPECT_EQ(render_runs(runs, {}),
            "RUN  RESULT  EXIT  RESTORE  COMMAND  NOTE\n"
            "1    passed  0     9 s      1 s\n"
            "2    failed  3     8 s      500 ms\n"
            "3    failed  0     100 ms   0 ms     cannot restore checkpoint 'x': gone\n"
            "1 of 3 passed\n");
}

TEST(TestReport, JUnitCountsFailuresAndErrorsAndIsXmlWhateverTheCommandPrints) {
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(junit_of("dcos", "./check <it>", runs).c_str()));
  const auto suite = document.child("testsuite");
  EXPECT_EQ(suite.attribute("tests").as_int(), 3);
  EXPECT_EQ(suite.attribute("failures").as_int(), 1);
  EXPECT_EQ(suite.attribute("errors").as_int(), 1);
  EXPECT_STREQ(suite.attribute("time").value(), "2.000");
  const auto second = suite.child("testcase").next_sibling();
  EXPECT_STREQ(second.attribute("name").value(), "./check <it> (run 2)");
  EXPECT_STREQ(second.child("failure").attribute("message").value(), "ended with 3");
  EXPECT_STREQ(second.child_value("system-out"), "<no> [1m& bad\n");
  EXPECT_TRUE(suite.last_child().child("error"));
}

}  // namespace
}  // namespace vmlab
