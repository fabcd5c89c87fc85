// Probes and downloads against a server on loopback that misbehaves.
#include "host/http.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <future>
#include <thread>

#include "adapter/http_server.h"
#include "adapter/temp_dir.h"
#include "base/digest.h"
#include "host/adapters.h"
#include "host/posix_files.h"

namespace vmlab {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

/// Sets a variable of the environment for one test.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { unsetenv(name_); }

 private:
  const char* name_;
};

TEST(HttpGet, TellsStatusAndBody) {
  const HttpServer server([](const HttpRequest& request) {
    return HttpAnswer{.status = request.path == "/ok" ? 200 : 503, .body = "said " + request.path};
  });
  const auto system = make_posix();
  auto reply = system->http_get(server.url("/ok"), seconds(20), {});
  EXPECT_TRUE(reply.reached);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "said /ok");
  reply = system->http_get(server.url("/no"), seconds(20), {});
  EXPECT_TRUE(reply.reached) << "an answer is an answer";
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body, "said /no");
}

TEST(HttpPost, SendsJsonAndTellsTheAnswer) {
  const HttpServer server(
      [](const HttpRequest&) { return HttpAnswer{.status = 404, .body = "who?"}; });
  const auto system = make_posix();
  const auto reply = system->http_post(server.url("/api/v1"), R"({"a":1})", seconds(20), {});
  EXPECT_TRUE(reply.reached);
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.body, "who?");
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0].headers.at("content-type"), "application/json");
  EXPECT_FALSE(system->http_post("http://127.0.0.1:1/", "{}", seconds(5), {}).reached);
}

TEST(HttpGet, AddressFollowsNoRedirect) {
  const HttpServer server([](const HttpRequest&) {
    return HttpAnswer{.status = 302, .headers = {"Location: /elsewhere"}};
  });
  EXPECT_EQ(http_get(server.url("/"), seconds(20), {}).status, 302);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpGet, NameIsAskedByTheProxyAndRedirectsAreFollowed) {
  const HttpServer proxy([](const HttpRequest& request) {
    if (request.path != "http://images.example/SHA256SUMS") return HttpAnswer{.body = "sums"};
    return HttpAnswer{.status = 302, .headers = {"Location: http://mirror.example/sums"}};
  });
  const Environment variable("http_proxy", proxy.url(""));
  const auto reply = http_get("http://images.example/SHA256SUMS", seconds(20), {});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "sums");
}

TEST(HttpGet, ProxyIsNotAskedForAnAddress) {
  const HttpServer server([](const HttpRequest&) { return HttpAnswer{.body = "direct"}; });
  const Environment proxy("http_proxy", "http://127.0.0.1:1");
  EXPECT_EQ(http_get(server.url("/"), seconds(20), {}).body, "direct");
}

TEST(HttpGet, SaysWhyNothingWasReached) {
  const auto refused = http_get("http://127.0.0.1:1/", seconds(5), {});
  EXPECT_FALSE(refused.reached);
  EXPECT_EQ(refused.status, 0);
  EXPECT_NE(refused.error.find("127.0.0.1"), std::string::npos) << refused.error;
  const HttpServer server([](const HttpRequest& request) {
    if (request.path == "/cut") return HttpAnswer{.body = "whole", .cut_after = 2};
    return HttpAnswer{.hang = true};
  });
  const auto cut = http_get(server.url("/cut"), seconds(20), {});
  EXPECT_FALSE(cut.reached) << "half an answer is none";
  EXPECT_FALSE(cut.error.empty());
  const auto late = http_get(server.url("/hang"), seconds(1), {});
  EXPECT_FALSE(late.reached);
  EXPECT_FALSE(late.error.empty());
}

TEST(HttpGet, StopIsNoticedAtOnce) {
  std::stop_source stop;
  const HttpServer server([&](const HttpRequest&) {
    stop.request_stop();
    return HttpAnswer{.hang = true};
  });
  const auto start = steady_clock::now();
  EXPECT_THROW(http_get(server.url("/"), seconds(60), stop.get_token()), Cancelled);
  EXPECT_LT(steady_clock::now() - start, seconds(20));
}

TEST(HttpGet, HugeBodyIsCut) {
  const HttpServer server(
      [](const HttpRequest&) { return HttpAnswer{.body = std::string(9'000'000, 'x')}; });
  const auto reply = http_get(server.url("/"), seconds(60), {});
  EXPECT_TRUE(reply.reached);
  EXPECT_EQ(reply.body.size(), 8U * 1024 * 1024);
}

