// Each rule against a fleet that is right but for one place, in several spellings, and against what only looks wrong.
import { describe, expect, test } from 'vitest';
import { RULES } from '../../../src/validate/rules.ts';
import {
  API,
  BASE,
  checkEdited,
  HASH_A,
  HASH_B,
  LOCK,
  PROBE,
  type Edit,
  type Extra,
} from '../../fakes/golden-fleet.ts';

interface Case {
  readonly edits?: readonly Edit[];
  readonly extra?: Extra;
}

interface Examples {
  readonly bad: Readonly<Record<string, Case>>;
  /** Looks like it, and is none. */
  readonly near: Readonly<Record<string, Case>>;
}

const api = (from: string, to: string): Case => ({ edits: [[API, from, to]] });
const base = (from: string, to: string): Case => ({ edits: [[BASE, from, to]] });
const lock = (from: string, to: string): Case => ({ edits: [[LOCK, from, to]] });
/** A line more in the runtime stage, as root, before the code is copied. */
const run = (line: string): Case => api('WORKDIR /app', `${line}\nWORKDIR /app`);
const probe = (line: string): Case => api(PROBE, line);
const USER_THEN = 'USER 10001:10001\nENTRYPOINT';
/** A line more after the last USER. */
const last = (line: string): Case => api(USER_THEN, `USER 10001:10001\n${line}\nENTRYPOINT`);
const noRollout = { 'rollout.yml': undefined } as const;

