// The real outside world. No adapter class is visible.
#pragma once

#include <memory>
#include <string>

#include "host/ports.h"

namespace vmlab {

/// Connects at once; throws Error with a hint when no libvirtd answers or access is denied.
std::unique_ptr<Hypervisor> make_libvirt(const std::string& uri);
/// `accelerated`: KVM is proven on this host; otherwise the appliance is emulated.
std::unique_ptr<Images> make_guestfs(bool accelerated);
std::unique_ptr<Guests> make_ssh();
std::unique_ptr<System> make_posix();

}  // namespace vmlab