class DownloadTest : public testing::Test {
 protected:
  void download(const HttpServer& server, const std::string& digest,
                const std::string& algorithm = "sha256") {
    http_download({server.url("/file"), path_, algorithm, digest}, {}, {});
  }
  std::string error_of(const HttpServer& server, const std::string& digest) {
    try {
      download(server, digest);
    } catch (const Error& error) {
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return {};
  }
  std::vector<std::string> files() const { return make_posix()->list(path_.parent_path()); }
  static std::string range_of(const HttpRequest& request) {
    const auto found = request.headers.find("range");
    return found == request.headers.end() ? "" : found->second;
  }

  TempDir directory_;
  std::filesystem::path path_ = directory_ / "new" / "image.qcow2";
  std::filesystem::path part_ = path_.string() + ".part";
  std::string data_ = noise(3'000'000);
  std::string sum_ = sha256_hex(data_);
};

TEST_F(DownloadTest, WholeAndVerified) {
  const HttpServer server([this](const HttpRequest&) { return HttpAnswer{.body = data_}; });
  std::uint64_t last = 0;
  http_download({server.url("/file"), path_, "sha256", sum_},
                [&](const std::string& text, std::uint64_t done, std::uint64_t total) {
                  EXPECT_FALSE(text.empty());
                  EXPECT_EQ(total, data_.size());
                  last = done;
                },
                {});
  EXPECT_EQ(last, data_.size());
  EXPECT_TRUE(read_text(path_) == data_);
  EXPECT_EQ(files(), std::vector<std::string>{"image.qcow2"});
  download(server, sum_);
  EXPECT_EQ(server.requests().size(), 1U) << "it was there and good";
}

TEST_F(DownloadTest, DigestInCapitalsAndSha512) {
  const HttpServer server([](const HttpRequest&) { return HttpAnswer{.body = "abc"}; });
  download(server,
           "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A"
           "2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F",
           "sha512");
  EXPECT_EQ(read_text(path_), "abc");
}

TEST_F(DownloadTest, EmptyFile) {
  const HttpServer server([](const HttpRequest&) { return HttpAnswer{}; });
  download(server, sha256_hex(""));
  EXPECT_TRUE(std::filesystem::is_empty(path_));
}

TEST_F(DownloadTest, GoesOnWhenConnectionsAreCut) {
  const HttpServer server(
      [this](const HttpRequest&) { return HttpAnswer{.body = data_, .cut_after = 700'000}; });
  download(server, sum_);
  EXPECT_TRUE(read_text(path_) == data_);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 5U);
  EXPECT_EQ(range_of(requests[0]), "");
  EXPECT_EQ(range_of(requests[1]), "bytes=700000-");
  EXPECT_EQ(range_of(requests[4]), "bytes=2800000-");
}

TEST_F(DownloadTest, GoesOnFromAnEarlierRun) {
  std::filesystem::create_directories(part_.parent_path());
  write_text(part_, data_.substr(0, 2'000'000));
  const HttpServer server([this](const HttpRequest&) { return HttpAnswer{.body = data_}; });
  download(server, sum_);
  EXPECT_TRUE(read_text(path_) == data_);
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(range_of(server.requests()[0]), "bytes=2000000-");
}

TEST_F(DownloadTest, AllIsThereButTheName) {
  std::filesystem::create_directories(part_.parent_path());
  write_text(part_, data_);
  const HttpServer server([this](const HttpRequest&) { return HttpAnswer{.body = data_}; });
  download(server, sum_);
  EXPECT_TRUE(read_text(path_) == data_);
}

TEST_F(DownloadTest, PartIsLongerThanTheFile) {
  std::filesystem::create_directories(part_.parent_path());
  write_text(part_, data_ + "more");
  const HttpServer server([this](const HttpRequest&) { return HttpAnswer{.body = data_}; });
  download(server, sum_);
  EXPECT_TRUE(read_text(path_) == data_);
}

TEST_F(DownloadTest, ServerThatIgnoresRanges) {
  std::filesystem::create_directories(part_.parent_path());
  write_text(part_, data_.substr(0, 2'000'000));
  const HttpServer server(
      [this](const HttpRequest&) { return HttpAnswer{.body = data_, .ranges = false}; });
  download(server, sum_);
  EXPECT_TRUE(read_text(path_) == data_);
}

TEST_F(DownloadTest, ServerThatSendsAnotherPart) {
  std::filesystem::create_directories(part_.parent_path());
  write_text(part_, data_.substr(0, 2'000'000));
  const HttpServer server([this](const HttpRequest&) {
    return HttpAnswer{.status = 206,
                      .headers = {"Content-Range: bytes 1000000-2999999/3000000"},
                      .body = data_.substr(1'000'000)};
  });
  EXPECT_NE(error_of(server, sum_).find("another part"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(part_), 2'000'000U) << "what was there is kept";
}

TEST_F(DownloadTest, PartOfAnotherFileIsFetchedAnew) {
  std::filesystem::create_directories(part_.parent_path());
  write_text(part_, noise(2'000'000, 7));
  const HttpServer server([this](const HttpRequest&) { return HttpAnswer{.body = data_}; });
  download(server, sum_);
  EXPECT_TRUE(read_text(path_) == data_);
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(DownloadTest, LieIsToldWithBothSumsAndTheGoodFileStays) {
  std::filesystem::create_directories(path_.parent_path());
  write_text(path_, "good");
  const HttpServer server([](const HttpRequest&) { return HttpAnswer{.body = "lie"}; });
  const auto text = error_of(server, sum_);
  EXPECT_NE(text.find(sum_), std::string::npos) << text;
  EXPECT_NE(text.find(sha256_hex("lie")), std::string::npos) << text;
  EXPECT_NE(text.find("hint: "), std::string::npos) << text;
  EXPECT_EQ(read_text(path_), "good");
  EXPECT_EQ(files(), std::vector<std::string>{"image.qcow2"}) << "nothing bad to go on from";
}

TEST_F(DownloadTest, ErrorPageIsNoFile) {
  const HttpServer server(
      [](const HttpRequest&) { return HttpAnswer{.status = 404, .body = "not here"}; });
  const auto text = error_of(server, sum_);
  EXPECT_NE(text.find("status 404"), std::string::npos) << text;
  EXPECT_NE(text.find(server.url("/file")), std::string::npos) << text;
  EXPECT_TRUE(files().empty());
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(DownloadTest, BusyServerIsAskedAgain) {
  std::atomic<int> asked = 0;
  const HttpServer server([&](const HttpRequest&) {
    return asked++ == 0 ? HttpAnswer{.status = 503, .body = "busy"} : HttpAnswer{.body = data_};
  });
  download(server, sum_);
  EXPECT_TRUE(read_text(path_) == data_);
}

TEST_F(DownloadTest, RedirectIsFollowed) {
  const HttpServer server([this](const HttpRequest& request) {
    if (request.path == "/file") {
      return HttpAnswer{.status = 302, .headers = {"Location: /mirror"}, .body = "moved"};
    }
    return HttpAnswer{.body = data_};
  });
  download(server, sum_);
  EXPECT_TRUE(read_text(path_) == data_);
}

TEST_F(DownloadTest, OtherSchemesAreRefused) {
  const HttpServer server([](const HttpRequest&) {
    return HttpAnswer{.status = 302, .headers = {"Location: file:///etc/passwd"}};
  });
  EXPECT_FALSE(error_of(server, sum_).empty());
  EXPECT_THROW(http_download({"file:///etc/passwd", path_, "sha256", sum_}, {}, {}), Error);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(DownloadTest, ProxyOfTheEnvironmentIsAsked) {
  const HttpServer proxy([this](const HttpRequest&) { return HttpAnswer{.body = data_}; });
  const Environment variable("http_proxy", proxy.url(""));
  http_download({"http://images.example/file", path_, "sha256", sum_}, {}, {});
  EXPECT_TRUE(read_text(path_) == data_);
  ASSERT_EQ(proxy.requests().size(), 1U);
  EXPECT_EQ(proxy.requests()[0].path, "http://images.example/file");
}

TEST_F(DownloadTest, NobodyThere) {
  try {
    http_download({"http://127.0.0.1:1/file", path_, "sha256", sum_}, {}, {});
    FAIL() << "downloaded from nowhere";
  } catch (const Error& error) {
    EXPECT_TRUE(error.message().starts_with("cannot download 'http://127.0.0.1:1/file': "));
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST_F(DownloadTest, StopKeepsWhatCameSoFar) {
  std::stop_source stop;
  const HttpServer server([this](const HttpRequest&) { return HttpAnswer{.body = data_}; });
  EXPECT_THROW(http_download(
                   {server.url("/file"), path_, "sha256", sum_},
                   [&](const std::string&, std::uint64_t done, std::uint64_t) {
                     if (done > 0) stop.request_stop();
                   },
                   stop.get_token()),
               Cancelled);
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_GT(std::filesystem::file_size(part_), 0U);
  download(server, sum_);
  EXPECT_TRUE(read_text(path_) == data_);
}

/// A lab's `up` that needs what `image pull` fetches at the moment.
class SharedDownload : public DownloadTest {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(part_.parent_path());
    write_text(part_, data_.substr(0, 1'000'000));
  }
  /// Of another run, which waits.
  void download_too(const HttpServer& server, const std::function<void()>& when_it_waits,
                    const std::stop_token& stop = {}) {
    http_download(
        {server.url("/file"), path_, "sha256", sum_},
        [&](const std::string& text, std::uint64_t done, std::uint64_t) {
          if (!text.starts_with("waiting for another run that downloads image")) return;
          EXPECT_GE(done, 1'000'000U);
          when_it_waits();
        },
        stop);
  }
  void go_on() {
    if (!told_.exchange(true)) others_wait_.set_value();
  }
  HttpAnswer answer(HttpAnswer answer) {
    if (asked_++ == 0) {
      asking_.set_value();
    } else {
      go_on();  // nobody waits
    }
    EXPECT_EQ(go_.wait_for(std::chrono::seconds(60)), std::future_status::ready);
    return answer;
  }

  std::atomic<int> asked_ = 0;
  std::atomic<bool> told_ = false;
  std::promise<void> asking_;  // the first run holds the part
  std::promise<void> others_wait_;
  std::shared_future<void> go_ = others_wait_.get_future().share();
};

TEST_F(SharedDownload, IsFetchedOnce) {
  const HttpServer server([this](const HttpRequest&) { return answer(HttpAnswer{.body = data_}); });
  std::jthread first([&] { EXPECT_NO_THROW(download(server, sum_)); });
  asking_.get_future().wait();
  EXPECT_NO_THROW(download_too(server, [this] { go_on(); }));
  first.join();
  EXPECT_TRUE(read_text(path_) == data_);
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(files(), std::vector<std::string>{"image.qcow2"});
}

TEST_F(SharedDownload, IsContinuedWhenTheOtherRunFails) {
  const HttpServer server([this](const HttpRequest&) {
    return asked_ == 0 ? answer(HttpAnswer{.status = 404}) : HttpAnswer{.body = data_};
  });
  std::jthread first([&] { EXPECT_THROW(download(server, sum_), Error); });
  asking_.get_future().wait();
  EXPECT_NO_THROW(download_too(server, [this] { go_on(); }));
  EXPECT_TRUE(read_text(path_) == data_);
  EXPECT_EQ(range_of(server.requests().at(1)), "bytes=1000000-");
}

TEST_F(SharedDownload, IsNotWaitedForAfterAStop) {
  const HttpServer server([this](const HttpRequest&) { return answer(HttpAnswer{.body = data_}); });
  std::jthread first([&] { EXPECT_NO_THROW(download(server, sum_)); });
  asking_.get_future().wait();
  std::stop_source stop;
  EXPECT_THROW(download_too(
                   server, [&] { stop.request_stop(); }, stop.get_token()),
               Cancelled);
  go_on();
  first.join();
  EXPECT_TRUE(read_text(path_) == data_);
}

TEST_F(DownloadTest, WithoutDigestTheServerSaysWhetherItIsStillTheSame) {
  std::atomic<bool> changed = false;
  const auto other = noise(3'000'000, 5);
  const HttpServer server([&](const HttpRequest& request) {
    const std::string tag = changed ? "\"two\"" : "\"one\"";
    const auto condition = request.headers.find("if-range");
    const bool same = condition == request.headers.end() || condition->second == tag;
    return HttpAnswer{.headers = {"ETag: " + tag},
                      .body = changed ? other : data_,
                      .ranges = same,
                      .cut_after = request.headers.contains("range") ? -1 : 1'000'000};
  });
  std::stop_source stop;
  download(server, "");
  EXPECT_TRUE(read_text(path_) == data_);
  EXPECT_EQ(server.requests().at(1).headers.at("if-range"), "\"one\"");

  write_text(part_, data_.substr(0, 1'000'000));
  write_text(part_.string() + ".version", "\"one\"");
  changed = true;
  download(server, "");
  EXPECT_TRUE(read_text(path_) == other);
  EXPECT_EQ(files(), std::vector<std::string>{"image.qcow2"});
}

}  // namespace
}  // namespace vmlab
