#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
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
  EXPECT_STREQ(second.child_value("system-out"), "<no> & bad\n");
  EXPECT_TRUE(suite.last_child().child("error"));
}

// An end that was cut in the middle of a letter, or Latin-1, made a report that no CI reads.
TEST(TestReport, JUnitIsUtf8WhateverTheCommandPrints) {
  const std::vector<TestRun> odd = {{1, milliseconds(0), milliseconds(0),
                                     "\xa9t\xc3\xa9 \xe9t\xe9 \xed\xa0\x80 \xef\xbf\xbf", ""},
                                    {0, milliseconds(0), milliseconds(0), "", "\xff"}};
  const auto text = junit_of("dcos", "./caf\xe9", odd);
  EXPECT_NO_THROW(nlohmann::json(text).dump()) << "it is no UTF-8";
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(text.c_str()));
  const auto test = document.child("testsuite").child("testcase");
  EXPECT_STREQ(test.attribute("name").value(), "./caf\uFFFD (run 1)");
  EXPECT_STREQ(test.child_value("system-out"),
               "\uFFFDt\u00e9 \uFFFDt\uFFFD \uFFFD\uFFFD\uFFFD \uFFFD");
}

}  // namespace
}  // namespace vmlab
