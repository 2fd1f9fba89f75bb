// The part of GitHub's REST API that knows artifacts, in memory: what a run left, as the real one tells it.
import type { HttpAnswer, HttpRequest } from '../../src/world/http.ts';

export interface LeftArtifact {
  readonly id: number;
  readonly run: number;
  readonly createdAt?: string;
  readonly branch?: string;
  readonly conclusion?: string | null;
  readonly event?: string;
  readonly expired?: boolean;
  readonly fork?: boolean;
  readonly name?: string;
  readonly archive?: Buffer;
}

export const REPOSITORY = 'acme/fleet';
export const STORAGE = 'https://storage.example';
const API = 'https://api.github.com';
const OWN_ID = 7;

export interface FakeGitHub {
  readonly seen: HttpRequest[];
  readonly answer: (request: HttpRequest) => Partial<HttpAnswer>;
}

export function fakeGitHub(left: readonly LeftArtifact[]): FakeGitHub {
  const seen: HttpRequest[] = [];
  return {
    seen,
    answer: (request) => {
      seen.push(request);
      const url = new URL(request.url);
      if (url.origin === STORAGE) return { body: left.find(({ id }) => `/${id}` === url.pathname)?.archive ?? empty };
      if (url.origin !== API) return { status: 404 };
      return answerApi(left, url);
    },
  };
}

const empty = Buffer.alloc(0);

function answerApi(left: readonly LeftArtifact[], { pathname, searchParams }: URL): Partial<HttpAnswer> {
  const path = pathname.replace(`/repos/${REPOSITORY}`, '');
  const [, zip] = /^\/actions\/artifacts\/(\d+)\/zip$/.exec(path) ?? [];
  if (zip !== undefined) return { status: 302, headers: { location: `${STORAGE}/${zip}` } };
  const [, ofRun] = /^\/actions\/runs\/(\d+)\/artifacts$/.exec(path) ?? [];
  const [, run] = /^\/actions\/runs\/(\d+)$/.exec(path) ?? [];
  if (path === '') return json({ default_branch: 'main' });
  if (path === '/actions/artifacts' || ofRun !== undefined) {
    const wanted = left.filter((one) => (one.name ?? 'rollout-release') === searchParams.get('name'));
    return json({ artifacts: wanted.filter((one) => ofRun === undefined || String(one.run) === ofRun).map(artifact) });
  }
  const one = left.find((candidate) => String(candidate.run) === run);
  if (one === undefined) return { ...json({ message: 'Not Found' }), status: 404 };
  return json({
    event: one.event ?? 'workflow_dispatch',
    conclusion: one.conclusion === undefined ? 'success' : one.conclusion,
  });
}

function artifact({ id, run, createdAt, branch, expired, fork }: LeftArtifact): unknown {
  const head = fork === true ? OWN_ID + 1 : OWN_ID;
  return {
    id,
    expired: expired ?? false,
    created_at: createdAt ?? '2026-11-01T00:00:00Z',
    workflow_run: { id: run, repository_id: OWN_ID, head_repository_id: head, head_branch: branch ?? 'main' },
  };
}

function json(body: unknown): Partial<HttpAnswer> {
  return { status: 200, body: Buffer.from(JSON.stringify(body)) };
}
