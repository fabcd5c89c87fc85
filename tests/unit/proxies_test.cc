#include "host/proxies.h"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace vmlab {
namespace {

using Words = std::vector<std::string>;

TEST(Proxies, AreThoseOfTheEnvironmentUnderTheirOwnNames) {
  const char* names[] = {"http_proxy", "https_proxy", "no_proxy",
                         "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"};
  Variables before;
  for (const char* name : names) {
    if (const char* value = getenv(name)) before.emplace_back(name, value);
    unsetenv(name);
  }
  EXPECT_TRUE(proxies_of_environment().empty());
  setenv("http_proxy", "", 1);
  setenv("https_proxy", "http://proxy.example:3128", 1);
  setenv("NO_PROXY", "localhost,.example", 1);
  EXPECT_EQ(proxies_of_environment(), (Variables{{"https_proxy", "http://proxy.example:3128"},
                                                 {"NO_PROXY", "localhost,.example"}}));
  for (const char* name : names) unsetenv(name);
  for (const auto& [name, value] : before) setenv(name.c_str(), value.c_str(), 1);
}

TEST(Proxies, AreOneArgumentEachWhateverIsInThem) {
  EXPECT_EQ(with_variables({{"http_proxy", "http://u:it's $HOME; `id`@proxy"}, {"NO_PROXY", "a,b"}},
                           {"apt-get", "-q", "update"}),
            (Words{"env", "http_proxy=http://u:it's $HOME; `id`@proxy", "NO_PROXY=a,b", "apt-get",
                   "-q", "update"}));
  EXPECT_EQ(with_variables({}, {"dnf", "-y", "install", "tar"}),
            (Words{"dnf", "-y", "install", "tar"}));
}

TEST(Proxies, AreToldWithoutTheirPasswords) {
  const Variables proxies = {{"http_proxy", "http://user:se@cret@proxy.example:3128"},
                             {"https_proxy", "me:pass@other"},
                             {"no_proxy", "localhost"}};
  EXPECT_EQ(without_passwords("no http://user:se@cret@proxy.example:3128 here, nor there: "
                              "user:se@cret@proxy.example, me:pass@other, localhost",
                              proxies),
            "no http://proxy.example:3128 here, nor there: proxy.example, other, localhost");
  EXPECT_EQ(without_passwords("as it was", proxies), "as it was");
}

}  // namespace
}  // namespace vmlab
