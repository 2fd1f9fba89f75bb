// The entry of the one bundle: each door is a chunk of its own, loaded when it is entered.

const DOORS: Readonly<Record<string, () => Promise<unknown>>> = {
  cli: () => import('../cli/main.ts'),
  validate: async () => (await import('./validate.ts')).open(),
  plan: async () => (await import('./plan.ts')).open(),
  build: async () => (await import('./build.ts')).open(),
  verify: async () => (await import('./verify.ts')).open(),
  publish: async () => (await import('./publish.ts')).open(),
  cutover: async () => (await import('./cutover.ts')).open(),
  report: async () => (await import('./report.ts')).open(),
};

/** Enters a door by its name; `dist/<name>/index.js` does nothing else. */
export async function enter(name: string): Promise<void> {
  const door = DOORS[name];
  if (door === undefined) throw new Error(`there is no door ${name}`);
  await door();
}
