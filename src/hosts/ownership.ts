// Which container is which service: by Compose's own labels, by what was adopted, and by name, port and image.
import type { Placement } from '../documents/fleet.ts';
import { parseReference } from '../images/reference.ts';
import { COMPOSE_FOLDER, COMPOSE_SERVICE, type Container } from './container.ts';

export interface Match {
  readonly service: string;
  readonly container: Container | undefined;
  /** Why this one, in words: `name, port 8080 and image`. */
  readonly why: string;
  /** compose: the project's own; hand-run: somebody else's, to be adopted; none: nothing runs the service. */
  readonly owner: 'compose' | 'hand-run' | 'none';
}

/** A container is a service's only when more than half of what can be compared agrees. */
const NAME_WEIGHT = 2;
const PORT_WEIGHT = 2;
const IMAGE_WEIGHT = 1;
const ENOUGH = 2;

/** Every service with the container that runs it today; what Compose made in `folder` is the project's own. A container serves one service only, the one it fits best. */
export function matchContainers(
  placements: readonly Placement[],
  containers: readonly Container[],
  folder: string,
): readonly Match[] {
  const ours = containers.filter((container) => container.labels[COMPOSE_FOLDER] === folder);
  const own = placements.map((placement) => ownMatch(placement, ours, folder));
  const free = containers.filter((container) => !ours.includes(container));
  const open = placements.filter((_, at) => own[at] === undefined);
  const strangers = bestPairs(open, free);
  return placements.map((placement, at) => own[at] ?? strangers.get(placement.service) ?? nothing(placement));
}

function ownMatch(placement: Placement, ours: readonly Container[], folder: string): Match | undefined {
  const container = ours
    .filter(({ labels }) => labels[COMPOSE_SERVICE] === placement.composeService)
    .toSorted(runningFirst)[0];
  if (container === undefined) return undefined;
  return { service: placement.service, container, why: `Compose in ${folder}`, owner: 'compose' };
}

function bestPairs(placements: readonly Placement[], containers: readonly Container[]): ReadonlyMap<string, Match> {
  const pairs = placements.flatMap((placement) =>
    containers.map((container) => ({ placement, container, ...likeness(placement, container) })),
  );
  const ranked = pairs
    .filter(({ points }) => points >= ENOUGH)
    .toSorted((a, b) => b.points - a.points || runningFirst(a.container, b.container));
  const taken = new Set<string>();
  const found = new Map<string, Match>();
  for (const { placement, container, why } of ranked) {
    if (found.has(placement.service) || taken.has(container.id)) continue;
    taken.add(container.id);
    found.set(placement.service, { service: placement.service, container, why, owner: 'hand-run' });
  }
  return found;
}

function likeness(placement: Placement, container: Container): { points: number; why: string } {
  const names = [placement.service, placement.composeService, placement.containerName ?? placement.service];
  const sameName = names.some((name) => plain(name) === plain(container.name));
  const wanted = new Set(placement.ports.flatMap(({ host }) => (host === undefined ? [] : [host])));
  const sharedPorts = container.ports.filter(({ host }) => wanted.has(host)).map(({ host }) => host);
  const sameImage = lastPart(container.image) === lastPart(placement.image);
  const reasons = [
    ...(sameName ? ['name'] : []),
    ...(sharedPorts.length > 0 ? [`port ${sharedPorts.join(', ')}`] : []),
    ...(sameImage ? ['image'] : []),
  ];
  const points =
    (sameName ? NAME_WEIGHT : 0) + (sharedPorts.length > 0 ? PORT_WEIGHT : 0) + (sameImage ? IMAGE_WEIGHT : 0);
  return { points, why: reasons.join(', ') };
}

function nothing({ service }: Placement): Match {
  return { service, container: undefined, why: 'no container has its name, port or image', owner: 'none' };
}

/** `ai-Model_Ops` and `ai_model-ops` are the same name to the people who typed them. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]/g, '');
}

function lastPart(image: string): string {
  try {
    return plain(parseReference(image).path.split('/').at(-1) ?? image);
  } catch {
    // A container made from a bare image id has no name to compare.
    return image;
  }
}

function runningFirst(a: Container, b: Container): number {
  const rank = (container: Container): number => (container.status === 'running' ? 0 : 1);
  return rank(a) - rank(b) || (a.createdAt < b.createdAt ? 1 : -1);
}
