// Findings of rollout.yml told to a person, for the commands that need a configuration before they can work.
import { resolveConfig, type ResolveOptions } from '../config/resolve.ts';
import type { Finding } from '../documents/findings.ts';
import type { Config } from '../documents/fleet.ts';
import { Fault } from '../fault.ts';
import type { Log } from '../world/log.ts';
import type { World } from '../world/world.ts';

/** One paragraph per finding: place, rule, message, expected, found, cure. */
export function tellFindings(findings: readonly Finding[], log: Log): void {
  for (const finding of findings) {
    if (finding.severity === 'error') log.error(tell(finding));
    else log.warn(tell(finding));
  }
}

/** The configuration, or a Fault `input` after every finding was told. */
export async function configOrFault(world: World, options: ResolveOptions): Promise<Config> {
  const resolved = await resolveConfig(world, options);
  tellFindings(resolved.findings, world.log);
  if (resolved.kind === 'resolved') return resolved.config;
  const errors = resolved.findings.filter(({ severity }) => severity === 'error').length;
  throw new Fault('input', `${options.file} can not be used: ${errors} error${errors === 1 ? '' : 's'}`, {
    where: options.file,
    cure: 'mend what is named above; rollout config shows the result',
  });
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
