// A world with variables of its own: seen by whoever asks in it and by every process started in it, and by nobody else.
import type { Environment } from './environment.ts';
import type { Processes, RunOptions } from './process.ts';
import { Secret } from './secret.ts';
import type { World } from './world.ts';

export type Variables = Readonly<Record<string, string | Secret>>;

/** The world as it is, with these variables besides or instead. */
export function withVariables(world: World, variables: Variables): World {
  return {
    ...world,
    environment: environmentWith(world.environment, new Map(Object.entries(variables))),
    processes: processesWith(world.processes, variables),
  };
}

function environmentWith(environment: Environment, variables: ReadonlyMap<string, string | Secret>): Environment {
  const own = new Map([...variables].map(([name, value]) => [name, plain(value)]));
  const variable = (name: string): string | undefined => {
    const value = own.get(name) ?? environment.variable(name);
    return value === '' ? undefined : value;
  };
  return {
    variable,
    secret: (name) => {
      const value = variable(name);
      return value === undefined ? undefined : new Secret(value);
    },
    all: () => ({ ...environment.all(), ...Object.fromEntries(own) }),
  };
}

function processesWith(processes: Processes, variables: Variables): Processes {
  const given = (options: RunOptions): RunOptions => {
    return { ...options, environment: { ...variables, ...options.environment } };
  };
  return {
    run: (command, options) => processes.run(command, given(options)),
    attempt: (command, options) => processes.attempt(command, given(options)),
    start: (command, options) => processes.start(command, given(options)),
  };
}

function plain(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value;
}
