#!/bin/sh
# The first process of a sandbox host: gives the host its own files, waits for its network, keeps its engine running.
# Arguments: the host's state folder, the tools' tree, the host's name, then the folders nobody inside may read.
set -eu
state=$1 tools=$2 name=$3
shift 3
cd /
mount --make-rprivate /
hostname "$name"

mount -t overlay overlay -o "lowerdir=/etc,upperdir=$state/etc,workdir=$state/etc-work" /etc
mount -t overlay overlay -o "lowerdir=$tools:/usr/local,upperdir=$state/usr-local,workdir=$state/usr-local-work" /usr/local
for own in srv opt home root tmp run; do
  # What others have mounted there is none of this host's business, and must not be kept busy by it.
  umount --recursive --lazy "/$own" 2>/dev/null || true
  mount --bind "$state/$own" "/$own"
done
# Last of the host's own: it also hides the state of all sandboxes, with the keys in it.
mount --bind "$state/var-lib" /var/lib
for hidden in "$@"; do
  if [ -d "$hidden" ]; then mount -t tmpfs -o ro,size=4k,mode=700 hidden "$hidden"; fi
done

until ip -4 addr show dev eth0 2>/dev/null | grep -q inet; do sleep 0.02; done

# An engine that dies is started again, as a service manager does it on a real host.
# shellcheck disable=SC2016
exec /usr/local/bin/docker-init -- /bin/sh -c '
  while :; do
    rm -f /run/docker.pid /run/docker/containerd/containerd.pid
    dockerd || true
    sleep 1
  done'
