// Asks until there is an answer: passing troubles until the deadline, doubtful answers a few times; never longer than the budget.
import type { Answer, Refusal } from '../images/source.ts';
import type { World } from '../world/world.ts';
import { busy, type Again, type Attempt } from './attempt.ts';
import { DEFAULTS, type Budget } from './budget.ts';
import { pauseMs } from './wait.ts';

/** What the attempts come to. A slot is held while asking, not while waiting. */
export async function persist<T>(world: World, budget: Budget, attempt: () => Promise<Attempt<T>>): Promise<Answer<T>> {
  let doubts = 0;
  for (let tries = 1; ; tries += 1) {
    const outcome = await budget.slots.use(async () => {
      return budget.remainingMs() > 0 ? attempt() : busy('no time was left to ask');
    });
    if (outcome.kind === 'settled') return { kind: 'found', value: outcome.value };
    if (outcome.kind === 'refused') return outcome.refusal;
    doubts += outcome.patience === 'few' ? 1 : 0;
    const enough = outcome.otherwise.kind === 'absent' ? budget.absentTries : DEFAULTS.tries;
    if (outcome.patience === 'few' && doubts >= enough) return after(outcome, tries);
    const pause = Math.max(outcome.toldMs ?? 0, pauseMs(tries, budget.random()));
    if (pause >= budget.remainingMs()) return after(outcome, tries);
    await world.clock.sleep(pause);
  }
}

function after(outcome: Again, tries: number): Refusal {
  const { otherwise, toldMs } = outcome;
  if (otherwise.kind !== 'unknown') return otherwise;
  const told = toldMs === undefined ? '' : `; it asks to wait ${Math.ceil(toldMs / 1_000)} s`;
  return { ...otherwise, message: `${otherwise.message} (asked ${tries === 1 ? 'once' : `${tries} times`}${told})` };
}
