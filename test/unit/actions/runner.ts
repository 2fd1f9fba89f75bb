// Enters a door as the runner does: inputs as INPUT_*, outputs and summary in files, nothing else of the environment.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './repository.ts';

export interface DoorRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

export class FakeRunner {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollout-runner-'));
  readonly temp = join(this.folder, 'temp');
  readonly workspace = join(this.folder, 'workspace');

  constructor() {
    mkdirSync(this.temp);
    mkdirSync(this.workspace);
  }

  /** Where the documents lie when no input says otherwise. */
  document(name: string): string {
    return join(this.temp, 'rollout', `${name}.json`);
  }

  put(name: string, document: unknown): void {
    mkdirSync(join(this.temp, 'rollout'), { recursive: true });
    writeFileSync(this.document(name), JSON.stringify(document));
  }

  /** Puts a program first on the PATH of the doors. */
  program(name: string, script: string): void {
    mkdirSync(join(this.folder, 'bin'), { recursive: true });
    writeFileSync(join(this.folder, 'bin', name), script, { mode: 0o755 });
  }

  enter(door: string, inputs: Readonly<Record<string, string>> = {}): DoorRun {
    const [outputFile, summaryFile] = [join(this.folder, 'output'), join(this.folder, 'summary')];
    for (const file of [outputFile, summaryFile]) writeFileSync(file, '');
    const entry = JSON.stringify(join(ROOT, 'src/actions/main.ts'));
    const script = `const { enter } = await import(${entry}); await enter('${door}');`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: this.workspace,
      encoding: 'utf8',
      env: {
        PATH: `${join(this.folder, 'bin')}:${process.env['PATH']}`,
        HOME: this.folder,
        GITHUB_ACTIONS: 'true',
        GITHUB_WORKSPACE: this.workspace,
        RUNNER_TEMP: this.temp,
        GITHUB_OUTPUT: outputFile,
        GITHUB_STEP_SUMMARY: summaryFile,
        ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
      },
    });
    const outputs = parseOutputs(readFileSync(outputFile, 'utf8'));
    return { exitCode: status, stdout, stderr, outputs, summary: readFileSync(summaryFile, 'utf8') };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** GITHUB_OUTPUT as the toolkit writes it: `name<<DELIMITER`, the value, `DELIMITER`. */
function parseOutputs(text: string): Readonly<Record<string, string>> {
  const blocks = text.matchAll(/^(.+?)<<(\S+)\n([\s\S]*?)\n\2$/gm);
  return Object.fromEntries([...blocks].map(([, name = '', , value = '']) => [name, value]));
}
