#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "adapter/http_server.h"
#include "base/text.h"

namespace vmlab {

namespace {

constexpr int tick_ms = 20;

void send_text(int fd, std::string_view data) {
  while (!data.empty()) {
    const auto sent = send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
}

HttpRequest parse(const std::string& text) {
  HttpRequest request;
  const auto all = lines(text);
  request.path = split(all.at(0), ' ').at(1);
  for (std::size_t i = 1; i < all.size() && !all[i].empty(); ++i) {
    const auto colon = all[i].find(':');
    auto name = all[i].substr(0, colon);
    for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    request.headers[name] = std::string(trim(all[i].substr(colon + 1)));
  }
  return request;
}

}  // namespace

HttpServer::HttpServer(std::function<HttpAnswer(const HttpRequest&)> handler)
    : handler_(std::move(handler)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(listener_, generic, size), 0);
  EXPECT_EQ(listen(listener_, 32), 0);
  getsockname(listener_, generic, &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

HttpServer::~HttpServer() {
  thread_.request_stop();
  thread_.join();
  clients_.clear();
  close(listener_);
}

std::string HttpServer::url(const std::string& path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

std::vector<HttpRequest> HttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void HttpServer::serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd wait{listener_, POLLIN, 0};
    if (poll(&wait, 1, tick_ms) <= 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    clients_.emplace_back(
        [this, client](const std::stop_token& client_stop) { answer(client_stop, client); });
  }
}

void HttpServer::answer(const std::stop_token& stop, int client) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.find("\r\n\r\n") == std::string::npos) {
    const auto got = recv(client, buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  if (text.find("\r\n\r\n") != std::string::npos) {
    const auto request = parse(text);
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    auto answer = handler_(request);
    while (answer.hang && !stop.stop_requested()) {
      pollfd wait{client, POLLIN, 0};
      if (poll(&wait, 1, tick_ms) > 0) break;  // the client went away
    }
    const auto range = request.headers.find("range");
    std::string_view body = answer.body;
    if (answer.ranges && answer.status == 200 && range != request.headers.end()) {
      const auto first = std::stoull(range->second.substr(std::string_view("bytes=").size()));
      if (first >= body.size()) {
        answer.status = 416;
        answer.headers.push_back(fmt::format("Content-Range: bytes */{}", body.size()));
        body = {};
      } else {
        answer.status = 206;
        answer.headers.push_back(
            fmt::format("Content-Range: bytes {}-{}/{}", first, body.size() - 1, body.size()));
        body.remove_prefix(first);
      }
    }
    std::string head = fmt::format("HTTP/1.1 {} x\r\nContent-Length: {}\r\nConnection: close\r\n",
                                   answer.status, body.size());
    for (const auto& header : answer.headers) head += header + "\r\n";
    if (!answer.hang) {
      send_text(client, head + "\r\n");
      if (answer.cut_after >= 0) {
        body = body.substr(0, static_cast<std::size_t>(answer.cut_after));
      }
      send_text(client, body);
    }
  }
  close(client);
}

}  // namespace vmlab
