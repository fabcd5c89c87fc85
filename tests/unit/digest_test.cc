#include "base/digest.h"

#include <gtest/gtest.h>

#include <vector>

namespace vmlab {
namespace {

using Parts = std::vector<std::string>;

TEST(Digest, IsSha256) {
  // FIPS 180-2, appendix B.
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Digest, PartsHaveBorders) {
  EXPECT_NE(hash_of(Parts{"ab", "c"}), hash_of(Parts{"a", "bc"}));
  EXPECT_NE(hash_of(Parts{"a"}), hash_of(Parts{"a", ""}));
  EXPECT_NE(hash_of(Parts{}), hash_of(Parts{""}));
  EXPECT_EQ(hash_of(Parts{"a", "b"}), hash_of(Parts{"a", "b"}));
}

TEST(Digest, UuidIsOfVersion5AndOfTheName) {
  const auto uuid = uuid_v5("node/dcos/master-1");
  ASSERT_EQ(uuid.size(), 36U);
  EXPECT_EQ(uuid[14], '5');
  EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
  EXPECT_EQ(uuid, uuid_v5("node/dcos/master-1"));
  EXPECT_NE(uuid, uuid_v5("node/dcos/master-2"));
}

}  // namespace
}  // namespace vmlab
