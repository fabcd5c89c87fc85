// The checks that vmlab adds to the release's own, which looks at none of these.
#include <string>

namespace vmlab {

std::string preflight_body();

namespace {

constexpr const char* preflight_text = R"sh(failed=0
# check NAME PASS|FAIL|WARNING [DETAIL]
check() {
  echo "Checking $1: $2${3:+ ($3)}"
  [ "$2" != FAIL ] || failed=$((failed + 1))
}
cat >ip-detect && chmod 755 ip-detect || exit 1
rm -f disable-preflight preflight.out

# --- what an installed node says: preflight would refuse it, and the install recognises it
list=/etc/mesosphere/setup-flags/cluster-package-list
served='' mine=''
[ ! -r "$list" ] || read -r mine <"$list"
if [ -n "$mine" ] && fetch cluster-package-list.latest served-list 2>/dev/null; then
  read -r served <served-list
  if [ "$mine" = "$served" ]; then
    check 'if DC/OS is already installed' PASS 'from this configuration'
    exit 0
  fi
fi

# --- vmlab's own checks
memory_mib=0
while read -r key value _; do
  [ "$key" != MemTotal: ] || memory_mib=$((value / 1024))
done </proc/meminfo
if [ "$memory_mib" -lt 7168 ]; then
  check 'memory' WARNING "$memory_mib MiB; DC/OS is known to fail with less than 8 GiB"
else
  check 'memory' PASS "$memory_mib MiB"
fi
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  check 'the version of control groups' WARNING \
    'version 2; the isolators of Mesos want version 1: systemd.unified_cgroup_hierarchy=0'
else
  check 'the version of control groups' PASS 1
fi
noexec=no
while read -r _ mount _ options _; do
  [ "$mount" = /tmp ] || continue
  case ",$options," in *,noexec,*) noexec=yes ;; *) noexec=no ;; esac
done </proc/mounts
if [ "$noexec" = no ]; then
  check 'if programs can run from /tmp' PASS
elif [ "$role" = master ]; then
  check 'if programs can run from /tmp' FAIL 'mounted noexec; ZooKeeper needs it'
else
  check 'if programs can run from /tmp' WARNING 'mounted noexec'
fi
if systemctl is-active --quiet firewalld; then
  check 'if firewalld is off' FAIL 'it is running; systemctl disable --now firewalld'
else
  check 'if firewalld is off' PASS
fi
for module in overlay dummy ip_vs ip_vs_wlc; do
  modprobe -n -q "$module" || check "kernel module $module" WARNING 'not there; dcos-net needs it'
done
found=$(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin timeout 10 ./ip-detect 2>ip-detect.err)
status=$?
said=''
[ ! -s ip-detect.err ] || read -r said <ip-detect.err
if [ "$status" -ne 0 ]; then
  check 'ip-detect' FAIL "exit code $status${said:+; it says: $said}"
elif [ -s ip-detect.err ]; then
  check 'ip-detect' FAIL "it writes to standard error: $said"
elif [ "$found" != "$address" ]; then
  check 'ip-detect' FAIL "it prints '$found', not this node's address $address"
else
  check 'ip-detect' PASS "$found"
fi
if [ "$(docker info --format '{{.LiveRestoreEnabled}}' 2>/dev/null)" = true ]; then
  check 'if live-restore of Docker is off' FAIL 'it is on in /etc/docker/daemon.json'
fi
if ! fetch dcos_install.sh dcos_install.sh 2>fetch.err; then
  why=''
  read -r why <fetch.err
  check "if $url/dcos_install.sh can be fetched" FAIL "$why"
  exit 1
fi
check "if $url/dcos_install.sh can be fetched" PASS

# --- what some releases want of a node and some distributions lack; the release is asked
wants() { grep -qw "$1" dcos_install.sh; }
if wants nogroup && ! getent group nogroup >/dev/null; then
  groupadd nogroup 2>make.err || check "if group 'nogroup' can be made" FAIL "$(tail -n 1 make.err)"
fi
if wants ifconfig && ! command -v ifconfig >/dev/null; then
  # Where there is no mirror, the preflight goes on and says so.
  if command -v apt-get >/dev/null; then
    { timeout 300 apt-get -q update && DEBIAN_FRONTEND=noninteractive timeout 300 \
      apt-get -qy --no-install-recommends install net-tools; } >make.err 2>&1 </dev/null
  else
    timeout 300 yum -y install net-tools >make.err 2>&1 </dev/null
  fi || check 'if net-tools can be installed' FAIL "$(tail -n 1 make.err)"
fi

# --- the release's own
bash dcos_install.sh --preflight-only "$role" </dev/null >preflight.out 2>preflight.err
status=$?
cat preflight.out
cat preflight.err >&2
escape=$(printf '\033')
sed "s/$escape\[[0-9;]*m//g" preflight.out >preflight.txt
if [ "$status" -eq 1 ] && grep -q '^Checking docker version requirement.*: FAIL' preflight.txt &&
  [ "$(grep -c -e ': FAIL' -e '^FAIL' preflight.txt)" -eq 1 ]; then
  # Old releases take the last version that `docker version` lists, since 19.03 a helper's.
  engine=$(docker version --format '{{.Server.Version}}' 2>/dev/null)
  case ${engine%%.*} in
    1[7-9] | [2-9][0-9])
      check 'the version of Docker itself' PASS \
        "$engine; this release reads a helper's version: its preflight is left out of the install"
      : >disable-preflight
      status=0
      ;;
  esac
fi

# --- ports: the release compares small hexadecimal digits with the kernel's capital ones, and
# misses most listeners; ZooKeeper's own ports it does not look at
ports=$(sed -n 's/^Checking if port \([0-9]*\) (required by .*/\1/p' preflight.txt)
if [ -n "$ports" ]; then
  [ "$role" != master ] || ports="$ports 2888 3888"
  tables=''
  for table in tcp tcp6 udp udp6; do
    [ ! -r "/proc/net/$table" ] || tables="$tables /proc/net/$table"
  done
  busy=$(awk -v ports="$ports" '
    BEGIN { n = split(ports, p, " "); for (i = 1; i <= n; i++) want[sprintf("%04X", p[i])] = p[i] }
    { split($2, a, ":"); port = want[toupper(a[2])] }
    port && FILENAME ~ /tcp/ && $4 == "0A" { busy[port] = 1 }
    port && FILENAME ~ /udp/ && $4 == "07" && (port == 53 || port == 61053 || port == 64000) {
      busy[port] = 1
    }
    END { for (port in busy) print port }' $tables | sort -n)
  for port in $busy; do
    grep -q "^Checking if port $port (.*: FAIL" preflight.txt && continue
    holder=$(ss -lntup "sport = :$port" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)".*/\1/p' |
      sed -n 1p)
    check "if port $port is in use" FAIL "${holder:+by $holder; }the release's own check misses it"
  done
fi
sync
if [ "$status" -eq 0 ] && [ "$failed" -gt 0 ]; then status=1; fi
exit "$status"
)sh";

}  // namespace

std::string preflight_body() {
  return preflight_text;
}

}  // namespace vmlab
