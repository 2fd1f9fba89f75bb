// The right verdict for a script of faults, told from the script alone: it knows nothing of the client that is tested.

/** What a place of the registry does with one request. `honest` answers as it should. */
export type Fault =
  | 'honest'
  | 'throttled' // 429
  | 'rate-limited' // 403 that speaks of a rate limit
  | 'broken' // 500
  | 'reset'
  | 'timeout'
  | 'gone' // 404 with the code that says so
  | 'not-found' // 404 without a code
  | 'denied' // 403
  | 'expired' // 401
  | 'lying' // 200 with other bytes
  | 'endless'
  | 'loop' // a redirect to itself
  | 'refusing'; // 400

export interface Place {
  /** One per request, in turn; few enough that a patient client gets past them. */
  readonly first: readonly Fault[];
  /** Every request after that. */
  readonly then: Fault;
}

/** Index, child, attestation, configuration and layers of one image. */
export type Script = Readonly<Record<'index' | 'child' | 'attestation' | 'config' | 'layer', Place>>;

type Outcome = 'present' | 'absent' | 'auth' | 'unknown';

/** What a patient client must conclude about the image: a later place is only asked when the earlier one answered. */
export function rightVerdict(script: Script): Outcome {
  const index = outcomeOf(script.index);
  if (index !== 'present') return index;
  const manifests = worst([script.child, script.attestation].map(outcomeOf));
  if (manifests !== 'present') return manifests;
  return worst([script.config, script.layer].map(outcomeOf));
}

function outcomeOf(place: Place): Outcome {
  for (let at = 0; at < place.first.length; at += 1) {
    const fault = place.first[at];
    if (fault === 'denied') return 'auth';
    if (fault === 'refusing') return 'unknown';
    const next = at + 1 < place.first.length ? place.first[at + 1] : place.then;
    // One 401 may be an expired token; a second one on the renewed token is a refusal.
    if (fault === 'expired' && next === 'expired') return 'auth';
    if (fault === 'honest') return 'present';
  }
  switch (place.then) {
    case 'honest':
      return 'present';
    case 'gone':
      return 'absent';
    case 'denied':
    case 'expired':
      return 'auth';
    case 'throttled':
    case 'rate-limited':
    case 'broken':
    case 'reset':
    case 'timeout':
    case 'not-found':
    case 'lying':
    case 'endless':
    case 'loop':
    case 'refusing':
      return 'unknown';
  }
}

function worst(outcomes: readonly Outcome[]): Outcome {
  const order: readonly Outcome[] = ['absent', 'auth', 'unknown', 'present'];
  return order.find((candidate) => outcomes.includes(candidate)) ?? 'present';
}
