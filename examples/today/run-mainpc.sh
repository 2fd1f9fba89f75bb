#!/bin/sh
# mainpc, by hand. If something is broken: docker rm -f it and run this again.
#   ./run-mainpc.sh IMAGE [PROJECT_FOLDER]
IMAGE=${1:?usage: run-mainpc.sh IMAGE [PROJECT_FOLDER]}
S=${2:-/srv/fleet}

docker run -d --name model_ops_coordinator --restart always -p 8101:8000 \
  --env-file "$S/env/model_ops_coordinator.env" -v "$S/data/model_ops_coordinator:/data" "$IMAGE" model_ops_coordinator

docker run -d --name rtap --restart always -p 8102:8000 \
  --env-file "$S/env/real_time_audio_pipeline.env" -v "$S/data/real_time_audio_pipeline:/data" "$IMAGE" rtap

# unhealthy since the models moved, still answers
docker run -d --name affective --restart unless-stopped -p 8103:8000 \
  --env-file "$S/env/affective_processing_center.env" -v "$S/data/affective_processing_center:/data" "$IMAGE" affective

# crashes on start, look at it when there is time
docker run -d --name observability -p 8105:8000 \
  --env-file "$S/env/unified_observability_center.env" -v "$S/data/unified_observability_center:/data" "$IMAGE" observability

docker run -d --name self_healing_supervisor --restart always -p 8106:8000 \
  --env-file "$S/env/self_healing_supervisor.env" -v "$S/data/self_healing_supervisor:/data" "$IMAGE" self_healing_supervisor
