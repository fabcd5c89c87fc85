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
if [ ! -s dcos_generate_config.sh ]; then
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
