// The verification as people read it: a line per image, the reason under it where something is wrong.
import type { Verification, VerifiedImage } from '../documents/verification.ts';
import type { Log } from '../world/log.ts';

const MEBIBYTE = 1024 * 1024;
const SHORT_DIGEST = 'sha256:'.length + 12;

export function showVerification(log: Log, verification: Verification): void {
  const width = Math.max(0, ...verification.images.map(({ target }) => target.length));
  for (const image of verification.images) showImage(log, image, width);
  const { images, requests, durationMs } = verification;
  const present = images.filter(({ verdict }) => verdict === 'present').length;
  const told = `${present} of ${images.length} images present, ${requests} requests, ${(durationMs / 1_000).toFixed(1)} s`;
  if (present === images.length) log.done(told);
  else log.error(`${told}: ${verification.verdict}`);
}

function showImage(log: Log, image: VerifiedImage, width: number): void {
  const size = image.bytes === undefined ? '' : `${image.layers} layers  ${(image.bytes / MEBIBYTE).toFixed(1)} MiB`;
  const columns = [image.verdict.padEnd('present'.length), image.target.padEnd(width)];
  const row = [...columns, image.digest.slice(0, SHORT_DIGEST), size].join('  ').trimEnd();
  if (image.verdict === 'present') log.done(row);
  else if (image.verdict === 'unknown') log.warn(`${row}\n    ${image.message}`);
  else log.error(`${row}\n    ${image.message}`);
  for (const check of image.checks) {
    if (check.verdict === 'fail' && check.cure !== undefined) log.info(`    ${check.rule}: ${check.cure}`);
    if (check.verdict === 'warn') log.warn(`    ${check.rule} ${check.message}; ${check.cure ?? ''}`);
  }
}
