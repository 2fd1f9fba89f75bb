// The table of all rules, by number.
import type { Rule } from './rule.ts';
import { RA201, RA202 } from './rules/bases.ts';
import { RA501, RA502 } from './rules/context.ts';
import { RA701, RA702 } from './rules/health.ts';
import { RA001 } from './rules/ignores.ts';
import { RA405 } from './rules/lock.ts';
import { RA801 } from './rules/machine.ts';
import { RA901 } from './rules/ports.ts';
import { RA601, RA602 } from './rules/start.ts';
import { RA101, RA102, RA103, RA104, RA105, RA106, RA107 } from './rules/syntax.ts';
import { RA301, RA302, RA303 } from './rules/users.ts';
import { RA108 } from './rules/values.ts';
import { RA401, RA402, RA403, RA407, RA408, RA409 } from './rules/wheels.ts';

export const RULES: readonly Rule[] = [
  ...[RA001, RA101, RA102, RA103, RA104, RA105, RA106, RA107, RA108, RA201, RA202, RA301, RA302],
  ...[RA303, RA401, RA402, RA403, RA405, RA407, RA408, RA409, RA501, RA502, RA601, RA602, RA701, RA702, RA801, RA901],
];
