#include "dcos/ip_detect.h"

#include "base/text.h"

namespace vmlab {

std::string ip_detect_script(const Lab& lab) {
  if (lab.dcos && lab.dcos->ip_detect) return *lab.dcos->ip_detect;
  const auto masters = lab.with_role(Role::master);
  const std::string target =
      masters.empty() ? lab.network.gateway.text() : masters.front()->address.text();
  // On the target itself the route is `local ADDRESS dev lo src ADDRESS`: the word after `src` is
  // right in both forms. Systemd units run it with hardly any environment.
  return "#!/bin/sh\n"
         "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
         "export PATH\n"
         "target=" +
         shell_quote(target) +
         "\n"
         "set -- $(ip -4 -o route get \"$target\" 2>/dev/null)\n"
         "while [ \"$#\" -gt 1 ]; do\n"
         "  if [ \"$1\" = src ]; then\n"
         "    echo \"$2\"\n"
         "    exit 0\n"
         "  fi\n"
         "  shift\n"
         "done\n"
         "exit 1\n";
}

}  // namespace vmlab
