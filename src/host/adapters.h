// The real outside world. No adapter class is visible.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "host/ports.h"

namespace vmlab {

/// Connects at once; throws Error with a hint when no libvirtd answers or access is denied.
std::unique_ptr<Hypervisor> make_libvirt(const std::string& uri);
/// `accelerated`: KVM is proven on this host; otherwise the appliance is emulated.
std::unique_ptr<Images> make_guestfs(bool accelerated);
std::unique_ptr<Guests> make_ssh();
std::unique_ptr<System> make_posix();

// A user's own program on this host.
/// Runs `words` to their end in this directory, with `environment` besides the program's own;
/// whatever it writes to either stream is handed over as it comes. Answers its exit code, 128+n
/// when a signal ended it, 127 when it cannot be started. When stopped, its process group is ended
/// and Cancelled thrown.
int run_host_command(const std::vector<std::string>& words,
                     const std::map<std::string, std::string>& environment,
                     const std::function<void(std::string_view)>& on_output, std::stop_token stop);

}  // namespace vmlab
