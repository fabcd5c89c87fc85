#include "host/http.h"

#include <fmt/format.h>

#include "host/http_transfer.h"
#include "lab/address.h"

namespace vmlab {

namespace {

/// Whether the host in a URL is an IP address.
bool names_address(const std::string& url) {
  const Handle<CURLU, curl_url_cleanup> parsed{curl_url()};
  char* host = nullptr;
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
      curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) {
    return true;  // no URL at all: asking is what tells
  }
  const Handle<char, curl_free> owner{host};
  return *host == '[' || parse_ipv4(host).has_value();
}

HttpReply ask(HttpTransfer& transfer, const std::string& url, std::chrono::seconds timeout,
              const std::stop_token& stop) {
  constexpr std::size_t most_bytes = std::size_t{8} * 1024 * 1024;
  HttpReply reply;
  bool cut = false;
  transfer.set(CURLOPT_URL, url.c_str());
  if (names_address(url)) {
    // The lab is on this host; a proxy of the environment knows nothing of it.
    transfer.set(CURLOPT_NOPROXY, "*");
  } else {
    transfer.follow_redirects(url);
  }
  transfer.set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::chrono::milliseconds(timeout).count()));
  transfer.on_body = [&](std::string_view data) {
    reply.body += data.substr(0, most_bytes - reply.body.size());
    cut = reply.body.size() == most_bytes;
    return !cut;
  };
  const auto code = transfer.perform(stop);
  reply.status = transfer.status();
  reply.reached = code == CURLE_OK || (cut && reply.status != 0);
  if (!reply.reached) {
    reply.error = transfer.error();
    reply.body.clear();
    reply.status = 0;
  }
  return reply;
}

}  // namespace

HttpReply http_get(const std::string& url, std::chrono::seconds timeout,
                   const std::stop_token& stop) {
  HttpTransfer transfer;
  return ask(transfer, url, timeout, stop);
}

HttpReply http_post(const std::string& url, const std::string& body, std::chrono::seconds timeout,
                    const std::stop_token& stop) {
  HttpTransfer transfer;
  transfer.add_header("Content-Type: application/json");
  transfer.set(CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  transfer.set(CURLOPT_POSTFIELDS, body.c_str());
  return ask(transfer, url, timeout, stop);
}

}  // namespace vmlab
