// What making one running domain from another's memory needs of libvirt.
#pragma once

#include <libvirt/libvirt.h>

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "host/libvirt_link.h"
#include "host/ports.h"

namespace vmlab {

void save_domain(virConnectPtr connection, const std::string& name,
                 const std::filesystem::path& file);

void attach_device(virConnectPtr connection, const std::string& name, const std::string& xml);
/// Whether the domain's XML has the disk (by target) or NIC (by MAC) that `device` describes.
bool has_device(std::string_view domain, std::string_view device);

/// The link is in use for each question, not while the script runs.
GuestResult run_by_agent(LibvirtLink& link, const std::string& domain, const GuestCommand& command,
                         const std::stop_token& stop);

/// The agent's words: JSON in and out. Pure.
std::string agent_exec(const GuestCommand& command);
std::string agent_exec_status(long pid);
long read_agent_pid(std::string_view reply);
/// nullopt: it still runs.
std::optional<GuestResult> read_agent_result(std::string_view reply);

}  // namespace vmlab
