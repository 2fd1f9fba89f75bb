// The plan for people: what is built and why, what is kept, and the waves.
import { showDuration } from '../config/measures.ts';
import type { Plan } from '../documents/plan.ts';

const REASONS_SHOWN = 3;

/** The plan as lines of text. */
export function showPlan(plan: Plan): readonly string[] {
  const names = [...plan.build, ...plan.kept].map(({ name }) => name.length);
  const width = Math.max(0, ...names);
  const built = plan.build.map(({ name, reasons }) => `  build  ${name.padEnd(width)}  ${shortened(reasons)}`);
  const kept = plan.kept.map(({ name, digest }) => `  keep   ${name.padEnd(width)}  ${digest.slice(0, 19)}`);
  const waves = plan.deployment.waves.map(({ name, services, soakMs }, index) => {
    const soak = soakMs === 0 ? '' : `, then watch for ${showDuration(soakMs)}`;
    return `  ${index + 1}. ${name}: ${services.join(', ')}${soak}`;
  });
  return [`${plan.tag}: ${plan.build.length} to build, ${plan.kept.length} kept`, ...built, ...kept, 'waves', ...waves];
}

function shortened(reasons: readonly string[]): string {
  const rest = reasons.length - REASONS_SHOWN;
  return `${reasons.slice(0, REASONS_SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