const EXAMPLES: Readonly<Record<string, Examples>> = {
  RA101: {
    bad: {
      'a missing backslash': api('8000 \\\n    HOST', '8000\n    HOST'),
      'a missing backslash in RUN': api('--wheel-dir /wheels \\\n', '--wheel-dir /wheels\n'),
      'a misspelt instruction': api('EXPOSE 8000', 'EXPOSED 8000'),
      'a value with a blank': api('HOST=0.0.0.0', 'HOST=0.0.0.0 and more'),
      'an open quote': api('HOST=0.0.0.0', 'HOST="0.0.0.0'),
      'a binary file': { extra: { [API]: 'FROM a\0b' } },
      'a JSON file': { extra: { [API]: '{ "FROM": "python" }' } },
      'a heredoc without an end': run('COPY <<EOF /etc/x\ntext'),
    },
    near: {
      'comments and blank lines between continued lines': api('8000 \\\n', '8000 \\\n# why\n\n'),
      'lower case': api('EXPOSE 8000', 'expose 8000'),
      'a quoted value with a blank': api('HOST=0.0.0.0', 'HOST="0.0.0.0 and more"'),
      'a heredoc with instructions in it': run('RUN <<EOF\nNOSUCH=1\nEOF'),
      'a trailing blank behind the backslash': api('8000 \\\n', '8000 \\  \n'),
    },
  },
  RA102: {
    bad: {
      'in LABEL': run('LABEL name=${{SERVICE}}'),
      'in ENV': run('ENV NAME={{ service_name }}'),
      'in FROM': api('=ghcr.io/acme/small/base:main', '=ghcr.io/<org>/base:1'),
      'a bare placeholder': run('COPY AGENT_NAME/app /app/'),
      'in RUN': run('RUN echo ${{VERSION}}'),
    },
    near: {
      'a Go template in a command': run("RUN echo '{{.State.Status}}' --format '{{json .}}'"),
      'a variable of that name': run('ARG AGENT_NAME=x\nENV AGENT=${AGENT_NAME}'),
      'in a comment': run('# write ${{VERSION}} here'),
      'an address in LABEL': run('LABEL maintainer="Ann <ann@example.org>"'),
    },
  },
  RA103: {
    bad: {
      'a fallback in COPY': api('COPY api/api /app/api', 'COPY api/api /app/api || true'),
      'a redirection in COPY': api('COPY api/api /app/api', 'COPY api/api /app/api 2>/dev/null'),
      'a command in ENV': run('ENV BUILT=$(date)'),
      'a chain in ENV': api('HOST=0.0.0.0', 'HOST=0.0.0.0 && X=1'),
    },
    near: {
      'operators in quotes': run('LABEL note="a && b || c > d"'),
      'a command in single quotes': run("ENV PROMPT='$(whoami)'"),
      'a chain in RUN': run('RUN true && true || false'),
    },
  },
  RA104: {
    bad: {
      'no CMD behind tini': api('CMD ["python", "-m", "api"]\n', ''),
      'a CMD that the base has is dropped': {
        edits: [
          [API, 'CMD ["python", "-m", "api"]\n', ''],
          [BASE, 'USER 10001:10001', 'CMD ["python", "-m", "api"]\nUSER 10001:10001'],
        ],
      },
      'both empty': api('ENTRYPOINT ["/usr/bin/tini", "--"]\nCMD ["python", "-m", "api"]', 'ENTRYPOINT []\nCMD []'),
    },
    near: {
      'CMD before ENTRYPOINT': api(
        'ENTRYPOINT ["/usr/bin/tini", "--"]\nCMD ["python", "-m", "api"]',
        'CMD ["python", "-m", "api"]\nENTRYPOINT ["/usr/bin/tini", "--"]',
      ),
      'the program in ENTRYPOINT': api(
        'ENTRYPOINT ["/usr/bin/tini", "--"]\nCMD ["python", "-m", "api"]',
        'ENTRYPOINT ["/usr/bin/tini", "--", "python", "-m", "api"]',
      ),
    },
  },
  RA105: {
    bad: {
      export: run('RUN export A=1'),
      'export at the end': run('RUN true && export A=1'),
      cd: run('RUN cd /srv'),
      'in a heredoc': run('RUN <<EOF\nexport A=1\nexport B=2\nEOF'),
      'source of an activation': run('RUN . /opt/venv/bin/activate'),
    },
    near: {
      'export for the rest of the line': run('RUN export A=1 && env'),
      'cd for the rest of the line': run('RUN cd /srv && ls'),
      'a script that is sourced': run('RUN . /opt/setup.sh'),
      'export written to a file': run('RUN export -p > /etc/env.sh'),
    },
  },
  RA106: {
    bad: {
      'a default': run('ENV WORKERS=${WORKERS:-2}'),
      'in quotes': run('ENV WORKERS="${WORKERS-2}"'),
    },
    near: {
      'with its ARG': run('ARG WORKERS\nENV WORKERS=${WORKERS:-2}'),
      'with an ENV above': run('ENV WORKERS=${PORT:-2}'),
      'of PATH': run('ENV PATH=${PATH:-/bin}'),
    },
  },
  RA107: {
    bad: {
      'no default': {
        edits: [[API, 'ARG BASE_IMAGE=ghcr.io/acme/small/base:main', 'ARG BASE_IMAGE']],
        extra: noRollout,
      },
      'declared below FROM': {
        edits: [[API, '${BASE_IMAGE} AS runtime', '${RUNTIME_IMAGE} AS runtime\nARG RUNTIME_IMAGE=x:1']],
        extra: noRollout,
      },
    },
    near: {
      'a default in FROM': {
        edits: [
          [API, 'ARG BASE_IMAGE=ghcr.io/acme/small/base:main\n', 'ARG BASE_IMAGE\n'],
          [API, '${BASE_IMAGE} AS builder', '${BASE_IMAGE:-ghcr.io/acme/small/base:main} AS builder'],
          [API, '${BASE_IMAGE} AS runtime', '${BASE_IMAGE:-ghcr.io/acme/small/base:main} AS runtime'],
        ],
      },
      'built from another ARG': api(
        'ARG BASE_IMAGE=ghcr.io/acme/small/base:main',
        'ARG REGISTRY=ghcr.io/acme/small\nARG BASE_IMAGE=${REGISTRY}/base:main',
      ),
    },
  },
  RA108: {
    bad: {
      'arguments that double with each line': api(
        'ARG BASE_IMAGE=',
        `ARG V0=xx\n${Array.from({ length: 30 }, (_, index) => `ARG V${index + 1}=$V${index}$V${index}\n`).join('')}ARG BASE_IMAGE=`,
      ),
      'variables of a stage that double with each line': run(
        `ENV V0=xx\n${Array.from({ length: 30 }, (_, index) => `ENV V${index + 1}="\${V${index}} \${V${index}}"\n`).join('')}`,
      ),
      'one variable that is doubled again and again': run(`ENV A=xx\n${'ENV A=$A$A\n'.repeat(30)}`),
      'a path of a thousand variables': run(`ENV A=${'x'.repeat(1000)}\nWORKDIR /${'$A/'.repeat(1000)}\nWORKDIR /app`),
      'a pattern that compares without end': run(`ENV A=${'a'.repeat(5000)}\nENV B=\${A##*${'a'.repeat(500)}b}`),
    },
    near: {
      'a long value written out': run(`ENV A=${'x'.repeat(70_000)}`),
      'a chain of variables that does not grow': run(
        `ENV V0=xx\n${Array.from({ length: 30 }, (_, index) => `ENV V${index + 1}=\${V${index}}\n`).join('')}`,
      ),
      'forty stars': run(`ENV A=${'a'.repeat(60)}\nENV B=\${A##${'*a'.repeat(40)}b}`),
    },
  },
  RA201: {
    bad: {
      untagged: base(
        'ARG PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b',
        'ARG PYTHON_IMAGE=python',
      ),
      'in COPY --from': run('COPY --from=ghcr.io/acme/tools:latest /x /x'),
      'a tag that ends in latest': base(
        'ARG PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b',
        'ARG PYTHON_IMAGE=ghcr.io/acme/py:3.11-latest',
      ),
      'of a base of this repository, without rollout.yml': {
        edits: [[API, 'base:main', 'base:py-latest']],
        extra: noRollout,
      },
    },
    near: {
      'of a base of this repository that the build links': api('base:main', 'base:latest'),
      'latest with a digest': base('python:3.11-slim-bookworm@', 'python:latest@'),
      'a stage of that name': api('${BASE_IMAGE} AS runtime', 'builder AS runtime'),
      'the wheels that the build gives': api('from=builder,', 'from=wheels,'),
    },
  },
  RA202: {
    bad: {
      'a tag alone': base('@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b', ''),
      'in a mount': run('RUN --mount=type=bind,from=ghcr.io/acme/tools:1.2,target=/t true'),
    },
    near: { scratch: run('COPY --from=builder /x /x') },
  },
  RA301: {
    bad: {
      'a name': api(USER_THEN, 'USER fleet\nENTRYPOINT'),
      'no group': api(USER_THEN, 'USER 10001\nENTRYPOINT'),
      'root at the end': api(USER_THEN, 'ENTRYPOINT'),
      'root by number': api(USER_THEN, 'USER 0:0\nENTRYPOINT'),
    },
    near: {
      'by variables': api(USER_THEN, 'ARG ID=10001\nUSER ${ID}:${ID}\nENTRYPOINT'),
      'a base that ends as root': base('USER 10001:10001\n', ''),
    },
  },
  RA302: {
    bad: {
      'apt-get under the user of the base': api(
        'AS runtime\nUSER root\n',
        'AS runtime\nRUN apt-get update && apt-get install -y curl\nUSER root\n',
      ),
      'chmod of a copied file': last('RUN chmod +x /app/api/__main__.py'),
      'chmod by a relative path': last('RUN chmod 0755 api/__main__.py'),
      'pip under a user': api(
        'AS builder\nUSER root',
        'AS builder\nRUN pip install --upgrade wheel==0.45.1\nUSER root',
      ),
      chown: last('RUN chown -R 10001:10001 /srv'),
      'in a heredoc': last('RUN <<EOF\nset -e\nuseradd app\nEOF'),
      'after a continuation': last('RUN true \\\n && ldconfig'),
      'in exec form': last('RUN ["chown", "1:1", "/srv"]'),
    },
    near: {
      'as root': run('RUN apt-get update'),
      'chmod of an own file': {
        edits: [
          [API, 'COPY api/api /app/api', 'COPY --chown=10001:10001 api/api /app/api'],
          [API, USER_THEN, 'USER 10001:10001\nRUN chmod +x /app/api/__main__.py\nENTRYPOINT'],
        ],
      },
      'chmod of a file made before': last('RUN touch /tmp/x && chmod 0600 /tmp/x'),
      'pip of a virtual environment': last(
        'RUN /opt/venv/bin/pip install --no-index --find-links=/wheels --require-hashes -r /wheels/requirements.lock',
      ),
      'apt in words': last('RUN echo "use apt-get install"'),
      'pip wheel': last('RUN pip wheel --require-hashes -r /build/requirements.lock -w /tmp/w'),
      'a base nobody knows': {
        edits: [[BASE, 'ARG PYTHON_IMAGE=python:3.11-slim-bookworm@', 'ARG PYTHON_IMAGE=ghcr.io/other/python:3.11@']],
      },
    },
  },
  RA303: {
    bad: {
      'a group by number': run('RUN groupadd --gid 10001 app'),
      'a user by name': run('RUN useradd -m fleet'),
    },
    near: {
      'another user': run('RUN useradd --uid 10002 worker'),
      'only where it is missing': run('RUN getent group fleet || groupadd --gid 10001 fleet'),
    },
  },
  RA401: {
    bad: {
      'one stage': {
        extra: {
          [API]:
            'ARG BASE_IMAGE=ghcr.io/acme/small/base:main\nFROM ${BASE_IMAGE}\nUSER 10001:10001\nENTRYPOINT ["/usr/bin/tini", "--"]\nCMD ["python"]\n',
        },
      },
      'nothing taken': api(
        'RUN --mount=type=bind,from=builder,source=/wheels,target=/wheels \\\n    pip install --no-index --find-links=/wheels --require-hashes -r /wheels/requirements.lock\n',
        '',
      ),
    },
    near: {
      'wheels copied': api(
        'RUN --mount=type=bind,from=builder,source=/wheels,target=/wheels \\\n   ',
        'COPY --from=builder /wheels /wheels\nRUN',
      ),
      'a stage by its number': api('from=builder,', 'from=0,'),
    },
  },
  RA402: {
    bad: {
      'from the index': api('pip install --no-index --find-links=/wheels', 'pip install'),
      'without hashes': api('--find-links=/wheels --require-hashes', '--find-links=/wheels'),
      'python -m pip': api('pip install --no-index', 'python -m pip install'),
      uv: run('RUN uv pip install --system fleetkit==1.0.0'),
      'in a family': base('USER 10001:10001', 'RUN pip install --no-cache-dir uvicorn==0.29.0\nUSER 10001:10001'),
    },
    near: {
      'said by variables': {
        edits: [
          [API, 'pip install --no-index --find-links=/wheels --require-hashes', 'pip install'],
          [API, 'AS runtime\n', 'AS runtime\nENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels PIP_REQUIRE_HASHES=1\n'],
        ],
      },
      'in the builder': api(
        'USER root\nCOPY api/requirements',
        'USER root\nRUN pip install build==1.2.1\nCOPY api/requirements',
      ),
      'in words': run('RUN echo pip install x'),
      'pip check': run('RUN pip check'),
    },
  },
  RA403: {
    bad: {
      'wheels without hashes': api('pip wheel --require-hashes', 'pip wheel'),
      'another lock': {
        edits: [
          [API, '-r /wheels/requirements.lock', '-r /app/other.lock'],
          [API, 'USER root\nRUN --mount', 'USER root\nCOPY api/other.lock /app/other.lock\nRUN --mount'],
        ],
        extra: { 'api/other.lock': `x==1.0 --hash=sha256:${HASH_A}\n` },
      },
    },
    near: {
      'a lock that only a command knows': api(
        'COPY api/requirements.lock /build/requirements.lock\n',
        'RUN fetch-lock > /build/requirements.lock\n',
      ),
      'a lock that only a command knows, and one of the context': {
        edits: [
          [API, 'COPY api/requirements.lock /build/requirements.lock\n', 'RUN fetch-lock > /build/requirements.lock\n'],
          [API, '-r /wheels/requirements.lock', '-r /app/requirements.lock'],
          [API, 'USER root\nRUN --mount', 'USER root\nCOPY api/requirements.lock /app/\nRUN --mount'],
        ],
      },
      'the same lock in both': {
        edits: [
          [API, '-r /wheels/requirements.lock', '-r /app/requirements.lock'],
          [API, 'USER root\nRUN --mount', 'USER root\nCOPY api/requirements.lock /app/\nRUN --mount'],
        ],
      },
      'the wheels copied': api(
        'RUN --mount=type=bind,from=builder,source=/wheels,target=/wheels \\\n   ',
        'COPY --from=builder /wheels /wheels\nRUN',
      ),
    },
  },
  RA405: {
    bad: {
      'a hash of 60 digits': lock(HASH_A, HASH_A.slice(0, 60)),
      unpinned: lock('fleetkit==1.0.0', 'fleetkit>=1.0'),
      'no hash': lock(` \\\n    --hash=sha256:${HASH_B}`, ''),
      'the hash of another package': lock(HASH_B, HASH_A),
      'a placeholder': lock(HASH_A, '0123456789abcdef'.repeat(4)),
      'a placeholder of one digit': lock(HASH_A, 'a'.repeat(64)),
      'a package twice': lock('pulsemath', 'FleetKit'),
      md5: lock(`sha256:${HASH_A}`, 'md5:d41d8cd98f00b204e9800998ecf8427e'),
      editable: lock('fleetkit==1.0.0', '-e ./lib\nfleetkit==1.0.0'),
      'no hex digits': lock(HASH_A, `z${HASH_A.slice(1)}`),
      'a line of a Dockerfile': lock('fleetkit==1.0.0', 'RUN pip install x\nfleetkit==1.0.0'),
    },
    near: {
      'two hashes of one package': lock(
        `    --hash=sha256:${HASH_A}`,
        `    --hash=sha256:${HASH_A} \\\n    --hash=sha256:${HASH_A.split('').toReversed().join('')}`,
      ),
      'comments, markers and extras': lock(
        'fleetkit==1.0.0 \\',
        '# by hand\nfleetkit[fast]==1.0.0 ; python_version >= "3.11" \\',
      ),
      'capital hex digits': lock(HASH_A, HASH_A.toUpperCase()),
      'one package for two platforms': lock('pulsemath==0.3.0', 'fleetkit==0.3.0 ; sys_platform == "win32"'),
      'a local version': lock('fleetkit==1.0.0', 'fleetkit==2.1.0+cu121'),
    },
  },
  RA407: {
    bad: {
      'never copied': api('-r /build/requirements.lock --wheel-dir', '-r /build/other.lock --wheel-dir'),
      'copied after': {
        edits: [
          [API, 'COPY api/requirements.lock /build/requirements.lock\n', ''],
          [
            API,
            'AS runtime\nUSER root',
            'AS runtime\nUSER root\nRUN pip wheel --require-hashes -r /srv/late.txt -w /tmp/w',
          ],
        ],
      },
    },
    near: {
      'copied into the folder': api(
        'COPY api/requirements.lock /build/requirements.lock',
        'COPY api/requirements.lock /build/',
      ),
      'copied with the folder': api('COPY api/requirements.lock /build/requirements.lock', 'COPY api /build'),
      'made by a command': run('RUN generate > /srv/made.txt && pip wheel --require-hashes -r /srv/made.txt -w /tmp/w'),
      mounted: run(
        'RUN --mount=type=bind,source=api,target=/src pip wheel --require-hashes -r /src/requirements.lock -w /tmp/w',
      ),
      'by a relative path': api(
        'COPY api/requirements.lock /build/requirements.lock\nRUN pip wheel --require-hashes -r /build/',
        'WORKDIR /build\nCOPY api/requirements.lock .\nRUN pip wheel --require-hashes -r ',
      ),
      'a base nobody knows': {
        edits: [
          [BASE, 'ARG PYTHON_IMAGE=python:3.11-slim-bookworm@', 'ARG PYTHON_IMAGE=ghcr.io/other/python:3.11@'],
          [API, '-r /build/requirements.lock --wheel-dir', '-r /build/other.lock --wheel-dir'],
        ],
      },
    },
  },
  RA408: {
    bad: {
      'at least': api(
        'USER root\nCOPY api/requirements',
        'USER root\nRUN pip install build>=1.2\nCOPY api/requirements',
      ),
      'below, among others': api(
        'USER root\nCOPY api/requirements',
        'USER root\nRUN python -m pip install \\\n    wheel numpy<2\nCOPY api/requirements',
      ),
    },
    near: {
      quoted: api(
        'USER root\nCOPY api/requirements',
        'USER root\nRUN pip install "build>=1.2" \'wheel<1\'\nCOPY api/requirements',
      ),
      'a log': api(
        'USER root\nCOPY api/requirements',
        'USER root\nRUN pip install build==1.2.1 >/tmp/log 2>&1\nCOPY api/requirements',
      ),
      'a comparison': run('RUN test "$x" && [ 3 -gt 2 ] > /dev/null'),
    },
  },
  RA409: {
    bad: {
      '|| true': api(
        ' && rehash-lock /build/requirements.lock /wheels',
        ' && rehash-lock /build/requirements.lock /wheels || true',
      ),
      'a message': run('RUN apt-get update && apt-get install -y git || echo "no git"'),
      'of a group': run('RUN (pytest -q && make build) || :'),
      'in a heredoc': run('RUN <<EOF\nset -e\npip wheel x==1 -w /tmp/w || true\nEOF'),
      'in sh -c': run('RUN ["sh", "-c", "npm ci || exit 0"]'),
    },
    near: {
      'a failure that is passed on': run('RUN pytest -q || (echo failed; exit 1)'),
      'of a removal': run('RUN rm -rf /var/cache/x || true'),
      'another way': run('RUN npm ci || npm install'),
      'a condition': run('RUN if pytest -q || true; then echo done; fi'),
      'after a semicolon': run('RUN set -e; pytest -q; rm -rf .cache || true'),
      'in quotes': run('RUN echo "pip install x || true"'),
      'in a comment of a script': run('RUN <<EOF\npytest -q # || true\nEOF'),
    },
  },
  RA501: {
    bad: {
      'beside the Dockerfile, not in the context': api('COPY api/requirements.lock', 'COPY requirements.lock'),
      'a misspelt folder': api('COPY api/api /app/api', 'COPY api/apo /app/api'),
      'in JSON form': api('COPY api/api /app/api', 'COPY ["api/gone", "/app/api"]'),
      'one of several': api(
        'COPY api/requirements.lock /build/requirements.lock',
        'COPY api/requirements.lock api/gone.txt /build/',
      ),
      'for one machine': { extra: { 'config/machine-profiles/pc2.json': undefined } },
    },
    near: {
      'the whole context': run('COPY . /src'),
      'a pattern without a match': run('COPY api/*.toml /src/'),
      'from a stage': run('COPY --from=builder /etc/nothing /x'),
      'an address': run('ADD https://example.org/x.tar /x'),
      'with a leading slash': api('COPY api/api /app/api', 'COPY /api/api/ /app/api'),
      'a heredoc': run('COPY <<EOF /etc/motd\nhello\nEOF'),
      'by a variable': api('COPY api/api /app/api', 'ARG NAME=api\nCOPY ${NAME}/api /app/api'),
    },
  },
  RA502: {
    bad: {
      'all but some': { extra: { '.dockerignore': '*\n!images\n!config\n' } },
      'the last pattern wins': { extra: { '.dockerignore': '!api/requirements.lock\n**/*.lock\n' } },
      'by the Dockerfile’s own ignore file': { extra: { 'api/Dockerfile.dockerignore': 'api/api\n' } },
      'a pattern that Docker refuses': { extra: { '.dockerignore': 'a[\n' } },
    },
    near: {
      'brought back': { extra: { '.dockerignore': '*\n!images\n!config\n!api\n' } },
      'its own ignore file counts alone': {
        extra: {
          '.dockerignore': '*\n',
          'api/Dockerfile.dockerignore': '.git\n',
          'images/base/Dockerfile.dockerignore': '.git\n',
        },
      },
      'a part of a folder': { extra: { '.dockerignore': '**/*.md\n', 'api/api/README.md': '' } },
      'a comment': { extra: { '.dockerignore': '# *\n' } },
    },
  },
  RA601: {
    bad: {
      'shell form': api('ENTRYPOINT ["/usr/bin/tini", "--"]', 'ENTRYPOINT /usr/bin/tini --'),
      'without --': api('ENTRYPOINT ["/usr/bin/tini", "--"]', 'ENTRYPOINT ["/usr/bin/tini"]'),
      missing: api('ENTRYPOINT ["/usr/bin/tini", "--"]\n', ''),
      'tini that nothing brings': base(
        'COPY --chmod=0755 images/base/tini images/base/rehash-lock /usr/bin/',
        'COPY --chmod=0755 images/base/rehash-lock /usr/bin/',
      ),
    },
    near: {
      'from the base': {
        edits: [
          [API, 'ENTRYPOINT ["/usr/bin/tini", "--"]\n', ''],
          [BASE, 'USER 10001:10001', 'ENTRYPOINT ["/usr/bin/tini", "--"]\nUSER 10001:10001'],
        ],
      },
      'tini by apt-get': base(
        'COPY --chmod=0755 images/base/tini images/base/rehash-lock /usr/bin/',
        'RUN apt-get update && apt-get install -y tini\nCOPY --chmod=0755 images/base/rehash-lock /usr/bin/',
      ),
      'other blanks': api('ENTRYPOINT ["/usr/bin/tini", "--"]', 'ENTRYPOINT  [ "/usr/bin/tini" , "--" ]'),
    },
  },
  RA602: {
    bad: {
      'shell form': api('CMD ["python", "-m", "api"]', 'CMD python -m api'),
      'single quotes': api('CMD ["python", "-m", "api"]', "CMD ['python', '-m', 'api']"),
      'copied elsewhere': api('COPY api/api /app/api', 'COPY api/api /srv/api'),
      'a script that is not there': api('CMD ["python", "-m", "api"]', 'CMD ["python", "main.py"]'),
      'a program that is not there': api('CMD ["python", "-m", "api"]', 'CMD ["/app/start.sh"]'),
    },
    near: {
      'found by PYTHONPATH': { edits: [[API, 'COPY api/api /app/api', 'COPY api/api /srv/api\nENV PYTHONPATH=/srv']] },
      'a module of a package': api('CMD ["python", "-m", "api"]', 'CMD ["python", "-m", "uvicorn", "api:app"]'),
      'the script by its path': api('CMD ["python", "-m", "api"]', 'CMD ["python", "-u", "/app/api/__main__.py"]'),
      'the context copied whole': { edits: [[API, 'COPY api/api /app/api', 'COPY api /app']] },
      'a program of the base': api('CMD ["python", "-m", "api"]', 'CMD ["uvicorn", "api:app"]'),
    },
  },
  RA701: {
    bad: {
      missing: api(`HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \\\n    ${PROBE}\n`, ''),
      none: api(
        `HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \\\n    ${PROBE}\n`,
        'HEALTHCHECK NONE\n',
      ),
      swallowed: probe(
        'CMD python -c "import urllib.request as u; u.urlopen(\'http://127.0.0.1:8000/health\')" || exit 0',
      ),
      'always true': probe('CMD ["true"]'),
      'curl without --fail': probe('CMD curl -s http://127.0.0.1:8000/health'),
      'curl that is not there': probe('CMD curl -f http://127.0.0.1:8000/health'),
      'a process, no answer': probe('CMD pgrep python'),
      'a status nobody looks at': probe(
        'CMD ["python", "-c", "import requests; requests.get(\'http://127.0.0.1:8000/health\')"]',
      ),
      'a script that is not there': probe('CMD ["python", "/app/probe.py"]'),
    },
    near: {
      'passing the failure on': probe(
        `${PROBE.replace('["python", "-c", ', 'python -c ').replace(/\]$/, '')} || exit 1`,
      ),
      'in the base': {
        edits: [
          [API, `HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \\\n    ${PROBE}\n`, ''],
          [BASE, 'USER 10001:10001', `HEALTHCHECK ${PROBE}\nUSER 10001:10001`],
        ],
      },
    },
  },
  RA702: {
    bad: {
      'another port': probe(PROBE.replace('8000', '9000')),
      'another path': {
        edits: [
          [API, PROBE, PROBE.replace('/health', '/')],
          ['rollout.yml', 'rollout:', 'health: { path: /health }\nrollout:'],
        ],
      },
      'the body is not read': probe(PROBE.replace(" and json.load(r) == {'status': 'ok'}", '')),
      'another body': probe(PROBE.replace("'ok'", "'error'")),
      'a script with another port': {
        edits: [[API, PROBE, 'CMD ["python", "/app/api/probe.py"]']],
        extra: {
          'api/api/probe.py':
            "import json, urllib.request\nr = urllib.request.urlopen('http://127.0.0.1:9000/health')\nassert json.load(r) == {'status': 'ok'}\n",
        },
      },
    },
    near: {
      'localhost and double quotes': probe(
        'CMD ["python", "-c", "import json, urllib.request; assert json.load(urllib.request.urlopen(\'http://localhost:8000/health\')) == {\\"status\\": \\"ok\\"}"]',
      ),
      'a probe script in the image': {
        edits: [[API, PROBE, 'CMD ["python", "/app/api/probe.py"]']],
        extra: {
          'api/api/probe.py':
            "import json, urllib.request\nr = urllib.request.urlopen('http://127.0.0.1:8000/health')\nassert json.load(r) == {'status': 'ok'}\n",
        },
      },
      'the port by a variable': probe(
        "CMD python -c \"import json, urllib.request; assert json.load(urllib.request.urlopen('http://127.0.0.1:${PORT}/health')) == {'status': 'ok'}\"",
      ),
    },
  },
  RA801: {
    bad: {
      'one profile for all': api('config/machine-profiles/${MACHINE}.json', 'config/machine-profiles/mainpc.json'),
      'no ARG': api('ARG MACHINE\n', ''),
      'no profile': api('COPY config/machine-profiles/${MACHINE}.json /etc/machine-profile.json\n', ''),
      'declared too late': api(
        'ARG MACHINE\nCOPY config/machine-profiles/${MACHINE}.json /etc/machine-profile.json',
        'COPY config/machine-profiles/${MACHINE}.json /etc/machine-profile.json\nARG MACHINE',
      ),
    },
    near: {
      'without braces': api('${MACHINE}.json', '$MACHINE.json'),
      'through another variable': api(
        'COPY config/machine-profiles/${MACHINE}.json',
        'ARG PROFILE=config/machine-profiles/${MACHINE}.json\nCOPY ${PROFILE}',
      ),
    },
  },
  RA901: {
    bad: {
      'the same port': {
        edits: [['compose.mainpc.yml', 'services:', 'services:\n  web:\n    image: nginx\n    ports: ["8000:80"]']],
        extra: noRollout,
      },
      'in a range': {
        edits: [
          ['compose.mainpc.yml', 'services:', 'services:\n  web:\n    image: nginx\n    ports: ["7990-8010:90-110"]'],
        ],
        extra: noRollout,
      },
    },
    near: {
      'on another machine': { extra: noRollout },
      'another protocol': {
        edits: [['compose.mainpc.yml', 'services:', 'services:\n  web:\n    image: nginx\n    ports: ["8000:80/udp"]']],
        extra: noRollout,
      },
      'another address': {
        edits: [
          ['compose.mainpc.yml', '"8000:8000"', '"10.0.0.1:8000:8000"'],
          ['compose.mainpc.yml', 'services:', 'services:\n  web:\n    image: nginx\n    ports: ["10.0.0.2:8000:80"]'],
        ],
        extra: noRollout,
      },
    },
  },
};

