// The one command of a build, and the environment that keeps its result the same. Pure.

export interface BakeCommand {
  readonly builder: string | undefined;
  readonly metadataFile: string;
  readonly noCache: boolean;
}

/** The definition comes on standard input, progress goes to standard error as one JSON object per line. */
export function bakeCommand({ builder, metadataFile, noCache }: BakeCommand): readonly string[] {
  return [
    ...['docker', 'buildx', 'bake', '--file', '-', '--metadata-file', metadataFile, '--progress', 'rawjson'],
    ...(builder === undefined ? [] : ['--builder', builder]),
    ...(noCache ? ['--no-cache'] : []),
  ];
}

/** Provenance records times: it would give the same input another digest, and it overflows the metadata. */
export const BAKE_ENVIRONMENT: Readonly<Record<string, string>> = {
  BUILDX_METADATA_PROVENANCE: 'false',
  BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
};
