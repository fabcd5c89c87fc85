#include "dcos/scripts.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/text.h"
#include "dcos/config.h"
#include "dcos/install.h"

namespace vmlab {
namespace {

std::string assign(const std::string& name, const std::string& value) {
  return name + "=" + shell_quote(value) + "\n";
}

/// Environment, directory, and a lock: a script that was cut off from vmlab goes on in the guest,
/// and its successor waits for its end. Everything it starts holds the lock too.
std::string head() {
  return std::string(
             "set -u\n"
             "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C\n"
             "export PATH LC_ALL\n"
             "umask 022\n") +
         assign("directory", dcos_directory) +
         "mkdir -p \"$directory\" && cd \"$directory\" || exit 1\n"
         "exec 9>lock\n"
         "flock -n 9 || {\n"
         "  echo 'waiting for what an earlier run left running on this node'\n"
         "  flock 9\n"
         "}\n";
}

/// fetch PATH FILE: from the bootstrap node, whole or not at all. No proxy: DC/OS's own download
/// uses none either.
constexpr const char* fetch_function = R"sh(fetch() {
  curl -fsS --noproxy '*' --connect-timeout 10 --max-time 600 --retry 5 -o "$2.part" "$url/$1" &&
    mv -f "$2.part" "$2"
}
)sh";

constexpr const char* genconf_body = R"sh(if [ ! -s dcos_generate_config.sh ]; then
  echo "vmlab: there is no installer in $directory" >&2
  exit 1
fi
# The installer's container has a fixed name, which a cut-off run may still hold.
stale=$(docker ps -aq --filter name=dcos-genconf 2>/dev/null)
[ -z "$stale" ] || docker rm -f $stale >/dev/null 2>&1
rm -rf genconf/serve genconf/state genconf/cluster_packages.json version
bash dcos_generate_config.sh --genconf </dev/null
status=$?
[ "$status" -eq 0 ] || exit "$status"
if [ ! -s genconf/serve/dcos_install.sh ]; then
  echo 'vmlab: the installer made no genconf/serve/dcos_install.sh' >&2
  exit 1
fi
# As the nodes will show it: to ask the installer costs another container.
{
  tar -xJOf genconf/serve/packages/dcos-metadata/dcos-metadata--*.tar.xz \
    --wildcards '*etc/dcos-version.json' 2>/dev/null ||
    bash dcos_generate_config.sh --version </dev/null 2>/dev/null
} | sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' >version
sync
read -r version <version && echo "vmlab: release $version"
exit 0
)sh";

constexpr const char* serve_body = R"sh(if ! docker image inspect nginx >/dev/null 2>&1; then
  if [ -s /var/lib/vmlab/images/nginx.tar ]; then
    docker load -i /var/lib/vmlab/images/nginx.tar || exit 1
  else
    # Docker 1.13, as EL7 has it, cannot read the OCI indexes that official images are since 2023.
    # nginx 1.18 ended in 2021 and stays as it was made; its C library also makes no system call
    # that so old a Docker refuses.
    if ! { docker pull nginx || docker pull nginx; } 2>pull.err; then
      cat pull.err >&2
      grep -qE 'missing signature key|mediaType in manifest' pull.err &&
        docker pull nginx:1.18 && docker tag nginx:1.18 nginx || exit 1
    fi
  fi
fi
# Made anew each time: a container keeps the directory that it was started with, even when genconf
# has made another one of that name.
docker rm -f vmlab-serve >/dev/null 2>&1
exec docker run -d --name vmlab-serve --restart always -p "$port:80" \
  -v "$directory/genconf/serve:/usr/share/nginx/html:ro,z" nginx
)sh";

