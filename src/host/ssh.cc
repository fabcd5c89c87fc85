#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "host/adapters.h"
#include "host/ssh_session.h"
#include "host/ssh_transfer.h"

namespace vmlab {

namespace {

/// A handshake costs an emulated guest a second or two of CPU: sessions are kept and lent.
class SshPool {
 public:
  /// The session goes back when the loan ends, if it is still good.
  class Loan {
   public:
    Loan(SshPool& pool, std::string key, std::unique_ptr<SshSession> session, bool used)
        : pool_(pool), key_(std::move(key)), session_(std::move(session)), used_(used) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { pool_.give_back(key_, std::move(session_)); }
    SshSession& operator*() const { return *session_; }
    bool used() const { return used_; }  // has run commands before

   private:
    SshPool& pool_;
    std::string key_;
    std::unique_ptr<SshSession> session_;
    bool used_;
  };

  Loan take(const SshTarget& target, std::chrono::milliseconds limit, const std::stop_token& stop,
            bool fresh) {
    auto key = fmt::format("{}@{}:{} {} {}", target.user, target.address, target.port,
                           target.private_key.string(), target.known_hosts.string());
    if (fresh) {
      forget(key);
    } else if (auto idle = take_idle(key)) {
      return {*this, std::move(key), std::move(idle), true};
    }
    auto session = std::make_unique<SshSession>(target, std::min(limit, connect_limit), stop);
    return {*this, std::move(key), std::move(session), false};
  }

 private:
  /// sshd of a loaded, emulated guest may take long to send even its banner.
  static constexpr std::chrono::milliseconds connect_limit{20'000};
  static constexpr std::size_t most_idle = 4;  // for each target

  std::unique_ptr<SshSession> take_idle(const std::string& key) {
    std::vector<std::unique_ptr<SshSession>> dead;  // closed without the lock
    const std::lock_guard lock(mutex_);
    auto& idle = idle_[key];
    while (!idle.empty()) {
      auto session = std::move(idle.back());
      idle.pop_back();
      if (session->alive()) return session;
      dead.push_back(std::move(session));
    }
    return nullptr;
  }

  /// When one session of a guest has died, all older ones have.
  void forget(const std::string& key) {
    std::vector<std::unique_ptr<SshSession>> dead;
    const std::lock_guard lock(mutex_);
    dead.swap(idle_[key]);
  }

  void give_back(const std::string& key, std::unique_ptr<SshSession> session) {
    if (!session || !session->alive()) return;
    const std::lock_guard lock(mutex_);
    auto& idle = idle_[key];
    if (idle.size() < most_idle) idle.push_back(std::move(session));
  }

  std::mutex mutex_;
  std::map<std::string, std::vector<std::unique_ptr<SshSession>>> idle_;
};

/// Calls a function for each whole line; the rest comes with end().
class LineSplitter {
 public:
  explicit LineSplitter(const std::function<void(std::string_view)>& on_line) : on_line_(on_line) {}
  void add(std::string_view data) {
    if (!on_line_) return;
    for (auto end = data.find('\n'); end != std::string_view::npos; end = data.find('\n')) {
      pending_ += data.substr(0, end);
      flush();
      data.remove_prefix(end + 1);
    }
    pending_ += data;
  }
  void end() {
    if (on_line_ && !pending_.empty()) flush();
  }

 private:
  void flush() {
    if (pending_.ends_with('\r')) pending_.pop_back();
    on_line_(std::exchange(pending_, {}));
  }

  const std::function<void(std::string_view)>& on_line_;
  std::string pending_;
};

class SshGuests final : public Guests {
 public:
  GuestResult run(const SshTarget& target, const GuestCommand& command,
                  std::stop_token stop) override;
  void upload(const SshTarget& target, const std::filesystem::path& local,
              const std::string& remote, unsigned mode, const std::string& sha256,
              const Progress& progress, std::stop_token stop) override;
  void download(const SshTarget& target, const std::string& remote,
                const std::filesystem::path& local, unsigned mode, const Progress& progress,
                std::stop_token stop) override;
  std::pair<std::string, std::string> generate_key() override;

 private:
  int exec(const SshTarget& target, const std::string& script, const SshStreams& streams,
           std::chrono::milliseconds timeout, const std::stop_token& stop);

  SshPool pool_;
};

int SshGuests::exec(const SshTarget& target, const std::string& script, const SshStreams& streams,
                    std::chrono::milliseconds timeout, const std::stop_token& stop) {
  {
    const auto session = pool_.take(target, timeout, stop, false);
    try {
      return (*session).exec(script, streams, timeout, stop);
    } catch (const SshSession::NotStarted&) {
      if (!session.used()) throw;
    }
  }
  const auto session = pool_.take(target, timeout, stop, true);
  return (*session).exec(script, streams, timeout, stop);
}

GuestResult SshGuests::run(const SshTarget& target, const GuestCommand& command,
                           std::stop_token stop) {
  GuestResult result;
  LineSplitter out_lines(command.on_line);
  LineSplitter err_lines(command.on_line);
  std::string_view input = command.input;
  const SshStreams streams{.input =
                               [&](char* buffer, std::size_t size) {
                                 const auto count = input.copy(buffer, size);
                                 input.remove_prefix(count);
                                 return count;
                               },
                           .out =
                               [&](std::string_view data) {
                                 result.out += data;
                                 out_lines.add(data);
                               },
                           .err =
                               [&](std::string_view data) {
                                 result.err += data;
                                 err_lines.add(data);
                               }};
  result.exit_code = exec(target, command.script, streams, command.timeout, stop);
  out_lines.end();
  err_lines.end();
  return result;
}

void SshGuests::upload(const SshTarget& target, const std::filesystem::path& local,
                       const std::string& remote, unsigned mode, const std::string& sha256,
                       const Progress& progress, std::stop_token stop) {
  const auto run_script = [&](const std::string& script, const SshStreams& streams,
                              std::chrono::seconds timeout) {
    return exec(target, script, streams, timeout, stop);
  };
  ssh_upload({target.node, local, remote, mode, sha256}, run_script, progress);
}

void SshGuests::download(const SshTarget& target, const std::string& remote,
                         const std::filesystem::path& local, unsigned mode,
                         const Progress& progress, std::stop_token stop) {
  const auto run_script = [&](const std::string& script, const SshStreams& streams,
                              std::chrono::seconds timeout) {
    return exec(target, script, streams, timeout, stop);
  };
  ssh_download({target.node, remote, local, mode}, run_script, progress);
}

std::pair<std::string, std::string> SshGuests::generate_key() {
  ssh_key raw = nullptr;
  if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &raw) != SSH_OK) {
    throw Error("cannot make an ssh key: libssh refused");
  }
  const SshKey key{raw};
  char* text = nullptr;
  if (ssh_pki_export_privkey_base64(raw, nullptr, nullptr, nullptr, &text) != SSH_OK) {
    throw Error("cannot write out an ssh key: libssh refused");
  }
  const Handle<char, ssh_string_free_char> secret{text};
  if (ssh_pki_export_pubkey_base64(raw, &text) != SSH_OK) {
    throw Error("cannot write out an ssh key: libssh refused");
  }
  const Handle<char, ssh_string_free_char> open{text};
  return {secret.get(), fmt::format("ssh-ed25519 {}", open.get())};
}

}  // namespace

std::unique_ptr<Guests> make_ssh() {
  if (ssh_init() != SSH_OK) throw Error("cannot initialise libssh");
  return std::make_unique<SshGuests>();
}

}  // namespace vmlab
