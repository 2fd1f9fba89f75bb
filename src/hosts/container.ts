// A container as the engine describes it, in the words the rest of the program uses.

export interface PublishedPort {
  readonly host: number;
  readonly container: number;
  readonly protocol: string;
}

export interface Container {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  /** The text it was created from: `name:tag@sha256:…`. */
  readonly image: string;
  readonly imageId: string;
  readonly status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  /** Of the engine's own health check; `none` without one. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  readonly restarts: number;
  readonly restartPolicy: RestartPolicy;
  readonly createdAt: string;
  readonly startedAt: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `NAME=value`; values may be secrets. */
  readonly environment: readonly string[];
  /** Its addresses in the engine's networks. */
  readonly addresses: readonly string[];
  readonly networkMode: string;
  /** Wanted by its configuration, bound or not. */
  readonly ports: readonly PublishedPort[];
  readonly mounts: readonly { readonly source: string; readonly target: string }[];
}

export interface RestartPolicy {
  readonly name: string;
  readonly maximumRetries: number;
}

export const COMPOSE_PROJECT = 'com.docker.compose.project';
export const COMPOSE_SERVICE = 'com.docker.compose.service';
/** The folder Compose was run for. */
export const COMPOSE_FOLDER = 'com.docker.compose.project.working_dir';

/** Labels on every container a rollout makes. */
export const ROLLOUT_LABELS = {
  deployment: 'rollout.deployment',
  digest: 'rollout.digest',
  service: 'rollout.service',
} as const;

export function isRunning(container: Container): boolean {
  return container.status === 'running' || container.status === 'restarting' || container.status === 'paused';
}

/** The service of a Compose project that a container belongs to, or undefined. */
export function composeServiceOf(container: Container, project: string): string | undefined {
  return container.labels[COMPOSE_PROJECT] === project ? container.labels[COMPOSE_SERVICE] : undefined;
}

/** Twelve digits, as `docker ps` shows them. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}
