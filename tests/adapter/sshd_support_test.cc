#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "adapter/sshd.h"
#include "host/adapters.h"

extern char** environ;

namespace vmlab {

namespace {

constexpr int tick_ms = 20;

bool send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const auto sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

pid_t spawn_sshd(const std::filesystem::path& config, int socket) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, socket, 0);
  posix_spawn_file_actions_adddup2(&actions, socket, 1);
  const std::string file = config.string();
  std::array<const char*, 6> arguments{"/usr/sbin/sshd", "-i", "-e", "-f", file.c_str(), nullptr};
  pid_t pid = -1;
  const int error = posix_spawn(&pid, arguments[0], &actions, nullptr,
                                const_cast<char**>(arguments.data()), environ);
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(error, 0) << "cannot start sshd: is openssh-server installed?";
  return pid;
}

}  // namespace

Sshd::Sshd() : user_(getpwuid(geteuid())->pw_name) {
  const auto guests = make_ssh();
  const auto [host_key, host_public] = guests->generate_key();
  const auto [user_key, user_public] = guests->generate_key();
  const auto secret = [this](const char* name, const std::string& text) {
    write_text(directory_ / name, text);
    std::filesystem::permissions(directory_ / name, std::filesystem::perms(0600));
  };
  secret("host_key", host_key);
  secret("user_key", user_key);
  secret("authorized_keys", user_public + "\n");
  write_text(directory_ / "sshd_config",
             fmt::format("HostKey {0}/host_key\nAuthorizedKeysFile {0}/authorized_keys\n"
                         "PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\n"
                         "StrictModes no\nPermitRootLogin yes\nLogLevel ERROR\n"
                         "SetEnv HOME={0}\n",
                         directory_.path().string()));
  // sshd of root insists on it; systemd makes it where sshd is a service.
  if (geteuid() == 0) mkdir("/run/sshd", 0755);

  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(listener_, generic, size), 0);
  EXPECT_EQ(listen(listener_, 32), 0);
  getsockname(listener_, generic, &size);
  port_ = ntohs(address.sin_port);
  write_text(known_hosts(), pin(host_public));
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

Sshd::~Sshd() {
  thread_.request_stop();
  thread_.join();
  relays_.clear();
  close(listener_);
}

SshTarget Sshd::target() const {
  return {.node = "master-1",
          .address = "127.0.0.1",
          .port = port_,
          .user = user_,
          .private_key = directory_ / "user_key",
          .known_hosts = known_hosts()};
}

std::string Sshd::pin(const std::string& public_key) const {
  return fmt::format("[127.0.0.1]:{} {}\n", port_, public_key);
}

void Sshd::cut() {
  ++cuts_;
}

void Sshd::serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd wait{listener_, POLLIN, 0};
    if (poll(&wait, 1, tick_ms) <= 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    ++connections_;
    relays_.emplace_back(
        [this, client](const std::stop_token& relay_stop) { relay(relay_stop, client); });
  }
}

void Sshd::relay(const std::stop_token& stop, int client) {
  const unsigned cuts = cuts_;
  const bool frozen = frozen_;
  std::array<int, 2> pair{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  const pid_t sshd = frozen ? -1 : spawn_sshd(directory_ / "sshd_config", pair[1]);
  if (!frozen) close(pair[1]);
  std::array<int, 2> ends{client, pair[0]};
  std::vector<char> buffer(std::size_t{256} * 1024);
  std::uint64_t from_client = 0;
  for (bool open = true; open && !stop.stop_requested() && cuts_ == cuts;) {
    std::array<pollfd, 2> wait{pollfd{ends[0], POLLIN, 0}, pollfd{ends[1], POLLIN, 0}};
    poll(wait.data(), wait.size(), tick_ms);
    for (std::size_t i = 0; i < 2 && open; ++i) {
      if (wait.at(i).revents == 0) continue;
      const auto got = read(ends.at(i), buffer.data(), buffer.size());
      if (got <= 0 || frozen) {
        open = frozen && got > 0;
        continue;
      }
      const auto size = static_cast<std::size_t>(got);
      if (i == 0) from_client += size;
      open = send_all(ends.at(1 - i), buffer.data(), size);
    }
    if (from_client >= cut_after_) {
      cut_after_ = std::numeric_limits<std::uint64_t>::max();
      open = false;
    }
  }
  close(client);
  close(pair[0]);
  if (frozen) close(pair[1]);
  if (sshd > 0) waitpid(sshd, nullptr, 0);
}

}  // namespace vmlab
