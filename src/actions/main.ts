// The entry of the one bundle: what a door needs is loaded when it is entered.

/** Enters the terminal (`cli`) or the action of that name; `dist/<name>/index.js` does nothing else. */
export async function enter(name: string): Promise<void> {
  if (name === 'cli') {
    await import('../cli/main.ts');
    return;
  }
  const doors: Readonly<Record<string, () => Promise<void>>> = (await import('./doors.ts')).DOORS;
  const open = doors[name];
  if (open === undefined) throw new Error(`there is no door ${name}`);
  await open();
}
