// Takes secrets out of log lines: the values of a container's variables whose names say that they are secret.

const SECRET_NAME = /SECRET|TOKEN|PASSW|CREDENTIAL|PRIVATE|API_?KEY|_KEY$|^KEY$/i;
/** Shorter values would blot out ordinary words, and are no secrets. */
const SHORTEST_SECRET = 6;
const MASK = '[redacted]';

export function maskSecrets(lines: readonly string[], environment: readonly string[]): readonly string[] {
  const secrets = environment.flatMap(secretValue).toSorted((a, b) => b.length - a.length);
  return lines.map((line) => secrets.reduce((text, secret) => text.replaceAll(secret, MASK), line));
}

function secretValue(variable: string): string[] {
  const at = variable.indexOf('=');
  const [name, value] = [variable.slice(0, at), variable.slice(at + 1)];
  return SECRET_NAME.test(name) && value.length >= SHORTEST_SECRET ? [value] : [];
}