constexpr const char* install_body = R"sh(list=/etc/mesosphere/setup-flags/cluster-package-list
units=/etc/systemd/system
explain_setup() {
  journalctl -u dcos-download -u dcos-setup -n 20 --no-pager -o cat >&2
}
begun=no
[ ! -d "$units/dcos.target.wants" ] || begun=yes
[ -z "$(ls -A /opt/mesosphere 2>/dev/null)" ] || begun=yes
if [ "$begun" = yes ]; then
  for other in master slave slave_public; do
    if [ "$other" != "$role" ] && [ -e "/etc/mesosphere/roles/$other" ]; then
      echo "vmlab: other role: $other"
      exit 1
    fi
  done
  served='' mine=''
  fetch cluster-package-list.latest served-list 2>/dev/null && read -r served <served-list
  [ ! -r "$list" ] || read -r mine <"$list"
  if [ -n "$mine" ] && [ -n "$served" ] && [ "$mine" != "$served" ]; then
    echo "vmlab: other configuration: $mine, now $served"
    exit 1
  fi
  if systemctl is-active --quiet dcos.target ||
    { [ -e "$units/dcos.target" ] && systemctl is-enabled --quiet dcos.target; }; then
    echo 'vmlab: installed already'
    exit 0
  fi
  if [ -z "$mine" ] || [ ! -e "$units/dcos-setup.service" ]; then
    echo 'vmlab: half installed'
    exit 1
  fi
  echo 'vmlab: an interrupted installation goes on'
  systemctl daemon-reload
  systemctl reset-failed dcos-download dcos-setup 2>/dev/null
  systemctl enable dcos-setup
  systemctl start dcos-setup
  status=$?
  [ "$status" -eq 0 ] || explain_setup
  exit "$status"
fi
if ! fetch dcos_install.sh dcos_install.sh; then
  echo "vmlab: cannot fetch $url/dcos_install.sh"
  exit 1
fi
flags=''
if [ -e disable-preflight ]; then
  echo 'vmlab: preflight is left out: this release misreads the version of Docker'
  flags=--disable-preflight
fi
bash dcos_install.sh $flags "$role" </dev/null
status=$?
[ "$status" -eq 0 ] || [ ! -e "$units/dcos-setup.service" ] || explain_setup
exit "$status"
)sh";

}  // namespace

std::string dcos_role(Role role) {
  switch (role) {
    case Role::master:
      return "master";
    case Role::agent:
      return "slave";
    case Role::public_agent:
      return "slave_public";
    default:
      return {};
  }
}

int port_of_url(const std::string& url) {
  const auto host = url.find("//");
  const auto from = host == std::string::npos ? 0 : host + 2;
  const auto end = url.find('/', from);
  const auto authority = url.substr(from, end == std::string::npos ? end : end - from);
  const auto colon = authority.rfind(':');
  if (colon == std::string::npos) return 80;
  const int port = std::atoi(authority.c_str() + colon + 1);
  return port > 0 && port < 65536 ? port : 80;
}

std::string genconf_files_script(const std::string& ip_detect) {
  return head() + assign("ip_detect", ip_detect) +
         "mkdir -p genconf &&\n"
         "  (umask 077 && cat >genconf/config.yaml.part) &&\n"
         "  printf '%s' \"$ip_detect\" >genconf/ip-detect.part &&\n"
         "  chmod 755 genconf/ip-detect.part &&\n"
         "  mv -f genconf/config.yaml.part genconf/config.yaml &&\n"
         "  mv -f genconf/ip-detect.part genconf/ip-detect &&\n"
         "  sync\n";
}

std::string genconf_script() {
  return head() + genconf_body;
}

std::string serve_script(int port) {
  return head() + assign("port", std::to_string(port)) + serve_body;
}

std::string docker_script() {
  return head() + "systemctl start docker.service || exit 0\n";
}

std::string install_script(const Lab& lab, const Node& node) {
  return head() + assign("role", dcos_role(node.role)) + assign("url", bootstrap_url(lab)) +
         fetch_function + install_body;
}

/// Defined in preflight_script.cc, which is long enough.
std::string preflight_body();

std::string preflight_script(const Lab& lab, const Node& node) {
  return head() + assign("role", dcos_role(node.role)) + assign("url", bootstrap_url(lab)) +
         assign("address", node.address.text()) + fetch_function + preflight_body();
}

}  // namespace vmlab
