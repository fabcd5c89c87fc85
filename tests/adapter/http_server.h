// A small HTTP server on loopback that misbehaves as told.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace vmlab {

struct HttpRequest {
  std::string path;
  std::map<std::string, std::string> headers;  // names in lower case
};

struct HttpAnswer {
  int status = 200;
  std::vector<std::string> headers = {};  // `Name: value`
  std::string body = {};
  bool ranges = true;  // answers Range requests with 206
  /// Bytes of the body after which the connection is closed; -1: all are sent.
  std::int64_t cut_after = -1;
  /// The answer never comes; the connection stays open.
  bool hang = false;
};

/// One connection, one request. Answers come from `handler`, which may be called by several
/// threads.
class HttpServer {
 public:
  explicit HttpServer(std::function<HttpAnswer(const HttpRequest&)> handler);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  std::string url(const std::string& path) const;
  std::vector<HttpRequest> requests() const;

 private:
  void serve(const std::stop_token& stop);
  void answer(const std::stop_token& stop, int client);

  std::function<HttpAnswer(const HttpRequest&)> handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_;
  std::vector<std::jthread> clients_;
  std::jthread thread_;
};

}  // namespace vmlab
