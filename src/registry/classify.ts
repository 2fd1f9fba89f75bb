// What a registry's answer means. The rule behind every line: not knowing is never turned into "it is not there".
import * as z from 'zod';
import type { HttpAnswer } from '../world/http.ts';
import { busy, doubtful, refused, type Attempt } from './attempt.ts';
import { toldWait } from './wait.ts';

export interface Asked {
  /** `GET ghcr.io/acme/fleet/base:1`, for messages. */
  readonly what: string;
  /** The registry's host, for cures. */
  readonly host: string;
  /** The answer came from another host that a redirect led to: its refusals say nothing about our login. */
  readonly elsewhere: boolean;
  readonly nowMs: number;
}

interface Told {
  readonly codes: readonly string[];
  /** `MANIFEST_UNKNOWN: manifest unknown`, shortened. */
  readonly text: string;
}

const SHOWN_CHARACTERS = 200;
const ABSENT_CODES = ['MANIFEST_UNKNOWN', 'NAME_UNKNOWN', 'BLOB_UNKNOWN'];
const PASSING_STATUS = [408, 425, 429];

/**
 * The meaning of an answer that is not the success asked for
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes).
 */
export function classifyRefusal<T>(answer: HttpAnswer, asked: Asked): Attempt<T> {
  const told = readErrors(answer);
  const message = `${asked.what}: HTTP ${answer.status}${told.text === '' ? '' : ` ${told.text}`}`;
  if (PASSING_STATUS.includes(answer.status) || answer.status >= 500 || isRateLimit(told)) {
    return busy(message, toldWait(answer, asked.nowMs));
  }
  if (asked.elsewhere) return doubtful(`${message}, from the storage ${asked.host} redirects to`);
  if (answer.status === 401 || answer.status === 403) return refused(authRefusal(message, asked.host));
  if (answer.status === 404 && told.codes.some((code) => ABSENT_CODES.includes(code))) {
    return { kind: 'again', otherwise: { kind: 'absent', message }, patience: 'few' };
  }
  if (answer.status === 404) return doubtful(`${message}, without the code that would say what is missing`);
  if (answer.status >= 200 && answer.status < 400) return doubtful(`${message} is not an answer to that question`);
  const cure = 'if another client gets an answer here, this is a bug in rollout-action: please report it';
  return refused({ kind: 'unknown', message: `${message}: it does not accept our question`, cure });
}

export function authRefusal(message: string, host: string): { kind: 'auth'; message: string; cure: string } {
  const gitHub = host === 'ghcr.io' ? ', or give the job GITHUB_TOKEN and the packages permission it needs' : '';
  return { kind: 'auth', message, cure: `docker login ${host} as an account that may do this${gitHub}` };
}

function isRateLimit(told: Told): boolean {
  return told.codes.includes('TOOMANYREQUESTS') || /rate limit|toomanyrequests|too many requests/i.test(told.text);
}

const errorsSchema = z.looseObject({
  errors: z.array(z.looseObject({ code: z.string().optional(), message: z.string().nullish() })).optional(),
});

function readErrors(answer: HttpAnswer): Told {
  const text = new TextDecoder().decode(answer.body).trim();
  const errors = parseErrors(text);
  const shown =
    errors.length === 0
      ? text
      : errors.map(({ code, message }) => [code, message].filter(Boolean).join(': ')).join(', ');
  return {
    codes: errors.flatMap(({ code }) => (code === undefined ? [] : [code.toUpperCase()])),
    text: shown.replaceAll(/\s+/g, ' ').slice(0, SHOWN_CHARACTERS),
  };
}

function parseErrors(text: string): readonly { code?: string | undefined; message?: string | null | undefined }[] {
  try {
    const parsed = errorsSchema.safeParse(JSON.parse(text));
    return parsed.success ? (parsed.data.errors ?? []) : [];
  } catch {
    return [];
  }
}