describe.each(Object.entries(EXAMPLES))('%s', (id, { bad, near }) => {
  test.each(Object.entries(bad))('sees %s', async (_name, { edits = [], extra = {} }) => {
    const found = await checkEdited(edits, extra);
    expect(found.map(({ rule }) => rule)).toContain(id);
  });

  test.each(Object.entries(near))('leaves alone %s', async (_name, { edits = [], extra = {} }) => {
    const found = await checkEdited(edits, extra);
    expect(found.filter(({ rule }) => rule === id)).toEqual([]);
  });
});

test('every rule has at least two bad spellings and a near miss', () => {
  const counted = RULES.filter(({ id }) => id !== 'RA001').filter(({ id }) => {
    const { bad = {}, near = {} } = EXAMPLES[id] ?? {};
    return Object.keys(bad).length < 2 || Object.keys(near).length < 1;
  });
  expect(counted.map(({ id }) => id)).toEqual([]);
});

test('values that grow too long are told once, at the first line that goes too far, with what to do', async () => {
  const lines = Array.from({ length: 30 }, (_, index) => `ARG V${index + 1}=$V${index}$V${index}`);
  const found = await checkEdited([[API, 'ARG BASE_IMAGE=', `ARG V0=xx\n${lines.join('\n')}\nARG BASE_IMAGE=`]]);
  expect(found.filter(({ rule }) => rule === 'RA108')).toEqual([
    {
      ...{ rule: 'RA108', severity: 'error', breaks: 'build', file: API, line: 16, endLine: 16, column: 5 },
      message: '$V14$V14 grows beyond 64000 characters when its variables are put in',
      expected: 'at most 64000 characters',
      got: 'more than 64000, of 8 written here',
      cure: 'write the value itself, or keep it in a file that COPY brings in',
    },
  ]);
});
