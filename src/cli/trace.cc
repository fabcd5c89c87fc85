#include "cli/trace.h"

namespace vmlab {

namespace {

namespace fs = std::filesystem;

class TracedGuests : public Guests {
 public:
  TracedGuests(std::unique_ptr<Guests> guests, Trace trace)
      : guests_(std::move(guests)), trace_(std::move(trace)) {}

  GuestResult run(const SshTarget& target, const GuestCommand& command,
                  std::stop_token stop) override {
    return traced(trace_, "ssh " + target.node + ": a command",
                  [&] { return guests_->run(target, command, std::move(stop)); });
  }
  void upload(const SshTarget& target, const fs::path& local, const std::string& remote,
              unsigned mode, const std::string& sha256, const Progress& progress,
              std::stop_token stop) override {
    traced(trace_, fmt::format("ssh {}: {} to {}", target.node, local.string(), remote), [&] {
      guests_->upload(target, local, remote, mode, sha256, progress, std::move(stop));
    });
  }
  void download(const SshTarget& target, const std::string& remote, const fs::path& local,
                unsigned mode, const Progress& progress, std::stop_token stop) override {
    traced(trace_, fmt::format("ssh {}: {} from {}", target.node, local.string(), remote),
           [&] { guests_->download(target, remote, local, mode, progress, std::move(stop)); });
  }
  std::pair<std::string, std::string> generate_key() override { return guests_->generate_key(); }

 private:
  std::unique_ptr<Guests> guests_;
  Trace trace_;
};

class TracedSystem : public System {
 public:
  TracedSystem(std::unique_ptr<System> system, Trace trace)
      : system_(std::move(system)), trace_(std::move(trace)) {}

  HttpReply http_get(const std::string& url, std::chrono::seconds timeout,
                     std::stop_token stop) override {
    return told("GET", url, [&] { return system_->http_get(url, timeout, std::move(stop)); });
  }
  HttpReply http_post(const std::string& url, const std::string& body, std::chrono::seconds timeout,
                      std::stop_token stop) override {
    return told("POST", url,
                [&] { return system_->http_post(url, body, timeout, std::move(stop)); });
  }
  void download(const std::string& url, const fs::path& path, const std::string& algorithm,
                const std::string& digest, const Progress& progress,
                std::stop_token stop) override {
    traced(hiding(url), fmt::format("http: download {} to {}", shown_url(url), path.string()),
           [&] { system_->download(url, path, algorithm, digest, progress, std::move(stop)); });
  }

  // What happens on this host alone is not told.
  std::optional<std::string> read(const fs::path& path) override { return system_->read(path); }
  void write(const fs::path& path, std::string_view text, unsigned mode) override {
    system_->write(path, text, mode);
  }
  void append(const fs::path& path, std::string_view line) override { system_->append(path, line); }
  void make_directory(const fs::path& path, unsigned mode) override {
    system_->make_directory(path, mode);
  }
  std::optional<FileInfo> stat(const fs::path& path) override { return system_->stat(path); }
  std::vector<std::string> list(const fs::path& directory) override {
    return system_->list(directory);
  }
  void remove(const fs::path& path) override { system_->remove(path); }
  std::uint64_t free_bytes(const fs::path& path) override { return system_->free_bytes(path); }
  std::string digest(const fs::path& path, const std::string& algorithm, const Progress& progress,
                     std::stop_token stop) override {
    return system_->digest(path, algorithm, progress, std::move(stop));
  }
  std::unique_ptr<Lock> lock(const fs::path& path) override { return system_->lock(path); }
  bool locked(const fs::path& path) override { return system_->locked(path); }
  std::vector<Cidr> routes() override { return system_->routes(); }
  int run_command(const std::vector<std::string>& words,
                  const std::map<std::string, std::string>& environment,
                  const std::function<void(std::string_view)>& on_output,
                  std::stop_token stop) override {
    return system_->run_command(words, environment, on_output, std::move(stop));
  }
  std::chrono::system_clock::time_point now() override { return system_->now(); }
  std::chrono::milliseconds monotonic() override { return system_->monotonic(); }
  void wait(std::chrono::milliseconds duration, std::stop_token stop) override {
    system_->wait(duration, std::move(stop));
  }
  std::string boot_id() override { return system_->boot_id(); }
  std::string random_bytes(std::size_t count) override { return system_->random_bytes(count); }
  bool clock_synchronised() override { return system_->clock_synchronised(); }

 private:
  /// A cause may repeat the URL.
  Trace hiding(const std::string& url) const {
    return [this, url](const std::string& line) {
      const auto found = line.find(url);
      trace_(found == std::string::npos || url.empty()
                 ? line
                 : line.substr(0, found) + shown_url(url) + line.substr(found + url.size()));
    };
  }

  template <class Call>
  HttpReply told(const std::string& method, const std::string& url, Call call) const {
    const auto hidden = hiding(url);
    std::string answer;
    // The answer is known when the time is, and stands behind it.
    const auto with_answer = [&](const std::string& line) { hidden(line + answer); };
    return traced(with_answer, fmt::format("http: {} {}", method, shown_url(url)), [&] {
      auto reply = call();
      answer = ", " + (reply.reached ? std::to_string(reply.status) : reply.error);
      return reply;
    });
  }

  std::unique_ptr<System> system_;
  Trace trace_;
};

}  // namespace

std::unique_ptr<Guests> traced_guests(std::unique_ptr<Guests> guests, Trace trace) {
  if (!trace) return guests;
  return std::make_unique<TracedGuests>(std::move(guests), std::move(trace));
}

std::unique_ptr<System> traced_system(std::unique_ptr<System> system, Trace trace) {
  if (!trace) return system;
  return std::make_unique<TracedSystem>(std::move(system), std::move(trace));
}

std::string shown_url(const std::string& url) {
  auto shown = url.substr(0, url.find('?'));
  if (shown.size() < url.size()) shown += "?...";
  const auto scheme = shown.find("://");
  if (scheme == std::string::npos) return shown;
  const auto host = scheme + 3;
  const auto at = shown.substr(0, shown.find('/', host)).rfind('@');
  if (at != std::string::npos && at >= host) shown.erase(host, at + 1 - host);
  return shown;
}

}  // namespace vmlab
