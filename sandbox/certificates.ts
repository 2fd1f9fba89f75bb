// Makes the sandbox's certificate authority, the registry's certificate and the token service's key.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './processes.ts';

export type Certificates = {
  readonly ca: string;
  /** The machine's own authorities and ours: what SSL_CERT_FILE names. */
  readonly bundle: string;
  readonly server: { readonly certificate: string; readonly key: string };
  readonly token: { readonly certificate: string; readonly key: string };
};

export const SYSTEM_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

const VALID_DAYS = '825';

export async function provideCertificates(folder: string, address: string): Promise<Certificates> {
  const at = (name: string): string => join(folder, name);
  const made: Certificates = {
    ca: at('ca.pem'),
    bundle: at('bundle.pem'),
    server: { certificate: at('server.pem'), key: at('server.key') },
    token: { certificate: at('token.pem'), key: at('token.key') },
  };
  // The bundle is written last: where it lies, all lie.
  if (existsSync(made.bundle)) return made;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await selfSigned('rollout sandbox authority', at('ca.key'), made.ca);
  await selfSigned('rollout sandbox tokens', made.token.key, made.token.certificate);
  await serverCertificate(made, at('ca.key'), address);
  const system = await readFile(SYSTEM_BUNDLE, 'utf8').catch(() => '');
  await writeFile(made.bundle, `${system}\n${await readFile(made.ca, 'utf8')}`);
  return made;
}

async function selfSigned(name: string, key: string, certificate: string): Promise<void> {
  const files = ['-keyout', key, '-out', certificate];
  const subject = ['-subj', `/CN=${name}`, '-days', VALID_DAYS];
  await run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-sha256', ...files, ...subject]);
}

async function serverCertificate(made: Certificates, caKey: string, address: string): Promise<void> {
  const { certificate, key } = made.server;
  const extensions = [`subjectAltName=IP:${address}`, 'extendedKeyUsage=serverAuth', 'basicConstraints=CA:FALSE'];
  const argv = [
    'openssl',
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-sha256',
    '-keyout',
    key,
    '-out',
    certificate,
  ];
  const signer = ['-CA', made.ca, '-CAkey', caKey, '-subj', `/CN=${address}`, '-days', VALID_DAYS];
  await run([...argv, ...signer, ...extensions.flatMap((extension) => ['-addext', extension])]);
}
