// The names of all ARGs a Dockerfile declares anywhere.
import { assignments } from '../images/dockerfile-scope.ts';
import type { Dockerfile } from '../images/dockerfile.ts';

export function declaredArguments(dockerfile: Dockerfile): ReadonlySet<string> {
  const declarations = dockerfile.instructions.filter(({ keyword }) => keyword === 'ARG');
  return new Set(declarations.flatMap((one) => assignments(one, dockerfile.escape).map(({ name }) => name)));
}
