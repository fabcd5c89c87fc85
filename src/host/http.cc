#include "host/http.h"

#include <fmt/format.h>

#include "host/http_transfer.h"

namespace vmlab {

HttpReply http_get(const std::string& url, std::chrono::seconds timeout,
                   const std::stop_token& stop) {
  constexpr std::size_t most_bytes = std::size_t{8} * 1024 * 1024;
  HttpTransfer transfer;
  HttpReply reply;
  bool cut = false;
  transfer.set(CURLOPT_URL, url.c_str());
  // The lab is on this host; a proxy of the environment knows nothing of it.
  transfer.set(CURLOPT_NOPROXY, "*");
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

}  // namespace vmlab
