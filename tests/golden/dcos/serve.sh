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
port=8080
if ! docker image inspect nginx >/dev/null 2>&1; then
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
