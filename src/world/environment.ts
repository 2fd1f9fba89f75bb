// The environment variables of this process, the only place that reads them.
import { Secret } from './secret.ts';

export interface Environment {
  /** The variable's value; an unset or empty one is undefined. */
  variable(name: string): string | undefined;
  secret(name: string): Secret | undefined;
  /** All variables, for handing to a child process. */
  all(): Readonly<Record<string, string>>;
}

export const processEnvironment: Environment = {
  variable: (name) => nonEmpty(process.env[name]),
  secret: (name) => {
    const value = nonEmpty(process.env[name]);
    return value === undefined ? undefined : new Secret(value);
  },
  all: () => Object.fromEntries(Object.entries(process.env).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]]))),
};

/** Takes a variable out of this process: no process started later gets it. */
export function forgetVariable(name: string): void {
  Reflect.deleteProperty(process.env, name);
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}
