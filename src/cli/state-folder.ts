// Where a host keeps its journals unless said otherwise; `rollout host init` makes it.

export const STATE_FOLDER = '/var/lib/rollout-action';
