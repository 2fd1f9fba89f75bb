#!/bin/sh
# Makes the project folder of a host as its owner has it: .env, env files with secrets, data. What is there already stays.
#
#   host-setup.sh MACHINE [PROJECT_FOLDER [UID:GID]]
#
# As root it gives the folder to UID:GID and the data to the services' user; as anyone else the folder must be one's own.
# DOCKER_GID, unless it is set, is the group of /var/run/docker.sock.
set -eu
umask 022

machine=${1:?usage: host-setup.sh MACHINE [PROJECT_FOLDER [UID:GID]]}
folder=${2:-/srv/fleet}
owner=${3:-}
socket=/var/run/docker.sock
service_user=10001:10001

case $machine in
  mainpc) services='model_ops_coordinator real_time_audio_pipeline affective_processing_center
    unified_observability_center self_healing_supervisor' ;;
  pc2) services='central_error_bus real_time_audio_pipeline unified_observability_center self_healing_supervisor' ;;
  *) echo "host-setup.sh: expected mainpc or pc2, found $machine" >&2; exit 1 ;;
esac

random() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

secret_name() {
  case $1 in
    model_ops_coordinator) echo MODEL_OPS_API_TOKEN ;;
    real_time_audio_pipeline) echo SPEECH_API_KEY ;;
    affective_processing_center) echo MODEL_HUB_TOKEN ;;
    central_error_bus) echo ERROR_BUS_KEY ;;
    unified_observability_center) echo ALERT_WEBHOOK_TOKEN ;;
    self_healing_supervisor) echo PAGER_TOKEN ;;
  esac
}

# keep_or_write FILE MODE CONTENT
keep_or_write() {
  [ -e "$1" ] && return
  printf '%s\n' "$3" > "$1"
  chmod "$2" "$1"
}

mkdir -p "$folder/env" "$folder/data"
if [ ! -e "$folder/.env" ]; then
  gid=${DOCKER_GID:-$(stat -c %g "$socket")}
  keep_or_write "$folder/.env" 600 "FORCE_IMAGE_TAG=today
DOCKER_GID=$gid"
fi

for service in $services; do
  keep_or_write "$folder/env/$service.env" 600 "$(secret_name "$service")=$(random)"
  mkdir -p "$folder/data/$service"
  keep_or_write "$folder/data/$service/ledger.json" 644 \
    "{\"service\": \"$service\", \"machine\": \"$machine\", \"id\": \"$(random)\"}"
done

if [ "$(id -u)" = 0 ]; then
  [ -z "$owner" ] || chown -R "$owner" "$folder"
  chown -R "$service_user" "$folder"/data/*
else
  # Only root gives files away: the services' user may write here as one of the others.
  find "$folder/data" -type d -user "$(id -u)" -exec chmod a+rwx {} +
fi
