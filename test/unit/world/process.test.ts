import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/fault.ts';
import { systemProcesses } from '../../../src/world/process.ts';
import { Secret } from '../../../src/world/secret.ts';

const node = (script: string): string[] => [process.execPath, '-e', script];
const deadlineMs = 20_000;

describe('running a process', () => {
  test('returns both streams and the exit code', async () => {
    const finished = await systemProcesses.run(node('console.log("out"); console.error("err")'), { deadlineMs });
    expect(finished).toMatchObject({ exitCode: 0, stdout: 'out\n', stderr: 'err\n', timedOut: false });
  });

  test('words on standard error alone are no failure', async () => {
    await expect(systemProcesses.run(node('console.error("warning")'), { deadlineMs })).resolves.toBeDefined();
  });

  test('an exit code other than 0 is a fault with the code and the last words, also when it said nothing', async () => {
    const loud = systemProcesses.run(node('console.error("disk full"); process.exit(3)'), { deadlineMs });
    await expect(loud).rejects.toMatchObject({
      code: 'process',
      detail: { found: 'disk full', facts: { exitCode: 3 } },
    });
    await expect(systemProcesses.run(node('process.exit(4)'), { deadlineMs })).rejects.toBeInstanceOf(Fault);
  });

  test('attempt returns the exit code instead', async () => {
    expect((await systemProcesses.attempt(node('process.exit(5)'), { deadlineMs })).exitCode).toBe(5);
  });

  test('a process past its deadline is ended and is a timeout', async () => {
    const slow = systemProcesses.run(node('setInterval(() => {}, 1000)'), { deadlineMs: 300 });
    await expect(slow).rejects.toMatchObject({ code: 'timeout' });
  });

  test('a child of the process that keeps its output open does not outlast the deadline', async () => {
    const script = `require("child_process").spawn("sleep", ["30"], { stdio: "inherit" }); console.log("begun")`;
    const late = await systemProcesses.attempt(node(script), { deadlineMs: 700 });
    expect(late).toMatchObject({ timedOut: true, stdout: 'begun\n' });
  });

  test('a deadline beyond the reach of a timer is no deadline of now', async () => {
    const done = await systemProcesses.run(node('setTimeout(() => {}, 50)'), { deadlineMs: 2 ** 40 });
    expect(done).toMatchObject({ exitCode: 0, timedOut: false });
  });

  test('keeps the end of an output of any length', async () => {
    const script =
      'const line = "x".repeat(1023) + "\\n"; for (let n = 0; n < 40000; n += 1) process.stdout.write(line); process.stdout.write("the end")';
    const { stdout } = await systemProcesses.run(node(script), { deadlineMs });
    expect(stdout.length).toBeLessThan(18 * 1024 * 1024);
    expect(stdout.endsWith('x\nthe end')).toBe(true);
  });

  test('an abort ends the process and is said to be one', async () => {
    const abort = new AbortController();
    const running = systemProcesses.run(node('setInterval(() => {}, 1000)'), { deadlineMs, signal: abort.signal });
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: 'aborted' });
  });

  test('a program that is not there is a fault that names it', async () => {
    await expect(systemProcesses.run(['no-such-program-here'], { deadlineMs })).rejects.toMatchObject({
      code: 'process',
      message: expect.stringContaining('no-such-program-here'),
    });
  });

  test('gives the child its input, and a secret in its environment', async () => {
    const script = 'process.stdin.on("data", (d) => process.stdout.write(d + process.env.TOKEN))';
    const options = { deadlineMs, stdin: 'in:', environment: { TOKEN: new Secret('t0p') } };
    expect((await systemProcesses.run(node(script), options)).stdout).toBe('in:t0p');
  });

  test('hands out lines as they come, and takes lines while it runs', async () => {
    const lines: string[] = [];
    const echo = 'process.stdin.on("data", (d) => process.stdout.write(d))';
    const running = systemProcesses.start(node(echo), { deadlineMs, onLine: (line) => lines.push(line) });
    running.write('one\ntwo\n');
    running.end();
    await running.finished;
    expect(lines).toEqual(['one', 'two']);
  });
});
