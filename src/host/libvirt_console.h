// A domain's serial console through libvirt's stream.
#pragma once

#include <libvirt/libvirt.h>

#include <memory>
#include <string>

#include "host/ports.h"

namespace vmlab {

/// See Hypervisor::open_console.
std::unique_ptr<SerialConsole> open_console(virConnectPtr connection, const std::string& domain,
                                            bool force, ConsoleEvents events);

}  // namespace vmlab
