// Whether KVM works, found out by booting a kernel with it.
#pragma once

#include <libvirt/libvirt.h>

#include <filesystem>
#include <stop_token>
#include <string_view>

namespace vmlab {

/// Whether a kernel booted without disk or initrd got as far as looking for its root file system.
bool reached_root_mount(std::string_view console);

/// Newest /boot/vmlinuz* by version; empty when there is none.
std::filesystem::path newest_kernel(const std::filesystem::path& boot);

/// See Hypervisor::prove_kvm. Files in `scratch` are removed again.
bool prove_kvm(virConnectPtr connection, const std::filesystem::path& scratch,
               const std::stop_token& stop);

}  // namespace vmlab
