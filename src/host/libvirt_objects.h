// What is done with one domain or network of libvirt.
#pragma once

#include <libvirt/libvirt.h>

#include <optional>
#include <string>

#include "host/libvirt_link.h"
#include "host/libvirt_xml.h"
#include "plan/observed.h"

namespace vmlab {

DomainState state_of(int state);  // virDomainState

/// nullopt: it vanished while it was looked at.
std::optional<DomainInfo> describe(virDomainPtr domain);
std::optional<NetworkInfo> describe(virNetworkPtr network);

/// nullopt: there is none of that name.
std::optional<Domain> find_domain(virConnectPtr connection, const std::string& name);
std::optional<VirNetwork> find_network(virConnectPtr connection, const std::string& name);

/// Throws `<what>: <libvirt's message>` when there is none of that name.
Domain need_domain(virConnectPtr connection, const std::string& name, const std::string& what);
VirNetwork need_network(virConnectPtr connection, const std::string& name, const std::string& what);

/// Not running, or gone: nothing.
void power_off(virDomainPtr domain, const std::string& name);
/// With everything that libvirt keeps about it.
void undefine(virDomainPtr domain, const std::string& name);

/// Makes these the DNS hosts of the live or the persistent network (virNetworkUpdateFlags).
void update_dns(virNetworkPtr network, const std::string& name, unsigned affect,
                const DnsHosts& hosts);

}  // namespace vmlab
