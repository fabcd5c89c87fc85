set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
umask 022
directory=/opt/vmlab/dcos
mkdir -p "$directory" && cd "$directory" || exit 1
exec 9>lock
flock -n 9 || {
  echo 'waiting for what an earlier run left running on this node'
  flock 9
}
role=slave_public
url=http://192.168.90.2:8080
fetch() {
  curl -fsS --noproxy '*' --connect-timeout 10 --max-time 600 --retry 5 -o "$2.part" "$url/$1" &&
    mv -f "$2.part" "$2"
}
list=/etc/mesosphere/setup-flags/cluster-package-list
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
