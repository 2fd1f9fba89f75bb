// Findings of rollout.yml told to a person, for the commands that need a configuration before they can work.
import { resolveConfig, type ResolveOptions } from '../config/resolve.ts';
import type { Finding } from '../documents/findings.ts';
import type { Config } from '../documents/fleet.ts';
import { Fault } from '../fault.ts';
import type { Log } from '../world/log.ts';
import type { World } from '../world/world.ts';

/** More in one go is read by nobody. */
const MOST_SHOWN = 100;

/** The configuration, or a Fault `findings` after they were told. */
export async function configOrFault(world: World, options: ResolveOptions): Promise<Config> {
  const resolved = await resolveConfig(world, options);
  tellFindings(resolved.findings, world.log);
  const { registry } = options;
  if (registry !== undefined && /[A-Z]/.test(registry)) {
    world.log.warn(`--registry is taken in lower case: ${registry.toLowerCase()}`);
  }
  if (resolved.kind === 'resolved') {
    tellRegistry(resolved.config.registry, resolved.registryOfFile, options.file, world.log);
    return resolved.config;
  }
  const errors = resolved.findings.filter(({ severity }) => severity === 'error').length;
  throw new Fault('findings', `${options.file} can not be used: ${errors} error${errors === 1 ? '' : 's'}`, {
    where: options.file,
    cure: 'mend what is named above; rollout validate --explain RULE tells more of a rule',
  });
}

/** Of two registries only one is pushed to; the other would be looked at in vain. */
function tellRegistry(pushed: string, written: string, file: string, log: Log): void {
  if (pushed === written) return;
  log.info(`--registry counts: images are pushed to ${pushed}/<name>, not to ${written}/<name> as ${file} says`);
}

/** One paragraph per finding, errors first: place, rule, message, expected, found, cure. */
function tellFindings(findings: readonly Finding[], log: Log): void {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const others = findings.filter(({ severity }) => severity !== 'error');
  for (const finding of [...errors, ...others].slice(0, MOST_SHOWN)) {
    if (finding.severity === 'error') log.error(tell(finding));
    else log.warn(tell(finding));
  }
  const rest = findings.length - MOST_SHOWN;
  if (rest > 0) log.warn(`+${rest} more finding${rest === 1 ? '' : 's'}`);
}

function tell(finding: Finding): string {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['expected', finding.expected],
    ['found', finding.got],
    ['cure', finding.cure],
  ];
  const told = rows.flatMap(([label, text]) => (text === undefined ? [] : [`    ${label.padEnd(8)}  ${text}`]));
  const place = `${finding.file}:${finding.line}:${finding.column}`;
  return [`${place} ${finding.rule} ${finding.message}`, ...told].join('\n');
}
