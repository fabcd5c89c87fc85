// Shell scripts of the installation, for /bin/sh as root on a node. Values get in quoted only.
#pragma once

#include <string>

#include "lab/lab.h"

namespace vmlab {

/// Role as dcos_install.sh names it: master, slave, slave_public.
std::string dcos_role(Role role);

/// Standard input becomes genconf/config.yaml, `ip_detect` genconf/ip-detect.
std::string genconf_files_script(const std::string& ip_detect);

/// Loads the installer, records its version in the file `version`, runs --genconf.
std::string genconf_script();

/// nginx in a container that outlives reboots, serving genconf/serve on `port`.
std::string serve_script(int port);

/// Has Docker run where it can; where it cannot, the preflight says so.
std::string docker_script();

/// vmlab's own checks and the release's, all of them printed in the form of preflight lines.
/// Standard input is ip-detect. Leaves the file `disable-preflight` where the release's only
/// failure is its misreading of the version of Docker.
std::string preflight_script(const Lab& lab, const Node& node);

/// Installs; or recognises that it has been done, or continues what a power cut interrupted.
std::string install_script(const Lab& lab, const Node& node);

/// Port of `url`, http://HOST[:PORT][/…]; 80 when it has none.
int port_of_url(const std::string& url);

}  // namespace vmlab
