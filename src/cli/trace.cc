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

}  // namespace

std::unique_ptr<Guests> traced_guests(std::unique_ptr<Guests> guests, Trace trace) {
  if (!trace) return guests;
  return std::make_unique<TracedGuests>(std::move(guests), std::move(trace));
}

}  // namespace vmlab
