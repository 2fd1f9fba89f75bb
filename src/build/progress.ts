// BuildKit's raw progress folded into the state of each target, and the few lines a person wants to see of it.
import * as z from 'zod';

export type TargetState = 'waiting' | 'building' | 'pushing' | 'done' | 'failed' | 'stopped';

export interface TargetProgress {
  readonly name: string;
  state: TargetState;
  /** Milliseconds since 1970 by the builder's clock. */
  startedMs: number | undefined;
  endedMs: number | undefined;
  /** The step that runs now. */
  step: string | undefined;
  /** Every step so far came from the cache. */
  cached: boolean;
  error: StepError | undefined;
}

export interface StepError {
  readonly step: string;
  readonly message: string;
  /** The last lines the step printed. */
  readonly log: readonly string[];
}

const vertexSchema = z.looseObject({
  digest: z.string(),
  name: z.string(),
  started: z.string().optional(),
  completed: z.string().optional(),
  cached: z.boolean().optional(),
  error: z.string().optional(),
});
const statusSchema = z.looseObject({
  vertexes: z.array(vertexSchema).nullish(),
  logs: z.array(z.looseObject({ vertex: z.string(), data: z.string() })).nullish(),
});
type Vertex = z.infer<typeof vertexSchema>;

const LOG_LINES_KEPT = 30;
const STEP_SHOWN = 70;

export class BuildProgress {
  readonly targets: ReadonlyMap<string, TargetProgress>;
  readonly #logs = new Map<string, string[]>();
  /** What buildx prints itself, the error at its end included. */
  readonly plain: string[] = [];

  constructor(names: readonly string[]) {
    const fresh = {
      state: 'waiting',
      startedMs: undefined,
      endedMs: undefined,
      step: undefined,
      error: undefined,
    } as const;
    this.targets = new Map(names.map((name) => [name, { name, ...fresh, cached: true }]));
  }

  /** Takes one line of standard error and gives back what is worth telling because of it. */
  feed(line: string): readonly string[] {
    const status = line.startsWith('{') ? parseStatus(line) : undefined;
    if (status === undefined) {
      if (line.trim() !== '') this.plain.push(line);
      return [];
    }
    for (const { vertex, data } of status.logs ?? []) this.#keepLog(vertex, data);
    return (status.vertexes ?? []).flatMap((vertex) => this.#apply(vertex));
  }

  /** One line per target that works now: `model_ops_coordinator-mainpc  RUN pip wheel … (42 s)`. */
  running(nowMs: number): readonly string[] {
    return [...this.targets.values()].flatMap(({ name, state, step, startedMs }) =>
      state === 'building' || state === 'pushing'
        ? [`${name}  ${step ?? state}, ${seconds(startedMs, nowMs)} so far`]
        : [],
    );
  }

  #apply(vertex: Vertex): readonly string[] {
    const { target, step } = this.#belongsTo(vertex.name);
    if (target === undefined || target.state === 'done') return [];
    if (vertex.error !== undefined) return this.#fail(target, vertex, step);
    if (vertex.started === undefined) return [];
    target.startedMs ??= Date.parse(vertex.started);
    if (step === 'exporting to image') return this.#export(target, vertex);
    if (!/^(?:\S+ )?\d+\/\d+$/.test(prefixOf(vertex.name, target.name) ?? '')) return [];
    if (vertex.completed === undefined) target.step = shortened(step);
    else if (vertex.cached !== true) target.cached = false;
    if (target.state !== 'waiting') return [];
    target.state = 'building';
    return [`${target.name}  building`];
  }

  #export(target: TargetProgress, vertex: Vertex): readonly string[] {
    target.step = 'pushing';
    if (vertex.completed === undefined) {
      if (target.state === 'pushing') return [];
      target.state = 'pushing';
      return [`${target.name}  pushing`];
    }
    target.state = 'done';
    target.endedMs = Date.parse(vertex.completed);
    const how = target.cached ? ', all from the cache' : '';
    return [`${target.name}  done in ${seconds(target.startedMs, target.endedMs)}${how}`];
  }

  #fail(target: TargetProgress, vertex: Vertex, step: string): readonly string[] {
    const message = vertex.error ?? '';
    // A cache that is not there yet is no failure, nor one that could not be written.
    if (/^(?:importing|exporting) cache/.test(step)) return [];
    if (/context canceled|CANCELED/i.test(message)) {
      if (target.state !== 'failed') target.state = 'stopped';
      return [];
    }
    target.state = 'failed';
    target.error = { step, message, log: (this.#logs.get(vertex.digest) ?? []).slice(-LOG_LINES_KEPT) };
    return [`${target.name}  failed: ${shortened(step)}`];
  }

  #belongsTo(name: string): { readonly target: TargetProgress | undefined; readonly step: string } {
    const [, inside = '', rest] = /^\[([^\]]*)\] ?([^]*)$/.exec(name) ?? [];
    const first = inside.split(' ')[0] ?? '';
    // With a single target buildx names none.
    const only = this.targets.size === 1 ? [...this.targets.values()][0] : undefined;
    return { target: first === 'auth' ? undefined : (this.targets.get(first) ?? only), step: rest ?? name };
  }

  #keepLog(vertex: string, data: string): void {
    const lines = this.#logs.get(vertex) ?? [];
    lines.push(
      ...Buffer.from(data, 'base64')
        .toString('utf8')
        .split('\n')
        .filter((line) => line.trim() !== ''),
    );
    this.#logs.set(vertex, lines.slice(-LOG_LINES_KEPT));
  }
}

/** `runtime 2/3` of `[web runtime 2/3] COPY …`; the target's name taken away when it is there. */
function prefixOf(vertex: string, target: string): string | undefined {
  const [, inside] = /^\[([^\]]*)\]/.exec(vertex) ?? [];
  return inside?.startsWith(`${target} `) === true ? inside.slice(target.length + 1) : inside;
}

function parseStatus(line: string): z.infer<typeof statusSchema> | undefined {
  try {
    return statusSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function shortened(step: string): string {
  const oneLine = step.replaceAll(/\s+/g, ' ');
  return oneLine.length > STEP_SHOWN ? `${oneLine.slice(0, STEP_SHOWN - 1)}…` : oneLine;
}

function seconds(fromMs: number | undefined, toMs: number): string {
  return `${fromMs === undefined ? '0' : ((toMs - fromMs) / 1_000).toFixed(1)} s`;
}
