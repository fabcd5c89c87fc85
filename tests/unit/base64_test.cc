#include "base/base64.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vmlab {
namespace {

TEST(Base64, IsAsTheStandardHasIt) {
  // RFC 4648, section 10.
  for (const auto& [data, text] : std::vector<std::pair<std::string, std::string>>{
           {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(data), text);
    EXPECT_EQ(from_base64(text), data);
  }
  EXPECT_EQ(to_base64(std::string("\0\xff", 2)), "AP8=");
}

TEST(Base64, OtherTextIsRefused) {
  EXPECT_THROW(from_base64("Zg="), Error);
  EXPECT_THROW(from_base64("Z!=="), Error);
}

}  // namespace
}  // namespace vmlab
