set -eu
read -r uptime idle </proc/uptime
put() { umask "$1"; printf %s "$3" >"$2"; }
[ -d /var/lib/cloud/instances/vmlab-template ] || { echo 'this guest is no template' >&2; exit 1; }
put 077 /run/vmlab/random '00ff
'
put 022 /etc/machine-id 'c1599e73ce4f5a279f55074ed127df26
'
put 022 /etc/hostname 'agent-1
'
put 022 /etc/hosts '127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
192.168.100.21 agent-1.quickstart.test agent-1
'
[ -L /etc/resolv.conf ] || put 022 /etc/resolv.conf 'search quickstart.test
nameserver 192.168.100.1
'
put 022 /etc/systemd/network/10-cloud-init-eth0.network '[Address]
Address=192.168.100.21/24

[Match]
MACAddress=52:54:00:8c:c4:c9
Name=eth0

[Network]
DHCP=no
DNS=192.168.100.1
Domains=quickstart.test

[Route]
Gateway=192.168.100.1

'
put 022 /etc/chrony/conf.d/vmlab.conf 'server 192.168.100.10 iburst minpoll 4 maxpoll 4
makestep 0.1 -1
rtcsync
'
put 077 /root/.ssh/authorized_keys 'ssh-ed25519 LAB
'
put 077 /etc/ssh/ssh_host_ed25519_key '-----BEGIN it'\''s a key-----
'
put 077 /etc/ssh/ssh_host_ed25519_key.pub 'ssh-ed25519 HOST'
umask 022
mkdir -p /var/lib/mesos
printf '%s\n' '/dev/disk/by-label/mesos_7db526	/var/lib/mesos	ext4	defaults,nofail,x-systemd.before=docker.service,x-systemd.device-timeout=30s,comment=cloudconfig	0	2' >>/etc/fstab
exec /usr/lib/vmlab/become 92f19e25-696c-5ac5-85fa-6c0c5b1f4271 0f0e0d0c-0000-4000-8000-000000000000 1795000000.042 "$uptime"
