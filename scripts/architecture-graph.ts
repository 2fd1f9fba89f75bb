// Draws the rooms of src/ and who imports whom into docs/architecture.md; `--check` says whether the drawing is current.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { needTool, ROOT } from './tool.ts';

const PAGE = join(ROOT, 'docs/architecture.md');
const BEGIN = '<!-- graph: made by node scripts/architecture-graph.ts -->';
const END = '<!-- end of graph -->';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const page = readFileSync(PAGE, 'utf8');
  const fresh = replaceBetween(page, await drawGraph());
  if (!args.includes('--check')) writeFileSync(PAGE, fresh);
  else if (fresh !== page) {
    console.error(`the graph in ${relative(ROOT, PAGE)} is stale; node scripts/architecture-graph.ts draws it anew`);
    return 1;
  }
  console.log('the graph is current');
  return 0;
}

/** One node per room, an arrow where a file of one imports a file of another. */
async function drawGraph(): Promise<string> {
  // Every room imports the fault and the exit codes: drawn, they would hide the rest.
  const scope = ['--include-only', '^src/[^/]+/', '--collapse', '^src/[^/]+'];
  const cruise = ['--config', '.dependency-cruiser.mjs', ...scope, '--output-type', 'mermaid', 'src'];
  const lines = (await needTool('depcruise', cruise)).trim().split('\n');
  const isArrow = (line: string): boolean => line.includes('-->');
  // In the order of names: the order of import statements is no news.
  return [...lines.filter((line) => !isArrow(line)), ...lines.filter(isArrow).sort()].join('\n');
}

function replaceBetween(page: string, graph: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`${PAGE} must hold the lines ${BEGIN} and ${END}`);
  return `${page.slice(0, begin)}${BEGIN}\n\n\`\`\`mermaid\n${graph}\n\`\`\`\n\n${page.slice(end)}`;
}
