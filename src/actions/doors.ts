// The doors of all actions: each is small, and the command behind it is loaded when it is entered.
import { build } from './build.ts';
import { cutover } from './cutover.ts';
import { openDoor } from './door.ts';
import type { Verb } from './inputs.ts';
import { plan } from './plan.ts';
import { publish } from './publish.ts';
import { report } from './report.ts';
import { validate } from './validate.ts';
import { verify } from './verify.ts';

export const DOORS: Readonly<Record<Verb, () => Promise<void>>> = {
  validate: () => openDoor(validate),
  plan: () => openDoor(plan),
  build: () => openDoor(build),
  verify: () => openDoor(verify),
  publish: () => openDoor(publish),
  cutover: () => openDoor(cutover),
  report: () => openDoor(report),
};
