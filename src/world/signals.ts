// The platform's wish that we stop, as an AbortSignal: Ctrl-C, a cancelled job, a lost terminal.

const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Fires on the first signal; later ones are ignored, so that a rollback under way comes to its end. */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of STOPPING) process.on(name, () => controller.abort(name));
  return controller.signal;
}
