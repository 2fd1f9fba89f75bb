// Everything outside the program, as one value that is passed as an argument and replaced in tests.
import { systemClock, type Clock } from './clock.ts';
import { processEnvironment, type Environment } from './environment.ts';
import { systemFiles, type Files } from './files.ts';
import { makeHttp, type Http } from './http.ts';
import { makeLog, type Log } from './log.ts';
import { systemProcesses, type Processes } from './process.ts';

export interface World {
  readonly clock: Clock;
  readonly environment: Environment;
  readonly files: Files;
  readonly http: Http;
  readonly log: Log;
  readonly processes: Processes;
}

export function realWorld(): World {
  const environment = processEnvironment;
  const log = makeLog(environment);
  return { clock: systemClock, environment, files: systemFiles, http: makeHttp(), log, processes: systemProcesses };
}
